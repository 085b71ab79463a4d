"""Lift: how much richer in positives the rows with the highest scores are."""

import math
from typing import Final

import numpy as np
import numpy.typing as npt

NEAR: Final = 0.05
"""Share of the rows, around the threshold, in which the rate of positives at the threshold is read (our choice)."""


def lift(positives: npt.ArrayLike, negatives: npt.ArrayLike, share: float = 0.1) -> tuple[float, float, float] | None:
    r"""Tell how many times more positives the highest scores hold than as many rows at random.

    .. math:: L_k = \frac{P(y = 1 \mid s > q)}{P(y = 1)}, \qquad P(s > q) = k

    Parameters
    ----------
    positives, negatives
        Rows with each score, the scores ascending; whole numbers, or expected ones.
    share
        k, the share of rows that is taken from the top, above 0 and below 1. Of rows that are equal at its end a part
        is taken, with their mean rate of positives: what a random choice among them gives on average.

    Returns
    -------
    tuple of float or None
        Value, its standard error, and what it may be off by if rows of one count do not have one score. None without
        a positive.

    Notes
    -----
    Source: Provost and Fawcett, Data Science for Business (2013), chapter 8. The error is that of the influence
    function :math:`\psi = \frac{1}{k \pi} [1_{s > q} (y - r) + r k - L k \pi] - \frac{L}{\pi} (y - \pi)`,
    :math:`\pi` the rate of positives and r that at the threshold, read from the rows next to it.

    Examples
    --------
    >>> value, se, error = lift([0] * 8 + [1, 1], [1] * 8 + [0, 0], 0.2)
    >>> round(value, 6), error
    (5.0, 0.0)
    """
    above, below = np.asarray(positives, np.float64)[::-1], np.asarray(negatives, np.float64)[::-1]
    sizes = above + below
    n, m = float(sizes.sum()), float(above.sum())
    if not m:
        return None
    through = np.cumsum(sizes)
    taken = np.clip((share * n - (through - sizes)) / np.maximum(sizes, 1e-300), 0.0, 1.0)
    base, value = m / n, float((taken * above).sum()) / (share * m)
    local = _rate_near(above, sizes, through, share * n)
    positive, negative = (
        (taken * (y - local) + local * share - value * share * base) / (share * base) - value / base * (y - base)
        for y in (1.0, 0.0)
    )
    variance = float((above * positive**2 + below * negative**2).sum()) / n
    cut = (taken > 0) & (taken < 1)
    return value, math.sqrt(variance / n), float(np.minimum(above, below)[cut].sum()) / (share * m)


def _rate_near(
    above: npt.NDArray[np.float64], sizes: npt.NDArray[np.float64], through: npt.NDArray[np.float64], at: float
) -> float:
    reach = NEAR * float(through[-1]) / 2
    near = (through >= at - reach) & (through - sizes <= at + reach)
    return float(above[near].sum() / sizes[near].sum())
