"""The two ways to answer an alert: tell somebody, or do something."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from holter.registry import Shelves
from holter.store.kept import Entry, Job, JobState, Lease, Message


def _takes_all(address: str) -> str:  # noqa: ARG001  (what a channel says that cannot tell)
    return ""


@dataclass(frozen=True)
class Channel:
    """A way to tell somebody: messages go through the outbox and are sent until they arrive.

    Parameters
    ----------
    name
        The kind of a :class:`holter.rules.Response`.
    address
        The option that holds the addresses, separated by commas where ``many``.
    send
        Sends one message or raises :class:`holter.errors.DeliveryFailed`. May be called again for the same message.
    options
        Every option it knows.
    refuses
        Says why nothing could ever be sent to an address; empty when it could.
    refresh
        How often an alert is told again while it stands, for receivers that forget it otherwise; None: once.
    together
        Sends several messages to one address as one, where people read them: many at once are then one message.
        None: each goes by itself.
    """

    name: str
    address: str
    send: Callable[[Shelves, Message], None]
    options: frozenset[str]
    many: bool = False
    refuses: Callable[[str], str] = _takes_all
    refresh: timedelta | None = None
    together: Callable[[Shelves, Sequence[Message]], None] | None = None

    @property
    def required(self) -> frozenset[str]:
        """The options it cannot do without."""
        return frozenset({self.address})

    def targets(self, options: Mapping[str, str]) -> tuple[str, ...]:
        """Return every address a response names; empty when it names none."""
        text = options.get(self.address, "")
        parts = text.split(",") if self.many else [text]
        return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))


@dataclass(frozen=True)
class Bench:
    """What a job works with: the shelves, a folder of its own, how to start Python, and when to stop.

    ``stop`` is set when the lease is lost: another process may then run the same job, so this one must end. It may be
    set late (a process that stood still knows nothing yet), so what cannot be done twice is guarded by ``lease``.
    """

    shelves: Shelves
    job: Job
    folder: Path
    python: Sequence[str]
    stop: threading.Event
    clock: Callable[[], datetime]
    lease: Lease | None = None

    def note(self, action: str, reason: str, facts: Mapping[str, Any]) -> None:
        """Write one step of the job into the ledger, with the numbers it rests on."""
        with self.shelves.facts.begin() as transaction:
            transaction.record(self.entry(action, reason, facts), self.clock())

    def entry(self, action: str, reason: str, facts: Mapping[str, Any]) -> Entry:
        """Return the ledger entry of one step."""
        return Entry(f"job:{self.job.key}", action, self.subject, reason, {"job": self.job.key, **facts})

    @property
    def subject(self) -> str:
        """What the ledger files its steps under: the deployment, or the monitor where there is none."""
        return subject_of(self.job)


def subject_of(job: Job) -> str:
    """Return what the ledger files a job under: the deployment it acts on, or the monitor of a table."""
    return f"deployment:{job.deployment}" if job.deployment else f"monitor:{job.monitor}"


@dataclass(frozen=True)
class Outcome:
    """How a job ended: ``state`` is DONE, REFUSED or FAILED; ``facts`` are JSON values."""

    state: JobState
    reason: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """A way to do something: runs as a job, once per alert that fires.

    ``act`` returns an :class:`Outcome` or raises a :class:`holter.errors.HolterError`, which fails the job for good.
    It may be run again after a crash, so what it does twice must come to the same.
    """

    name: str
    act: Callable[[Bench], Outcome]
    options: frozenset[str]
    required: frozenset[str] = frozenset()
