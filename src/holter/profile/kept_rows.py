"""Rows that outlive their table: one way to store each type, so that rows of several tables go together."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from holter.profile.kinds import is_number, is_text, plain_type, plain_values

LONGEST: Final = 1024
"""Characters of a text that are kept: a sample is bounded, a value of 100 MB is not."""


def kept(columns: dict[str, pa.Array], places: npt.NDArray[np.int64]) -> pa.Table:
    """Return some rows, copied, in the types of :func:`kept_type`; long texts are cut."""
    where = pa.Array.from_buffers(pa.int64(), len(places), [None, pa.py_buffer(np.ascontiguousarray(places))])
    return pa.table({name: _kept(array, where) for name, array in columns.items()})


def kept_type(dtype: pa.DataType) -> pa.DataType:
    """Return the type in which values are kept: whole numbers with 64 bits, floats as doubles, times in microseconds.

    Examples
    --------
    >>> kept_type(pa.dictionary(pa.int8(), pa.large_string()))
    DataType(string)
    """
    types, plain = pa.types, plain_type(dtype)
    if is_text(plain):
        return pa.string()
    if types.is_large_binary(plain) or types.is_fixed_size_binary(plain) or types.is_binary_view(plain):
        return pa.binary()
    if types.is_integer(plain):
        return plain if types.is_uint64(plain) else pa.int64()
    if types.is_floating(plain):
        return pa.float64()
    return _kept_time(plain) if types.is_temporal(plain) else plain


def _kept_time(plain: pa.DataType) -> pa.DataType:
    types = pa.types
    if types.is_timestamp(plain):
        return pa.timestamp("us", plain.tz)
    if types.is_duration(plain):
        return pa.duration("us")
    if types.is_time(plain):
        return pa.time64("us")
    return pa.date32() if types.is_date(plain) else plain


def stacked(tables: Sequence[pa.Table]) -> pa.Table:
    """Return the rows of all tables one after the other; a column that a table does not have is null in its rows.

    Where types disagree, numbers become doubles and everything else becomes text.
    """
    names = dict.fromkeys(name for table in tables for name in table.column_names)
    columns = {}
    for name in names:
        parts = [_chunk(table.column(name)) if name in table.column_names else table.num_rows for table in tables]
        dtype = _shared({part.type for part in parts if isinstance(part, pa.Array)})
        columns[name] = pa.concat_arrays([_as(part, dtype) for part in parts])
    return pa.table(columns)


def _kept(array: pa.Array, places: pa.Array) -> pa.Array:
    try:
        return _stored(plain_values(array.take(places)))
    except pa.ArrowException:  # a type that Arrow cannot take rows of costs the other columns nothing
        return pa.nulls(len(places))


def _stored(array: pa.Array) -> pa.Array:
    dtype = kept_type(array.type)
    if dtype == pa.string():
        return _cut(array)
    return pc.cast(array, dtype, safe=False) if array.type != dtype else array


def _cut(array: pa.Array) -> pa.Array:
    try:
        array.validate(full=True)
        return pc.cast(pc.utf8_slice_codeunits(array, 0, LONGEST), pa.string())
    except pa.ArrowInvalid:  # Arrow does not check the bytes that others hand over as text
        raw = pc.cast(array, pa.large_binary()).to_pylist()
        text = [None if value is None else value.decode("utf-8", "backslashreplace")[:LONGEST] for value in raw]
        return pa.array(text, pa.string())


def _shared(found: set[pa.DataType]) -> pa.DataType:
    types = found - {pa.null()}
    if len(types) <= 1:
        return next(iter(types), pa.null())
    return pa.float64() if all(is_number(dtype) and not pa.types.is_duration(dtype) for dtype in types) else pa.string()


def _chunk(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _as(part: pa.Array | int, dtype: pa.DataType) -> pa.Array:
    if isinstance(part, int):
        return pa.nulls(part, dtype)
    if part.type == dtype:
        return part
    if dtype == pa.string():
        return pa.array([None if value is None else _text(value) for value in part.to_pylist()], pa.string())
    return pc.cast(part, dtype, safe=False)


def _text(value: Any) -> str:
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value) if whole else value)[:LONGEST]
