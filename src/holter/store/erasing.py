"""Taking the rows of one person, or of a time long past, out of the tables of a deployment."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from holter.store.delta_table import Table
from holter.store.exact import LIMIT
from holter.store.naming import feature_name, is_exact
from holter.types import EVENT_DAY, RAW, RECEIVED_AT, REQUEST_ID, ROW

_AT_ONCE: Final = 500
"""Ids in one condition."""
_DAY_BEFORE_ALL: Final = "0000"

Key = tuple[str, int]
"""Request id and row."""


@dataclass(frozen=True)
class Erased:
    """What was removed: the keys of records, how many rows of each table, and the days whose profiles are old now."""

    keys: frozenset[Key] = frozenset()
    records: int = 0
    labels: int = 0
    days: tuple[str, ...] = field(default=())


def columns_called(records: Table, name: str) -> dict[str, pa.DataType]:
    """Return the stored columns in which a feature, or a column of :mod:`holter.types.records`, rests."""
    return {stored: dtype for stored, dtype in records.fields().items() if feature_name(_base(stored)) == name}


def _base(stored: str) -> str:
    return stored.rpartition("~")[0].removesuffix("~exact") if is_exact(stored) else stored


def erase(records: Table, labels: Table, column: str, texts: Sequence[str]) -> Erased:
    """Remove the records where a column is one of some values, given as text, and their labels.

    A request that was kept as it came, because it could not be parsed, is removed where one of the texts occurs in it.
    The files on disk that held the rows are gone when this returns.
    """
    found = _matching(records, column, texts)
    if not len(found):
        return Erased()
    keys = frozenset(zip(found[REQUEST_ID].to_pylist(), found[ROW].to_pylist(), strict=True))
    days = tuple(sorted(set(found[EVENT_DAY].to_pylist())))
    gone = sum(records.delete(condition) for condition in _conditions(keys))
    gone_labels = sum(labels.delete(condition) for condition in _conditions(keys))
    records.vacuum()
    labels.vacuum()
    return Erased(keys, gone, gone_labels, days)


def _matching(records: Table, column: str, texts: Sequence[str]) -> pa.Table:
    fields = {REQUEST_ID: pa.string(), ROW: pa.int32(), EVENT_DAY: pa.string()}
    files, found = records.files(), records.read([], fields)
    columns = columns_called(records, column)
    exact = any(map(is_exact, columns))
    for stored, dtype in columns.items():
        values = [value for value in (_as(text, dtype, exact=exact) for text in texts) if value is not None]
        if values:
            keep = ds.field(stored).isin(pa.array(values, dtype))
            rows = records.read(files, {**fields, stored: dtype}, keep)
            found = pa.concat_tables([found, rows.select(list(fields))])
    if RAW in records.fields():
        rows = records.read(files, {**fields, RAW: pa.binary()}, ds.field(RAW).is_valid())
        said = [pc.match_substring(rows[RAW], text.encode()) for text in texts if text]
        for each in said:
            found = pa.concat_tables([found, rows.filter(each).select(list(fields))])
    return found


def _as(text: str, dtype: pa.DataType, *, exact: bool) -> Any:
    """Read a value as a column holds it; None where it cannot, or a column beside it holds it to the last digit."""
    try:
        if not pa.types.is_floating(dtype):
            return pa.scalar(text).cast(dtype).as_py()
        value = float(text)
    except (ValueError, pa.ArrowException):
        return None
    return None if exact and abs(value) >= LIMIT else value


def _conditions(keys: Iterable[Key]) -> Iterator[str]:
    """Yield SQL conditions that together name exactly these keys."""
    by_row: dict[int, list[str]] = {}
    for request_id, row in sorted(keys):
        by_row.setdefault(row, []).append(request_id)
    for row, ids in by_row.items():
        for start in range(0, len(ids), _AT_ONCE):
            listed = ", ".join(map(_quoted, ids[start : start + _AT_ONCE]))
            yield f"{ROW} = {row} AND {REQUEST_ID} IN ({listed})"


def _quoted(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def expire(table: Table, before: datetime, clock: str = RECEIVED_AT) -> int:
    """Remove what happened, and was stored, before a day; return how many rows.

    ``clock`` is the column of the time of storing: records of long ago that were imported yesterday are a day old.
    Rows of an unknown day are as old as their clock says.
    """
    day, fields = f"{before:%Y-%m-%d}", table.fields()
    old = [file for file in table.files() if (file.day or _DAY_BEFORE_ALL) < day]
    if not old or clock not in fields:
        return 0
    newest = table.read(old, {clock: fields[clock], EVENT_DAY: pa.string()})
    if not len(newest) or pc.min(newest[clock]).as_py() >= before:
        return 0
    # Of the day the condition is exact, so that whole files go; only a mixed one is written anew.
    moment = f"arrow_cast('{before:%Y-%m-%dT%H:%M:%S.%f}Z', 'Timestamp(Microsecond, Some(\"UTC\"))')"
    gone = table.delete(f"({EVENT_DAY} < '{day}' OR {EVENT_DAY} IS NULL) AND {clock} < {moment}")
    if gone:
        table.vacuum()
    return gone
