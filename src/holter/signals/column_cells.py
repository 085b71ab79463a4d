"""One column laid into the cells of its baseline, and the means that say how it differs."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from holter.profile import CategoricalColumn, Column, NumericColumn
from holter.stats.rank_scores import rank_scores
from holter.types import ContrastKey, Family

Floats = npt.NDArray[np.float64]

CELLS: Final = 64
"""Cells of a column of numbers: each holds 1.6 % of the baseline, so that a rank is known to 0.8 %."""
NAMED: Final = 30
"""Categories with a share of their own; the omnibus of a column grows deaf with more."""
FREQUENT: Final = 0.005
"""Least share of the baseline of such a category; rarer ones are pooled."""
MOMENTS: Final = ("location", "scale", "skew", "tails")
"""What the mean scores of first to fourth degree are called."""
BRIEF_MOMENTS: Final = 2
"""Moments that are looked at in a slice of the rows: location and scale."""
BRIEF_SHARES: Final = 5
"""Categories that are looked at in a slice of the rows."""
_MOST_SURPRISED: Final = 12.0
"""A category that was never seen counts as one in 160,000 rows."""


class Mean(NamedTuple):
    """Sums of one contrast in one window."""

    n: float
    mean: float
    variance: float
    skewness: float


NOTHING: Final = Mean(0.0, 0.0, 0.0, 0.0)
"""A contrast without rows."""


def share_of(rows: float, n: float) -> Mean:
    """Return the mean of a yes-or-no contrast that holds in some of n rows."""
    if n <= 0:
        return NOTHING
    p = rows / n
    variance = p * (1 - p)
    return Mean(n, p, variance, (1 - 2 * p) / math.sqrt(variance) if variance > 0 else 0.0)


def means_of(counts: Floats, scores: Floats) -> list[Mean]:
    """Return the mean of each column of scores over cells with these counts."""
    n = float(counts.sum())
    if n <= 0:
        return [NOTHING] * scores.shape[1]
    share = counts / n
    mean = share @ scores
    apart = scores - mean
    square = apart * apart
    variance, third = share @ square, share @ (square * apart)
    skewness = np.where(variance > 1e-12, third / np.maximum(variance, 1e-12) ** 1.5, 0.0)
    rows = zip(mean.tolist(), variance.tolist(), skewness.tolist(), strict=True)
    return [Mean(n, *rest) for rest in rows]


@dataclass(frozen=True, eq=False)
class NumberCells:
    """Cells between quantiles of the baseline, and the orthogonal scores of each.

    Parameters
    ----------
    feature
        The column.
    edges
        Upper ends of all cells but the last; a value on an end lies below it.
    scores
        One row a cell, one column a degree (:func:`holter.stats.rank_scores.rank_scores`).
    """

    feature: str
    edges: Floats
    scores: Floats

    @classmethod
    def of(cls, feature: str, column: NumericColumn) -> Self:
        """Cut where the baseline has its quantiles; a column of few different numbers has a cell for each."""
        values, weights = column.ranks.values.astype(np.float64), column.ranks.weights
        if len(values) <= CELLS:
            return cls(feature, values[:-1], rank_scores(weights))
        through = np.cumsum(weights)
        places = np.searchsorted(through, np.arange(1, CELLS) * through[-1] / CELLS)
        edges = np.unique(values[places])
        edges = edges[edges < values[-1]]
        counts = np.bincount(np.searchsorted(edges, values), weights, minlength=len(edges) + 1)
        return cls(feature, edges, rank_scores(counts))

    def keys(self, *, brief: bool = False) -> list[ContrastKey]:
        """Return what :meth:`means` are the means of; ``brief`` leaves out what a slice of the rows can hardly show."""
        degrees = min(self.scores.shape[1], BRIEF_MOMENTS if brief else len(MOMENTS))
        numeric = [ContrastKey(Family.NUMERIC, self.feature, name) for name in MOMENTS[:degrees]]
        return [*numeric, ContrastKey(Family.CATEGORICAL, self.feature, "missing", share=True)]

    def means(self, column: Column | None, *, brief: bool = False) -> list[Mean]:
        """Return the contrasts of a window's column; without rows where it is missing or of another kind."""
        scores = self.scores[:, :BRIEF_MOMENTS] if brief else self.scores
        if not isinstance(column, NumericColumn):
            return [NOTHING] * (scores.shape[1] + 1)
        cells = np.searchsorted(self.edges, column.ranks.values)
        counts = np.bincount(cells, column.ranks.weights, minlength=len(scores)).astype(np.float64)
        return [*means_of(counts, scores), share_of(column.n - column.finite, column.n)]

    def first(self, values: Floats) -> Floats:
        """Return the score of first degree of each value; NaN stays NaN."""
        if not self.scores.shape[1]:
            return np.where(np.isnan(values), np.nan, 0.0)
        there = np.isfinite(values)
        found = np.full(len(values), np.nan)
        found[there] = self.scores[np.searchsorted(self.edges, values[there]), 0]
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists."""
        return {"feature": self.feature, "edges": self.edges.tolist(), "scores": self.scores.tolist()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what :meth:`to_dict` wrote."""
        edges = np.array(data["edges"], np.float64)
        return cls(data["feature"], edges, np.array(data["scores"], np.float64).reshape(len(edges) + 1, -1))


@dataclass(frozen=True, eq=False)
class CategoryCells:
    """The categories of the baseline: the frequent ones by name, the others pooled, and how surprising each is.

    Parameters
    ----------
    feature
        The column.
    counts
        Rows of each category in the baseline.
    frequent
        Those with a share of their own, the most frequent first.
    centre, unit
        Mean and standard deviation of the surprisal in the baseline.
    """

    feature: str
    counts: Mapping[str, int]
    frequent: tuple[str, ...]
    centre: float
    unit: float

    @classmethod
    def of(cls, feature: str, column: CategoricalColumn) -> Self:
        """Take the categories of the baseline's column."""
        counts = {name: column.counts[name] for name in sorted(column.counts)}
        n = max(sum(counts.values()), 1)
        ranked = sorted(counts, key=lambda name: (-counts[name], name))[:NAMED]
        frequent = tuple(name for name in ranked if counts[name] >= FREQUENT * n)
        share = np.array(list(counts.values()), np.float64) / n
        surprisal = np.minimum(-np.log(share), _MOST_SURPRISED)
        centre = float(share @ surprisal)
        unit = math.sqrt(float(share @ (surprisal - centre) ** 2))
        return cls(feature, counts, frequent, centre, unit)

    def keys(self, *, brief: bool = False) -> list[ContrastKey]:
        """Return what :meth:`means` are the means of; ``brief`` leaves out what a slice of the rows can hardly show."""
        names = [f"share of {name}" for name in self.frequent[: BRIEF_SHARES if brief else None]]
        if not brief:
            names += ["rare", "unseen"]
        shares = [ContrastKey(Family.CATEGORICAL, self.feature, name, share=True) for name in (*names, "missing")]
        surprisal = ContrastKey(Family.CATEGORICAL, self.feature, "surprisal")
        return [*shares, surprisal] if self.unit > 0 and not brief else shares

    def means(self, column: Column | None, *, own: bool = False, brief: bool = False) -> list[Mean]:
        """Return the contrasts of a window's column; without rows where it is missing or of another kind.

        With ``own`` the window is a part of the baseline: what occurs nowhere else in it counts as unseen, the way it
        would have looked from the rest.
        """
        there = column if isinstance(column, CategoricalColumn) else None
        sizes = {} if there is None else there.counts
        n = 0 if there is None else there.present
        missing = share_of(there.nulls if there else 0, there.n if there else 0)
        seen = {name: size for name, size in sizes.items() if self.counts.get(name, 0) > (size if own else 0)}
        if brief:
            return [*(share_of(seen.get(name, 0), n) for name in self.frequent[:BRIEF_SHARES]), missing]
        unseen = n - sum(seen.values()) if n else 0
        rare = sum(size for name, size in seen.items() if name not in self._named)
        found = [share_of(seen.get(name, 0), n) for name in self.frequent]
        found += [share_of(rare, n), share_of(unseen, n), missing]
        if self.unit > 0:
            found.append(self._surprise(seen, unseen))
        return found

    @cached_property
    def _named(self) -> frozenset[str]:
        return frozenset(self.frequent)

    @cached_property
    def _total(self) -> int:
        return max(sum(self.counts.values()), 1)

    def _surprise(self, seen: Mapping[str, int], unseen: int) -> Mean:
        scores = [min(-math.log(self.counts[name] / self._total), _MOST_SURPRISED) for name in seen]
        sizes = np.array([*seen.values(), unseen], np.float64)
        standing = (np.array([*scores, _MOST_SURPRISED]) - self.centre) / self.unit
        return means_of(sizes, standing[:, None])[0]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        plain = {name: getattr(self, name) for name in ("feature", "centre", "unit")}
        return plain | {"counts": dict(self.counts), "frequent": list(self.frequent)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what :meth:`to_dict` wrote."""
        return cls(data["feature"], dict(data["counts"]), tuple(data["frequent"]), data["centre"], data["unit"])
