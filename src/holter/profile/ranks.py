"""How the values of a column are distributed, in at most k numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

K: Final = 4096
"""Order statistics kept while reading: a rank error of about 1/8192 of the rows."""

Values = npt.NDArray[np.float64] | npt.NDArray[np.int64] | npt.NDArray[np.uint64]
Weights = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class RankSummary:
    """Sorted distinct values, each standing for ``weights`` rows.

    Parameters
    ----------
    values
        Ascending, distinct, finite: float64, or int64 (uint64 beyond its range) for whole numbers and times.
    weights
        Rows each value stands for; they add up to the number of rows.
    error
        Rows by which any rank read from it may be wrong: for every x, the true count of rows ``<= x`` differs from
        :meth:`rank` by at most this. 0 when every row is there. It bounds Kolmogorov-Smirnov distances; it does *not*
        bound Wasserstein distances, where one far value counts more than its rank.

    Notes
    -----
    Merging concatenates, so it is exact, associative and commutative; the errors add up. Only :meth:`compressed` loses
    anything. It cuts the sorted rows into k pieces of nearly equal weight and keeps the middle value of each with the
    whole weight of its piece; what the error grows by is the largest weight found on either side of such a middle, so
    the bound is measured and not estimated. Same idea, with a randomised middle: Agarwal et al., Mergeable summaries,
    PODS 2012, section 3.1.

    Examples
    --------
    >>> summary = RankSummary.of(np.array([3.0, 1.0, 1.0, 2.0]))
    >>> summary.values.tolist(), summary.weights.tolist(), summary.error
    ([1.0, 2.0, 3.0], [2, 1, 1], 0)
    >>> (summary + summary).rank(1.5)
    4
    """

    values: Values
    weights: Weights
    error: int = 0

    @classmethod
    def of(cls, values: npt.NDArray[Any], k: int | None = None) -> "RankSummary":
        """Summarise finite values in any order; with ``k`` keep at most that many (see :meth:`compressed`)."""
        ordered = np.sort(values)
        if k is not None and len(ordered) > k and 1 + np.count_nonzero(ordered[1:] != ordered[:-1]) > k:
            return cls._picked(ordered, k)
        return cls._gathered(ordered, np.ones(len(ordered), np.int64))

    @classmethod
    def _picked(cls, ordered: npt.NDArray[Any], k: int) -> "RankSummary":
        """Keep the middle row of k pieces: what :meth:`compressed` does, without a weight for every row."""
        ends = np.arange(k + 1) * len(ordered) // k
        sizes = np.diff(ends)
        half = int(sizes.max()) // 2
        return cls._gathered(ordered[ends[:-1] + sizes // 2], sizes, half)

    @classmethod
    def _gathered(cls, ordered: npt.NDArray[Any], weights: Weights, error: int = 0) -> "RankSummary":
        """Add up the weights of equal values, which stand side by side."""
        if not len(ordered):
            return cls(ordered, weights, error)
        first = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
        return cls(ordered[first], np.add.reduceat(weights, first), error)

    @property
    def n(self) -> int:
        """How many rows it stands for."""
        return int(self.weights.sum())

    @property
    def exact(self) -> bool:
        """Whether nothing was left out."""
        return self.error == 0

    def __add__(self, other: "RankSummary") -> "RankSummary":
        return RankSummary.total((self, other))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RankSummary):
            return NotImplemented
        return (
            self.error == other.error
            and np.array_equal(self.values, other.values)
            and np.array_equal(self.weights, other.weights)
        )

    __hash__ = None  # type: ignore[assignment]  # holds arrays

    @classmethod
    def total(cls, parts: Sequence["RankSummary"]) -> "RankSummary":
        """Return the summary of all rows of all parts."""
        parts = [part for part in parts if len(part.values)] or list(parts[:1])
        if len(parts) == 1:
            return parts[0]
        values = np.concatenate([part.values for part in parts])
        weights = np.concatenate([part.weights for part in parts])
        order = np.argsort(values, kind="stable")
        return cls._gathered(values[order], weights[order], sum(part.error for part in parts))

    def compressed(self, k: int) -> "RankSummary":
        """Return a summary of at most ``k`` values; itself when it is that small already."""
        if len(self.values) <= k:
            return self
        through = np.cumsum(self.weights)
        before = through - self.weights
        piece = (2 * before + self.weights) * k // (2 * through[-1])
        first = np.flatnonzero(np.concatenate(([True], piece[1:] != piece[:-1])))
        last = np.append(first[1:], len(piece)) - 1
        middle = np.searchsorted(through, (before[first] + through[last] + 1) // 2)
        lost = max(np.max(before[middle] - before[first]), np.max(through[last] - through[middle]))
        return RankSummary(self.values[middle], through[last] - before[first], self.error + int(lost))

    def rank(self, x: float) -> int:
        """Return how many rows are ``<= x``, within ``error``."""
        return int(self.weights[: np.searchsorted(self.values, x, side="right")].sum())

    def quantile(self, share: float) -> float | None:
        """Return the value below which ``share`` (0 to 1) of the rows lie, to ``error`` ranks; None without rows.

        The smallest value whose cumulated weight reaches the share: the inverse of the distribution function.
        """
        if not len(self.values):
            return None
        through = np.cumsum(self.weights)
        position = min(int(np.searchsorted(through, share * through[-1])), len(through) - 1)
        return float(self.values[position])
