"""One deployment on its port: which pool serves, which is to take over, which is leaving."""

import errno
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from holter.registry.entries import DeploymentState
from holter.serving.pool import Plan, Pool

HOST: Final = "127.0.0.1"
HANDOVER_SECONDS: Final = 15.0
"""How long a client may keep an idle connection to the version that is leaving."""
STOP_SECONDS: Final = 1.0
"""The same when the service is paused, deleted or goes down with the tree."""
_BACKLOG: Final = 1024


@dataclass(frozen=True)
class Report:
    """How a service is after a look at it. ``fall_back`` is the version to want again, when the wanted one failed."""

    state: DeploymentState
    version: int | None
    detail: str = ""
    fall_back: int | None = None


class Service:
    """Makes a deployment what it should be, a step with each look, and never lets the port go while it serves."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._listener: socket.socket | None = None
        self._current: Pool | None = None
        self._next: Pool | None = None
        self._retiring: list[Pool] = []
        self._rejected: Plan | None = None
        self._note = ""

    @property
    def idle(self) -> bool:
        """Whether it holds no process."""
        return self._current is None and self._next is None and not self._retiring

    @property
    def pids(self) -> tuple[int, ...]:
        """Processes that take traffic or will."""
        return tuple(pid for pool in (self._current, self._next) if pool is not None for pid in pool.pids)

    def tick(self, plan: Plan | None, now: float) -> Report:
        """Go a step towards a plan; None: towards silence. ``now`` is monotonic, in seconds."""
        for pool in self._pools():
            pool.tick(now)
        self._retiring = [pool for pool in self._retiring if not pool.gone]
        if plan is None:
            return self._fall_silent(now)
        listener = self._bound()
        if listener is None:
            detail = f"port {self._port} is held by another process"
            return Report(DeploymentState.TRANSITIONING, None, detail)
        self._steer(plan, listener, now)
        self._hand_over(now)
        return self._report(plan)

    def stop(self, now: float) -> None:
        """Begin to drain everything."""
        self.tick(None, now)

    def kill(self) -> None:
        """End every process at once and give up the port."""
        for pool in self._pools():
            pool.kill()
        self._current = self._next = None
        self._retiring.clear()
        self._close()

    def _pools(self) -> list[Pool]:
        return [pool for pool in (self._current, self._next, *self._retiring) if pool is not None]

    def _fall_silent(self, now: float) -> Report:
        for pool in (self._current, self._next):
            self._retire(pool, STOP_SECONDS, now)
        self._current = self._next = None
        self._note = ""
        # The kernel refuses new connections from here on: nobody would ever take those that wait in the socket.
        self._close()
        if self._retiring:
            return Report(DeploymentState.TRANSITIONING, None, "finishing what is under way")
        return Report(DeploymentState.PAUSED, None)

    def _steer(self, plan: Plan, listener: socket.socket, now: float) -> None:
        """Start the pool that the plan asks for, unless it is there or has failed before."""
        current = self._current
        if current is not None and current.plan != plan and not current.listening:
            self._retire(current, STOP_SECONDS, now)  # it serves nobody: there is nothing to keep
            current = self._current = None
        if current is None:
            self._retire(self._next, STOP_SECONDS, now)
            self._current, self._next, self._note = Pool(plan, listener, opened=True), None, ""
            self._current.tick(now)
            return
        wanted = None if current.plan == plan else plan
        if self._next is not None and self._next.plan != wanted:
            self._retire(self._next, STOP_SECONDS, now)
            self._next = None
        if wanted != self._rejected:
            self._rejected = None
        if wanted is not None and self._next is None and self._rejected is None:
            self._next, self._note = Pool(wanted, listener, opened=False), ""
            self._next.tick(now)

    def _hand_over(self, now: float) -> None:
        """Let the next pool in once all of it is ready, and the current one go once all of the next listens."""
        if self._next is None:
            return
        if self._next.failed:
            version = self._next.plan.order.version
            self._note = f"version {version} did not start: {self._next.reason}"
            self._rejected = self._next.plan
            self._retire(self._next, 0.0, now)
            self._next = None
        elif self._next.complete:
            self._retire(self._current, HANDOVER_SECONDS, now)
            self._current, self._next = self._next, None
        elif self._next.prepared:
            self._next.open()

    def _report(self, plan: Plan) -> Report:
        pool = self._current
        assert pool is not None  # noqa: S101  (steering has just made one)
        version, wanted = pool.plan.order.version, plan.order.version
        if self._rejected is not None:
            back = version if version != wanted and pool.plan.order.model == plan.order.model else None
            return Report(DeploymentState.UNHEALTHY, version, self._note, back)
        if self._next is not None:
            return Report(DeploymentState.TRANSITIONING, version, f"starting version {wanted}")
        if any(leaving.accepting for leaving in self._retiring):
            return Report(DeploymentState.TRANSITIONING, version, f"version {version} takes over")
        if pool.listening:
            return _serving(pool, self._note)
        return _not_serving(pool)

    def _retire(self, pool: Pool | None, patience: float, now: float) -> None:
        if pool is not None:
            pool.drain(patience, now)
            self._retiring.append(pool)

    def _bound(self) -> socket.socket | None:
        """Return the listening socket; None while the port is taken, as by workers of a supervisor that was killed."""
        if self._listener is not None:
            return self._listener
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((HOST, self._port))
            listener.listen(_BACKLOG)
        except OSError as error:
            listener.close()
            if error.errno == errno.EADDRINUSE:
                return None
            raise
        self._listener = listener
        return listener

    def _close(self) -> None:
        if self._listener is not None:
            with suppress(OSError):
                self._listener.close()
            self._listener = None


def _serving(pool: Pool, note: str) -> Report:
    version = pool.plan.order.version
    if not pool.complete:
        detail = f"{pool.listening} of {pool.plan.workers} workers answer. {pool.reason}".strip()
        return Report(DeploymentState.UNHEALTHY, version, detail)
    return Report(DeploymentState.UNHEALTHY if note else DeploymentState.HEALTHY, version, note)


def _not_serving(pool: Pool) -> Report:
    if pool.failed:
        return Report(DeploymentState.FAILED, None, pool.reason)
    if pool.reason:
        return Report(DeploymentState.UNHEALTHY, None, pool.reason)
    return Report(DeploymentState.TRANSITIONING, None, f"starting version {pool.plan.order.version}")
