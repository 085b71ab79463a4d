"""The same cells for two columns, so that their counts can be compared."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from holter.profile import CategoricalColumn, RankSummary

CELLS: Final = 10
"""Cells of equal mass for numbers: deciles, the convention of credit scoring (Siddiqi 2006)."""

Counts = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Side:
    """Rows of one column in each cell, and between which numbers the true ones lie."""

    counts: Counts
    low: Counts
    high: Counts

    @property
    def exact(self) -> bool:
        """Whether the counts are those of the rows."""
        return self.low is self.high or bool(np.array_equal(self.low, self.high))


@dataclass(frozen=True, eq=False)
class Cells:
    """Two columns counted in the same cells.

    ``pooled`` tells that the last cell holds several categories that could not be told apart.
    """

    target: Side
    baseline: Side
    pooled: bool = False

    @cached_property
    def exact(self) -> bool:
        """Whether a distance of these counts is that of the rows."""
        return self.target.exact and self.baseline.exact and not self.pooled


def count_numbers(target: RankSummary, baseline: RankSummary) -> Cells:
    """Count both in the deciles of the baseline.

    A value that fills a decile by itself (many zeros, a constant, whole numbers) gets a cell of its own: otherwise a
    column of fives that becomes a column of threes would have not moved.

    Examples
    --------
    >>> fives, threes = RankSummary.of(np.full(4, 5.0)), RankSummary.of(np.full(4, 3.0))
    >>> cells = count_numbers(threes, fives)
    >>> cells.target.counts.tolist(), cells.baseline.counts.tolist()
    ([4.0, 0.0, 0.0], [0.0, 4.0, 0.0])
    """
    edges = decile_edges(baseline)
    return Cells(_count(target, edges), _count(baseline, edges))


def decile_edges(baseline: RankSummary) -> Counts:
    """Return where the cells of :func:`count_numbers` end; each edge belongs to the cell below it."""
    values = baseline.values.astype(np.float64)
    through = np.cumsum(baseline.weights) / baseline.n
    at = np.minimum(np.searchsorted(through, np.arange(1, CELLS) / CELLS - 1e-12), len(values) - 1)
    ends = values[at]
    # places ascend, so equal ends stand side by side (np.unique would load numpy.ma, and take longer for it)
    again = ends[1:] == ends[:-1]
    cuts: Counts = np.sort(np.concatenate((ends, np.nextafter(ends[1:][again], -np.inf))))
    kept: Counts = cuts[np.append(True, cuts[1:] != cuts[:-1])]
    return kept


def _count(ranks: RankSummary, edges: Counts) -> Side:
    """Count between edges; each rank may be wrong by the error of the summary, a cell has one or two."""
    cell = np.searchsorted(edges, ranks.values.astype(np.float64), side="left")
    counts = np.bincount(cell, weights=ranks.weights, minlength=len(edges) + 1).astype(np.float64)
    if ranks.exact:
        return Side(counts, counts, counts)
    off = np.full(len(counts), 2.0 * ranks.error)
    off[[0, -1]] = ranks.error
    return Side(counts, np.maximum(counts - off, 0.0), np.minimum(counts + off, float(ranks.n)))


def count_categories(target: CategoricalColumn, baseline: CategoricalColumn) -> Cells:
    """Count both by category, in the order of their names; what cannot be told apart is pooled.

    A category that one side has not kept by name may occur there a few times (:attr:`CategoricalColumn.error`) or not
    at all. It gets a cell where that is less than half of what the other side surely has; else it joins the pooled
    cell on both sides, which can hide a difference and never makes one up.

    Examples
    --------
    >>> cells = count_categories(CategoricalColumn(3, 0, {"u": 1, "w": 2}), CategoricalColumn(4, 0, {"u": 3, "v": 1}))
    >>> cells.target.counts.tolist(), cells.baseline.counts.tolist()
    ([1.0, 0.0, 2.0], [3.0, 1.0, 0.0])
    """
    pooled = not (target.exact and baseline.exact)
    names = set(target.counts) | set(baseline.counts)
    if pooled:
        names = {name for name in names if _told(name, target, baseline) and _told(name, baseline, target)}
    kept = sorted(names)
    return Cells(_by_name(target, kept, pooled), _by_name(baseline, kept, pooled), pooled)


def _told(name: str, side: CategoricalColumn, other: CategoricalColumn) -> bool:
    """Tell whether one side knows how often a category occurs, well enough to hold it against the other."""
    if side.exact or name in side.counts:
        return True
    return 2 * side.most(name) * other.present < other.counts[name] * side.present


def _by_name(column: CategoricalColumn, names: list[str], pooled: bool) -> Side:
    known = np.array([column.counts.get(name, 0) for name in names], np.float64)
    if not pooled:
        return Side(known, known, known)
    rest = float(column.present) - known.sum()
    most = known if column.exact else np.array([column.most(name) for name in names], np.float64)
    low = np.append(known, max(rest - float((most - known).sum()), 0.0))
    return Side(np.append(known, rest), low, np.append(np.minimum(most, known + rest), rest))
