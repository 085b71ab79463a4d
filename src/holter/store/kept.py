"""The values that shelves keep beside records: publications, messages, jobs, ledger entries, what was learned."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from holter.types import Span

HELD: Final = "held back: "
"""How the error of a message begins that waits because somebody wanted it to."""


@dataclass(frozen=True)
class Lease:
    """The right to act on a name, until it is lost. A newer holder has a larger token."""

    name: str
    holder: str
    token: int


@dataclass(frozen=True)
class Publication:
    """One evaluation of a signal in a window: what makes its measurements unique."""

    monitor: str
    window: Span
    signal: str
    revision: int
    fingerprint: str


class JobState(StrEnum):
    """Where a job stands."""

    WANTED = "wanted"
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True)
class Job:
    """A response that was asked for. ``key`` makes asking twice ask once. ``at`` is the event time it is about."""

    key: str
    alert: str
    monitor: str
    deployment: str | None
    kind: str
    options: Mapping[str, str]
    at: datetime
    state: JobState = JobState.WANTED
    attempts: int = 0
    result: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Message:
    """One line of the outbox: which event of which alert goes to whom. ``key`` is its identity for the receiver.

    ``folded`` is the key of the message it travels with; empty for one that travels alone.
    """

    key: str
    channel: str
    target: str
    alert: str
    event: str
    attempts: int = 0
    due: datetime | None = None
    sent: datetime | None = None
    error: str = ""
    folded: str = ""

    @property
    def held(self) -> bool:
        """Whether it waits because somebody wanted it to, not because it failed."""
        return self.sent is None and self.error.startswith(HELD)

    @property
    def dropped(self) -> bool:
        """Whether it was never sent, and never will be; ``error`` says why."""
        return self.sent is not None and bool(self.error)


@dataclass(frozen=True)
class Entry:
    """What goes into the ledger: who did what to what, why, and on which facts (JSON values)."""

    actor: str
    action: str
    subject: str
    reason: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Sealed:
    """An entry as it stands in the ledger."""

    seq: int
    at: datetime
    entry: Entry
    previous: str
    digest: str


@dataclass(frozen=True)
class StoredNull:
    """What a monitor has learned of normal behaviour.

    ``key`` names all it was learned from (empty: part of that is doubted since), ``frame`` the baseline by which slots
    are summed up, ``learned`` when; from ``since`` on another level is normal (None: that of the baseline); ``slots``
    accepted slots were known, the newest of which ended at ``upto``.
    """

    monitor: str
    key: str
    frame: str
    learned: datetime
    since: datetime | None
    upto: datetime | None
    slots: int
    state: Mapping[str, Any]


@dataclass(frozen=True)
class StoredCourse:
    """Where the decisions of one part of a monitor stand, up to the end of a window."""

    monitor: str
    part: str
    frame: str
    upto: datetime
    state: Mapping[str, Any]


@dataclass(frozen=True)
class StoredSlot:
    """The sums of a stretch of time, as bytes; ``accepted`` ones may teach what is normal."""

    monitor: str
    part: str
    span: Span
    frame: str
    content: bytes
    accepted: bool
