"""How the numbers of a column are stored."""

from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from holter.profile.distinct import Distinct
from holter.profile.numeric import NumericColumn
from holter.profile.ranks import RankSummary

_VALUES: Final = frozenset({"<f8", "<i8", "<u8"})
_WEIGHTS: Final = ("<u1", "<u2", "<u4", "<i8")
_COUNTS: Final = ("n", "nulls", "nan", "positive_infinite", "negative_infinite", "unreadable", "zeros", "negatives")


class StoredRanks(msgspec.Struct, array_like=True):
    """A :class:`~holter.profile.RankSummary`; weights in the narrowest type that holds them."""

    dtype: str
    values: bytes
    weight_dtype: str
    weights: bytes
    error: int
    spread: float | None = None

    @classmethod
    def of(cls, ranks: RankSummary) -> "StoredRanks":
        """Return what is stored of the ranks of a column."""
        values = ranks.values.astype(ranks.values.dtype.newbyteorder("<"))
        largest = int(ranks.weights.max(initial=0))
        dtype = next(name for name in _WEIGHTS if largest <= np.iinfo(name).max)
        return cls(
            values.dtype.str, values.tobytes(), dtype, ranks.weights.astype(dtype).tobytes(), ranks.error, ranks.spread
        )

    def ranks(self) -> RankSummary:
        """Return the ranks that were stored.

        Raises
        ------
        ValueError
            If the bytes are not the arrays they say they are.
        """
        if self.dtype not in _VALUES or self.weight_dtype not in _WEIGHTS:
            raise ValueError(f"arrays of {self.dtype} and {self.weight_dtype}")
        values = _array(self.values, self.dtype)
        weights = _array(self.weights, self.weight_dtype).astype(np.int64)
        if len(values) != len(weights):
            raise ValueError("values and weights differ in number")
        if not _ordered(values) or weights.min(initial=1) < 1 or self.error < 0:
            raise ValueError("ranks that do not ascend")
        # format 1 did not store how far values were moved: not at all only where none was left out
        spread = 0.0 if not self.error and self.spread is None else self.spread
        return RankSummary(values, weights, self.error, spread)


class StoredNumeric(msgspec.Struct, array_like=True, tag="n"):
    """The fields of a :class:`~holter.profile.NumericColumn`."""

    counts: list[int]
    minimum: int | float | None
    maximum: int | float | None
    mean: float
    m2: float
    ranks: StoredRanks
    dtype: str
    unit: str
    rounded: bool
    distinct: bytes | None = None

    @classmethod
    def of(cls, column: NumericColumn) -> "StoredNumeric":
        """Return what is stored of a column."""
        return cls(
            [getattr(column, name) for name in _COUNTS],
            column.minimum,
            column.maximum,
            column.mean,
            column.m2,
            StoredRanks.of(column.ranks),
            column.dtype,
            column.unit,
            column.rounded,
            None if column.distinct is None else column.distinct.to_bytes(),
        )

    def column(self) -> NumericColumn:
        """Return the column that was stored.

        Raises
        ------
        ValueError
            If the parts do not make a column.
        """
        return NumericColumn(
            **dict(zip(_COUNTS, self.counts, strict=True)),
            minimum=self.minimum,
            maximum=self.maximum,
            mean=self.mean,
            m2=self.m2,
            ranks=self.ranks.ranks(),
            dtype=self.dtype,
            unit=self.unit,
            rounded=self.rounded,
            distinct=None if self.distinct is None else Distinct.from_bytes(self.distinct),
        )


def _array(raw: bytes, dtype: str) -> npt.NDArray[Any]:
    return np.frombuffer(raw, dtype).astype(np.dtype(dtype).newbyteorder("="))


def _ordered(values: npt.NDArray[Any]) -> bool:
    """Tell whether values are finite and ascend; everything read from ranks relies on it."""
    return bool(
        np.all(values[1:] > values[:-1]) and np.all(np.isfinite(values[:1])) and np.all(np.isfinite(values[-1:]))
    )
