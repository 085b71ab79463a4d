"""Reading a stretch of time from a table that others write."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from holter.errors import UnknownColumn, UnreadableTable
from holter.source.delta import is_delta
from holter.source.files import files_of
from holter.source.part import Within
from holter.source.stream import open_path
from holter.types import Span

_UTC_MICROSECONDS: Final = pa.timestamp("us", "UTC")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_STEP: Final = timedelta(microseconds=1)


def read_span(path: str | Path, time: str, span: Span) -> pa.Table:
    """Return the rows of a span, in the order of the files, with ``time`` as timestamp[us, UTC].

    Parquet row groups and Delta files whose statistics lie outside of the span are not read. A time without a zone is
    taken as UTC, a date as its midnight in UTC. Rows without a time belong to no span.

    Raises
    ------
    UnreadableTable
        If files are missing, damaged or disagree, or the column is no time.
    UnknownColumn
        If there is no column of that name.
    """
    table = open_path(str(path))
    position = _time_position(table.schema, time, str(path))
    schema = table.schema.set(position, pa.field(time, _UTC_MICROSECONDS))
    batches = table.batches(table.schema, Within(time, span))
    return pa.Table.from_batches(_cut(batches, position, span, schema), schema)


def time_range(path: str | Path, time: str) -> tuple[datetime, datetime] | None:
    """Return the oldest and the newest time in a table, in UTC; None when no row has a time.

    Reads one column. A time without a zone is taken as UTC.

    Raises
    ------
    UnreadableTable
        If files are missing, damaged or disagree, or the column is no time.
    UnknownColumn
        If there is no column of that name.
    """
    found: list[int] = []
    for steps in _times(path, time):
        found += [int(steps.min()), int(steps.max())] if len(steps) else []
    return (_EPOCH + min(found) * _STEP, _EPOCH + max(found) * _STEP) if found else None


def beginnings(path: str | Path, time: str) -> list[datetime]:
    """Return an oldest time of each UTC day that has rows, sorted; a day may have several.

    Reads one column. A time without a zone is taken as UTC.

    Raises
    ------
    UnreadableTable
        If files are missing, damaged or disagree, or the column is no time.
    UnknownColumn
        If there is no column of that name.
    """
    found = set[int]()
    for unsorted in _times(path, time):
        steps = np.sort(unsorted)
        _, places = np.unique(steps // (timedelta(days=1) // _STEP), return_index=True)
        found.update(steps[places].tolist())
    return [_EPOCH + step * _STEP for step in sorted(found)]


def fingerprint(path: str | Path) -> str:
    """Return text that changes whenever the files of a path change; of a Delta table, whenever it is committed to.

    Names, sizes and times of change are looked at, not contents.

    Raises
    ------
    UnreadableTable
        If there is no such file.
    """
    root = str(path)
    # a commit to a Delta table is a new numbered file in its log, so the table need not be opened
    files = (
        sorted(str(file) for file in (Path(root) / "_delta_log").glob("*.json")) if is_delta(root) else files_of(root)
    )
    from hashlib import blake2b  # loads OpenSSL, which a comparison does not need

    digest = blake2b(digest_size=16)
    for file in files:
        state = Path(file).stat()
        digest.update(f"{file}\0{state.st_size}\0{state.st_mtime_ns}\0{state.st_ino}\n".encode())
    return digest.hexdigest()


def _time_position(schema: pa.Schema, time: str, where: str) -> int:
    if time not in schema.names:
        raise UnknownColumn(time, schema.names, where)
    position: int = schema.get_field_index(time)
    found = schema.field(position).type
    if not (pa.types.is_timestamp(found) or pa.types.is_date(found)):
        raise UnreadableTable(where, f"column {time!r} is {found} and no time. Write it as a timestamp with a zone.")
    return position


def _cut(batches: Iterator[pa.RecordBatch], position: int, span: Span, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    low, high = ((end - _EPOCH) // _STEP for end in (span.start, span.end))
    for batch in batches:
        times = _as_utc(batch.column(position))
        whole = pa.RecordBatch.from_arrays(
            [*batch.columns[:position], times, *batch.columns[position + 1 :]], schema=schema
        )
        steps = _steps(times)
        inside = (steps >= low) & (steps < high)
        if times.null_count:
            inside &= _steps(pc.cast(times.is_valid(), pa.int64())) == 1
        if inside.all():
            yield whole
        elif inside.any():
            picked = np.flatnonzero(inside)
            yield whole.take(pa.Array.from_buffers(pa.int64(), len(picked), [None, pa.py_buffer(picked)]))


def _times(path: str | Path, time: str) -> Iterator[np.ndarray[Any, np.dtype[np.int64]]]:
    """Yield the times that are there, batch by batch, as microseconds since 1970; one column is read."""
    table = open_path(str(path))
    _time_position(table.schema, time, str(path))
    for batch in table.batches(pa.schema([table.schema.field(time)])):
        yield _steps(_as_utc(batch.column(0)).drop_null())


def _steps(array: Any) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return the 64-bit values of an array, uncopied; where it is null they mean nothing."""
    if not len(array):
        return np.empty(0, np.int64)
    return np.frombuffer(array.buffers()[1], np.int64)[array.offset : array.offset + len(array)]


def _as_utc(column: Any) -> Any:
    found = column.type
    if pa.types.is_date(found):
        return pc.cast(pc.cast(column, pa.timestamp("us")), _UTC_MICROSECONDS)
    if found.tz is None:
        return pc.assume_timezone(pc.cast(column, pa.timestamp("us"), safe=False), "UTC")
    return pc.cast(column, _UTC_MICROSECONDS, safe=False)
