"""Deployments: what runs, what should run, and where."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import sqlalchemy as sa

from holter.errors import InUse, NotFound
from holter.registry.book import SYSTEM, note, taken
from holter.registry.copying import copy_code, digest_of
from holter.registry.entries import Deployment, DeploymentSettings, DeploymentState, ModelVersion, Observed, Wanted
from holter.registry.names import check_deployment
from holter.registry.ports import free_port
from holter.registry.rows import deployment_of, monitor_of, stored, wanted_row
from holter.registry.shelving import Shelving
from holter.store.tables import DEPLOYMENT, MONITOR
from holter.store.transaction import SqlTransaction

_PLAN: Final = ("model", "wanted_version", "code", "entry_script", "settings")
"""What the supervisor starts new workers for."""


class Deployments(Shelving):
    """The pages about deployments."""

    def deploy(
        self,
        name: str,
        version: ModelVersion,
        *,
        entry_script: str,
        source: Path | None = None,
        settings: DeploymentSettings | None = None,
        overwrite: bool = False,
        actor: str = SYSTEM,
    ) -> Deployment:
        """Write down a service: a copy of its code, its version and a port that it keeps for life.

        ``source`` is a folder that is copied, ``entry_script`` then being relative to it; None copies the script alone.

        Raises
        ------
        BadName
            If the name cannot be part of an address.
        BadScript
            If the script could never serve.
        AlreadyExists
            If the name is taken and ``overwrite`` is False.
        """
        check_deployment(name)
        if not overwrite and any(one.name == name for one in self.deployments()):
            raise taken("deployment", name)
        script, code = self._keep_code(name, source, entry_script)
        values = {
            "model": version.model,
            "code": stored(code, self._root),
            "entry_script": script,
            "settings": asdict(settings or DeploymentSettings()),
            **wanted_row(Wanted(version.version)),
        }
        with self._facts.begin() as transaction:
            old = self._wanted(name, transaction)
            if old is None:
                self._insert(transaction, {"name": name, **values})
            elif not overwrite:
                raise taken("deployment", name)
            else:
                values |= self._replacing(transaction, name, version)
                if self._differs(transaction, name, values):
                    # In the same transaction: whoever waits must not take the old service's word for the new one.
                    values |= {"state": DeploymentState.TRANSITIONING, "detail": "not started yet"}
                transaction.connection.execute(DEPLOYMENT.update().where(DEPLOYMENT.c.name == name).values(**values))
            facts = {"model": version.model, "version": version.version, "code": code.name, "entry_script": script}
            action = "deployment.create" if old is None else "deployment.replace"
            note(transaction, actor, action, f"deployment:{name}", facts)
        return self.deployment(name)

    def _replacing(self, transaction: SqlTransaction, name: str, version: ModelVersion) -> dict[str, Any]:
        """Return which version can be rolled back to, only of the same model; another model begins a new shelf."""
        row = self._rows(sa.select(DEPLOYMENT).where(DEPLOYMENT.c.name == name), transaction)[0]
        if row["model"] != version.model:
            return {"wanted_previous": None, **self._new_shelf(transaction, name, version.model)}
        same = row["wanted_version"] == version.version
        return {"wanted_previous": row["wanted_previous" if same else "wanted_version"]}

    def _differs(self, transaction: SqlTransaction, name: str, values: Mapping[str, Any]) -> bool:
        """Tell whether the supervisor will start new workers for these values."""
        row = self._rows(sa.select(DEPLOYMENT).where(DEPLOYMENT.c.name == name), transaction)[0]
        return any(row[part] != values[part] for part in _PLAN)

    def _wanted(self, name: str, transaction: SqlTransaction) -> Wanted | None:
        query = sa.select(DEPLOYMENT).where(DEPLOYMENT.c.name == name).with_for_update()
        rows = self._rows(query, transaction)
        return deployment_of(rows[0], self._root).wanted if rows else None

    def _insert(self, transaction: SqlTransaction, values: Mapping[str, Any]) -> None:
        taken = {row["port"] for row in self._rows(sa.select(DEPLOYMENT.c.port), transaction)}
        shelf = self._new_shelf(transaction, values["name"], values["model"])
        values = {
            **values,
            "state": DeploymentState.TRANSITIONING,
            "detail": "not started yet",
            "port": free_port(taken),
            **shelf,
            "created_at": shelf["began"],
        }
        transaction.connection.execute(DEPLOYMENT.insert().values(**values))

    def _keep_code(self, name: str, source: Path | None, entry_script: str) -> tuple[str, Path]:
        home = self._root / "deployments" / name / "code"
        incoming = home / f".{uuid4().hex}"
        try:
            script = copy_code(source, entry_script, incoming)
            code = home / digest_of(incoming)[:16]
            if not code.exists():
                incoming.rename(code)
        finally:
            shutil.rmtree(incoming, ignore_errors=True)
        return script, code

    def deployment(self, name: str) -> Deployment:
        """Return a deployment. Raises NotFound."""
        rows = self._rows(sa.select(DEPLOYMENT).where(DEPLOYMENT.c.name == name))
        if not rows:
            raise NotFound("deployment", name, (one.name for one in self.deployments()))
        return deployment_of(rows[0], self._root)

    def deployments(self) -> Sequence[Deployment]:
        """Return all deployments, by name."""
        return [deployment_of(row, self._root) for row in self._rows(sa.select(DEPLOYMENT).order_by(DEPLOYMENT.c.name))]

    def observe(self, name: str, observed: Observed) -> None:
        """Write down what a service is. No ledger entry: nobody decided it. A deleted service is left deleted."""
        values = {
            "state": observed.state,
            "observed_version": observed.version,
            "detail": observed.detail,
            "observed_at": observed.at,
            "observed_canary": observed.canary,
            "observed_shadow": observed.shadow,
        }
        with self._facts.begin() as transaction:
            transaction.connection.execute(DEPLOYMENT.update().where(DEPLOYMENT.c.name == name).values(**values))

    def delete(self, name: str, *, purge: bool = False, actor: str = SYSTEM) -> None:
        """Take a deployment out of the book; its code stays on disk.

        Its records stay too, unless ``purge`` asks for their removal, and for that of every earlier deployment of the
        name: see :meth:`unwant`.

        Raises
        ------
        NotFound
            If there is no such deployment.
        InUse
            If a monitor still looks at it.
        """
        self.deployment(name)
        entries = [monitor_of(row, self._root) for row in self._rows(sa.select(MONITOR))]
        users = [entry.name for entry in entries if entry.target == name]
        if users:
            raise InUse("deployment", name, (f"monitor {user}" for user in users))
        with self._facts.begin() as transaction:
            transaction.connection.execute(DEPLOYMENT.delete().where(DEPLOYMENT.c.name == name))
            self._end_shelf(transaction, name)
            note(transaction, actor, "deployment.delete", f"deployment:{name}", {"purge": purge})
            if purge:
                self._unwant(transaction, name)
