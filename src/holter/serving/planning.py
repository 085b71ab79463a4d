"""From what the registry wants to what a pool is told."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import ceil
from pathlib import Path
from typing import Any, Final
from zlib import crc32

import msgspec

from holter.capture.agreeing import terms_of
from holter.capture.frame import SHADOW
from holter.capture.modeldata import collector_environment
from holter.capture.places import journal_folder, telemetry_folder
from holter.registry import Shelves
from holter.registry.entries import Deployment, DeploymentSettings, ModelVersion
from holter.serving.keys import key_file
from holter.serving.logs import deployment_log
from holter.serving.order import Order
from holter.serving.pool import Plan
from holter.serving.second import Beside

CANARY: Final = "canary"
_PLAIN: Final[Mapping[str, Any]] = {"ssl_certfile": None, "ssl_keyfile": None}
"""Between workers of one machine nothing is encrypted: the one that the client knows does that."""
_GIBIBYTE: Final = 1 << 30


class Planner:
    """Reads what a plan needs from the shelves; what never changes is read once."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves
        self._versions: dict[tuple[str, int], ModelVersion] = {}

    def plan(self, deployment: Deployment) -> Plan:
        """Return the plan for the version that is to answer.

        Raises
        ------
        NotFound
            If its model has no such version.
        """
        return self._plan(deployment, deployment.wanted.version, deployment.settings.workers)

    def beside(self, deployment: Deployment) -> Beside:
        """Return the plans for the versions that are to stand beside it.

        Raises
        ------
        NotFound
            If the model has no such version.
        """
        wanted, found = deployment.wanted, Beside()
        if wanted.canary is not None:
            canary, workers = wanted.canary, ceil(deployment.settings.workers * wanted.canary.weight / 100)
            plan = self._plan(deployment, canary.version, workers, role=CANARY, **_PLAIN)
            found = Beside(canary=plan, weight=canary.weight, key=canary.key)
        if wanted.shadow is not None and deployment.settings.capture:
            # Only its supervisor can reach it, and nobody sends it requests: it asks for no key.
            plan = self._plan(deployment, wanted.shadow, 1, role=SHADOW, keys=None, **_PLAIN)
            found = replace(found, shadow=plan)
        return found

    def _plan(self, deployment: Deployment, version: int, workers: int, **given: Any) -> Plan:
        order = order_for(self._shelves, deployment, self._version(deployment.model, version))
        if given.get("role") == SHADOW:
            given["offsets"] = str(self._shelves.root.absolute() / "run" / "shadow" / f"{deployment.name}-{version}")
        order = msgspec.structs.replace(order, **given)
        log = deployment_log(self._shelves.root, deployment.name)
        return Plan(order, max(1, workers), log, _memory(deployment.settings))

    def _version(self, model: str, number: int) -> ModelVersion:
        key = (model, number)
        if key not in self._versions:
            self._versions[key] = self._shelves.registry.version(model, number)
        return self._versions[key]


def order_for(shelves: Shelves, deployment: Deployment, version: ModelVersion) -> Order:
    """Return what a worker of a deployment is told for one version of its model."""
    root, settings = shelves.root.absolute(), deployment.settings
    return msgspec.structs.replace(
        code_order(deployment, version),
        journal=str(journal_folder(root, deployment.shelf)) if settings.capture else None,
        environment={**collector_environment(shelves.settings, deployment.name), **settings.environment},
        terms=terms_of(shelves, deployment, version),
        timeout_ms=settings.timeout_ms,
        max_request_bytes=settings.max_request_mb << 20,
        event_time_header=settings.event_time_header,
        also=tuple(_also(shelves, settings)),
        telemetry=str(telemetry_folder(root, deployment.shelf)),
        keys=str(key_file(root, deployment.name)) if settings.auth else None,
        cors_origins=settings.cors_origins,
        ssl_certfile=settings.ssl_certfile,
        ssl_keyfile=settings.ssl_keyfile,
    )


def code_order(deployment: Deployment, version: ModelVersion) -> Order:
    """Return the part of an order that the user's code depends on: where it is, its model, its environment."""
    return Order(
        deployment=deployment.name,
        model=version.model,
        version=version.version,
        code=str(deployment.code.absolute()),
        entry_script=deployment.entry_script,
        model_path=str(version.path.absolute()),
        app_root=str(_home(deployment) / "app" / _layout(deployment, version)),
        preload=deployment.settings.preload,
        python=deployment.settings.python,
        threads=_threads(deployment.settings),
        cpus=_cpus(deployment, sorted(os.sched_getaffinity(0))),
        environment=dict(deployment.settings.environment),
    )


def _also(shelves: Shelves, settings: DeploymentSettings) -> Iterator[tuple[str, int, str]]:
    """Yield name, version and path of the further models. Raises NotFound."""
    for each in settings.also:
        model, _, number = each.partition(":")
        version = shelves.registry.version(model, int(number) if number else None)
        yield version.model, version.version, str(version.path.absolute())


def _threads(settings: DeploymentSettings) -> int:
    """Return how many threads a numeric library may use in a worker: its share of the deployment's cores."""
    return max(1, int((settings.cpu_cores or 1) / max(1, settings.workers)))


def _cpus(deployment: Deployment, here: Sequence[int]) -> tuple[int, ...]:
    """Return the processors that a deployment's workers share: none named where it may use all of them.

    Where they begin depends on the port, so that small deployments do not all sit on the first.
    """
    cores = ceil(deployment.settings.cpu_cores or len(here))
    if cores >= len(here):
        return ()
    return tuple(sorted(here[(deployment.port + number) % len(here)] for number in range(cores)))


def _memory(settings: DeploymentSettings) -> int:
    """Return how many bytes each worker may hold: its share of the deployment's memory. 0: any."""
    return int((settings.memory_gb or 0) * _GIBIBYTE / max(1, settings.workers))


def _layout(deployment: Deployment, version: ModelVersion) -> str:
    """Return the name of a folder for exactly these models: what another set of them left must not be found."""
    plain, also = f"{version.model}/{version.version}", ",".join(deployment.settings.also)
    return f"{plain}-{crc32(also.encode()):08x}" if also else plain


def _home(deployment: Deployment) -> Path:
    """Return the folder of a deployment; its code lies in ``code/<digest>`` in there."""
    return deployment.code.absolute().parent.parent
