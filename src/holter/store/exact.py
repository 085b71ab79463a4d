"""Whole numbers that float64 cannot hold (account numbers, hashes), beside the column of numbers they belong to.

A numeric feature rests as float64, so that 1.5 in a column that was whole is seen. Beyond 2**53 that loses digits.
Where a schema says that a feature is whole, the values that would lose any rest in a column of their own as well.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from holter.store.naming import exact_name
from holter.types import Schema

LIMIT: Final = 1 << 53
"""Up to here float64 holds every whole number (IEEE 754, 53 bits of significand)."""
_LEAST, _MOST = -(1 << 63), (1 << 63) - 1


def whole_features(schema: Schema | None) -> tuple[str, ...]:
    """Return the features that a schema says are whole numbers."""
    return () if schema is None else tuple(each.name for each in schema.features if "int" in each.dtype[:4])


def exact_values(values: Sequence[Any], numbers: pa.Array) -> pa.Array | None:
    """Return those of the values that the same column as float64 cannot hold, null elsewhere; None where it holds all.

    Examples
    --------
    >>> exact_values([1, 2**60 + 1], pa.array([1.0, 2.0**60])).to_pylist()
    [None, 1152921504606846977]
    """
    floats = np.frombuffer(numbers.buffers()[1], np.float64, len(numbers), 8 * numbers.offset)
    with np.errstate(invalid="ignore"):
        if not (np.abs(floats) >= LIMIT).any():
            return None
    return pa.array([value if _is_large(value) else None for value in values], pa.int64())


def _is_large(value: Any) -> bool:
    return type(value) is int and abs(value) > LIMIT and _LEAST <= value <= _MOST


def with_exact(rows: pa.Table, schema: Schema | None) -> pa.Table:
    """Return a table with the columns for large whole numbers that its features need."""
    for name in whole_features(schema):
        large = _large(rows[name]) if name in rows.column_names else None
        if large is not None and pc.any(large).as_py():
            kept = pc.if_else(large, rows[name], pa.scalar(None, rows[name].type)).cast(pa.int64())
            rows = rows.append_column(exact_name(name), kept)
    return rows


def _large(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """Tell which values float64 cannot hold and int64 can; None for a column without such."""
    if not pa.types.is_integer(column.type) or column.type.bit_width < 64:
        return None
    large = pc.greater(column, pa.scalar(LIMIT, column.type))
    if column.type == pa.uint64():
        return pc.and_(large, pc.less_equal(column, pa.scalar(_MOST, column.type)))
    return pc.or_(large, pc.less(column, -LIMIT))


def exactly(rows: pa.Table, schema: Schema | None) -> pa.Table:
    """Return a table as it was before :func:`with_exact`: whole columns whole, where no other value stands."""
    for name in whole_features(schema):
        beside = exact_name(name)
        if beside not in rows.column_names:
            continue
        exact, rows = rows[beside], rows.drop_columns([beside])
        numbers = pc.if_else(pc.is_valid(exact), pa.scalar(None, pa.float64()), rows[name])
        try:
            whole = pc.coalesce(exact, numbers.cast(pa.int64()))
        except pa.ArrowInvalid:  # 1.5 among them: seen, at the price of the last digits
            continue
        rows = rows.set_column(rows.column_names.index(name), name, whole)
    return rows
