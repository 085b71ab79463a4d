"""Makes so what the registry wants: a service per deployment, the companions, and nothing after it has gone.

It runs no user code, so a model can take down a worker and never the tree.
"""

import logging
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Final

from holter.capture.frame import SHADOW
from holter.errors import HolterError
from holter.registry import Shelves
from holter.registry.entries import Deployment, DeploymentState, Observed, Wanted, headline
from holter.registry.wanting import answered_by
from holter.serving.captured import smoke_request
from holter.serving.companion import Companion
from holter.serving.gauges import EVERY_SECONDS, gauge_of, write
from holter.serving.leftovers import PATIENCE_SECONDS, Leftovers
from holter.serving.lock import workspace_lock
from holter.serving.logs import deployment_log, process_log, rotate
from holter.serving.order import Order
from holter.serving.planning import Planner
from holter.serving.service import Report, Service
from holter.serving.trial import Trial

ACTOR: Final = "supervisor"
"""How the ledger names its decisions."""
_LOOK_SECONDS: Final = 0.05
"""How often it looks at its processes."""
_RECONCILE_SECONDS: Final = 0.25
"""How often it asks the registry what is wanted."""
_ROTATE_SECONDS: Final = 10.0
_COMPANION_STOP_SECONDS: Final = 10.0
_STOP_SECONDS: Final = 45.0
"""After this long a stop is enforced; with the companions' share it stays below the minute that holter down waits."""
_log = logging.getLogger("holter.serving")


class Supervisor:
    """The process that owns a workspace's ports.

    Parameters
    ----------
    shelves
        The workspace.
    companions
        What else to keep running: name, for its log, and command line.
    """

    def __init__(self, shelves: Shelves, companions: Mapping[str, Sequence[str]] | None = None) -> None:
        self._shelves, self._root = shelves, shelves.root
        self._companions = [Companion(name, argv, self._root) for name, argv in (companions or {}).items()]
        self._planner = Planner(shelves)
        settings = shelves.settings
        self._trial = Trial(settings.rollout_requests, settings.rollout_failures)
        self._services: dict[_Key, Service] = {}
        self._deployments: dict[_Key, Deployment] = {}
        self._told: dict[_Key, Report] = {}
        self._asked = self._rotated = self._gauged = float("-inf")
        self._stopping = False
        self._leftovers: Leftovers | None = None
        self._takes_over = 0.0

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT, then drain everything and return.

        Raises
        ------
        StillRunning
            If another process tree holds the workspace.
        """
        with workspace_lock(self._root, self._shelves.settings.port, datetime.now(UTC)):
            self._leftovers, self._takes_over = Leftovers(self._root), time.monotonic() + PATIENCE_SECONDS
            before = {number: signal.signal(number, self._on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
            try:
                while not self._stopping:
                    self.tick(time.monotonic())
                    time.sleep(_LOOK_SECONDS)
            finally:
                self._shut_down()
                for number, handler in before.items():
                    signal.signal(number, handler)

    def tick(self, now: float) -> None:
        """Look at every process once, and at the registry when it is time. ``now`` is monotonic, in seconds."""
        if now - self._asked >= _RECONCILE_SECONDS:
            self._asked = now
            self._ask_registry()
        for companion in self._companions:
            companion.tick(now)
        for key in list(self._services):
            self._step(key, now)
        if now - self._gauged >= EVERY_SECONDS:
            self._gauged = now
            self._write_gauges()
            self._take_over(now)
        if now - self._rotated >= _ROTATE_SECONDS:
            self._rotated = now
            self._rotate_logs()

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _ask_registry(self) -> None:
        try:
            found = {_key(deployment): deployment for deployment in self._shelves.registry.deployments()}
        except Exception:  # noqa: BLE001  (a database that is away for a moment must not end what serves)
            _log.exception("the registry cannot be read; everything stays as it is")
            return
        for key, deployment in found.items():
            if key not in self._services:
                self._services[key] = Service(deployment.port, self._trial, partial(self._smoke, key))
        self._deployments = found

    def _step(self, key: "_Key", now: float) -> None:
        service, deployment = self._services[key], self._deployments.get(key)
        if deployment is None:
            service.stop(now)
            if service.idle:
                del self._services[key]
                self._told.pop(key, None)
            return
        try:
            if deployment.wanted.paused:
                report = service.tick(None, now)
            else:
                report = service.tick(self._planner.plan(deployment), now, self._planner.beside(deployment))
            self._tell(deployment, report)
        except (HolterError, OSError) as error:
            self._tell(deployment, Report(DeploymentState.FAILED, None, str(error)))

    def _tell(self, deployment: Deployment, report: Report) -> None:
        """Write down how a service is, if that is news, and take back a version that does not start."""
        name, key = deployment.name, _key(deployment)
        if report == self._told.get(key):
            return
        try:
            at = datetime.now(UTC)
            observed = Observed(report.state, report.version, report.detail, at, report.canary, report.shadow)
            self._shelves.registry.observe(name, observed)
            if report.fall_back is not None:
                self._fall_back(deployment, report, report.fall_back)
            for role, why in report.dropped:
                self._drop(deployment, role, why)
        except Exception:  # noqa: BLE001  (as above; it is tried again with the next look)
            _log.exception("the registry cannot be written")
            return
        self._told[key] = report
        _log.info("%s: %s version %s %s", name, report.state, report.version, headline(report.detail))

    def _fall_back(self, deployment: Deployment, report: Report, version: int) -> None:
        failed = deployment.wanted.version

        def how(wanted: Wanted) -> Wanted:  # somebody may have decided otherwise in the meantime
            return answered_by(wanted, version) if wanted.version == failed else wanted

        self._shelves.registry.change(
            deployment.name,
            how,
            actor=ACTOR,
            reason=f"{headline(report.detail)}; version {version} answers",
            facts={"failed_version": failed, "detail": report.detail},
        )
        self._asked = float("-inf")

    def _drop(self, deployment: Deployment, role: str, why: str) -> None:
        """Want a canary or a shadow no more that has shown that it cannot be used."""
        before = deployment.wanted
        version = before.shadow if role == SHADOW else before.canary and before.canary.version
        if version is None:
            return  # it was given up before

        def how(wanted: Wanted) -> Wanted:  # somebody may want another by now
            if role == SHADOW:
                return replace(wanted, shadow=None) if wanted.shadow == version else wanted
            same = wanted.canary is not None and wanted.canary.version == version
            return replace(wanted, canary=None) if same else wanted

        self._shelves.registry.change(
            deployment.name,
            how,
            actor=ACTOR,
            reason=f"the {role} was given up: {headline(why)}",
            facts={"failed_version": version, "role": role, "detail": why},
        )
        self._asked = float("-inf")

    def _smoke(self, key: "_Key", running: Order) -> Path | None:
        """Return a request that a version has answered; None where what was captured is not what was asked."""
        deployment = self._deployments.get(key)
        if deployment is None or deployment.settings.redact:
            return None
        return smoke_request(self._root / "run" / "smoke" / deployment.name, running)

    def _write_gauges(self) -> None:
        pools = [pool for service in self._services.values() for pool in service.pools]
        try:
            write(self._root, map(gauge_of, pools))
            if self._leftovers is not None:
                self._leftovers.note(pid for pool in pools for pid in pool.everyone)
        except OSError:  # a full disk must not end what serves
            _log.exception("how the workers are cannot be written down")

    def _take_over(self, now: float) -> None:
        """End workers of a supervisor that was killed, when one of them keeps a port that is wanted."""
        blocked = any(service.blocked for service in self._services.values())
        if self._leftovers is not None and blocked and now >= self._takes_over:
            self._leftovers.end()

    def _rotate_logs(self) -> None:
        for name, _ in self._services:
            rotate(deployment_log(self._root, name))
        for companion in self._companions:
            rotate(process_log(self._root, companion.name))

    def _shut_down(self) -> None:
        began = now = time.monotonic()
        while any(not service.idle for service in self._services.values()) and now - began < _STOP_SECONDS:
            for service in self._services.values():
                service.stop(now)
            time.sleep(_LOOK_SECONDS)
            now = time.monotonic()
        for service in self._services.values():
            service.kill()
        for companion in self._companions:
            companion.terminate()
        for companion in self._companions:
            companion.wait(_COMPANION_STOP_SECONDS)
        self._write_gauges()
        for deployment in self._deployments.values():
            self._tell(deployment, replace(_STOPPED, state=_resting(deployment)))


_Key = tuple[str, int]
"""Name and port: a deployment that is deleted and made again under its name is another one."""
_STOPPED: Final = Report(DeploymentState.UNHEALTHY, None, "not running; start it with: holter up --detach")


def _key(deployment: Deployment) -> _Key:
    return deployment.name, deployment.port


def _resting(deployment: Deployment) -> DeploymentState:
    return DeploymentState.PAUSED if deployment.wanted.paused else DeploymentState.UNHEALTHY
