"""The frames in one file; a line that is damaged costs no other."""

import csv
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, Final

import msgspec

from holter.compat.azure_data.tree import Stored

_LONGEST_ID: Final = 200
_CORRELATION: Final = ("$aml_dc_correlation_id", "$correlationid", "correlationid", "correlation_id")
_TIMESTAMP: Final = ("$aml_dc_scoring_timestamp", "$timestamp", "timestamp")


@dataclass(frozen=True)
class Frame:
    """Rows that belong to one correlation id."""

    id: str
    at: datetime
    rows: list[dict[str, Any]]


@dataclass(frozen=True)
class LeftOut:
    """A line that is not taken, and why."""

    file: str
    line: int
    reason: str


def frames(file: Stored) -> Iterator[Frame | LeftOut]:
    """Yield what a file holds, in its order."""
    yield from _csv(file) if file.path.suffix == ".csv" else _jsonl(file)


def _jsonl(file: Stored) -> Iterator[Frame | LeftOut]:
    with file.path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                found = _event(line, file.at)
                yield LeftOut(file.name, number, found) if isinstance(found, str) else found


def _event(line: bytes, hour: datetime) -> Frame | str:
    try:
        event = msgspec.json.decode(line)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return "the line is no JSON"
    if not isinstance(event, dict):
        return "the line is no event"
    name = event.get("correlationid") or event.get("xrequestid") or event.get("id")
    if not isinstance(name, str):
        return "there is no correlation id"
    rows = event.get("data")
    if rows is None and event.get("dataref"):
        return "its rows are in another file, which dataref names"
    if isinstance(rows, str):
        try:
            rows = msgspec.json.decode(rows)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            rows = None
    if isinstance(rows, dict):
        rows = [rows]
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return "its data is no list of records"
    return Frame(name[:_LONGEST_ID], moment(event.get("time")) or hour, rows)


def moment(text: Any) -> datetime | None:
    """Return an ISO 8601 time, or seconds since 1970, in UTC; None for what is none."""
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else datetime.fromtimestamp(text, UTC)
    except (ValueError, TypeError, OverflowError, OSError):
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _csv(file: Stored) -> Iterator[Frame | LeftOut]:
    text = file.path.read_bytes().decode("utf-8-sig", "replace").replace("\0", "\ufffd")
    reader = csv.reader(io.StringIO(text, newline=""))
    header = next(reader, [])
    id_column, time_column = _column(header, _CORRELATION), _column(header, _TIMESTAMP)
    taken: list[tuple[str, datetime, dict[str, Any]]] = []
    for number, row in enumerate(reader):
        if len(row) != len(header):
            yield LeftOut(file.name, reader.line_num, f"the line has {len(row)} fields, not {len(header)}")
            continue
        values = dict(zip(header, row, strict=True))
        name = values.pop(id_column, "") if id_column else ""
        at = moment(values.pop(time_column)) if time_column else None
        plain = {column: _value(value) for column, value in values.items() if not column.startswith("$")}
        taken.append((name[:_LONGEST_ID] or f"{file.name}:{number}", at or file.at, plain))
    for name, rows in groupby(taken, lambda each: each[0]):
        group = list(rows)
        yield Frame(name, group[0][1], [values for *_, values in group])


def _column(header: list[str], names: tuple[str, ...]) -> str | None:
    return next((column for column in header if column.lower() in names), None)


def _value(text: str) -> Any:
    """Return the number that a field holds, else its text; None for an empty one."""
    try:
        number = float(text)
    except ValueError:
        return text or None
    return number if math.isfinite(number) else None
