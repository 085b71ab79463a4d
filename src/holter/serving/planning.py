"""From what the registry wants to what a pool is told."""

from pathlib import Path

import msgspec

from holter.capture.places import journal_folder
from holter.registry import Shelves
from holter.registry.entries import Deployment, ModelVersion
from holter.serving.keys import ensure_keys, key_file
from holter.serving.logs import deployment_log
from holter.serving.order import Order
from holter.serving.pool import Plan


class Planner:
    """Reads what a plan needs from the shelves; what never changes is read once."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves
        self._versions: dict[tuple[str, int], ModelVersion] = {}

    def plan(self, deployment: Deployment) -> Plan:
        """Return the plan for what a deployment should be now.

        Raises
        ------
        NotFound
            If its model has no such version.
        """
        if deployment.settings.auth:
            ensure_keys(self._shelves.root, deployment.name)
        order = order_for(self._shelves, deployment, self._version(deployment.model, deployment.wanted.version))
        return Plan(order, max(1, deployment.settings.workers), deployment_log(self._shelves.root, deployment.name))

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
        journal_full="serve" if shelves.settings.journal_full == "serve" else "refuse",
        timeout_ms=settings.timeout_ms,
        max_request_bytes=settings.max_request_mb << 20,
        event_time_header=settings.event_time_header,
        keys=str(key_file(root, deployment.name)) if settings.auth else None,
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
        app_root=str(_home(deployment) / "app" / version.model / str(version.version)),
        threads=max(1, int(deployment.settings.cpu_cores or 1)),
        environment=dict(deployment.settings.environment),
    )


def _home(deployment: Deployment) -> Path:
    """Return the folder of a deployment; its code lies in ``code/<digest>`` in there."""
    return deployment.code.absolute().parent.parent
