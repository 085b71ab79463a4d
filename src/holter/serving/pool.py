"""The workers that serve one version of a deployment, kept at their number."""

import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from holter.serving.order import Order
from holter.serving.process import Stage, Worker

ATTEMPTS: Final = 3
"""A worker that dies before it is ready, without saying why, is given this many chances."""
SETTLED_SECONDS: Final = 30.0
"""A worker that has lived this long was no part of a row of failures."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 30.0


@dataclass(frozen=True)
class Plan:
    """What makes a pool what it is; another plan is another pool."""

    order: Order
    workers: int
    log: Path


def pause(failures: int) -> float:
    """Return how many seconds to wait after so many failures in a row: none after the first, then doubling to 30.

    Examples
    --------
    >>> [pause(n) for n in (0, 1, 2, 3, 20)]
    [0.0, 0.0, 0.25, 0.5, 30.0]
    """
    return 0.0 if failures < 2 else min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(failures - 2, 20))


class Pool:
    """Workers of one plan on one listening socket.

    Attributes
    ----------
    reason
        Why the newest worker that failed did so; empty once all of them listen.
    failed
        Whether the code cannot be used: a worker said so, or several died before they were ready.
    """

    def __init__(self, plan: Plan, listener: socket.socket, *, opened: bool) -> None:
        self.plan, self._listener, self._opened = plan, listener, opened
        self._workers: list[tuple[Worker, float]] = []
        self._draining = False
        self._failures, self._starts_lost, self._not_before = 0, 0, 0.0
        self.reason, self.failed = "", False

    @property
    def listening(self) -> int:
        """How many workers take traffic."""
        return self._count(Stage.LISTENING)

    @property
    def accepting(self) -> bool:
        """Whether a worker may still take a new connection."""
        return any(worker.accepting for worker, _ in self._workers)

    @property
    def complete(self) -> bool:
        """Whether all workers take traffic."""
        return self.listening == self.plan.workers

    @property
    def prepared(self) -> bool:
        """Whether all workers could take traffic."""
        return self._count(Stage.READY) + self.listening == self.plan.workers

    @property
    def gone(self) -> bool:
        """Whether no process is left."""
        return not self._workers

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids, oldest first."""
        return tuple(worker.pid for worker, _ in self._workers)

    def open(self) -> None:
        """Let its workers take traffic, those that are ready and those to come."""
        self._opened = True

    def drain(self, patience: float, now: float) -> None:
        """Let its workers finish and end; none is started any more."""
        self._draining = True
        for worker, _ in self._workers:
            worker.drain(patience, now)

    def kill(self) -> None:
        """End all workers at once."""
        self._draining = True
        for worker, _ in self._workers:
            worker.kill()
        self._workers.clear()

    def tick(self, now: float) -> None:
        """See how the workers are; let the ready ones in, and replace the lost ones."""
        for worker, started in list(self._workers):
            before = worker.stage
            worker.look(now)
            if worker.stage is Stage.GONE:
                self._workers.remove((worker, started))
                self._mourn(worker, now - started, now)
            elif worker.stage is Stage.READY and self._opened and not self._draining:
                worker.listen()
            if before is not Stage.LISTENING and worker.stage is Stage.LISTENING:
                self._starts_lost = 0
        if self.complete:
            self.reason, self.failed = "", False
        self._fill(now)

    def _fill(self, now: float) -> None:
        while not self._draining and now >= self._not_before and len(self._workers) < self.plan.workers:
            self._workers.append((Worker(self.plan.order, self._listener, self.plan.log, now), now))

    def _mourn(self, worker: Worker, lived: float, now: float) -> None:
        if self._draining:
            return
        self.reason = worker.reason
        self._failures = 1 if lived >= SETTLED_SECONDS else self._failures + 1
        self._not_before = now + pause(self._failures + 3 * worker.told)  # what told us why will tell us so again
        if not worker.served:
            self._starts_lost += 1
            self.failed = self.failed or worker.told or self._starts_lost >= ATTEMPTS

    def _count(self, stage: Stage) -> int:
        return sum(worker.stage is stage for worker, _ in self._workers)
