"""The outbox: every message is sent until it has arrived."""

import logging
import os
import random
import socket
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from holter.errors import DeliveryFailed, HolterError, LeaseLost, NotFound
from holter.registry import Shelves
from holter.report.redacting import public_address, redact
from holter.respond.answer import Channel
from holter.respond.kinds import named
from holter.respond.redact import secrets_of
from holter.rules import AlertState
from holter.store.protocols import Entry, Lease, Message

_log = logging.getLogger("holter.respond")

FIRST_PAUSE: Final = timedelta(seconds=5)
LONGEST_PAUSE: Final = timedelta(hours=1)
_LEASE: Final = timedelta(seconds=60)
_PATIENCE_S: Final = 2.0
"""How long a pass waits for a slow receiver before it goes on without it."""
AGAIN: Final = "~again"
"""End of the key of the message that tells a standing alert again; keys themselves are hexadecimal."""
_LINES: Final = 8
"""Receivers that may be slow at the same time without delaying the others."""

Clock = Callable[[], datetime]


def holder_name() -> str:
    """Return a name for leases that no other process or thread has."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


def running_clock(now: datetime) -> Clock:
    """Return a clock that stands at ``now`` and goes on from there: leases must not be renewed in the past."""
    started = time.monotonic()
    return lambda: now + timedelta(seconds=time.monotonic() - started)


def pause_after(attempts: int, chance: float) -> timedelta:
    """Return how long to wait after a message has failed ``attempts`` times (from 1).

    Doubles from 5 s to 1 h; ``chance`` in [0, 1) spreads it over the upper half, so that many messages to a server that
    comes back do not all arrive at once.

    Examples
    --------
    >>> pause_after(3, 0.5)
    datetime.timedelta(seconds=15)
    """
    doubled: timedelta = FIRST_PAUSE * 2 ** min(attempts - 1, 30)
    longest = min(doubled, LONGEST_PAUSE)
    return longest * (0.5 + chance / 2)


@dataclass(frozen=True)
class Delivery:
    """What one pass over the outbox did; ``waiting`` receivers had not answered when it ended."""

    delivered: int
    postponed: int
    waiting: int


class Deliverer:
    """Sends what is due, each receiver on a line of its own.

    At least once: a message that arrived and could not be noted is sent again, with the same Message-ID or
    ``Idempotency-Key``. One process at a time sends to a receiver (lease ``deliver:<channel>:<target>``).

    Parameters
    ----------
    shelves
        The workspace.
    holder
        Name for leases; a fresh one by default.
    patience_s
        Seconds a pass waits for slow receivers. They go on in the background and are noted when they answer.
    """

    def __init__(self, shelves: Shelves, holder: str | None = None, *, patience_s: float = _PATIENCE_S) -> None:
        self._shelves = shelves
        self._holder = holder or holder_name()
        self._patience_s = patience_s
        self._lines = ThreadPoolExecutor(_LINES, thread_name_prefix="deliver")
        self._busy: dict[tuple[str, str], Future[tuple[int, int]]] = {}

    def once(self, now: datetime) -> Delivery:
        """Send every message that is due at ``now``, and say how it went."""
        clock = running_clock(now)
        due = sorted(self._shelves.facts.outbox(now), key=_receiver)
        for receiver, messages in groupby(due, key=_receiver):
            if receiver not in self._busy:
                self._busy[receiver] = self._lines.submit(self._line, list(messages), clock)
        done, _ = wait(self._busy.values(), self._patience_s)
        self._busy = {receiver: line for receiver, line in self._busy.items() if line not in done}
        results = [line.result() for line in done]
        return Delivery(sum(sent for sent, _ in results), sum(kept for _, kept in results), len(self._busy))

    def close(self) -> None:
        """Wait for the lines that are still busy, and end them."""
        self._lines.shutdown(wait=True)

    def _line(self, messages: Sequence[Message], clock: Clock) -> tuple[int, int]:
        """Send the messages of one receiver until one fails; the rest stay due and wait for the next pass."""
        first = messages[0]
        name = f"deliver:{first.channel}:{first.target}"
        sent, lease = 0, self._shelves.facts.acquire(name, self._holder, _LEASE, clock())
        still_due = {message.key for message in self._shelves.facts.outbox(clock())} if lease else set()
        try:
            for message in messages:
                if lease is None:
                    return sent, 0
                if message.key in still_due and not self._send(message, lease, clock):
                    return sent, 1
                sent += message.key in still_due
                lease = self._shelves.facts.acquire(name, self._holder, _LEASE, clock())
        finally:
            if lease is not None:
                self._shelves.facts.release(lease)
        return sent, 0

    def _send(self, message: Message, lease: Lease, clock: Clock) -> bool:
        again = message.key.endswith(AGAIN)
        try:
            channel, stands = _channel(message), not again or self._stands(message)
            if stands:
                channel.send(self._shelves, message)
        except Exception as error:  # noqa: BLE001  (a message is never lost, whatever a channel raises)
            self._postpone(message, lease, clock(), error)
            return False
        self._note(message, channel, clock(), again=again, stands=stands)
        return True

    def _note(self, message: Message, channel: Channel, now: datetime, *, again: bool, stands: bool) -> None:
        """Write down that a message arrived, and when its alert is told again where the receiver needs that.

        Telling again is one line of the outbox, which stays due until the alert no longer stands, and no ledger entry.
        """
        with self._shelves.facts.begin() as transaction:
            if again and stands and channel.refresh:
                transaction.postponed(message.key, now + channel.refresh, "")
                return
            transaction.delivered(message.key, now)
            if not again:
                entry = _entry(self._shelves, message, "message.delivered", f"{message.attempts + 1}. attempt")
                transaction.record(entry, now)
            if not again and channel.refresh and self._stands(message):
                due = now + channel.refresh
                transaction.enqueue(replace(message, key=message.key + AGAIN, attempts=0, due=due, error=""))

    def _stands(self, message: Message) -> bool:
        """Tell whether an alert still has to be told: it is open, and the message is not that of its end."""
        alert = self._shelves.facts.alert(message.alert)
        events = self._shelves.facts.events(message.alert)
        ended = any(each.key == message.event and each.after is AlertState.RESOLVED for each in events)
        return alert.is_open and not ended

    def _postpone(self, message: Message, lease: Lease, now: datetime, error: Exception) -> None:
        if not isinstance(error, HolterError):
            _log.exception("%s to %s", message.channel, public_address(message.target))
        why = redact(f"{error}" or type(error).__name__, secrets_of(self._shelves.settings.smtp_url))
        pause = pause_after(message.attempts + 1, random.random())  # noqa: S311  (spreads load, keeps no secret)
        try:
            with self._shelves.facts.begin() as transaction:
                transaction.guard(lease)
                transaction.postponed(message.key, now + pause, why)
                if message.attempts == 0:
                    transaction.record(_entry(self._shelves, message, "message.postponed", why), now)
        except LeaseLost:
            _log.warning("another process took over %s; it will note what became of its messages", lease.name)


def _channel(message: Message) -> Channel:
    kind = named(message.channel)
    if isinstance(kind, Channel):
        return kind
    raise DeliveryFailed(message.channel, message.target, "it is no channel")


def _receiver(message: Message) -> tuple[str, str]:
    return (message.channel, message.target)


def _entry(shelves: Shelves, message: Message, action: str, reason: str) -> Entry:
    facts = {"message": message.key, "channel": message.channel, "to": public_address(message.target)}
    try:
        subject = f"monitor:{shelves.facts.alert(message.alert).monitor}"
    except NotFound:
        subject = f"alert:{message.alert}"
    return Entry("holter", action, subject, reason, facts | {"alert": message.alert, "event": message.event})
