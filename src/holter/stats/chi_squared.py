"""Two-sample chi-squared test of homogeneity."""

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc

from holter.stats.arrays import Floats

EXPECTED: Final = 5.0
"""Least expected count of a cell (Cochran, Some methods for strengthening the common chi-squared tests, 1954)."""


def chi_squared(counts_a: npt.ArrayLike, counts_b: npt.ArrayLike) -> tuple[float, float, int] | None:
    r"""Tell whether two finite samples draw from the same categories in the same shares.

    .. math:: X^2 = \sum_{s \in \{a, b\}} \sum_i \frac{(c_{si} - e_{si})^2}{e_{si}}, \qquad
              e_{si} = \frac{n_s (c_{ai} + c_{bi})}{n_a + n_b}

    Parameters
    ----------
    counts_a, counts_b
        Rows of the same categories in the same order.

    Returns
    -------
    tuple or None
        Statistic, p-value (upper tail of chi-squared) and degrees of freedom; None when either has no rows, or when
        fewer than two cells are left after pooling.

    Notes
    -----
    Source: Pearson, On the probability that two distributions of frequency are really samples of the same population,
    Biometrika 8 (1911), 250. The rarest categories are pooled into one until every cell expects :data:`EXPECTED` rows
    in the smaller sample: without that, a long tail of rare categories makes the p-value meaningless.
    Differs: no sample is treated as exact, and there is no continuity correction.

    Examples
    --------
    >>> statistic, p, freedom = chi_squared([50, 50, 1], [60, 40, 0])
    >>> round(statistic, 2), round(p, 3), freedom
    (2.23, 0.135, 1)
    """
    a, b = np.asarray(counts_a, np.float64), np.asarray(counts_b, np.float64)
    n_a, n_b = a.sum(), b.sum()
    if not n_a or not n_b:
        return None
    a, b = _pooled(a, b)
    if len(a) < 2:
        return None
    expected = (a + b) / (n_a + n_b)
    statistic = float((np.square(a - n_a * expected) / (n_a * expected)).sum())
    statistic += float((np.square(b - n_b * expected) / (n_b * expected)).sum())
    return statistic, float(chdtrc(len(a) - 1, statistic)), len(a) - 1


def _pooled(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """Put the rarest categories into one cell, as few as will do, and drop empty ones."""
    together = a + b
    order = np.argsort(together, kind="stable")
    order = order[together[order] > 0]
    enough = EXPECTED * together.sum() / min(a.sum(), b.sum())
    rare = int(np.searchsorted(together[order], enough))
    if rare == 0:
        return a[order], b[order]
    # the pool itself must be large enough: it takes in the next category until it is
    rare = max(rare, min(int(np.searchsorted(np.cumsum(together[order]), enough)) + 1, len(order)))
    pool, rest = order[:rare], order[rare:]
    return np.append(a[rest], a[pool].sum()), np.append(b[rest], b[pool].sum())
