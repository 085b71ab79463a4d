"""Expected calibration error."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from holter.stats.arrays import Floats, complete

BINS: Final = 10
"""Bins of equal mass (Naeini et al. use 10 of equal width)."""


def calibration_error(scores: npt.ArrayLike, labels: npt.ArrayLike, bins: int = BINS) -> float | None:
    r"""Tell how far the share of positives is from the promised probability, averaged over bins of the score.

    .. math:: \sum_b \frac{n_b}{n} \left| \bar p_b - \bar y_b \right|

    Parameters
    ----------
    scores
        Probability of the positive class, 0 to 1.
    labels
        1 for the positive class, 0 for the other. Rows with a NaN in either are left out.
    bins
        Number of bins of nearly equal mass; rows of equal score share a bin, so there may be fewer.

    Returns
    -------
    float or None
        From 0 to 1; None without rows. It is not 0 for a perfect model: chance alone adds about the square root of
        2 p (1 - p) bins / (pi n).

    Notes
    -----
    Source: Naeini, Cooper, Hauskrecht, Obtaining well calibrated probabilities using Bayesian binning, AAAI 2015.
    Differs: bins of equal mass, not of equal width, so that rare high scores do not fill bins of their own (Nixon et
    al., Measuring calibration in deep learning, CVPR workshops 2019).

    Examples
    --------
    >>> calibration_error([0.25] * 4 + [0.75] * 4, [0, 0, 0, 1] + [1, 1, 1, 1])
    0.125
    """
    score, label = complete(scores, labels)
    if not len(score):
        return None
    distinct, group = np.unique(score, return_inverse=True)
    positives = np.bincount(group, weights=label)
    curve = calibration_curve(distinct, positives, np.bincount(group) - positives, bins)
    return float((np.abs(curve.score - curve.rate) * curve.size).sum() / len(score))


@dataclass(frozen=True, eq=False)
class CalibrationCurve:
    """Bins of the score that have rows: how many, mean and variance of their scores, the share that is positive.

    ``error`` is what the calibration error may be off by because rows were counted in cells, some of which bins cut.
    """

    size: Floats
    score: Floats
    spread: Floats
    rate: Floats
    error: float


def calibration_curve(
    scores: npt.ArrayLike, positives: npt.ArrayLike, negatives: npt.ArrayLike, bins: int = BINS, *, exact: bool = True
) -> CalibrationCurve:
    r"""Tell what share of rows is positive at each height of the score.

    .. math:: \bar y_b = \frac{k_b^+}{k_b^+ + k_b^-}

    Parameters
    ----------
    scores
        Ascending, each once: a score that occurred, or the mean score of a cell.
    positives, negatives
        Rows of each class there; at least one row in all.
    bins
        Number of bins of nearly equal mass; a score belongs to the bin in which the middle of its rows lies.
    exact
        Whether each score is one that occurred, so that no bin cuts rows that differ.

    Notes
    -----
    Source: DeGroot and Fienberg, The comparison and evaluation of forecasters, The Statistician 32 (1983), 12. A cell
    that lies across the end of a bin could move at most :math:`\max(k^+ (1 - s), k^- s)` of the sum of gaps out of its
    bin and into the next, which changes the calibration error by at most twice that over n.

    Examples
    --------
    >>> curve = calibration_curve([0.25, 0.75], [1, 4], [3, 0], bins=2)
    >>> curve.size.tolist(), curve.rate.tolist()
    ([4.0, 4.0], [0.25, 1.0])
    """
    score = np.asarray(scores, np.float64)
    above, below = np.asarray(positives, np.float64), np.asarray(negatives, np.float64)
    sizes = above + below
    through = np.cumsum(sizes)
    bin_of = np.minimum((2 * through - sizes) * bins // (2 * through[-1]), bins - 1).astype(np.int64)
    size, total, hits = (np.bincount(bin_of, weights=each, minlength=bins) for each in (sizes, sizes * score, above))
    used = size > 0
    middle, rate = total[used] / size[used], hits[used] / size[used]
    means = np.zeros(bins)
    means[used] = middle
    apart = np.bincount(bin_of, weights=sizes * (score - means[bin_of]) ** 2, minlength=bins)
    error = 0.0
    if not exact:
        ends = np.searchsorted(through, np.arange(1, bins) * through[-1] / bins)
        error = float(2 * np.maximum(above * (1 - score), below * score)[ends].sum() / through[-1])
    return CalibrationCurve(size[used].astype(np.float64), middle, apart[used] / size[used], rate, error)
