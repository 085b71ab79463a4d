"""The outbox: every message is sent until it has arrived."""

import os
import socket
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from holter.registry import Shelves
from holter.respond.line import Clock, Line
from holter.store.kept import Lease, Message

_LEASE: Final = timedelta(seconds=60)
_PATIENCE_S: Final = 2.0
"""How long a pass waits for a slow receiver before it goes on without it."""
_LINES: Final = 8
"""Receivers that may be slow at the same time without delaying the others."""


def holder_name() -> str:
    """Return a name for leases that no other process or thread has."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


def running_clock(now: datetime) -> Clock:
    """Return a clock that stands at ``now`` and goes on from there: leases must not be renewed in the past."""
    started = time.monotonic()
    return lambda: now + timedelta(seconds=time.monotonic() - started)


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
        """Send the messages of one receiver, as long as no other process does."""
        first = messages[0]
        held: list[Lease] = []

        def renew() -> Lease | None:
            name = f"deliver:{first.channel}:{first.target}"
            lease = self._shelves.facts.acquire(name, self._holder, _LEASE, clock())
            held[:] = [] if lease is None else [lease]
            return lease

        try:
            return Line(self._shelves, renew, clock).send(messages)
        finally:
            for lease in held:
                self._shelves.facts.release(lease)


def _receiver(message: Message) -> tuple[str, str]:
    return (message.channel, message.target)
