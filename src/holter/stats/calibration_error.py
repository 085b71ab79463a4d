"""Expected calibration error."""

from typing import Final

import numpy as np
import numpy.typing as npt

from holter.stats.arrays import complete

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
    _, group = np.unique(score, return_inverse=True)
    sizes = np.bincount(group)
    through = np.cumsum(sizes)
    # a distinct score belongs to the bin in which the middle of its rows lies
    bin_of = np.minimum(((2 * through - sizes) * bins) // (2 * through[-1]), bins - 1)[group]
    gaps = np.bincount(bin_of, weights=score - label, minlength=bins)
    return float(np.abs(gaps).sum() / len(score))
