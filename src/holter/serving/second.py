"""A version that stands beside the one that answers: a canary behind a Unix socket of its own, or a shadow."""

import socket
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from holter.serving.order import Tell
from holter.serving.pool import Plan, Pool
from holter.serving.trial import Score, Trial

_BACKLOG = 1024


@dataclass(frozen=True)
class Beside:
    """Which versions are to stand beside the one that answers. ``weight`` is the canary's share in percent."""

    canary: Plan | None = None
    weight: float = 0.0
    key: str = ""
    shadow: Plan | None = None


NOBODY = Beside()


class Second:
    """Keeps the workers of one version beside another, or none.

    Parameters
    ----------
    listens
        Whether it is asked by others, over a socket; a shadow is not.
    patience
        Seconds that idle connections to it may stay when it goes.

    Attributes
    ----------
    address
        Where it is asked; empty while it is not there.
    """

    def __init__(self, *, listens: bool, patience: float) -> None:
        self._listens, self._patience = listens, patience
        self._pool: Pool | None = None
        self._socket: socket.socket | None = None
        self._retiring: list[Pool] = []
        self._refused: Plan | None = None
        self._answered_before = self._others_before = Score(0, 0)
        self.address = ""

    @property
    def pools(self) -> list[Pool]:
        """All that have processes."""
        return [*([self._pool] if self._pool else []), *self._retiring]

    @property
    def version(self) -> int | None:
        """The version that is there to be asked, or that follows; None while none is."""
        return self._pool.plan.order.version if self._pool is not None and self._pool.serving else None

    def steer(self, plan: Plan | None, now: float, smoke: Path | None = None) -> None:
        """Become what a plan says; None: nobody. A plan that has failed is not tried again until another was wanted."""
        if plan != self._refused:
            self._refused = None
        for pool in self.pools:
            pool.tick(now)
        self._retiring = [pool for pool in self._retiring if not pool.gone]
        current = self._pool
        if current is not None and (plan is None or current.plan.order != plan.order):
            self.retire(now)
        if plan is None or self._refused is not None:
            return
        if self._pool is None:
            self._pool = Pool(plan, self._bound(), opened=smoke is None, smoke=smoke)
            self._pool.tick(now)
        self._pool.grow(plan.workers)
        if self._pool.prepared:
            self._pool.open()

    def trouble(self, trial: Trial, others: Score) -> str:
        """Return why it is to be given up; empty while it is not.

        It is on trial for as long as it is there, a stretch of requests at a time; ``others`` is how the version that
        answers has done so far.
        """
        pool = self._pool
        if pool is None:
            return ""
        if pool.failed:
            return f"did not start: {pool.reason}"
        if others.answered < self._others_before.answered:
            self._others_before = Score(0, 0)  # another version answers by now, and counts from nothing
        new, old = pool.score - self._answered_before, others - self._others_before
        if trial.failed(new, old):
            return f"failed {new}, the version beside it {old}"
        if trial.over(new):
            self._answered_before, self._others_before = pool.score, others
        return ""

    def refuse(self, now: float) -> None:
        """Give up what it is now, and do not try it again until something else was wanted."""
        self._refused = self._pool.plan if self._pool is not None else None
        self.retire(now)

    def retire(self, now: float) -> None:
        """Let it finish and go."""
        if self._pool is not None:
            self._pool.drain(self._patience, now)
            self._retiring.append(self._pool)
        self._pool, self._answered_before, self._others_before = None, Score(0, 0), Score(0, 0)
        self._close()

    def kill(self) -> None:
        """End every process at once."""
        for pool in self.pools:
            pool.kill()
        self._pool = None
        self._retiring.clear()
        self._close()

    def share(self, weight: float, key: str) -> Tell:
        """Return what those who answer are told: to hand on a share, or (weight 0) none."""
        version = self.version
        if version is None:
            return Tell("split")
        return Tell("split", weight=weight, version=version, address=self.address, key=key)

    def _bound(self) -> socket.socket | None:
        """Listen at a new address, so that nobody who leaves is asked by mistake."""
        if not self._listens:
            return None
        # In Linux's abstract namespace: no file that a crash would leave, no limit on the length of a path.
        self.address = f"\0holter-{uuid4().hex}"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.bind(self.address)
        self._socket.listen(_BACKLOG)
        return self._socket

    def _close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket, self.address = None, ""
