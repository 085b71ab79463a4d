"""Reading a stretch of time from a table that others write."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from holter.errors import UnknownColumn, UnreadableTable
from holter.source.files import files_of, is_delta
from holter.source.stream import open_path, scan
from holter.types import Span

_UTC_MICROSECONDS = pa.timestamp("us", "UTC")


def read_span(path: str | Path, time: str, span: Span) -> pa.Table:
    """Return the rows of a span, in the order of the files, with ``time`` as timestamp[us, UTC].

    The filter is pushed down to the files: row groups and Delta files outside of the span are not read. A time
    without a zone is taken as UTC, a date as its midnight in UTC. Rows without a time belong to no span.

    Raises
    ------
    UnreadableTable
        If files are missing, damaged or disagree, or the column is no time.
    UnknownColumn
        If there is no column of that name.
    """
    dataset = open_path(str(path))
    within = _within(_time_type(dataset.schema, time, str(path)), time, span)
    table = scan(dataset, str(path), filter=within).read_all()
    return table.set_column(table.schema.get_field_index(time), time, _as_utc(table[time]))


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
    dataset = open_path(str(path))
    _time_type(dataset.schema, time, str(path))
    lows, highs = [], []
    for batch in scan(dataset, str(path), columns=[time]):
        bounds = pc.min_max(_as_utc(batch.column(0)))
        if bounds["min"].is_valid:
            lows.append(_moment(bounds["min"]))
            highs.append(_moment(bounds["max"]))
    return (min(lows), max(highs)) if lows else None


def fingerprint(path: str | Path) -> str:
    """Return text that changes whenever the files of a path change; of a Delta table, whenever it is committed to.

    Names, sizes and times of change are looked at, not contents.

    Raises
    ------
    UnreadableTable
        If there is no such file.
    """
    root = str(path)
    if is_delta(root):
        # commits are numbered files; a new one is a new name, so opening the table is not needed
        files = [str(file) for file in sorted((Path(root) / "_delta_log").glob("*.json"))]
    else:
        files = files_of(root)
    digest = hashlib.blake2b(digest_size=16)
    for file in files:
        state = Path(file).stat()
        digest.update(f"{file}\0{state.st_size}\0{state.st_mtime_ns}\0{state.st_ino}\n".encode())
    return digest.hexdigest()


def _time_type(schema: pa.Schema, time: str, where: str) -> pa.DataType:
    if time not in schema.names:
        raise UnknownColumn(time, schema.names, where)
    found = schema.field(time).type
    if not (pa.types.is_timestamp(found) or pa.types.is_date(found)):
        raise UnreadableTable(where, f"column {time!r} is {found} and no time. Write it as a timestamp with a zone.")
    return found


def _within(found: pa.DataType, time: str, span: Span) -> ds.Expression:
    """Return the filter in the column's own type where that loses nothing, so that file statistics can answer it."""
    if pa.types.is_timestamp(found):
        start, end = (_scalar(moment, found) for moment in (span.start, span.end))
        return (pc.field(time) >= start) & (pc.field(time) < end)
    naive = pc.field(time).cast(pa.timestamp("us"))
    start, end = (_scalar(moment, pa.timestamp("us")) for moment in (span.start, span.end))
    return (naive >= start) & (naive < end)


def _scalar(moment: datetime, found: Any) -> pa.Scalar:
    """Return a moment as a microsecond scalar that compares with the column: naive when the column is."""
    plain = moment if found.tz else moment.replace(tzinfo=None)
    return pa.scalar(plain, pa.timestamp("us", found.tz))


def _as_utc(column: Any) -> Any:
    found = column.type
    if pa.types.is_date(found):
        return pc.cast(pc.cast(column, pa.timestamp("us")), _UTC_MICROSECONDS)
    if found.tz is None:
        return pc.assume_timezone(pc.cast(column, pa.timestamp("us"), safe=False), "UTC")
    return pc.cast(column, _UTC_MICROSECONDS, safe=False)


def _moment(scalar: Any) -> datetime:
    moment: datetime = scalar.as_py()
    return moment.astimezone(UTC)
