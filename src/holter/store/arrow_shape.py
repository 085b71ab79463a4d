"""Which Arrow types rest in a table, and how any column is brought to them without ever failing.

Numbers rest as float64 whatever their width: a column that is whole today and broken tomorrow then needs no new type
(a Delta table would cut 1.5 to 1). On reading, a column returns to the type of the schema where no value would change.
"""

import json
from collections.abc import Collection
from typing import Final

import numpy as np
import pyarrow as pa

from holter.profile.outcomes.reading import class_scores
from holter.types import (
    DIGEST,
    EVENT_DAY,
    EVENT_TIME,
    LABEL,
    LABELLED_AT,
    LATENCY,
    LOWER,
    PREDICTION,
    QUERY,
    RAW,
    RECEIVED_AT,
    REQUEST_ID,
    RESERVED,
    ROLE,
    ROW,
    SCORE,
    SCORES,
    STATUS,
    UPPER,
    VERSION,
    Schema,
    Task,
)

INSTANT: Final = pa.timestamp("us", "UTC")

STORED: Final = "_stored"
"""Column of the labels: grows with every label stored, so that of two that are equally new the later one wins."""

_FIXED: Final = {
    REQUEST_ID: pa.string(),
    ROW: pa.int32(),
    EVENT_TIME: INSTANT,
    EVENT_DAY: pa.string(),
    RECEIVED_AT: INSTANT,
    VERSION: pa.int32(),
    ROLE: pa.string(),
    STATUS: pa.int32(),
    LATENCY: pa.int64(),
    DIGEST: pa.string(),
    SCORE: pa.float64(),
    RAW: pa.binary(),
}


_OPTIONAL: Final = {
    SCORES: pa.map_(pa.string(), pa.float64()),
    LOWER: pa.float64(),
    UPPER: pa.float64(),
    QUERY: pa.string(),
}
"""The types in which :data:`holter.types.OPTIONAL` rest."""


_RESTING: Final = (
    (pa.types.is_null, None),
    (pa.types.is_boolean, pa.bool_()),
    (pa.types.is_integer, pa.float64()),
    (pa.types.is_floating, pa.float64()),
    (pa.types.is_decimal, pa.float64()),
    (pa.types.is_timestamp, INSTANT),
    (pa.types.is_date, pa.date32()),
    (pa.types.is_binary, pa.binary()),
    (pa.types.is_large_binary, pa.binary()),
    (pa.types.is_fixed_size_binary, pa.binary()),
)


def optional_fields(names: Collection[str]) -> dict[str, pa.DataType]:
    """Return those of the optional columns that are among the names, with the types they rest in."""
    return {name: dtype for name, dtype in _OPTIONAL.items() if name in names}


def record_fields(answer: pa.DataType) -> dict[str, pa.DataType]:
    """Return name and type of every column a stored record has beside its features."""
    return {**_FIXED, PREDICTION: answer}


def label_fields(answer: pa.DataType) -> dict[str, pa.DataType]:
    """Return name and type of every column of a label."""
    keys = {REQUEST_ID: pa.string(), ROW: pa.int32(), EVENT_DAY: pa.string()}
    return {**keys, LABEL: answer, LABELLED_AT: INSTANT, STORED: pa.int64()}


def answer_type(task: Task | None) -> pa.DataType | None:
    """Return the type of predictions and labels; None when the task does not say."""
    if task is None:
        return None
    return pa.string() if task is Task.MULTICLASS else pa.float64()


def resting(dtype: pa.DataType) -> pa.DataType | None:
    """Return the type a feature of this type rests in; None for a column without a type (all null)."""
    if pa.types.is_dictionary(dtype):
        return resting(dtype.value_type)
    if pa.types.is_list(dtype) or pa.types.is_large_list(dtype) or pa.types.is_fixed_size_list(dtype):
        return pa.list_(resting(dtype.value_type) or pa.string())
    return next((found for belongs, found in _RESTING if belongs(dtype)), pa.string())


def named_type(text: str) -> pa.DataType | None:
    """Return the Arrow type with this name (``double``, ``int64``, ``timestamp[us, tz=UTC]``), or None."""
    if text.startswith("timestamp["):
        return INSTANT
    try:
        return pa.type_for_alias(text)
    except ValueError:
        return None


def resting_features(schema: Schema | None) -> dict[str, pa.DataType]:
    """Return the features of a schema with the types they rest in."""
    named = {} if schema is None else {feature.name: named_type(feature.dtype) for feature in schema.features}
    return {name: (resting(dtype) if dtype is not None else None) or pa.string() for name, dtype in named.items()}


def fit(column: pa.ChunkedArray, dtype: pa.DataType) -> pa.ChunkedArray:
    """Return the column in another type; a value that cannot be it becomes null."""
    if column.type == dtype:
        return column
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if dtype == _OPTIONAL[SCORES]:
        return _as_map(column)
    if pa.types.is_timestamp(column.type) and column.type.tz is None and dtype == INSTANT:
        column = column.cast(pa.timestamp("us"), safe=False)
    try:
        return _cast(column, dtype)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        values = [_fit_value(value, dtype) for value in column.to_pylist()]
        return pa.chunked_array([pa.array(values, dtype)])


def _cast(column: pa.ChunkedArray, dtype: pa.DataType) -> pa.ChunkedArray:
    if pa.types.is_boolean(dtype):
        raise pa.ArrowInvalid  # Arrow calls every number but zero true
    rounds = pa.types.is_floating(dtype) and pa.types.is_integer(column.type)
    return column.cast(dtype, safe=not (rounds or pa.types.is_temporal(dtype)))


def _as_map(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return probabilities by class as maps; what says no probability is left out."""
    try:
        found = class_scores(pa.table({SCORES: column}))
    except (pa.ArrowException, ValueError):
        found = {}
    if not found:
        return pa.chunked_array([pa.nulls(len(column), _OPTIONAL[SCORES])])
    chances = np.stack(list(found.values()), axis=1)
    there = np.isfinite(chances)
    offsets = np.concatenate(([0], np.cumsum(there.sum(axis=1)))).astype(np.int32)
    names = np.broadcast_to(np.array(list(found), object), chances.shape)[there]
    return pa.chunked_array([pa.MapArray.from_arrays(offsets, pa.array(names, pa.string()), chances[there])])


def _fit_value(value: object, dtype: pa.DataType) -> object:
    if value is None:
        return None
    if pa.types.is_string(dtype):
        return value if isinstance(value, str) else json.dumps(value, default=str)
    if pa.types.is_boolean(dtype):
        return bool(value) if value in (0, 1) else None
    try:
        return pa.scalar(value).cast(dtype).as_py()
    except (pa.ArrowException, ValueError, TypeError, OverflowError):
        return None


def shaped(table: pa.Table, fields: dict[str, pa.DataType]) -> pa.Table:
    """Return a table of exactly these columns: missing ones null, the others fitted."""
    columns = [
        fit(table[name], dtype) if name in table.column_names else pa.chunked_array([pa.nulls(len(table), dtype)])
        for name, dtype in fields.items()
    ]
    return pa.table(columns, schema=pa.schema(list(fields.items())))


def restored(table: pa.Table, schema: Schema | None) -> pa.Table:
    """Return the table with features in the types of the schema, where no value changes by it."""
    for feature in () if schema is None else schema.features:
        dtype = named_type(feature.dtype)
        if dtype is None or feature.name not in table.column_names or table[feature.name].type == dtype:
            continue
        place = table.column_names.index(feature.name)
        try:
            table = table.set_column(place, feature.name, table[feature.name].cast(dtype))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            continue
    return table


def feature_types(table: pa.Table) -> dict[str, pa.DataType]:
    """Return the features of a table with the types they rest in; columns that are all null have none yet."""
    types = {name: resting(table.schema.field(name).type) for name in table.column_names if name not in RESERVED}
    return {name: dtype for name, dtype in types.items() if dtype is not None}
