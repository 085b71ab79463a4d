"""One column laid into the cells of its baseline, and the means that say how it differs."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

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
_MOST_SURPRISED: Final = 12.0
"""A category that was never seen counts as one in 160,000 rows."""


@dataclass(frozen=True)
class Mean:
    """Sums of one contrast in one window."""

    key: ContrastKey
    n: float
    mean: float
    variance: float
    skewness: float


def share_of(key: ContrastKey, rows: float, n: float) -> Mean:
    """Return the mean of a yes-or-no contrast that holds in some of n rows."""
    if n <= 0:
        return Mean(key, 0.0, 0.0, 0.0, 0.0)
    p = rows / n
    variance = p * (1 - p)
    return Mean(key, n, p, variance, (1 - 2 * p) / math.sqrt(variance) if variance > 0 else 0.0)


def mean_of(key: ContrastKey, counts: Floats, scores: Floats) -> Mean:
    """Return the mean of a score over cells with these counts."""
    n = float(counts.sum())
    if n <= 0:
        return Mean(key, 0.0, 0.0, 0.0, 0.0)
    share = counts / n
    mean = float(share @ scores)
    apart = scores - mean
    variance = float(share @ apart**2)
    skewness = float(share @ apart**3) / variance**1.5 if variance > 1e-12 else 0.0
    return Mean(key, n, mean, variance, skewness)


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

    def means(self, column: Column | None) -> list[Mean]:
        """Return the contrasts of a window's column; without rows where it is missing or of another kind."""
        missing = ContrastKey(Family.CATEGORICAL, self.feature, "missing", share=True)
        keys = [ContrastKey(Family.NUMERIC, self.feature, name) for name in MOMENTS[: self.scores.shape[1]]]
        if not isinstance(column, NumericColumn):
            return [Mean(key, 0.0, 0.0, 0.0, 0.0) for key in (*keys, missing)]
        cells = np.searchsorted(self.edges, column.ranks.values)
        counts = np.bincount(cells, column.ranks.weights, minlength=len(self.scores)).astype(np.float64)
        found = _means_of(keys, counts, self.scores)
        return [*found, share_of(missing, column.n - column.finite, column.n)]

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


def _means_of(keys: list[ContrastKey], counts: Floats, scores: Floats) -> list[Mean]:
    n = float(counts.sum())
    if n <= 0:
        return [Mean(key, 0.0, 0.0, 0.0, 0.0) for key in keys]
    share = counts / n
    mean = share @ scores
    apart = scores - mean
    square = apart * apart
    variance, third = share @ square, share @ (square * apart)
    skewness = np.where(variance > 1e-12, third / np.maximum(variance, 1e-12) ** 1.5, 0.0)
    rows = zip(keys, mean.tolist(), variance.tolist(), skewness.tolist(), strict=True)
    return [Mean(key, n, *rest) for key, *rest in rows]


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

    def means(self, column: Column | None, *, own: bool = False) -> list[Mean]:
        """Return the contrasts of a window's column; without rows where it is missing or of another kind.

        With ``own`` the window is a part of the baseline: what occurs nowhere else in it counts as unseen, the way it
        would have looked from the rest.
        """
        there = column if isinstance(column, CategoricalColumn) else None
        sizes = {} if there is None else there.counts
        n = 0 if there is None else there.present
        seen = {name: size for name, size in sizes.items() if self.counts.get(name, 0) > (size if own else 0)}
        unseen = n - sum(seen.values()) if n else 0
        rare = sum(size for name, size in seen.items() if name not in self._named)
        found = [share_of(self._key(f"share of {name}"), seen.get(name, 0), n) for name in self.frequent]
        found += [share_of(self._key("rare"), rare, n), share_of(self._key("unseen"), unseen, n)]
        found.append(share_of(self._key("missing"), there.nulls if there else 0, there.n if there else 0))
        if self.unit > 0:
            found.append(self._surprise(seen, unseen))
        return found

    @property
    def _named(self) -> frozenset[str]:
        return frozenset(self.frequent)

    def _key(self, name: str) -> ContrastKey:
        return ContrastKey(Family.CATEGORICAL, self.feature, name, share=True)

    def _surprise(self, seen: Mapping[str, int], unseen: int) -> Mean:
        total = max(sum(self.counts.values()), 1)
        scores = [min(-math.log(self.counts[name] / total), _MOST_SURPRISED) for name in seen]
        sizes = np.array([*seen.values(), unseen], np.float64)
        standing = (np.array([*scores, _MOST_SURPRISED]) - self.centre) / self.unit
        return mean_of(ContrastKey(Family.CATEGORICAL, self.feature, "surprisal"), sizes, standing)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        plain = {name: getattr(self, name) for name in ("feature", "centre", "unit")}
        return plain | {"counts": dict(self.counts), "frequent": list(self.frequent)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what :meth:`to_dict` wrote."""
        return cls(data["feature"], dict(data["counts"]), tuple(data["frequent"]), data["centre"], data["unit"])
