"""The workers that serve one version of a deployment, kept at their number."""

import logging
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from holter.serving.order import Order, Tell
from holter.serving.process import Stage, Worker
from holter.serving.trial import Score

ATTEMPTS: Final = 3
"""A worker that dies before it is ready, without saying why, is given this many chances."""
SETTLED_SECONDS: Final = 30.0
"""A worker that has lived this long was no part of a row of failures."""
REPLACE_SECONDS: Final = 5.0
"""How long a client may keep an idle connection to a worker that was replaced."""
OUTGROWN: Final = 1.5
"""Times its memory at which a worker is no longer waited with until another is there."""
MEBIBYTE: Final = 1 << 20
_log = logging.getLogger("holter.serving")
_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 30.0


@dataclass(frozen=True)
class Plan:
    """What makes a pool what it is; another plan is another pool. ``memory`` is in bytes, for each worker; 0: any."""

    order: Order
    workers: int
    log: Path
    memory: int = 0


def pause(failures: int) -> float:
    """Return how many seconds to wait after so many failures in a row: none after the first, then doubling to 30.

    Examples
    --------
    >>> [pause(n) for n in (0, 1, 2, 3, 20)]
    [0.0, 0.0, 0.25, 0.5, 30.0]
    """
    return 0.0 if failures < 2 else min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(failures - 2, 20))


class Pool:
    """Workers of one plan on one listening socket; on none for a shadow.

    Parameters
    ----------
    plan
        What they are.
    listener
        Where they accept connections.
    opened
        Whether they may do so as soon as they are ready.
    smoke
        A file with a request that they must be able to answer before they are ready; asked until they are let in.

    Attributes
    ----------
    reason
        Why the newest worker that failed did so; empty once all of them listen.
    failed
        Whether the code cannot be used: a worker said so, or several died before they were ready.
    size
        How many workers it is to have.
    replaced
        How many workers were lost and replaced so far.
    """

    def __init__(self, plan: Plan, listener: socket.socket | None, *, opened: bool, smoke: Path | None = None) -> None:
        self.plan, self._listener, self._opened = plan, listener, opened
        self.size = plan.workers
        self._smoke = "" if smoke is None else str(smoke)
        self._workers: list[Worker] = []
        self._leaving: list[Worker] = []
        self._draining = False
        self._failures, self._starts_lost, self._not_before = 0, 0, 0.0
        self._past, self._past_busy_us = Score(0, 0), 0
        self._split: Tell | None = None
        self.reason, self.failed, self.replaced = "", False, 0

    @property
    def listening(self) -> int:
        """How many workers take traffic, not counting those that are being replaced."""
        return self._count(Stage.LISTENING)

    @property
    def accepting(self) -> bool:
        """Whether a worker may still take a new connection."""
        return any(worker.accepting for worker in self._everyone())

    @property
    def complete(self) -> bool:
        """Whether all workers take traffic."""
        return self.listening >= self.size

    @property
    def prepared(self) -> bool:
        """Whether all workers could take traffic."""
        return self._count(Stage.READY) + self.listening >= self.size

    @property
    def serving(self) -> bool:
        """Whether anybody takes traffic, be it one that is being replaced."""
        return any(worker.stage is Stage.LISTENING for worker in self._everyone())

    @property
    def gone(self) -> bool:
        """Whether no process is left."""
        return not self._workers and not self._leaving

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids, oldest first."""
        return tuple(worker.pid for worker in self._workers)

    @property
    def everyone(self) -> tuple[int, ...]:
        """Process ids, of those too that are being replaced."""
        return tuple(worker.pid for worker in self._everyone())

    @property
    def memory(self) -> int:
        """Bytes that all its processes hold."""
        return sum(worker.memory for worker in self._everyone())

    @property
    def gaps(self) -> int:
        """Requests that its present workers have answered and could not record."""
        return sum(worker.gaps for worker in self._everyone())

    @property
    def busy_us(self) -> int:
        """Microseconds in which its workers, those too that are gone, could take no other request."""
        return self._past_busy_us + sum(worker.busy_us for worker in self._everyone())

    @property
    def waiting(self) -> int:
        """Requests that wait for the turn of a worker."""
        return sum(worker.waiting for worker in self._everyone())

    @property
    def score(self) -> "Score":
        """What was answered so far, by those that are gone too; a worker that was lost has failed one request."""
        return sum((Score(each.answered, each.failed) for each in self._everyone()), self._past)

    def open(self) -> None:
        """Let its workers take traffic, those that are ready and those to come."""
        self._opened = True

    def grow(self, workers: int) -> None:
        """Keep more workers than the plan said; fewer would cost those who are being answered."""
        self.size = max(self.size, workers)

    def split(self, tell: Tell) -> None:
        """Let its workers hand on a share of what they are asked; those to come as well."""
        if tell == self._split or (self._split is None and not tell.weight):
            return
        self._split = tell
        for worker in self._everyone():
            if worker.stage is Stage.LISTENING:
                worker.split(tell)

    def drain(self, patience: float, now: float) -> None:
        """Let its workers finish and end; none is started any more."""
        self._draining = True
        for worker in self._everyone():
            worker.drain(patience, now)

    def kill(self) -> None:
        """End all workers at once."""
        self._draining = True
        for worker in self._everyone():
            worker.kill()
        self._workers.clear()
        self._leaving.clear()

    def tick(self, now: float) -> None:
        """See how the workers are; let the ready ones in, and replace the lost ones."""
        for worker in list(self._workers):
            self._look(worker, now)
        for worker in list(self._leaving):
            worker.look(now)
            self._weigh(worker, now)
            if worker.stage is Stage.GONE:
                self._leaving.remove(worker)
                self._outlive(worker)
        if self.complete:
            self.reason, self.failed = "", False
            for worker in self._leaving:
                if worker.stage is Stage.LISTENING:
                    worker.drain(REPLACE_SECONDS, now)
        self._fill(now)

    def _look(self, worker: Worker, now: float) -> None:
        before = worker.stage
        worker.look(now)
        self._weigh(worker, now)
        if worker.stage is Stage.GONE:
            self._workers.remove(worker)
            self._outlive(worker)
            self._mourn(worker, worker.reason, now)
        elif worker.stage is Stage.READY and self._opened and not self._draining:
            worker.listen()
        if before is not Stage.LISTENING and worker.stage is Stage.LISTENING:
            self._starts_lost = 0
            if self._split is not None:
                worker.split(self._split)

    def _outlive(self, worker: Worker) -> None:
        self._past += Score(worker.answered, worker.failed)
        self._past_busy_us += worker.busy_us

    def _weigh(self, worker: Worker, now: float) -> None:
        if self.plan.memory and worker.memory > self.plan.memory and worker.stage is not Stage.GONE:
            self._relieve(worker, now)

    def _relieve(self, worker: Worker, now: float) -> None:
        """Part with a worker that has outgrown its memory: once another is there, or at once where that is too late."""
        held, given = worker.memory / MEBIBYTE, self.plan.memory / MEBIBYTE
        reason = f"worker {worker.pid} holds {held:,.0f} MiB of memory, and may hold {given:,.0f}"
        if not worker.served:
            worker.kill(reason, told=True)
        elif worker.memory > OUTGROWN * self.plan.memory:
            worker.kill(reason)
        elif worker.stage is Stage.LISTENING and worker in self._workers:
            self._workers.remove(worker)
            self._leaving.append(worker)
            self._mourn(worker, reason, now)

    def _everyone(self) -> list[Worker]:
        return [*self._workers, *self._leaving]

    def _fill(self, now: float) -> None:
        order = self.plan.order if self._opened else msgspec.structs.replace(self.plan.order, smoke=self._smoke)
        while not self._draining and now >= self._not_before and len(self._workers) < self.size:
            self._workers.append(Worker(order, self._listener, self.plan.log, now))

    def _mourn(self, worker: Worker, reason: str, now: float) -> None:
        if self._draining:
            return
        _log.warning("%s version %d: %s", self.plan.order.deployment, self.plan.order.version, reason)
        self.reason = reason
        self._failures = 1 if now - worker.started >= SETTLED_SECONDS else self._failures + 1
        self._not_before = now + pause(self._failures + 3 * worker.told)  # what told us why will tell us so again
        if worker.served:
            self.replaced += 1
            if worker.stage is Stage.GONE:
                self._past += Score(1, 1)
        else:
            self._starts_lost += 1
            self.failed = self.failed or worker.told or self._starts_lost >= ATTEMPTS

    def _count(self, stage: Stage) -> int:
        return sum(worker.stage is stage for worker in self._workers)
