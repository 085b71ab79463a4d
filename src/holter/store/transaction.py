"""Changes that become true together, on SQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from holter.errors import LeaseLost, NotFound
from holter.rules import Alert, AlertEvent, Silence
from holter.store import ledger, normal
from holter.store import series as telemetry
from holter.store.codec import alert_row, as_row, measurement_row
from holter.store.dialect import insert_once
from holter.store.kept import (
    HELD,
    Entry,
    Job,
    JobState,
    Lease,
    Message,
    Publication,
    Sealed,
    StoredCourse,
    StoredNull,
    StoredSlot,
)
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
from holter.types import Measurement, Occurrence, Series, SeriesKind, Span, Traffic

_COUNTS = ("requests", "failed", "soft_failed", "timed_out", "gaps", "latency_us", "histogram")


class SqlTransaction:
    """See :class:`holter.store.Transaction`. ``connection`` lets the registry write in the same transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def guard(self, lease: Lease) -> None:
        """Refuse everything unless the lease is still held.

        A lease that ran out but that nobody took is still held: the token, not the clock, decides.

        Raises
        ------
        LeaseLost
            If another holder has it, or it was given back.
        """
        query = sa.select(LEASE).where(LEASE.c.name == lease.name).with_for_update()
        row = self.connection.execute(query).one_or_none()
        if row is None or (row.holder, row.token) != (lease.holder, lease.token):
            raise LeaseLost(lease.name, lease.holder)

    def publish(self, publication: Publication, measurements: Sequence[Measurement]) -> bool:
        """Store measurements; False (and nothing stored) if this window, signal and revision are there already.

        A measurement without a window gets the publication's.
        """
        key = {
            "monitor": publication.monitor,
            "window_start": publication.window.start,
            "window_end": publication.window.end,
            "signal": publication.signal,
        }
        values = {**key, "revision": publication.revision, "fingerprint": publication.fingerprint, "newest": False}
        if not insert_once(self.connection, PUBLICATION, values):
            return False
        self._mark_newest(key)
        same = [PUBLICATION.c[name] == value for name, value in key.items()]
        query = sa.select(PUBLICATION.c.seq).where(*same, PUBLICATION.c.revision == publication.revision)
        seq = self.connection.execute(query).scalar_one()
        rows = [
            {"publication": seq, "position": position, **measurement_row(measurement, publication.window)}
            for position, measurement in enumerate(measurements)
        ]
        if rows:
            self.connection.execute(MEASUREMENT.insert(), rows)
        return True

    def forget(self, monitor: str, before: datetime) -> int:
        """Remove what is published of windows that end at ``before`` or earlier; return how many publications went."""
        # A window starts before it ends: said for the index, which begins with the start.
        ended = (PUBLICATION.c.window_start < before, PUBLICATION.c.window_end <= before)
        old = (PUBLICATION.c.monitor == monitor, *ended)
        seqs = sa.select(PUBLICATION.c.seq).where(*old)
        self.connection.execute(MEASUREMENT.delete().where(MEASUREMENT.c.publication.in_(seqs)))
        return self.connection.execute(PUBLICATION.delete().where(*old)).rowcount

    def _mark_newest(self, key: Mapping[str, Any]) -> None:
        same = [PUBLICATION.c[name] == value for name, value in key.items()]
        newest = self.connection.execute(sa.select(sa.func.max(PUBLICATION.c.revision)).where(*same)).scalar_one()
        update = PUBLICATION.update().where(*same)
        self.connection.execute(update.values(newest=PUBLICATION.c.revision == newest))

    def save_alert(self, alert: Alert, events: Sequence[AlertEvent]) -> None:
        """Store an alert as it is now, with what happened to it; an event that is there already is left alone."""
        row = alert_row(alert)
        if not insert_once(self.connection, ALERT, row):
            self.connection.execute(ALERT.update().where(ALERT.c.id == alert.id).values(**row))
        for event in events:
            insert_once(self.connection, ALERT_EVENT, as_row(event))

    def enqueue(self, message: Message) -> None:
        """Put a message into the outbox, once per key."""
        insert_once(self.connection, OUTBOX, as_row(message))

    def delivered(self, key: str, at: datetime) -> None:
        """Note that a message has arrived. Raises NotFound."""
        self._touch_message(key, sent=at, error="")

    def postponed(self, key: str, due: datetime, error: str) -> None:
        """Note that a message has failed, and when to try again. Raises NotFound."""
        self._touch_message(key, due=due, error=error)

    def hold(self, key: str, due: datetime, why: str) -> None:
        """Note that a message waits, and why; that counts as no attempt. Raises NotFound."""
        self._change_message(key, due=due, error=f"{HELD}{why}")

    def drop(self, key: str, at: datetime, why: str) -> None:
        """Note that a message is not sent, and why. Raises NotFound."""
        self._change_message(key, sent=at, error=why)

    def fold(self, keys: Sequence[str], leader: str) -> None:
        """Let messages travel with another; those that travel already stay where they are."""
        alone = OUTBOX.c.key.in_(list(keys)) & (OUTBOX.c.folded == "")
        self.connection.execute(OUTBOX.update().where(alone).values(folded=leader))

    def save_silence(self, silence: Silence) -> None:
        """Store a silence as it is now."""
        values = as_row(silence)
        insert_once(self.connection, SILENCE, values)
        self.connection.execute(SILENCE.update().where(SILENCE.c.id == silence.id).values(**values))

    def _touch_message(self, key: str, **values: Any) -> None:
        self._change_message(key, attempts=OUTBOX.c.attempts + 1, **values)

    def _change_message(self, key: str, **values: Any) -> None:
        update = OUTBOX.update().where(OUTBOX.c.key == key).values(**values)
        if not self.connection.execute(update).rowcount:
            raise NotFound("message", key)

    def ask(self, job: Job) -> None:
        """Ask for a job, once per key."""
        insert_once(self.connection, JOB, as_row(job))

    def move_job(self, key: str, state: JobState, result: Mapping[str, Any]) -> None:
        """Note where a job stands; what ``result`` says is added to what was known. Raises NotFound."""
        job = self.connection.execute(sa.select(JOB).where(JOB.c.key == key).with_for_update()).one_or_none()
        if job is None:
            raise NotFound("job", key)
        attempts = job.attempts + (state is JobState.RUNNING)
        merged = {**job.result, **result}
        self.connection.execute(
            JOB.update().where(JOB.c.key == key).values(state=state, attempts=attempts, result=merged)
        )

    def add_traffic(self, deployment: str, version: int, minute: datetime, traffic: Traffic) -> None:
        """Add counts to a minute."""
        minute = minute.replace(second=0, microsecond=0)
        key = {"deployment": deployment, "version": version, "minute": minute}
        insert_once(self.connection, TRAFFIC, {**key, **_counts(Traffic())})
        same = [TRAFFIC.c[name] == value for name, value in key.items()]
        row = self.connection.execute(sa.select(TRAFFIC).where(*same).with_for_update()).mappings().one()
        stands = traffic_of(dict(row))
        self.connection.execute(TRAFFIC.update().where(*same).values(**_counts(stands + traffic)))

    def add_series(self, source: str, kind: SeriesKind, name: str, minute: datetime, series: Series) -> None:
        """Add what a custom metric said to a minute."""
        telemetry.add_series(self.connection, source, kind, name, minute, series)

    def forget_series(self, kind: SeriesKind, before: datetime) -> int:
        """Remove the minutes of a kind that lie before a time, of every source; return how many."""
        return telemetry.forget_series(self.connection, kind, before)

    def add_occurrences(self, source: str, occurrences: Sequence[Occurrence], keep: int) -> None:
        """Store what happened, and forget all but the newest ``keep`` of the source."""
        telemetry.add_occurrences(self.connection, source, occurrences, keep)

    def advance_journal(self, segment: str, start: int, end: int) -> bool:
        """Note that the traffic of a segment is counted from start to end; False if start is not where it stood."""
        insert_once(self.connection, JOURNAL, {"segment": segment, "counted": 0})
        stands = (JOURNAL.c.segment == segment) & (JOURNAL.c.counted == start)
        return self.connection.execute(JOURNAL.update().where(stands).values(counted=end)).rowcount == 1

    def keep_null(self, null: StoredNull) -> None:
        """Replace what a monitor has learned; slots that were summed up in another frame go."""
        normal.keep_null(self.connection, null)

    def move_course(self, course: StoredCourse) -> None:
        """Replace where the decisions of a part of a monitor stand."""
        normal.move_course(self.connection, course)

    def keep_slot(self, slot: StoredSlot) -> None:
        """Write down the sums of a slot; the oldest go when there are many."""
        normal.keep_slot(self.connection, slot)

    def doubt(self, monitor: str, span: Span, part: str | None = None) -> int:
        """Take slots that lie in a span back from those that teach; return how many.

        What was learned from any of them is to be learned again.
        """
        return normal.doubt(self.connection, monitor, span, part)

    def trust(self, monitor: str, since: datetime) -> int:
        """Let slots from a moment on teach, from which another level is normal; return how many teach that did not."""
        return normal.trust(self.connection, monitor, since)

    def forget_normal(self, monitor: str) -> None:
        """Remove all that was learned of a monitor, and where its decisions stand."""
        normal.forget_normal(self.connection, monitor)

    def record(self, entry: Entry, at: datetime) -> Sealed:
        """Append to the ledger."""
        return ledger.append(self.connection, entry, at)


def _counts(traffic: Traffic) -> dict[str, Any]:
    return {name: getattr(traffic, name) for name in _COUNTS}


def traffic_of(row: Mapping[str, Any]) -> Traffic:
    """Read the counts of a minute."""
    return Traffic(**{name: row[name] for name in _COUNTS[:-1]}, histogram=tuple(row["histogram"]))
