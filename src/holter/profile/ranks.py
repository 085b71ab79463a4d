"""How the values of a column are distributed, in at most k numbers."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

K: Final = 4096
"""Order statistics kept while reading: a rank error of about 1/8192 of the rows."""
_FAR: Final = 0.25
"""Share of the pieces that goes to distance from the median and not to rows (our choice, see Notes)."""
_ROUNDED_UP: Final = 1 + 1e-9
"""Keeps a sum of doubles an upper bound: its own rounding is below 1e-12 for anything we add up."""

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
        :meth:`rank` by at most this. 0 when every row is there. It bounds Kolmogorov-Smirnov distances and the ranks
        of quantiles; it does *not* bound Wasserstein distances, where one far value counts more than its rank.
    spread
        What bounds those: an upper bound of the sum over all rows of the distance between a row and the value that
        stands for it, in the unit of the column. Moving every row there is one way of turning the rows into the
        summary, so ``spread / n`` bounds the Wasserstein distance between the two, in heavy tails too, and by the
        triangle inequality what a distance between two summaries may be wrong by. None where it is not known (bytes of
        format 1).

    Notes
    -----
    Merging concatenates, so it is exact, associative and commutative; the errors add up. Only :meth:`compressed` loses
    anything. It cuts the sorted rows into at most k pieces and keeps the middle value of each with the whole weight of
    its piece; what the error grows by is the largest weight found on either side of such a middle, so the bound is
    measured and not estimated. Pieces are equal in a measure of which three quarters are rows and one quarter is
    distance from the median: equal rows alone would leave a heavy tail to its last piece. The rank error is about two
    thirds of a row in k (half of one with rows alone). Same idea, with a randomised middle: Agarwal et al., Mergeable
    summaries, PODS 2012, section 3.1.

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
    spread: float | None = 0.0

    @classmethod
    def of(cls, values: npt.NDArray[Any], k: int | None = None) -> "RankSummary":
        """Summarise finite values in any order; with ``k`` keep at most that many (see :meth:`compressed`)."""
        whole = cls.of_sorted(np.sort(values))
        return whole if k is None else whole.compressed(k)

    @classmethod
    def of_sorted(cls, ordered: npt.NDArray[Any]) -> "RankSummary":
        """Summarise finite values that ascend."""
        return cls._gathered(ordered, np.ones(len(ordered), np.int64))

    @classmethod
    def _gathered(
        cls, ordered: npt.NDArray[Any], weights: Weights, error: int = 0, spread: float | None = 0.0
    ) -> "RankSummary":
        """Add up the weights of equal values, which stand side by side."""
        if not len(ordered):
            return cls(ordered, weights, error, spread)
        first = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
        if len(first) == len(ordered):
            return cls(ordered, weights, error, spread)
        return cls(ordered[first], np.add.reduceat(weights, first), error, spread)

    @property
    def n(self) -> int:
        """How many rows it stands for."""
        return int(self.weights.sum())

    @property
    def exact(self) -> bool:
        """Whether nothing was left out."""
        return self.error == 0

    @property
    def rank_error(self) -> float:
        """Share of the rows by which a rank may be wrong; the Kolmogorov-Smirnov distance of two is to their sum."""
        return self.error / self.n if self.error else 0.0

    @property
    def mean_spread(self) -> float | None:
        """What the Wasserstein distance to anything may be wrong by, in the unit of the column; None if unknown."""
        return self.spread / self.n if self.spread else self.spread

    def __add__(self, other: "RankSummary") -> "RankSummary":
        return RankSummary.total((self, other))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RankSummary):
            return NotImplemented
        return (
            (self.error, self.spread) == (other.error, other.spread)
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
        arrays = [part.values for part in parts]
        values = np.concatenate(arrays, dtype=common_type(arrays), casting="unsafe")
        weights = np.concatenate([part.weights for part in parts])
        order = np.argsort(values, kind="stable")
        error, spread = sum(part.error for part in parts), total_spread(part.spread for part in parts)
        return cls._gathered(values[order], weights[order], error, spread)

    def compressed(self, k: int) -> "RankSummary":
        """Return a summary of at most ``k`` values; itself when it is that small already."""
        if len(self.values) <= k:
            return self
        through = np.cumsum(self.weights)
        before = through - self.weights
        first = self._pieces(before, through, k)
        last = np.append(first[1:], len(through)) - 1
        middle = np.searchsorted(through, (before[first] + through[last] + 1) // 2)
        lost = max(np.max(before[middle] - before[first]), np.max(through[last] - through[middle]))
        sizes = through[last] - before[first]
        moved = self._moved(np.repeat(self.values[middle], last - first + 1))
        spread = None if self.spread is None else self.spread + moved
        return RankSummary(self.values[middle], sizes, self.error + int(lost), spread)

    def _pieces(self, before: Weights, through: Weights, k: int) -> npt.NDArray[np.intp]:
        """Return where pieces begin: where rows and distances (see Notes) reach a further part in k."""
        place = (before + through) / (2.0 * through[-1])
        far = self._distances(self.values[np.searchsorted(through, through[-1] / 2)])
        with np.errstate(over="ignore", invalid="ignore"):
            ways = np.cumsum(far)
            total = ways[-1]
        if total > 0 and np.isfinite(total):
            ways -= far / 2
            ways /= total
            place = place * (1 - _FAR) + ways * _FAR
        piece = (place * k).astype(np.int64)
        return np.concatenate(([0], np.flatnonzero(piece[1:] != piece[:-1]) + 1))

    def _distances(self, others: Any) -> npt.NDArray[np.float64]:
        """Return for each value its weight times its distance from another; whole numbers are subtracted as such."""
        with np.errstate(over="ignore"):
            if self.values.dtype.kind == "f":
                apart: npt.NDArray[Any] = np.abs(self.values - others)
            else:
                far, near = np.maximum(self.values, others), np.minimum(self.values, others)
                apart = (far.view(np.uint64) - near.view(np.uint64)).astype(np.float64)
            product: npt.NDArray[np.float64] = apart * self.weights
            return product

    def _moved(self, others: npt.NDArray[Any]) -> float:
        """Return an upper bound of the way of all rows to the values that now stand for them."""
        with np.errstate(over="ignore"):
            return float(self._distances(others).sum() * _ROUNDED_UP)

    def rank(self, x: float) -> int:
        """Return how many rows are ``<= x``, within ``error``."""
        return int(self.weights[: np.searchsorted(self.values, x, side="right")].sum())

    def quantile(self, share: float) -> float | None:
        """Return the value below which ``share`` (0 to 1) of the rows lie, to ``error`` ranks; None without rows.

        The smallest value whose cumulated weight reaches the share: the inverse of the distribution function.
        """
        return float(self.quantile_value(share)) if len(self.values) else None

    def quantile_value(self, share: float) -> Any:
        """Return the same as :meth:`quantile` in the type of the values, which must not be empty."""
        through = np.cumsum(self.weights)
        return self.values[min(int(np.searchsorted(through, share * through[-1])), len(through) - 1)]

    def quantile_interval(self, share: float) -> tuple[float, float]:
        """Return between which numbers the true quantile lies; infinite where the summary does not reach that far.

        :meth:`NumericColumn.quantile_interval` ends at minimum and maximum instead.
        """
        through = np.cumsum(self.weights)
        wanted = share * self.n
        below = int(np.searchsorted(through, wanted - self.error)) - 1
        above = int(np.searchsorted(through, wanted + self.error))
        low = float(self.values[below + self.exact]) if 0 <= below + self.exact < len(through) else -math.inf
        return low, float(self.values[above]) if above < len(through) else math.inf


def common_type(arrays: Sequence[npt.NDArray[Any]]) -> np.dtype[Any]:
    """Return the type in which values go together: whole numbers stay whole where one type holds them all."""
    types = {values.dtype for values in arrays}
    if len(types) == 1:
        return types.pop()
    if any(dtype.kind == "f" for dtype in types) or any(len(values) and values.min() < 0 for values in arrays):
        return np.dtype(np.float64)
    return np.dtype(np.uint64)


def total_spread(spreads: Iterable[float | None]) -> float | None:
    """Add up spreads, whatever their order; unknown where one of them is."""
    known = list(spreads)
    return None if None in known else sum(sorted(spread for spread in known if spread is not None))
