"""Two rows of counts over the same categories, for the tests of homogeneity."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from holter.stats.arrays import Floats
from holter.stats.tails import chi_squared_tail

EXPECTED: Final = 5.0
"""Least expected count of a cell (Cochran, Some methods for strengthening the common chi-squared tests, 1954)."""


TestTerms = Callable[[Floats, Floats, float, float], Floats]
"""What each cell adds to a statistic, of the shares and the sizes of both samples."""


@dataclass(frozen=True, eq=False)
class Pooled:
    """Counts of two samples with their rarest categories in one cell; ``cell[i]`` is where category i went.

    A category that neither has is nowhere: -1.
    """

    a: Floats
    b: Floats
    cell: npt.NDArray[np.intp]

    def gathered(self, values: Floats) -> Floats:
        """Return values of the categories added up over the cells."""
        there = self.cell >= 0
        return _summed(self.cell[there], values[there], len(self.a))


def homogeneity(table: Pooled, terms: TestTerms, *, error: float = 0.0) -> tuple[float, float, int]:
    """Return a statistic of two rows of counts, its p-value at what is left of it by the error, and its freedom.

    Examples
    --------
    >>> from holter.stats.chi_squared import chi_squared_terms
    >>> statistic, p, freedom = homogeneity(pooled([50, 50], [60, 40]), chi_squared_terms)
    >>> round(statistic, 2), round(p, 3), freedom
    (2.02, 0.155, 1)
    """
    n, m, freedom = float(table.a.sum()), float(table.b.sum()), len(table.a) - 1
    statistic = float(terms(table.a / n, table.b / m, n, m).sum())
    return statistic, chi_squared_tail(freedom, max(statistic - error, 0.0)), freedom


def pooled(counts_a: npt.ArrayLike, counts_b: npt.ArrayLike) -> Pooled | None:
    """Put the rarest categories into one cell, as few as will do, so that each expects :data:`EXPECTED` rows.

    None when either sample has no rows, or when fewer than two cells are left: then there is nothing to test.

    Examples
    --------
    >>> table = pooled([30, 40, 3, 0, 2, 1], [45, 35, 1, 4, 0, 2])
    >>> table.a.tolist(), table.b.tolist()
    ([6.0, 30.0, 40.0], [7.0, 45.0, 35.0])
    """
    a, b = np.asarray(counts_a, np.float64), np.asarray(counts_b, np.float64)
    n_a, n_b = a.sum(), b.sum()
    if not n_a or not n_b:
        return None
    together = a + b
    order = np.argsort(together, kind="stable")
    order = order[together[order] > 0]
    rare = _rare(together[order], EXPECTED * (n_a + n_b) / min(n_a, n_b))
    cell = np.full(len(a), -1, np.intp)
    cell[order] = np.maximum(np.arange(len(order)) - max(rare - 1, 0), 0)
    cells = int(cell.max()) + 1
    if cells < 2:
        return None
    there = cell >= 0
    return Pooled(_summed(cell[there], a[there], cells), _summed(cell[there], b[there], cells), cell)


def _summed(cell: npt.NDArray[np.intp], values: Floats, cells: int) -> Floats:
    return np.bincount(cell, values, minlength=cells).astype(np.float64)


def _rare(ascending: Floats, enough: float) -> int:
    """Return how many of the rarest categories share a cell."""
    rare = int(np.searchsorted(ascending, enough))
    if rare == 0:
        return 0
    # the pool itself must be large enough: it takes in the next category until it is
    return max(rare, min(int(np.searchsorted(np.cumsum(ascending), enough)) + 1, len(ascending)))
