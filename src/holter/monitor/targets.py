"""What a monitor watches, whatever it is: a deployment, or a table that others write."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from itertools import takewhile
from pathlib import Path
from typing import Final, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from holter.capture.log import ROLE_BATCH
from holter.monitor.days import Days, spans_days, summary, versions
from holter.profile import Profile, Window
from holter.registry import Shelves
from holter.registry.entries import MonitorEntry, TableTarget
from holter.registry.redacted import watched_schema
from holter.signals import Need
from holter.source import fingerprint, infer_schema, read_span, time_range
from holter.types import (
    EVENT_TIME,
    LABEL,
    PREDICTION,
    RESERVED,
    ROLE,
    SCORE,
    STATUS,
    Schema,
    Series,
    SeriesKind,
    Span,
    Traffic,
    Week,
)
from holter.types.series import TOLD

_EARLIER: Final = timedelta(days=28)
"""How much of the past tells how late labels come and how many come at all."""
_SETTLED: Final = timedelta(days=7)
"""How old the youngest of these records is: labels of the days before a window are still on their way."""
DATA: Final = Need.PROFILE | Need.ROWS | Need.LABELS
"""Needs for which records are read."""
CHAMPION: Final = "champion"
WEEKS: Final = 12
"""Earlier weeks that a rhythm is made of: a quarter. What was usual before that is history."""
_WEEK: Final = timedelta(days=7)
_ANSWERING: Final = pa.array([CHAMPION, ROLE_BATCH])
"""Roles whose answers counted; a canary is judged apart, a shadow's answer nobody got."""


@dataclass(frozen=True, eq=False)
class Case:
    """A window, what it is compared with, and whether the model had not seen that (``held_out``)."""

    target: Window
    baseline: Window
    held_out: bool


class Target(Protocol):
    """What the beat asks of a target."""

    def schema(self) -> Schema:
        """Return features and task."""

    def labelled(self) -> bool:
        """Tell whether labels may arrive."""

    def changed(self) -> datetime | None:
        """Return when it last became another thing, by the wall clock; None where it never did."""

    def first(self) -> datetime | None:
        """Return the oldest event time; None when there is nothing."""

    def watermark(self) -> datetime | None:
        """Return the newest event time; None when there is nothing."""

    def fingerprint(self, span: Span, needs: Need) -> str:
        """Return text that changes whenever what these needs would fetch may have changed. Cheap."""

    def case(self, span: Span, needs: Need) -> Case:
        """Fetch a window and its baseline, and no more than the needs."""


def target_of(shelves: Shelves, entry: MonitorEntry) -> Target:
    """Return the target of a monitor.

    Raises
    ------
    NotFound
        If its deployment is gone.
    """
    if isinstance(entry.target, TableTarget):
        return BatchTable(shelves, entry.target, entry.baseline)
    return ServedModel(shelves, entry.target, entry.baseline)


class ServedModel:
    """A deployment: records that the champion, or a batch, answered with 200; the traffic of every request."""

    def __init__(self, shelves: Shelves, name: str, baseline: Path | None) -> None:
        self._shelves = shelves
        self._deployment = shelves.registry.deployment(name)
        self._records = shelves.records(name)
        self._baseline = baseline

    def schema(self) -> Schema:
        """Return the schema of the wanted version, but for what is redacted.

        A version without one has that of the oldest day of records.
        """
        version = self._shelves.registry.version(self._deployment.model, self._deployment.wanted.version)
        if version.schema is not None:
            return watched_schema(version.schema, self._deployment.settings.redact)
        first = self._records.first()
        if first is None:
            return Schema(())
        table = self._records.read(Span(first, first.replace(hour=23, minute=59, second=59, microsecond=999_999)))
        return infer_schema(table.schema, exclude=tuple(RESERVED))

    def labelled(self) -> bool:
        """Labels may always be logged for a deployment."""
        return True

    def changed(self) -> datetime | None:
        """Return when the deployment took another model: what the one before answered is kept apart."""
        began = self._deployment.began
        return began if began > self._deployment.created_at else None

    def first(self) -> datetime | None:
        """Return the oldest event time."""
        return self._records.first()

    def watermark(self) -> datetime | None:
        """Return the newest event time."""
        return self._records.watermark()

    def fingerprint(self, span: Span, needs: Need) -> str:
        """Return the fingerprint of the records, the traffic, or both."""
        parts = [self._records.fingerprint(span, labels=Need.LABELS in needs)] if needs & DATA else []
        if needs & Need.TRAFFIC:
            parts.append(counts(self._shelves.facts.traffic(self._deployment.shelf, span)))
        if needs & Need.SERIES:
            parts.append("s" + ",".join(f"{name!r}:{each.count}" for name, each in sorted(self._heard(span).items())))
        if needs & Need.SERVICE:
            seen = sorted(self._seen(span).items())
            parts.append("o" + ",".join(f"{name}:{each.count}:{each.maximum}" for name, each in seen))
        return ";".join(parts)

    def case(self, span: Span, needs: Need) -> Case:
        """Fetch a window; its baseline is the monitor's own, or that of the version that scored most of its rows.

        A profile of several days is added up from those of the days, unless the rows are wanted too.
        """
        schema = self.schema()
        summed = bool(needs & DATA) and Need.ROWS not in needs and spans_days(span)
        if summed and Need.LABELS in needs and schema.task is None:
            summed = False  # nobody knows what its labels mean; a signal that wants them says so
        rows = self._champion(span) if needs & DATA and not summed else None
        traffic = self._shelves.facts.traffic(self._deployment.shelf, span) if needs & Need.TRAFFIC else None
        window = filled(span, schema, rows, needs, traffic)
        counted: Mapping[int, int] | None = None if rows is None else versions(rows)
        if summed:
            window, counted = self._summed(window, needs)
        if Need.EARLIER in needs and schema.task is not None:
            end = span.start - _SETTLED
            window = replace(window, earlier=self._days(schema).outcomes(Span(end - _EARLIER, end), schema.task)[0])
        if needs & Need.SERIES:
            window = replace(window, series=self._heard(span))
        if needs & Need.SERVICE:
            window = replace(window, service=self._seen(span))
        if needs & Need.RIVALS:
            window = replace(window, rivals=self._records.read(span))
        if needs & Need.WEEKS:
            window = replace(window, weeks=self._weeks(span))
        return Case(window, *self._compared(schema, counted))

    def _compared(self, schema: Schema, counted: Mapping[int, int] | None) -> tuple[Window, bool]:
        """Return the baseline of rows of these versions, and whether the model had not seen it; None: no rows."""
        if counted is None:
            return nothing(schema), True
        if self._baseline is not None:
            return self._shelves.baseline_window(self._baseline, schema), True
        number = _most(counted) or self._deployment.wanted.version
        version = self._shelves.registry.version(self._deployment.model, number)
        if version.baseline is None:
            return nothing(schema), True
        return self._shelves.baseline_window(version, schema), version.held_out

    def _summed(self, window: Window, needs: Need) -> tuple[Window, Mapping[int, int] | None]:
        """Fill a window from the days it consists of, and count its versions."""
        span, task = window.span, window.schema.task
        assert span is not None  # noqa: S101  (a target has a time)
        days, counted = self._days(window.schema), None
        if Need.PROFILE in needs:
            found = days.window(span)
            window, counted = replace(window, profile=found.profile), found.versions
        if Need.LABELS in needs and task is not None:
            outcomes, counted = days.outcomes(span, task)
            window = replace(window, outcomes=outcomes)
        return window, counted

    def _days(self, schema: Schema) -> Days:
        shelves, shelf = self._shelves, self._deployment.shelf
        return Days(self._records, shelves.profiles(shelf), shelves.outcomes(shelf), schema, self._champion)

    def _heard(self, span: Span) -> Mapping[str, Series]:
        """Return custom metrics and events by name."""
        return by_name(self._shelves.facts.series(self._deployment.shelf, span, TOLD))

    def _seen(self, span: Span) -> Mapping[str, Series]:
        """Return what the process tree measured of the service by name."""
        found = self._shelves.facts.series(self._deployment.shelf, span, (SeriesKind.SERVICE,))
        return {name: series for (_, name), series in found.items()}

    def _weeks(self, span: Span) -> tuple[Week, ...]:
        """Return the same stretch of earlier weeks, as far back as requests have been counted, the newest first."""
        facts, shelf = self._shelves.facts, self._deployment.shelf
        began = facts.first_traffic(shelf)
        if began is None:
            return ()
        stretches = (Span(span.start - back * _WEEK, span.end - back * _WEEK) for back in range(1, WEEKS + 1))
        known = takewhile(lambda each: each.start >= began, stretches)
        return tuple(Week(facts.traffic(shelf, each), self._heard(each)) for each in known)

    def _champion(self, span: Span) -> pa.Table:
        table = self._records.read(span)
        return table.filter(pc.and_(pc.equal(table[STATUS], 200), pc.is_in(table[ROLE], _ANSWERING)))


class BatchTable:
    """A table that others write, with a time column. There is no traffic; without a baseline nothing is compared."""

    def __init__(self, shelves: Shelves, table: TableTarget, baseline: Path | None) -> None:
        self._shelves = shelves
        self._table = table
        self._baseline = baseline

    def schema(self) -> Schema:
        """Return the schema the table was registered with."""
        return self._table.schema

    def labelled(self) -> bool:
        """Tell whether the table has a label column."""
        return self._table.label is not None

    def changed(self) -> None:
        """Return None: a table is what it always was."""

    def first(self) -> datetime | None:
        """Return the oldest event time."""
        times = time_range(self._table.path, self._table.time)
        return times[0] if times else None

    def watermark(self) -> datetime | None:
        """Return the newest event time."""
        times = time_range(self._table.path, self._table.time)
        return times[1] if times else None

    def fingerprint(self, span: Span, needs: Need) -> str:  # noqa: ARG002  (a table is one thing: files, not days)
        """Return the fingerprint of the whole table; empty for a signal that looks at traffic only."""
        return fingerprint(self._table.path) if needs & DATA else ""

    def case(self, span: Span, needs: Need) -> Case:
        """Fetch a window, its columns renamed to those of records."""
        schema = self._table.schema
        rows = self._rows(span) if needs & DATA else None
        window = filled(span, schema, rows, needs, None)
        if rows is None or self._baseline is None:
            return Case(window, nothing(schema), held_out=True)
        return Case(window, self._shelves.baseline_window(self._baseline, schema), held_out=True)

    def _rows(self, span: Span) -> pa.Table:
        table, named = read_span(self._table.path, self._table.time, span), self._table
        names = {named.time: EVENT_TIME, named.prediction: PREDICTION, named.score: SCORE, named.label: LABEL}
        return table.rename_columns([names.get(name, name) for name in table.column_names])


def by_name(found: Mapping[tuple[SeriesKind, str], Series]) -> Mapping[str, Series]:
    """Name each series so that a rule can: metrics and events plainly, other kinds, and a shared name, with the kind.

    Examples
    --------
    >>> sorted(by_name({(SeriesKind.METRIC, "Scored"): Series(), (SeriesKind.EVENT, "Scored"): Series()}))
    ['Scored', 'Scored (event)']
    """
    metrics = {name for kind, name in found if kind is SeriesKind.METRIC}
    plain = {SeriesKind.METRIC, SeriesKind.EVENT}
    return {
        name if kind in plain and (kind is SeriesKind.METRIC or name not in metrics) else f"{name} ({kind})": series
        for (kind, name), series in found.items()
    }


def nothing(schema: Schema) -> Window:
    """Return a baseline for where there is none: signals that compare say that they cannot."""
    return Window(None, schema, profile=Profile.empty())


def counts(traffic: Traffic) -> str:
    """Return traffic as short text that is the same only for the same counts."""
    plain = [getattr(traffic, field.name) for field in fields(traffic)]
    return "t" + ",".join(str(part) for part in (*plain[:-1], *(traffic.histogram)))


def filled(
    span: Span | None, schema: Schema, rows: pa.Table | None, needs: Need, traffic: Traffic | None = None
) -> Window:
    """Return rows as a window, filled with what the needs ask for and no more."""
    profile = summary(rows, schema) if rows is not None and needs & Need.PROFILE else None
    kept = rows if needs & (Need.ROWS | Need.LABELS) else None
    return Window(span, schema, profile=profile, rows=kept, traffic=traffic)


def _most(counted: Mapping[int, int]) -> int | None:
    """Return the most frequent version, the newest of equals; None when there is none."""
    return max(counted, key=lambda version: (counted[version], version), default=None)
