"""One deployment on its port: which pool serves, which is to take over, which is leaving."""

import errno
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from holter.registry.entries import DeploymentState
from holter.serving.order import Order
from holter.serving.pool import Plan, Pool
from holter.serving.second import NOBODY, Beside, Second
from holter.serving.trial import Score, Trial

HOST: Final = "127.0.0.1"
HANDOVER_SECONDS: Final = 15.0
"""How long a client may keep an idle connection to the version that is leaving."""
STOP_SECONDS: Final = 1.0
"""The same when the service is paused, deleted or goes down with the tree."""
DID_NOT_START: Final = "did not start"
TAKEN_BACK: Final = "was taken back"
"""How the detail of a deployment says that the version that is wanted was given up."""
_BACKLOG: Final = 1024


@dataclass(frozen=True)
class Report:
    """How a service is after a look at it.

    ``canary`` and ``shadow`` are the versions that stand beside the one that answers. ``fall_back`` is the version to
    want again, when the wanted one failed; ``dropped`` says for ``canary`` and ``shadow`` why it is to be wanted no
    more.
    """

    state: DeploymentState
    version: int | None
    detail: str = ""
    fall_back: int | None = None
    canary: int | None = None
    shadow: int | None = None
    dropped: tuple[tuple[str, str], ...] = ()


class Service:
    """Makes a deployment what it should be, a step with each look, and never lets the port go while it serves.

    Parameters
    ----------
    port
        Of the deployment.
    trial
        What a new version, and a canary, is held to.
    smoke
        Finds a request that a running version has answered, for the next one to try.

    Attributes
    ----------
    blocked
        Whether another process holds the port.
    """

    def __init__(
        self, port: int, trial: Trial | None = None, smoke: Callable[[Order], Path | None] = lambda _: None
    ) -> None:
        self._port, self._trial, self._find_smoke = port, trial or Trial(), smoke
        self._listener: socket.socket | None = None
        self._current: Pool | None = None
        self._next: Pool | None = None
        self._retiring: list[Pool] = []
        self._canary = Second(listens=True, patience=HANDOVER_SECONDS)
        self._shadow = Second(listens=False, patience=STOP_SECONDS)
        self._dropped: dict[str, str] = {}
        self._beside = NOBODY
        self._rejected: Plan | None = None
        self._before: tuple[Order, Score] | None = None
        self._note = ""
        self.blocked = False

    @property
    def idle(self) -> bool:
        """Whether it holds no process."""
        return not self.pools

    @property
    def pids(self) -> tuple[int, ...]:
        """Processes that take traffic or will."""
        return tuple(pid for pool in (self._current, self._next) if pool is not None for pid in pool.pids)

    @property
    def pools(self) -> list[Pool]:
        """All that have processes."""
        own = [pool for pool in (self._current, self._next, *self._retiring) if pool is not None]
        return [*own, *self._canary.pools, *self._shadow.pools]

    def tick(self, plan: Plan | None, now: float, beside: Beside = NOBODY) -> Report:
        """Go a step towards a plan; None: towards silence. ``now`` is monotonic, in seconds."""
        for pool in (self._current, self._next, *self._retiring):
            if pool is not None:
                pool.tick(now)
        self._retiring = [pool for pool in self._retiring if not pool.gone]
        if plan is None:
            return self._fall_silent(now)
        listener = self._bound()
        self.blocked = listener is None
        if listener is None:
            detail = f"port {self._port} is held by another process"
            return Report(DeploymentState.TRANSITIONING, None, detail)
        self._steer(plan, listener, now)
        self._hand_over(now)
        self._judge()
        self._stand_beside(beside, now)
        return self._whole(self._report(plan))

    def stop(self, now: float) -> None:
        """Begin to drain everything."""
        self.tick(None, now)

    def kill(self) -> None:
        """End every process at once and give up the port."""
        for pool in self.pools:
            pool.kill()
        self._canary.kill()
        self._shadow.kill()
        self._current = self._next = None
        self._retiring.clear()
        self._close()

    def _fall_silent(self, now: float) -> Report:
        for pool in (self._current, self._next):
            self._retire(pool, STOP_SECONDS, now)
        self._current = self._next = None
        self._note, self._before, self._beside = "", None, NOBODY
        self._dropped.clear()
        self._canary.steer(None, now)
        self._shadow.steer(None, now)
        # The kernel refuses new connections from here on: nobody would ever take those that wait in the socket.
        self._close()
        if not self.idle:
            return Report(DeploymentState.TRANSITIONING, None, "finishing what is under way")
        return Report(DeploymentState.PAUSED, None)

    def _steer(self, plan: Plan, listener: socket.socket, now: float) -> None:
        """Start the pool that the plan asks for, unless it is there or has failed before."""
        current = self._current
        if current is not None and current.plan != plan and not current.serving:
            self._retire(current, STOP_SECONDS, now)  # it serves nobody: there is nothing to keep
            current = self._current = None
        if current is None:
            self._retire(self._next, STOP_SECONDS, now)
            self._current, self._next, self._note = Pool(plan, listener, opened=True), None, ""
            self._rejected = self._before = None
            self._current.tick(now)
            return
        wanted = None if current.plan == plan else plan
        if self._next is not None and self._next.plan != wanted:
            self._retire(self._next, STOP_SECONDS, now)
            self._next = None
        if plan != self._rejected:
            self._rejected = None
        if wanted is not None and self._next is None and self._rejected is None:
            if not self._returns(plan):
                self._note = ""
            smoke = self._smoke_of(current, wanted)
            self._next = Pool(wanted, listener, opened=False, smoke=smoke)
            self._next.tick(now)

    def _smoke_of(self, current: Pool, plan: Plan) -> Path | None:
        """Return a request to try a plan with; none for another model, which is asked something else."""
        order = current.plan.order
        return self._find_smoke(order) if order.model == plan.order.model else None

    def _returns(self, plan: Plan) -> bool:
        """Tell whether a plan is the one that served before the present one was taken back."""
        return bool(self._note) and self._before is not None and self._before[0] == plan.order

    def _hand_over(self, now: float) -> None:
        """Let the next pool in once all of it is ready, and the current one go once all of the next listens."""
        if self._next is None or self._current is None:
            return
        if self._next.failed:
            version = self._next.plan.order.version
            self._note = f"version {version} {DID_NOT_START}: {self._next.reason}"
            self._rejected = self._next.plan
            self._retire(self._next, 0.0, now)
            self._next = None
        elif self._next.complete:
            returns = self._returns(self._next.plan)
            self._before = None if returns else (self._current.plan.order, self._current.score)
            self._retire(self._current, HANDOVER_SECONDS, now)
            self._current, self._next = self._next, None
        elif self._next.prepared:
            self._next.open()

    def _judge(self) -> None:
        """Take a new version back that fails more of its first requests than the one before did."""
        current = self._current
        if current is None or self._before is None or self._rejected is not None or self._next is not None:
            return
        order, old = self._before
        new = current.score
        if self._trial.failed(new, old):
            version = current.plan.order.version
            self._rejected = current.plan
            self._note = f"version {version} {TAKEN_BACK}: it failed {new}, version {order.version} {old}"
        elif self._trial.over(new):
            self._before = None

    def _stand_beside(self, beside: Beside, now: float) -> None:
        """See to canary and shadow, and tell those who answer what to hand on."""
        current = self._current
        if current is None:
            return
        self._forgive(beside)
        fresh = beside.canary is not None and not self._canary.pools
        self._canary.steer(beside.canary, now, self._find_smoke(current.plan.order) if fresh else None)
        self._shadow.steer(beside.shadow, now)
        self._beside = beside
        for role, second, others in (("canary", self._canary, current.score), ("shadow", self._shadow, Score(0, 0))):
            why = second.trouble(self._trial if role == "canary" else Trial(requests=0), others)
            if why:
                self._dropped[role] = f"version {second.pools[0].plan.order.version} {why}"
                second.refuse(now)
        told = self._canary.share(beside.weight, beside.key)
        for pool in (current, self._next):
            if pool is not None:
                pool.split(told)

    def _forgive(self, beside: Beside) -> None:
        """Forget why a canary or a shadow was given up, once another is wanted."""
        if beside.canary is not None and beside.canary != self._beside.canary:
            self._dropped.pop("canary", None)
        if beside.shadow is not None and beside.shadow != self._beside.shadow:
            self._dropped.pop("shadow", None)

    def _report(self, plan: Plan) -> Report:
        pool = self._current
        assert pool is not None  # noqa: S101  (steering has just made one)
        version, wanted = pool.plan.order.version, plan.order.version
        if self._rejected is not None:
            return Report(DeploymentState.UNHEALTHY, version, self._note, self._back(pool, plan))
        if self._next is not None:
            return Report(DeploymentState.TRANSITIONING, version, f"starting version {wanted}")
        if any(leaving.accepting for leaving in self._retiring):
            return Report(DeploymentState.TRANSITIONING, version, f"version {version} takes over")
        if pool.listening:
            return _serving(pool, self._note)
        return _not_serving(pool)

    def _back(self, pool: Pool, plan: Plan) -> int | None:
        """Return the version to want instead of one that failed; None where it is the same, with other code."""
        before = self._before[0] if self._before is not None and pool.plan == plan else pool.plan.order
        same = before.model == plan.order.model and before.version != plan.order.version
        return before.version if same else None

    def _whole(self, report: Report) -> Report:
        """Return a report with who stands beside, and who was given up."""
        dropped = tuple(sorted(self._dropped.items()))
        why = "\n".join(f"the {role} was given up: {why}" for role, why in dropped)
        return replace(
            report,
            detail=report.detail or why,
            canary=self._canary.version,
            shadow=self._shadow.version,
            dropped=dropped,
        )

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
