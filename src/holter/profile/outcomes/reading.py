"""Answers and labels out of the columns of records, as arrays."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from holter.types import SCORES

Floats = npt.NDArray[np.float64]


def numbers(rows: pa.Table, name: str) -> Floats:
    """Return a column as float64, NaN for null, NaN and infinite; all NaN where there is no such column.

    Raises
    ------
    pyarrow.ArrowException
        If it holds something else than numbers.
    """
    if name not in rows.column_names:
        return np.full(rows.num_rows, np.nan)
    column = pc.cast(rows.column(name), pa.float64(), safe=False)
    found = np.asarray(column.to_numpy(), np.float64)
    finite = np.isfinite(found)
    return found if finite.all() else np.where(finite, found, np.nan)


def coded(rows: pa.Table, names: tuple[str, ...]) -> tuple[tuple[str, ...], list[npt.NDArray[np.int64]]]:
    """Return the classes of some columns, in order, and each column as places among them; -1 for null.

    Raises
    ------
    pyarrow.ArrowException
        If a column holds what cannot be written as text.

    Examples
    --------
    >>> classes, (places,) = coded(pa.table({"_label": ["b", "a", None]}), ("_label",))
    >>> classes, places.tolist()
    (('a', 'b'), [1, 0, -1])
    """
    columns = [_text(rows, name) for name in names]
    classes = pa.concat_arrays([pc.unique(column) for column in columns]).unique().drop_null().sort()
    places = [pc.index_in(column, value_set=classes).fill_null(-1).to_numpy() for column in columns]
    return tuple(classes.to_pylist()), [np.asarray(each, np.int64) for each in places]


def _text(rows: pa.Table, name: str) -> pa.ChunkedArray:
    if name not in rows.column_names:
        return pa.chunked_array([pa.nulls(rows.num_rows, pa.string())])
    return pc.cast(rows.column(name), pa.string())


def class_scores(rows: pa.Table) -> Mapping[str, Floats]:
    """Return the probability of each class a row was given, by class in order; NaN where a row says nothing of it.

    Parameters
    ----------
    rows
        Records whose ``_scores`` is a struct with a field for each class, or a map from class to probability. Without
        that column, or with one of another type, there is none. Of a class that a map names twice the last counts.

    Examples
    --------
    >>> class_scores(pa.table({"_scores": [{"a": 0.7, "b": 0.3}, None]}))["b"].tolist()
    [0.3, nan]
    """
    if SCORES not in rows.column_names:
        return {}
    column = rows.column(SCORES).combine_chunks()
    if pa.types.is_struct(column.type):
        fields = [column.type.field(place).name for place in range(column.type.num_fields)]
        table = pa.table({name: pc.struct_field(column, name) for name in fields})
        return {name: numbers(table, name) for name in sorted(fields)}
    return _of_map(column) if pa.types.is_map(column.type) else {}


def _of_map(column: pa.Array) -> Mapping[str, Floats]:
    offsets = column.offsets.to_numpy()
    first, last = (int(offsets[0]), int(offsets[-1])) if len(offsets) else (0, 0)
    keys, items = column.keys.slice(first, last - first), column.items.slice(first, last - first)
    row = np.repeat(np.arange(len(column)), np.diff(offsets))
    flat = pa.table({"key": keys, "item": items})
    classes, (place,) = coded(flat, ("key",))
    probability: npt.NDArray[Any] = numbers(flat, "item")
    found = {name: np.full(len(column), np.nan) for name in classes}
    for at, name in enumerate(classes):
        found[name][row[place == at]] = probability[place == at]
    return found
