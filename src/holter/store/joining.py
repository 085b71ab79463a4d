"""Records once each, in order, with their newest label."""

from collections.abc import Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from holter.store.arrow_shape import INSTANT, STORED
from holter.store.delta_table import DataFile
from holter.types import DIGEST, EVENT_TIME, LABEL, LABELLED_AT, RECEIVED_AT, REQUEST_ID, ROW, Span

_PLACE: Final = "_place"
_KEYS: Final = [REQUEST_ID, ROW, DIGEST]


def days_of(files: Sequence[DataFile], span: Span) -> list[DataFile]:
    """Return the files of the days a span touches."""
    if span.end <= span.start:
        return []
    first, last = f"{span.start:%Y-%m-%d}", f"{span.end:%Y-%m-%d}"
    if span.end.time() == span.end.min.time():  # the end is not part of it
        return [file for file in files if file.day is not None and first <= file.day < last]
    return [file for file in files if file.day is not None and first <= file.day <= last]


def distinct(rows: pa.Table, earlier: pa.Table | None) -> pa.Table:
    """Return each record once, the copy that came first, in order of event time.

    ``earlier`` holds the keys of records before the span: a copy of one of these belongs there, not here.
    """
    keys = rows.select([EVENT_TIME, RECEIVED_AT, *_KEYS])
    places = pc.sort_indices(keys, sort_keys=[(name, "ascending") for name in keys.column_names])
    keys = keys.take(places)
    first = _first_places(keys, _KEYS)
    if earlier is not None and len(earlier):
        first = first.filter(_elsewhere(keys.take(first), earlier))
    return rows.take(places.take(first))


def _first_places(rows: pa.Table, keys: list[str]) -> pa.Array:
    places = rows.select(keys).append_column(_PLACE, pa.array(range(len(rows)), pa.int64()))
    first = places.group_by(keys).aggregate([(_PLACE, "min")])[f"{_PLACE}_min"].combine_chunks()
    return first.take(pc.sort_indices(first))


def _elsewhere(rows: pa.Table, earlier: pa.Table) -> pa.Array:
    """Tell for each row whether it has no copy among the earlier ones."""
    suspects = pc.is_in(rows[REQUEST_ID], pc.unique(earlier[REQUEST_ID])).to_pylist()
    if not any(suspects):
        return pa.array([True] * len(rows), pa.bool_())
    known = set(zip(*(earlier[name].to_pylist() for name in _KEYS), strict=True))
    keys = zip(*(rows[name].to_pylist() for name in _KEYS), strict=True)
    return pa.array([not (suspect and key in known) for suspect, key in zip(suspects, keys, strict=True)], pa.bool_())


def with_labels(rows: pa.Table, labels: pa.Table | None, answer: pa.DataType) -> pa.Table:
    """Return the rows with label and time of labelling; of several labels the newest, of equals the last stored."""
    if labels is None or not len(labels):
        empty = [pa.chunked_array([pa.nulls(len(rows), dtype)]) for dtype in (answer, INSTANT)]
        return rows.append_column(LABEL, empty[0]).append_column(LABELLED_AT, empty[1])
    keys = [REQUEST_ID, ROW]
    labels = labels.filter(pc.is_in(labels[REQUEST_ID], pc.unique(rows[REQUEST_ID])))
    labels = labels.sort_by([(LABELLED_AT, "descending"), (STORED, "descending")])
    labels = labels.take(_first_places(labels, keys)).select([*keys, LABEL, LABELLED_AT])
    places = rows.select(keys).append_column(_PLACE, pa.array(range(len(rows)), pa.int64()))
    joined = places.join(labels, keys, join_type="left outer").sort_by(_PLACE)
    return rows.append_column(LABEL, joined[LABEL]).append_column(LABELLED_AT, joined[LABELLED_AT])
