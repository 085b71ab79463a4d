"""Everything that is not a record, on SQL: SQLite in a workspace folder."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import add
from typing import Any, Final, cast

import sqlalchemy as sa

from holter.errors import NotFound
from holter.rules import Alert, AlertEvent, AlertState, Silence
from holter.store import ledger, normal
from holter.store import series as telemetry
from holter.store.codec import alert_of, event_of, job_of, measurement_of, message_of
from holter.store.dialect import FLEETING, WRITES, insert_once, open_engine
from holter.store.kept import Job, JobState, Lease, Message, Publication, Sealed, StoredCourse, StoredNull, StoredSlot
from holter.store.migrate import migrate
from holter.store.tables import (
    ALERT,
    ALERT_EVENT,
    JOB,
    JOURNAL,
    LEASE,
    MEASUREMENT,
    OUTBOX,
    PUBLICATION,
    SILENCE,
    TRAFFIC,
)
from holter.store.transaction import SqlTransaction, traffic_of
from holter.types import Measurement, Occurrence, Series, SeriesKind, Span, Traffic

_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


RECHECKED: Final = 500
"""Entries of the ledger that are checked again whenever somebody looks at it."""


class SqlFacts:
    """See :class:`holter.store.Facts`.

    Parameters
    ----------
    url
        SQLAlchemy address, for example ``sqlite:////srv/holter/holter.db``. The tables are made or brought up to date.

    Raises
    ------
    NewerFormat
        If a newer Holter has written it.
    """

    def __init__(self, url: str) -> None:
        self.engine = open_engine(url)
        migrate(self.engine)
        self._checked, self._again = ledger.Checked(), 1

    def close(self) -> None:
        """Give the connections back; the object opens new ones when it is used again."""
        self.engine.dispose()

    @contextmanager
    def begin(self, *, fleeting: bool = False) -> Iterator[SqlTransaction]:
        """Start a transaction that writes; others that write wait until it is over.

        A ``fleeting`` one may be forgotten when the power fails.
        """
        options = {WRITES: True, FLEETING: fleeting}
        with self.engine.connect().execution_options(**options) as connection, connection.begin():
            yield SqlTransaction(connection)

    def acquire(self, name: str, holder: str, ttl: timedelta, now: datetime) -> Lease | None:
        """Take or renew a lease; None while another holder's has not expired.

        Renewing keeps the token, taking over raises it. ``holder`` must be unique to a process and its life.
        """
        with self.begin(fleeting=True) as transaction:
            connection = transaction.connection
            values = {"holder": "", "token": 0, "expires": _LONG_AGO}
            insert_once(connection, LEASE, {"name": name, **values})
            row = connection.execute(sa.select(LEASE).where(LEASE.c.name == name).with_for_update()).one()
            if row.holder != holder and row.expires > now:
                return None
            token = row.token + (row.holder != holder)
            update = LEASE.update().where(LEASE.c.name == name)
            connection.execute(update.values(holder=holder, token=token, expires=now + ttl))
            return Lease(name, holder, token)

    def release(self, lease: Lease) -> None:
        """Give a lease back early; nothing happens if it was lost. The row stays, so that tokens only grow."""
        held = (LEASE.c.name == lease.name) & (LEASE.c.holder == lease.holder) & (LEASE.c.token == lease.token)
        with self.begin(fleeting=True) as transaction:
            transaction.connection.execute(LEASE.update().where(held).values(holder="", expires=_LONG_AGO))

    def publications(self, monitor: str, since: datetime | None = None) -> Sequence[Publication]:
        """Return the newest revision of every window and signal, oldest window first.

        ``since`` keeps windows that end after it.
        """
        query = _newest(sa.select(PUBLICATION), monitor)
        if since is not None:
            query = query.where(PUBLICATION.c.window_end > since)
        return [
            Publication(monitor, _window(row), row["signal"], row["revision"], row["fingerprint"])
            for row in self._rows(query)
        ]

    def newest_window(self, monitor: str) -> datetime | None:
        """Return the end of the newest window that is published; None when none is."""
        query = sa.select(sa.func.max(PUBLICATION.c.window_end)).where(PUBLICATION.c.monitor == monitor)
        with self.engine.connect() as connection:
            return cast("datetime | None", connection.execute(query).scalar())

    def measurements(  # one query, many filters
        self,
        monitor: str,
        *,
        metric: str | None = None,
        feature: str | None = None,
        span: Span | None = None,
        whole: bool = False,
    ) -> Sequence[Measurement]:
        """Return measurements of the newest revisions, oldest window first. ``metric`` is ``signal.metric``.

        ``span`` keeps windows that lie in it altogether, ``whole`` leaves out measurements of segments.
        """
        published = _newest(sa.select(PUBLICATION), monitor)
        if metric is not None:
            published = published.where(PUBLICATION.c.signal == metric.partition(".")[0])
        if span is not None:
            inside = (PUBLICATION.c.window_start >= span.start, PUBLICATION.c.window_end <= span.end)
            published = published.where(*inside)
        windows = {row["seq"]: _window(row) for row in self._rows(published)}
        order = {seq: place for place, seq in enumerate(windows)}
        query = sa.select(MEASUREMENT).where(
            MEASUREMENT.c.publication.in_(published.with_only_columns(PUBLICATION.c.seq).order_by(None))
        )
        if metric is not None:
            query = query.where(MEASUREMENT.c.metric == metric.partition(".")[2])
        if feature is not None:
            query = query.where(MEASUREMENT.c.feature == feature)
        if whole:
            query = query.where(MEASUREMENT.c.segment.is_(None))
        rows = [row for row in self._rows(query) if row["publication"] in windows]
        rows.sort(key=lambda row: (order[row["publication"]], row["position"]))
        return [measurement_of(row, windows[row["publication"]]) for row in rows]

    def null(self, monitor: str) -> StoredNull | None:
        """Return what a monitor has learned of normal behaviour; None before it has."""
        return normal.null_of(self.engine, monitor)

    def null_key(self, monitor: str) -> str | None:
        """Return from what a monitor has learned; None before it has. Cheap."""
        return normal.null_key_of(self.engine, monitor)

    def taught(self, monitor: str, frame: str, after: datetime | None = None) -> int:
        """Count the slots that may teach and end after a moment; those of one stretch of time count once."""
        return normal.taught(self.engine, monitor, frame, after)

    def course(self, monitor: str, part: str) -> StoredCourse | None:
        """Return where the decisions of one part of a monitor stand; None before the first."""
        return normal.course_of(self.engine, monitor, part)

    def slots(self, monitor: str, frame: str, *, accepted_only: bool = True) -> Sequence[StoredSlot]:
        """Return slots that were summed up in a frame, oldest first."""
        return normal.slots_of(self.engine, monitor, frame, accepted_only=accepted_only)

    def alert(self, alert_id: str) -> Alert:
        """Return one alert.

        Raises
        ------
        NotFound
            With a name that is like it.
        """
        rows = self._rows(sa.select(ALERT).where(ALERT.c.id == alert_id))
        if not rows:
            raise NotFound("alert", alert_id, [row["id"] for row in self._rows(sa.select(ALERT.c.id))])
        return alert_of(rows[0])

    def alerts(self, monitor: str | None = None, *, open_only: bool = False) -> Sequence[Alert]:
        """Return alerts, newest first."""
        query = sa.select(ALERT).order_by(ALERT.c.opened_start.desc(), ALERT.c.monitor, ALERT.c.id)
        if monitor is not None:
            query = query.where(ALERT.c.monitor == monitor)
        if open_only:
            query = query.where(ALERT.c.state != AlertState.RESOLVED)
        return [alert_of(row) for row in self._rows(query)]

    def events(self, alert_id: str) -> Sequence[AlertEvent]:
        """Return what happened to an alert, oldest first."""
        query = sa.select(ALERT_EVENT).where(ALERT_EVENT.c.alert == alert_id).order_by(ALERT_EVENT.c.seq)
        return [event_of(row) for row in self._rows(query)]

    def outbox(
        self, now: datetime | None = None, *, receiver: tuple[str, str] | None = None, alert: str | None = None
    ) -> Sequence[Message]:
        """Return messages, oldest first: those not sent and due at ``now``, or all of them.

        ``receiver`` (channel and target) and ``alert`` keep those to one address, about one alert.
        """
        query = sa.select(OUTBOX).order_by(OUTBOX.c.seq)
        if receiver is not None:
            query = query.where(OUTBOX.c.channel == receiver[0], OUTBOX.c.target == receiver[1])
        if alert is not None:
            query = query.where(OUTBOX.c.alert == alert)
        if now is not None:
            query = query.where(OUTBOX.c.sent.is_(None), OUTBOX.c.due.is_(None) | (OUTBOX.c.due <= now))
        return [message_of(row) for row in self._rows(query)]

    def silences(self, since: datetime | None = None) -> Sequence[Silence]:
        """Return silences, the earliest first: those that end after a moment, or all."""
        query = sa.select(SILENCE).order_by(SILENCE.c.starts, SILENCE.c.id)
        if since is not None:
            query = query.where(SILENCE.c.ends > since)
        return [Silence(**row) for row in self._rows(query)]

    def jobs(self, *, state: JobState | None = None, deployment: str | None = None) -> Sequence[Job]:
        """Return jobs, oldest first."""
        query = sa.select(JOB).order_by(JOB.c.seq)
        if state is not None:
            query = query.where(JOB.c.state == state)
        if deployment is not None:
            query = query.where(JOB.c.deployment == deployment)
        return [job_of(row) for row in self._rows(query)]

    def traffic(self, deployment: str, span: Span) -> Traffic:
        """Return the sum of the minutes that start in the span, over all versions."""
        return reduce(add, (counts for _, _, counts in self.traffic_by_minute(deployment, span)), Traffic())

    def first_traffic(self, deployment: str) -> datetime | None:
        """Return the first minute in which a request was counted; None when none was."""
        query = sa.select(sa.func.min(TRAFFIC.c.minute)).where(TRAFFIC.c.deployment == deployment)
        with self.engine.connect() as connection:
            found: datetime | None = connection.execute(query).scalar()
        return found

    def traffic_by_minute(self, deployment: str, span: Span) -> Sequence[tuple[datetime, int, Traffic]]:
        """Return minute, version and counts, oldest first."""
        inside = (TRAFFIC.c.minute >= span.start, TRAFFIC.c.minute < span.end)
        query = sa.select(TRAFFIC).where(TRAFFIC.c.deployment == deployment, *inside)
        rows = self._rows(query.order_by(TRAFFIC.c.minute, TRAFFIC.c.version))
        return [(row["minute"], row["version"], traffic_of(row)) for row in rows]

    def series(
        self, source: str, span: Span, kinds: Collection[SeriesKind] = tuple(SeriesKind)
    ) -> Mapping[tuple[SeriesKind, str], Series]:
        """Return what each custom metric and event said in the minutes that start in the span."""
        return telemetry.totals(self.engine, source, span, kinds)

    def series_by_minute(
        self, source: str, span: Span, kind: SeriesKind, name: str
    ) -> Sequence[tuple[datetime, Series]]:
        """Return one custom metric minute by minute, oldest first."""
        return telemetry.minutes(self.engine, source, span, kind, name)

    def series_names(self, source: str) -> Sequence[tuple[SeriesKind, str]]:
        """Return the custom metrics and events a source has sent so far, sorted."""
        return telemetry.names(self.engine, source)

    def occurrences(self, source: str, limit: int) -> Sequence[Occurrence]:
        """Return the newest things that happened, newest first."""
        return telemetry.newest(self.engine, source, limit)

    def journal_offset(self, segment: str) -> int:
        """Return how far the traffic of a segment is counted; 0 if it never was."""
        rows = self._rows(sa.select(JOURNAL.c.counted).where(JOURNAL.c.segment == segment))
        return int(rows[0]["counted"]) if rows else 0

    def ledger(self, *, subject: str | None = None, since: int = 0, limit: int | None = None) -> Iterator[Sealed]:
        """Yield entries, oldest first, after number ``since``."""
        return ledger.read(self.engine, subject=subject, since=since, limit=limit)

    def verify_ledger(self) -> int:
        """Check the whole chain and return its length.

        Raises
        ------
        BrokenLedger
            With the first entry that is not what was written.
        """
        self._checked = ledger.verify(self.engine)
        return self._checked.seq

    def verify_newest(self) -> tuple[int, int]:
        """Check the entries since the last check of this object; return the length, and how many were checked before.

        A page asks at every load: the first reads the whole chain, the others what is new and :data:`RECHECKED` entries
        of what is old, in turn. What changes after it was checked is found when its turn comes: at once while the
        ledger is short, and by :meth:`verify_ledger`.

        Raises
        ------
        BrokenLedger
            With the first of them that is not what was written.
        """
        before = self._checked
        self._checked = ledger.verify(self.engine, before)
        if before.seq:
            self._again = ledger.recheck(self.engine, self._again, RECHECKED)
        return self._checked.seq, before.seq

    def newest_entries(self, limit: int, *, subject: str | None = None, before: int | None = None) -> Sequence[Sealed]:
        """Return at most so many entries, newest first, before a number, about one thing."""
        return ledger.newest(self.engine, limit, subject=subject, before=before)

    def _rows(self, query: sa.Select[Any]) -> Sequence[Mapping[str, Any]]:
        with self.engine.connect() as connection:
            return cast("Sequence[Mapping[str, Any]]", connection.execute(query).mappings().all())


def _newest(query: sa.Select[Any], monitor: str) -> sa.Select[Any]:
    newest = query.where(PUBLICATION.c.monitor == monitor, PUBLICATION.c.newest)
    return newest.order_by(PUBLICATION.c.window_start, PUBLICATION.c.window_end, PUBLICATION.c.signal)


def _window(row: Mapping[str, Any]) -> Span:
    return Span(row["window_start"], row["window_end"])
