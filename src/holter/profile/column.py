"""What a column may be, how one is read, and how columns of the same name become one."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Protocol

import pyarrow as pa

from holter.profile.categorical import CAP, CategoricalColumn
from holter.profile.kinds import kind_of, type_name
from holter.profile.numeric import NumericColumn, NumericReading
from holter.profile.opaque import OpaqueColumn, joined_types
from holter.profile.tally import Tally
from holter.profile.text import TextColumn, recognised
from holter.profile.vector import VectorColumn
from holter.types import Kind

Column = NumericColumn | CategoricalColumn | TextColumn | VectorColumn | OpaqueColumn
_SLACK: Final = 16
"""Values kept while reading, in multiples of k, so that repeated compression adds little to the error."""


class Reading(Protocol):
    """A column while it is read. It keeps no view of what it was shown: the memory of a chunk must go."""

    def add(self, array: pa.Array) -> None:
        """Take in the next rows.

        Raises
        ------
        pyarrow.ArrowException
            If the values are not what the type promises; the column is then only counted.
        """

    def column(self) -> Column:
        """Return the summary of all rows, of bounded size. Asked once, at the end."""


class ColumnReading:
    """A column while it is read; whatever is wrong with it costs the other columns nothing."""

    __slots__ = ("_dtype", "_reading", "n", "nulls")

    def __init__(self, dtype: pa.DataType, kind: Kind | None, k: int) -> None:
        self.n = self.nulls = 0
        self._dtype = dtype
        self._reading = reading_of(dtype, kind or kind_of(dtype), k)

    def add(self, array: pa.Array) -> None:
        """Take in the next rows; after the first bad ones they are only counted."""
        self.n += len(array)
        self.nulls += array.null_count
        if self._reading is None:
            return
        try:
            self._reading.add(array)
        except pa.ArrowException:
            self._reading = None

    def column(self) -> Column:
        """Return the summary of all rows."""
        if not self.n:
            self.add(pa.nulls(0, self._dtype))  # a type that cannot be summarised says so without rows too
        if self._reading is None:
            return OpaqueColumn(self.n, self.nulls, type_name(self._dtype))
        return self._reading.column()


def reading_of(dtype: pa.DataType, kind: Kind, k: int) -> Reading | None:
    """Return what reads a column of this type and kind; None for one that is only counted."""
    if kind is Kind.OTHER:
        return None
    if kind in {Kind.CATEGORICAL, Kind.TEXT}:
        return Tally(dtype, text=kind is Kind.TEXT)
    return _Pieces(dtype, kind, k) if kind is Kind.VECTOR else NumericReading(k)


class _Pieces:
    """A column as summaries of its chunks."""

    __slots__ = ("_dtype", "_k", "_kind", "_parts")

    def __init__(self, dtype: pa.DataType, kind: Kind, k: int) -> None:
        self._dtype, self._k, self._kind = dtype, k, kind
        self._parts: list[Column] = []

    def add(self, array: pa.Array) -> None:
        self._parts.append(self._summary(array))
        if len(self._parts) > _SLACK:
            self._parts = [compressed(merged(self._parts), _SLACK * self._k, CAP)]

    def column(self) -> Column:
        return compressed(merged(self._parts), self._k, CAP)

    def _summary(self, array: pa.Array) -> Column:
        if self._kind is Kind.VECTOR:
            return VectorColumn.of(array, self._k)
        return NumericColumn.of(array, self._k)


def merged(parts: Sequence[Column]) -> Column:
    """Return one column for all rows of all parts; parts that do not go together are counted and named."""
    if len(parts) == 1:
        return parts[0]
    typed = [part for part in parts if not (isinstance(part, OpaqueColumn) and part.is_blank)]
    blank = sum(part.n for part in parts) - sum(part.n for part in typed)
    whole = _total(typed)
    if whole is not None:
        return _with_nulls(whole, blank)
    names = joined_types(*(part.dtype for part in parts))
    return OpaqueColumn(sum(part.n for part in parts), sum(part.nulls for part in parts), names)


def _total(parts: Sequence[Column]) -> Column | None:
    """Return one column of parts that go together, or None; text goes together with categories and wins."""
    numeric = [part for part in parts if isinstance(part, NumericColumn)]
    if numeric and len(numeric) == len(parts) and len({part.unit for part in numeric}) == 1:
        return NumericColumn.total(numeric)
    categorical = [part for part in parts if isinstance(part, CategoricalColumn)]
    if categorical and len(categorical) == len(parts):
        return CategoricalColumn.total(categorical)
    worded = [part for part in parts if isinstance(part, CategoricalColumn | TextColumn)]
    if worded and len(worded) == len(parts):
        return TextColumn.total(worded)
    vectors = [part for part in parts if isinstance(part, VectorColumn)]
    return VectorColumn.total(vectors) if vectors and len(vectors) == len(parts) else None


def _with_nulls(column: Column, more: int) -> Column:
    return replace(column, n=column.n + more, nulls=column.nulls + more) if more else column


def compressed(column: Column, k: int, categories: int) -> Column:
    """Return a column of bounded size; categories that turn out to be text or identifiers are forgotten."""
    if isinstance(column, NumericColumn | VectorColumn):
        return column.compressed(k)
    return recognised(column.compressed(categories)) if isinstance(column, CategoricalColumn) else column
