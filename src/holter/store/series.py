"""Custom metrics and events, on SQL."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import reduce
from operator import add
from typing import Any, Final

import sqlalchemy as sa

from holter.store.dialect import insert_once
from holter.store.tables import OCCURRENCE, SERIES
from holter.types import Occurrence, Series, SeriesKind, Span

_SUMS: Final = ("count", "mean", "m2", "minimum", "maximum")


def add_series(
    connection: sa.Connection, source: str, kind: SeriesKind, name: str, minute: datetime, series: Series
) -> None:
    """Add to a minute."""
    key = {"source": source, "kind": kind, "name": name, "minute": minute.replace(second=0, microsecond=0)}
    if insert_once(connection, SERIES, key | _values(series)):
        return
    same = [SERIES.c[column] == value for column, value in key.items()]
    row = connection.execute(sa.select(SERIES).where(*same).with_for_update()).mappings().one()
    connection.execute(SERIES.update().where(*same).values(**_values(_series(row) + series)))


def forget_series(connection: sa.Connection, kind: SeriesKind, before: datetime) -> int:
    """Remove the minutes of a kind that lie before a time."""
    old = SERIES.delete().where(SERIES.c.kind == kind, SERIES.c.minute < before)
    return connection.execute(old).rowcount


def add_occurrences(connection: sa.Connection, source: str, occurrences: Sequence[Occurrence], keep: int) -> None:
    """Store what happened, and forget all but the newest ``keep``."""
    rows = [
        {"source": source, "kind": each.kind, "name": each.name, "at": each.at, "properties": dict(each.properties)}
        for each in occurrences[-keep:]
    ]
    if not rows:
        return
    connection.execute(OCCURRENCE.insert(), rows)
    mine = OCCURRENCE.c.source == source
    last = sa.select(OCCURRENCE.c.seq).where(mine).order_by(OCCURRENCE.c.seq.desc()).offset(keep).limit(1)
    oldest = connection.execute(last).scalar()
    if oldest is not None:
        connection.execute(OCCURRENCE.delete().where(mine, OCCURRENCE.c.seq <= oldest))


def totals(
    engine: sa.Engine, source: str, span: Span, kinds: Collection[SeriesKind] = tuple(SeriesKind)
) -> Mapping[tuple[SeriesKind, str], Series]:
    """Return the sum of the minutes of each name."""
    parts: dict[tuple[SeriesKind, str], list[Series]] = {}
    query = _within(source, span).where(SERIES.c.kind.in_(kinds))
    for row in _rows(engine, query.order_by(SERIES.c.kind, SERIES.c.name, SERIES.c.minute)):
        parts.setdefault((row["kind"], row["name"]), []).append(_series(row))
    return {key: reduce(add, found) for key, found in parts.items()}


def minutes(
    engine: sa.Engine, source: str, span: Span, kind: SeriesKind, name: str
) -> Sequence[tuple[datetime, Series]]:
    """Return the minutes of one name, oldest first."""
    query = _within(source, span).where(SERIES.c.kind == kind, SERIES.c.name == name)
    return [(row["minute"], _series(row)) for row in _rows(engine, query.order_by(SERIES.c.minute))]


def names(engine: sa.Engine, source: str) -> Sequence[tuple[SeriesKind, str]]:
    """Return what a source has sent so far."""
    query = sa.select(SERIES.c.kind, SERIES.c.name).where(SERIES.c.source == source).distinct()
    return sorted((row["kind"], row["name"]) for row in _rows(engine, query))


def newest(engine: sa.Engine, source: str, limit: int) -> Sequence[Occurrence]:
    """Return what happened, newest first."""
    query = sa.select(OCCURRENCE).where(OCCURRENCE.c.source == source).order_by(OCCURRENCE.c.seq.desc()).limit(limit)
    return [Occurrence(row["kind"], row["name"], row["at"], row["properties"]) for row in _rows(engine, query)]


def _within(source: str, span: Span) -> sa.Select[Any]:
    inside = (SERIES.c.minute >= span.start, SERIES.c.minute < span.end)
    return sa.select(SERIES).where(SERIES.c.source == source, *inside)


def _rows(engine: sa.Engine, query: sa.Select[Any]) -> Sequence[Mapping[str, Any]]:
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def _values(series: Series) -> dict[str, Any]:
    return {name: getattr(series, name) for name in _SUMS}


def _series(row: Mapping[Any, Any]) -> Series:
    return Series(**{name: row[name] for name in _SUMS})
