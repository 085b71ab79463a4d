"""What a shelf must be able to do, whatever it is made of.

Two things are kept: the *records* of a deployment (wide tables, appended in bulk, read by window) and the *facts*
(small rows that change together in one transaction). Every implementation passes ``tests/conformance``.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from holter.rules import Alert, AlertEvent, Silence
from holter.store.kept import (
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
from holter.types import Measurement, Occurrence, Series, SeriesKind, Span, Traffic

if TYPE_CHECKING:
    import pyarrow as pa


class Records(Protocol):
    """The scored rows and the labels of one deployment."""

    def append(self, rows: "pa.Table", offsets: Mapping[str, int]) -> None:
        """Commit rows (features and the columns of :mod:`holter.types.records`) with the journal offsets they end at.

        Rows and offsets become visible together or not at all. New feature columns are added, missing ones are null.
        The bytes are on disk (fsync of files, log and directories) before this returns.
        """

    def offset(self, segment: str) -> int:
        """Return how far a journal segment has been committed, in bytes; 0 if never."""

    def append_labels(self, labels: "pa.Table") -> int:
        """Commit labels: ``_request_id``, ``_row``, ``_label``, ``_labelled_at``; return how many have a record now.

        Unknown ids are kept for later.
        """

    def read(self, span: Span, columns: Sequence[str] | None = None) -> "pa.Table":
        """Return the records of a span, each once, ordered by event time, with ``_label`` joined (newest wins).

        ``columns`` limits the features; the columns of :mod:`holter.types.records` are always there.
        A record sent twice (same id, row and digest) is one record.
        """

    def watermark(self) -> datetime | None:
        """Return the newest event time committed; None when there is no record."""

    def first(self) -> datetime | None:
        """Return the oldest event time committed; None when there is no record."""

    def beginnings(self) -> Sequence[datetime]:
        """Return an oldest event time of each day that has records, sorted; a day may have several. Cheap."""

    def fingerprint(self, span: Span, *, labels: bool = True) -> str:
        """Return text that changes whenever the records or labels of a span may have changed. Cheap.

        ``labels=False`` looks at the records alone: most questions about a window do not depend on its labels.
        """


class Transaction(Protocol):
    """Changes that become true together."""

    def guard(self, lease: Lease) -> None:
        """Refuse everything unless the lease is still held. Raises LeaseLost."""

    def publish(self, publication: Publication, measurements: Sequence[Measurement]) -> bool:
        """Store measurements; False (and nothing stored) if this window, signal and revision are there already."""

    def forget(self, monitor: str, before: datetime) -> int:
        """Remove what is published of windows that end at a moment or earlier; return how many publications went.

        Alerts, which hold the measurement they rest on, and the ledger stay.
        """

    def save_alert(self, alert: Alert, events: Sequence[AlertEvent]) -> None:
        """Store an alert as it is now, with what happened to it."""

    def enqueue(self, message: Message) -> None:
        """Put a message into the outbox, once per key."""

    def delivered(self, key: str, at: datetime) -> None:
        """Note that a message has arrived."""

    def postponed(self, key: str, due: datetime, error: str) -> None:
        """Note that a message has failed, and when to try again."""

    def hold(self, key: str, due: datetime, why: str) -> None:
        """Note that a message waits, and why; that counts as no attempt."""

    def drop(self, key: str, at: datetime, why: str) -> None:
        """Note that a message is not sent, and why."""

    def fold(self, keys: Sequence[str], leader: str) -> None:
        """Let messages travel with another; those that travel already stay where they are."""

    def save_silence(self, silence: Silence) -> None:
        """Store a silence as it is now."""

    def ask(self, job: Job) -> None:
        """Ask for a job, once per key."""

    def move_job(self, key: str, state: JobState, result: Mapping[str, Any]) -> None:
        """Note where a job stands. Moving to RUNNING counts an attempt."""

    def add_traffic(self, deployment: str, version: int, minute: datetime, traffic: Traffic) -> None:
        """Add counts to a minute."""

    def add_series(self, source: str, kind: SeriesKind, name: str, minute: datetime, series: Series) -> None:
        """Add what a custom metric said to a minute."""

    def forget_series(self, kind: SeriesKind, before: datetime) -> int:
        """Remove the minutes of a kind that lie before a time, of every source; return how many."""

    def add_occurrences(self, source: str, occurrences: Sequence[Occurrence], keep: int) -> None:
        """Store what happened, and forget all but the newest ``keep`` of the source."""

    def advance_journal(self, segment: str, start: int, end: int) -> bool:
        """Note that the traffic of a segment is counted from start to end; False if start is not where it stood."""

    def keep_null(self, null: StoredNull) -> None:
        """Replace what a monitor has learned; slots that were summed up in another frame go."""

    def move_course(self, course: StoredCourse) -> None:
        """Replace where the decisions of a part of a monitor stand."""

    def keep_slot(self, slot: StoredSlot) -> None:
        """Write down the sums of a slot; the oldest go when there are many."""

    def doubt(self, monitor: str, span: Span, part: str | None = None) -> int:
        """Take slots that lie in a span back from those that teach; return how many.

        What was learned from any of them is to be learned again.
        """

    def trust(self, monitor: str, since: datetime) -> int:
        """Let slots from a moment on teach, from which another level is normal; return how many teach that did not.

        What was learned before is to be learned again.
        """

    def forget_normal(self, monitor: str) -> None:
        """Remove all that was learned of a monitor, and where its decisions stand."""

    def record(self, entry: Entry, at: datetime) -> Sealed:
        """Append to the ledger."""


class Facts(Protocol):
    """Everything that is not a record."""

    def begin(self) -> AbstractContextManager[Transaction]:
        """Start a transaction; it commits at the end of the block and rolls back on an exception."""

    def acquire(self, name: str, holder: str, ttl: timedelta, now: datetime) -> Lease | None:
        """Take or renew a lease; None while another holder's has not expired."""

    def release(self, lease: Lease) -> None:
        """Give a lease back early."""

    def publications(self, monitor: str, since: datetime | None = None) -> Sequence[Publication]:
        """Return the newest revision of every window and signal, oldest window first."""

    def newest_window(self, monitor: str) -> datetime | None:
        """Return the end of the newest window that is published; None when none is."""

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

        ``whole`` leaves out those of segments.
        """

    def null(self, monitor: str) -> StoredNull | None:
        """Return what a monitor has learned of normal behaviour; None before it has."""

    def null_key(self, monitor: str) -> str | None:
        """Return from what a monitor has learned; None before it has. Cheap."""

    def taught(self, monitor: str, frame: str, after: datetime | None = None) -> int:
        """Count the slots that may teach and end after a moment; those of one stretch of time count once."""

    def course(self, monitor: str, part: str) -> StoredCourse | None:
        """Return where the decisions of one part of a monitor stand; None before the first."""

    def slots(self, monitor: str, frame: str, *, accepted_only: bool = True) -> Sequence[StoredSlot]:
        """Return slots that were summed up in a frame, oldest first."""

    def alert(self, alert_id: str) -> Alert:
        """Return one alert. Raises NotFound."""

    def alerts(self, monitor: str | None = None, *, open_only: bool = False) -> Sequence[Alert]:
        """Return alerts, newest first."""

    def events(self, alert_id: str) -> Sequence[AlertEvent]:
        """Return what happened to an alert, oldest first."""

    def outbox(
        self, now: datetime | None = None, *, receiver: tuple[str, str] | None = None, alert: str | None = None
    ) -> Sequence[Message]:
        """Return messages, oldest first: those due at ``now``, or all.

        ``receiver`` (channel and target) and ``alert`` keep those to one address, about one alert.
        """

    def silences(self, since: datetime | None = None) -> Sequence[Silence]:
        """Return silences, the earliest first: those that end after a moment, or all."""

    def jobs(self, *, state: JobState | None = None, deployment: str | None = None) -> Sequence[Job]:
        """Return jobs, oldest first."""

    def traffic(self, deployment: str, span: Span) -> Traffic:
        """Return the sum of the minutes that start in the span, over all versions."""

    def first_traffic(self, deployment: str) -> datetime | None:
        """Return the first minute in which a request was counted; None when none was."""

    def traffic_by_minute(self, deployment: str, span: Span) -> Sequence[tuple[datetime, int, Traffic]]:
        """Return minute, version and counts, oldest first."""

    def series(
        self, source: str, span: Span, kinds: Collection[SeriesKind] = tuple(SeriesKind)
    ) -> Mapping[tuple[SeriesKind, str], Series]:
        """Return what each custom metric and event said in the minutes that start in the span."""

    def series_by_minute(
        self, source: str, span: Span, kind: SeriesKind, name: str
    ) -> Sequence[tuple[datetime, Series]]:
        """Return one custom metric minute by minute, oldest first."""

    def series_names(self, source: str) -> Sequence[tuple[SeriesKind, str]]:
        """Return the custom metrics and events a source has sent so far, sorted."""

    def occurrences(self, source: str, limit: int) -> Sequence[Occurrence]:
        """Return the newest things that happened, newest first."""

    def journal_offset(self, segment: str) -> int:
        """Return how far the traffic of a segment is counted."""

    def ledger(self, *, subject: str | None = None, since: int = 0, limit: int | None = None) -> Iterator[Sealed]:
        """Yield entries, oldest first, after number ``since``."""

    def verify_ledger(self) -> int:
        """Check the whole chain and return its length. Raises BrokenLedger."""

    def verify_newest(self) -> tuple[int, int]:
        """Check what is new since the last check; return the length and how many were checked before.

        Raises BrokenLedger.
        """

    def newest_entries(self, limit: int, *, subject: str | None = None, before: int | None = None) -> Sequence[Sealed]:
        """Return entries, newest first, older than number ``before``, about a subject or the name in one."""
