"""The same cells for two columns, so that their counts can be compared."""

from typing import Final

import numpy as np
import numpy.typing as npt

from holter.profile import CategoricalColumn, RankSummary

CELLS: Final = 10
"""Cells of equal mass for numbers: deciles, the convention of credit scoring (Siddiqi 2006)."""

Counts = npt.NDArray[np.float64]


def count_numbers(target: RankSummary, baseline: RankSummary) -> tuple[Counts, Counts]:
    """Count both in the deciles of the baseline.

    A value that fills a decile by itself (many zeros, a constant, whole numbers) gets a cell of its own: otherwise a
    column of fives that becomes a column of threes would have not moved.

    Examples
    --------
    >>> fives, threes = RankSummary.of(np.full(4, 5.0)), RankSummary.of(np.full(4, 3.0))
    >>> [counts.tolist() for counts in count_numbers(threes, fives)]
    [[4.0, 0.0, 0.0], [0.0, 4.0, 0.0]]
    """
    values = baseline.values.astype(np.float64)
    through = np.cumsum(baseline.weights) / baseline.n
    at = np.minimum(np.searchsorted(through, np.arange(1, CELLS) / CELLS - 1e-12), len(values) - 1)
    cuts, times = np.unique(values[at], return_counts=True)
    edges = np.union1d(cuts, np.nextafter(cuts[times > 1], -np.inf))
    return _count(target, edges), _count(baseline, edges)


def _count(ranks: RankSummary, edges: npt.NDArray[np.float64]) -> Counts:
    cell = np.searchsorted(edges, ranks.values.astype(np.float64), side="left")
    return np.bincount(cell, weights=ranks.weights, minlength=len(edges) + 1).astype(np.float64)


def count_categories(target: CategoricalColumn, baseline: CategoricalColumn) -> tuple[Counts, Counts]:
    """Count both by category, in the order of their names; what only one of them keeps by name is pooled.

    A category that one side has pooled cannot be told from absent there. It joins the pooled cell on both sides, which
    can hide a difference and never makes one up.

    Examples
    --------
    >>> counts = count_categories(CategoricalColumn(3, 0, {"u": 1, "w": 2}), CategoricalColumn(4, 0, {"u": 3, "v": 1}))
    >>> [each.tolist() for each in counts]
    [[1.0, 0.0, 2.0], [3.0, 1.0, 0.0]]
    """
    names = set(target.counts) | set(baseline.counts)
    if not baseline.exact:
        names &= set(baseline.counts)
    if not target.exact:
        names &= set(target.counts)
    kept = sorted(names)
    pooled = not (target.exact and baseline.exact)
    return _by_name(target, kept, pooled), _by_name(baseline, kept, pooled)


def _by_name(column: CategoricalColumn, names: list[str], pooled: bool) -> Counts:
    counts = [float(column.counts.get(name, 0)) for name in names]
    if pooled:
        counts.append(column.present - sum(counts))
    return np.array(counts, np.float64)
