"""Average precision: the area under precision against recall."""

import math

import numpy as np
import numpy.typing as npt


def average_precision(positives: npt.ArrayLike, negatives: npt.ArrayLike) -> tuple[float, float, float] | None:
    r"""Tell how pure the rows above a threshold are, averaged over the positive rows as thresholds.

    .. math:: AP = \sum_t (R_t - R_{t-1}) P_t = \frac1m \sum_{i : y_i = 1} \frac{A(s_i)}{A(s_i) + B(s_i)}

    with :math:`A(s), B(s)` the positives and negatives at or above s, and m the positives.

    Parameters
    ----------
    positives, negatives
        Rows with each score, the scores ascending; whole numbers, or expected ones.

    Returns
    -------
    tuple of float or None
        Value, its standard error, and what it may be off by if rows of one count do not have one score: the true value
        lies between all their positives first and all their negatives first. None without a positive or a negative.

    Notes
    -----
    Source: Manning, Raghavan, Schuetze, Introduction to Information Retrieval (2008), section 8.4; ties as in
    scikit-learn. The error is that of the influence function, with :math:`\pi` the share of positives:
    :math:`\psi(s, 1) = \frac1\pi [P(s) - AP] + \frac1\pi \int_{t \le s} \frac{B}{(A + B)^2} dA`,
    :math:`\psi(s, 0) = -\frac1\pi \int_{t \le s} \frac{A}{(A + B)^2} dA`, whose mean is 0.

    Examples
    --------
    >>> value, se, error = average_precision([0, 1, 0, 1], [1, 0, 1, 0])
    >>> round(value, 4), round(se, 2), error
    (0.8333, 0.18, 0.0)
    """
    above, below = np.asarray(positives, np.float64)[::-1], np.asarray(negatives, np.float64)[::-1]
    m, n = float(above.sum()), float(above.sum() + below.sum())
    if not m or m == n:
        return None
    a, b = np.cumsum(above), np.cumsum(below)
    size = np.maximum(a + b, 1e-300)  # scores above the first row have none
    value = float((above * a / size).sum()) / m
    # integrals over all thresholds at or below a score: sums from the end
    gain, loss = (np.cumsum((above * side / size**2)[::-1])[::-1] for side in (b, a))
    share = m / n
    positive, negative = (a / size - value) / share + gain * n / m, -loss * n / m
    variance = float((above * positive**2 + below * negative**2).sum()) / n
    return value, math.sqrt(variance / n), _doubt(above, below, a, b) / m


def _doubt(
    above: npt.NDArray[np.float64],
    below: npt.NDArray[np.float64],
    a: npt.NDArray[np.float64],
    b: npt.NDArray[np.float64],
) -> float:
    """Return how far the sum over positives could be off, were the rows of a count in another order."""
    mixed = (above > 0) & (below > 0)
    best = a / np.maximum(a + b - below, 1e-300)
    worst = (a - above + np.minimum(above, 1.0)) / np.maximum(a - above + np.minimum(above, 1.0) + b, 1e-300)
    return float((above * (best - worst))[mixed].sum())
