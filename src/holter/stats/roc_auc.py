"""Area under the ROC curve with DeLong's standard error."""

import math

import numpy as np
import numpy.typing as npt

from holter.stats.arrays import Floats, complete


def roc_auc(scores: npt.ArrayLike, labels: npt.ArrayLike) -> tuple[float, float] | None:
    r"""Tell how often a positive row gets a higher score than a negative one, and how sure that is.

    .. math:: \hat\theta = \frac1{mn} \sum_{i,j} \left( [x_i > y_j] + \tfrac12 [x_i = y_j] \right), \qquad
              \text{se}^2 = \frac{S_{10}}{m} + \frac{S_{01}}{n}

    with :math:`S_{10}, S_{01}` the sample variances of the placements of the positives and the negatives.

    Parameters
    ----------
    scores
        One number a row, higher for the positive class.
    labels
        1 for the positive class, 0 for the other. Rows with a NaN in either are left out.

    Returns
    -------
    tuple of float or None
        Area and standard error; None with fewer than two rows of a class. The standard error is 0 when the classes are
        separated perfectly: then it says nothing about how sure that is.

    Notes
    -----
    Source: DeLong, DeLong, Clarke-Pearson, Comparing the areas under two or more correlated ROC curves, Biometrics 44
    (1988), equations 3 to 5; computed from midranks in O(n log n) as in Sun and Xu, IEEE Signal Processing Letters 21
    (2014), 1389.

    Examples
    --------
    >>> area, se = roc_auc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])
    >>> area, round(se, 4)
    (0.75, 0.3536)
    """
    score, label = complete(scores, labels)
    placed = _placements(score, label > 0)
    if placed is None:
        return None
    positives, negatives = placed
    return float(positives.mean()), _standard_error(positives, negatives)


def roc_auc_of_counts(positives: npt.ArrayLike, negatives: npt.ArrayLike) -> tuple[float, float] | None:
    r"""Tell the same from how many rows of each class there were at each score.

    .. math:: \hat\theta = \frac{1}{mn} \sum_t p_t \left( \sum_{u < t} q_u + \tfrac12 q_t \right)

    with :math:`p_t, q_t` the positives and negatives at score t.

    Parameters
    ----------
    positives, negatives
        Rows with each score, the scores ascending; whole numbers, or expected ones.

    Returns
    -------
    tuple of float or None
        Area and standard error as of :func:`roc_auc`; rows of one count are ties. None with fewer than two rows of a
        class.

    Notes
    -----
    Source: as :func:`roc_auc`: rows of one score have one placement, which counts as often as there are such rows.

    Examples
    --------
    >>> area, se = roc_auc_of_counts([0, 0, 1, 1], [1, 1, 0, 0])
    >>> area, se
    (1.0, 0.0)
    """
    above, below = np.asarray(positives, np.float64), np.asarray(negatives, np.float64)
    m, n = float(above.sum()), float(below.sum())
    if m < 2 or n < 2:
        return None
    placed = (np.cumsum(below) - below / 2) / n
    others = (m - np.cumsum(above) + above / 2) / m
    area = float((above * placed).sum()) / m
    variance = sum(
        float((count * (place - area) ** 2).sum()) / (count.sum() - 1) / count.sum()
        for count, place in ((above, placed), (below, others))
    )
    return area, math.sqrt(variance)


def paired_roc_auc(
    scores_a: npt.ArrayLike, scores_b: npt.ArrayLike, labels: npt.ArrayLike
) -> tuple[float, float] | None:
    r"""Tell by how much the area of a is larger than that of b on the same rows, and how sure that is.

    .. math:: \hat\theta_a - \hat\theta_b, \qquad
              \text{se}^2 = \frac{S_{10}^{aa} + S_{10}^{bb} - 2 S_{10}^{ab}}{m}
              + \frac{S_{01}^{aa} + S_{01}^{bb} - 2 S_{01}^{ab}}{n}

    Parameters
    ----------
    scores_a, scores_b
        Scores of two models for the same rows.
    labels
        1 for the positive class, 0 for the other. Rows with a NaN in any of the three are left out.

    Returns
    -------
    tuple of float or None
        Difference and standard error; None with fewer than two rows of a class. Both are 0 for equal scores.

    Notes
    -----
    Source: as :func:`roc_auc`, equation 6 with the contrast (1, -1). Since covariances are bilinear, the variance of
    the difference is that of the differences of placements.

    Examples
    --------
    >>> difference, se = paired_roc_auc([0.1, 0.4, 0.5, 0.8], [0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])
    >>> difference, round(se, 4)
    (0.25, 0.3536)
    """
    a, b, label = complete(scores_a, scores_b, labels)
    placed_a, placed_b = _placements(a, label > 0), _placements(b, label > 0)
    if placed_a is None or placed_b is None:
        return None
    positives, negatives = placed_a[0] - placed_b[0], placed_a[1] - placed_b[1]
    return float(positives.mean()), _standard_error(positives, negatives)


def _standard_error(positives: Floats, negatives: Floats) -> float:
    return math.sqrt(positives.var(ddof=1) / len(positives) + negatives.var(ddof=1) / len(negatives))


def _placements(scores: Floats, positive: npt.NDArray[np.bool_]) -> tuple[Floats, Floats] | None:
    """Return, for each positive, the share of negatives below it, and for each negative, of positives above it."""
    m = int(positive.sum())
    n = len(positive) - m
    if m < 2 or n < 2:
        return None
    ranks = _midranks(scores)
    above = (ranks[positive] - _midranks(scores[positive])) / n
    below = 1 - (ranks[~positive] - _midranks(scores[~positive])) / m
    return above, below


def _midranks(values: Floats) -> Floats:
    _, group, sizes = np.unique(values, return_inverse=True, return_counts=True)
    through = np.cumsum(sizes)
    middle: Floats = (through - (sizes - 1) / 2)[group]
    return middle
