"""What the numbers of a column are like."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holter.profile.distinct import Distinct, DistinctReading
from holter.profile.hashing import hash_numbers
from holter.profile.moments import Moments
from holter.profile.numbers import read_numbers
from holter.profile.opaque import joined_types
from holter.profile.ranking import RankReading
from holter.profile.ranks import K, RankSummary, common_type

_COUNTS: Final = ("n", "nulls", "nan", "positive_infinite", "negative_infinite", "unreadable", "zeros", "negatives")
_BLOCK: Final = 32_768
"""Values worked on at a time: with room to compute in, they fit the cache of a core."""
EXACT_WHOLE: Final = 2**53
"""Up to here float64 holds every whole number (IEEE 754: 53 bits of significand)."""


@dataclass(frozen=True)
class NumericColumn:
    """Counts, moments and ranks of the numbers of a column; times and durations are numbers of microseconds.

    Parameters
    ----------
    n
        Rows that had the column: nulls, NaN, infinities and unreadable values included.
    nulls, nan, positive_infinite, negative_infinite
        Rows without a value, with a value that is not a number, and with infinities: four different things.
    unreadable
        Rows of a column declared numeric whose text is no number.
    zeros, negatives
        Of the finite values.
    minimum, maximum
        Of the finite values, as whole numbers where the column has whole numbers; None without any.
    mean, m2
        Mean of the finite values, and sum of their squared distances from it (0 without any; ``m2`` is infinite where
        the squares leave the range of a double: see :attr:`variance`).
    ranks
        The distribution of the finite values, with the error it may have.
    dtype
        Arrow type as text.
    unit
        Empty for plain numbers, else what one step means: ``us``, ``us since 1970-01-01`` or ``us since midnight``.
    rounded
        True when values were changed by a type that cannot hold them exactly (decimals of more than 15 digits, whole
        numbers beyond 2**53 mixed with floats, nanoseconds).
    distinct
        How many different finite values there are; None in profiles of format 1, which did not count them.
    """

    n: int
    nulls: int
    nan: int
    positive_infinite: int
    negative_infinite: int
    unreadable: int
    zeros: int
    negatives: int
    minimum: float | None
    maximum: float | None
    mean: float
    m2: float
    ranks: RankSummary
    dtype: str = "double"
    unit: str = ""
    rounded: bool = False
    distinct: Distinct | None = None

    @classmethod
    def of(cls, array: pa.Array, k: int = K) -> "NumericColumn":
        """Summarise an array of numbers, booleans, times or text that holds numbers.

        Raises
        ------
        pyarrow.ArrowInvalid
            If the type has no numbers, or a time does not fit into 64 bits of microseconds.
        """
        reading = NumericReading(k)
        reading.add(array)
        return reading.column()

    @property
    def finite(self) -> int:
        """Rows with a finite number: what moments and ranks are made of."""
        return self.n - self.nulls - self.nan - self.positive_infinite - self.negative_infinite - self.unreadable

    @property
    def present(self) -> int:
        """Rows with a value, be it finite or not."""
        return self.n - self.nulls

    @property
    def variance(self) -> float | None:
        """Return the sample variance (divisor count - 1); None with fewer than two values or beyond a double."""
        if self.finite < 2 or not math.isfinite(self.m2):
            return None
        return self.m2 / (self.finite - 1)

    @property
    def std(self) -> float | None:
        """Return the square root of :attr:`variance`, or None."""
        return None if self.variance is None else math.sqrt(self.variance)

    @classmethod
    def total(cls, parts: Sequence["NumericColumn"]) -> "NumericColumn":
        """Return the summary of all rows of all parts, which must have the same unit.

        Counts and ranks do not depend on the order of parts; mean and m2 do so only by the rounding of a double (see
        :class:`~holter.profile.moments.Moments`).
        """
        minima = [part.minimum for part in parts if part.minimum is not None]
        maxima = [part.maximum for part in parts if part.maximum is not None]
        moments = Moments.total([Moments(part.finite, part.mean, part.m2) for part in parts])
        distinct = [part.distinct for part in parts if part.distinct is not None]
        return cls(
            **{name: sum(getattr(part, name) for part in parts) for name in _COUNTS},
            minimum=min(minima, default=None),
            maximum=max(maxima, default=None),
            mean=moments.mean,
            m2=moments.m2,
            ranks=RankSummary.total([part.ranks for part in parts]),
            dtype=joined_types(*(part.dtype for part in parts)),
            unit=parts[0].unit,
            rounded=any(part.rounded for part in parts) or _mixes_lossily(parts),
            distinct=Distinct.total(distinct) if len(distinct) == len(parts) else None,
        )

    def quantile_interval(self, share: float) -> tuple[float, float] | None:
        """Return between which numbers the quantile at ``share`` (0 to 1) lies; None without finite values."""
        if self.minimum is None or self.maximum is None:
            return None
        low, high = self.ranks.quantile_interval(share)
        return max(low, float(self.minimum)), min(high, float(self.maximum))

    def compressed(self, k: int) -> "NumericColumn":
        """Return the column with at most ``k`` values in its ranks."""
        return replace(self, ranks=self.ranks.compressed(k))


class NumericReading:
    """A numeric column while it is read, in one pass and in bounded memory.

    Each stretch of rows is worked on in blocks that stay in the cache: a pass over such a block costs a few tenths of
    a nanosecond a value, over main memory it would cost several times that.
    """

    __slots__ = ("_counts", "_distinct", "_dtype", "_high", "_k", "_low", "_moments", "_ranks", "_rounded", "_unit")

    def __init__(self, k: int = K) -> None:
        self._k = k
        self._counts = dict.fromkeys(_COUNTS, 0)
        self._low: Any = None
        self._high: Any = None
        self._moments = Moments()
        self._ranks = RankReading(k)
        self._distinct = DistinctReading()
        self._dtype, self._unit, self._rounded = "", "", False

    def add(self, array: pa.Array) -> None:
        """Take in the next rows.

        Raises
        ------
        pyarrow.ArrowInvalid
            If the type has no numbers, or a time does not fit into 64 bits of microseconds; nothing was taken in.
        """
        read = read_numbers(array)
        self._dtype, self._unit = read.dtype, read.unit
        self._rounded |= read.rounded
        for name, count in (("n", len(array)), ("nulls", read.nulls), ("unreadable", read.unreadable)):
            self._counts[name] += count
        if read.values.dtype.kind == "f":
            self._add_doubles(read.values)
        elif len(read.values):
            self._add_wholes(read.values)

    def _without_infinite(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        finite = np.isfinite(values)
        odd = values[~finite]
        nan, positive = int(np.isnan(odd).sum()), int((odd > 0).sum())
        self._counts["nan"] += nan
        self._counts["positive_infinite"] += positive
        self._counts["negative_infinite"] += len(odd) - nan - positive
        kept: npt.NDArray[Any] = values[finite]
        return kept

    def _add_wholes(self, values: npt.NDArray[Any]) -> None:
        if max(abs(int(values.min())), abs(int(values.max()))) <= EXACT_WHOLE:
            self._add_doubles(values.astype(np.float64), whole=True)
            return
        for start in range(0, len(values), _BLOCK):
            block = values[start : start + _BLOCK]
            self._add_block(block, None, whole=True)
        self._ranks.add(values, whole=True)

    def _add_doubles(self, values: npt.NDArray[Any], *, whole: bool = False) -> None:
        blocks = [values[start : start + _BLOCK] for start in range(0, len(values), _BLOCK)]
        with np.errstate(over="ignore", invalid="ignore"):
            sums = [float(np.add.reduce(block)) for block in blocks]
        if not math.isfinite(sum(sums)) and not np.isfinite(values).all():
            self._add_doubles(self._without_infinite(values))
            return
        for block, total in zip(blocks, sums, strict=True):
            self._add_block(block, total, whole=whole)
        if len(values):
            self._ranks.add(values, whole=whole)

    def _add_block(self, block: npt.NDArray[Any], total: float | None, *, whole: bool) -> None:
        """Take in finite values that fit the cache; ``total`` is their sum, where they are doubles."""
        low, high = block.min(), block.max()
        zeros = int(np.count_nonzero(block == 0)) if low <= 0 <= high else 0
        self._counts["zeros"] += zeros
        if low < 0:
            self._counts["negatives"] += int(np.count_nonzero(block < 0))
        self._moments += Moments.between(block, low, high, total)
        if zeros or total is None:
            self._distinct.add(hash_numbers(block))
        else:
            self._distinct.add_doubles(block)
        least, most = (int(low), int(high)) if whole else (float(low), float(high))
        self._low = least if self._low is None else min(self._low, least)
        self._high = most if self._high is None else max(self._high, most)

    def column(self) -> NumericColumn:
        """Return the summary of all rows so far."""
        return NumericColumn(
            **self._counts,
            minimum=self._low,
            maximum=self._high,
            mean=self._moments.mean,
            m2=self._moments.m2,
            ranks=self._ranks.summary().compressed(self._k),
            dtype=self._dtype,
            unit=self._unit,
            rounded=self._rounded,
            distinct=self._distinct.distinct(),
        )


def _mixes_lossily(parts: Sequence[NumericColumn]) -> bool:
    """Tell whether merging turned whole numbers into floats that cannot hold them."""
    arrays = [part.ranks.values for part in parts if len(part.ranks.values)]
    if len({values.dtype for values in arrays}) < 2 or common_type(arrays) != np.float64:
        return False
    whole = [part for part in parts if part.ranks.values.dtype.kind != "f"]
    bounds = (bound for part in whole for bound in (part.minimum, part.maximum) if bound is not None)
    return any(abs(bound) > EXACT_WHOLE for bound in bounds)
