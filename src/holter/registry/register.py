"""The book of models, deployments and monitors; every change to it is a ledger entry in the same transaction."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pyarrow as pa
import sqlalchemy as sa

from holter.errors import AlreadyExists, InUse, NotFound
from holter.registry.baseline import write_baseline
from holter.registry.copying import copy_code, copy_model, digest_of
from holter.registry.entries import (
    Deployment,
    DeploymentSettings,
    DeploymentState,
    ModelVersion,
    MonitorEntry,
    Observed,
)
from holter.registry.names import check_deployment, check_model
from holter.registry.ports import free_port
from holter.registry.rows import deployment_of, monitor_of, monitor_row, stored, version_of
from holter.store import Entry, SqlFacts
from holter.store.tables import DEPLOYMENT, MODEL_VERSION, MONITOR
from holter.store.transaction import SqlTransaction
from holter.types import Schema

_SYSTEM: Final = "holter"
_PLAN: Final = ("model", "wanted_version", "code", "entry_script", "settings")
"""What makes the supervisor start new workers."""


class Registry:
    """Models, deployments and monitors of a workspace.

    Parameters
    ----------
    facts
        Where the entries stand.
    root
        The workspace folder, which takes the files.
    """

    def __init__(self, facts: SqlFacts, root: Path) -> None:
        self._facts, self._root = facts, root.absolute()

    def register(
        self,
        name: str,
        file: Path,
        *,
        schema: Schema | None = None,
        baseline: pa.Table | None = None,
        held_out: bool = True,
        tags: Mapping[str, str] | None = None,
        lineage: Mapping[str, Any] | None = None,
        key: str | None = None,
        actor: str = _SYSTEM,
    ) -> ModelVersion:
        """Copy a model file or folder, with its baseline, into the workspace as the next version of a model.

        ``key`` makes registering twice register once: a retry gets the version of the first time.

        Raises
        ------
        BadName
            If the name cannot be a folder.
        NotFound
            If there is no such file.
        UnknownColumn
            If the baseline lacks a feature of the schema.
        """
        check_model(name)
        existing = self._by_key(key)
        if existing is not None:
            return existing
        folder = self._root / "models" / name / f".{uuid4().hex}"
        rows = self._root / "baselines" / name / f".{uuid4().hex}.parquet"
        try:
            copy = copy_model(Path(file), folder)
            if baseline is not None:
                write_baseline(baseline, rows, schema)
            values = {
                "digest": digest_of(copy),
                "schema": schema and schema.to_dict(),
                "held_out": held_out,
                "tags": dict(tags or {}),
                "lineage": dict(lineage or {}),
                "key": key,
                "created_at": _now(),
            }
            return self._number(name, copy, rows if baseline is not None else None, values, actor)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            rows.unlink(missing_ok=True)

    def _number(self, name: str, copy: Path, rows: Path | None, values: Mapping[str, Any], actor: str) -> ModelVersion:
        """Give copied files the next number; the write lock makes sure that nobody else gets it."""
        with self._facts.begin() as transaction:
            existing = self._by_key(values["key"], transaction)
            if existing is not None:
                return existing
            query = sa.select(sa.func.max(MODEL_VERSION.c.version)).where(MODEL_VERSION.c.model == name)
            number = (transaction.connection.execute(query).scalar() or 0) + 1
            folder = copy.parent.with_name(str(number))
            shutil.rmtree(folder, ignore_errors=True)  # left by a process that died before its entry was written
            copy.parent.rename(folder)
            baseline = None if rows is None else rows.rename(rows.with_name(f"{number}.parquet"))
            values = {
                **values,
                "model": name,
                "version": number,
                "path": stored(folder / copy.name, self._root),
                "baseline": stored(baseline, self._root),
            }
            transaction.connection.execute(MODEL_VERSION.insert().values(**values))
            facts = {name: values[name] for name in ("version", "digest", "held_out", "lineage")}
            _note(transaction, actor, "model.register", f"model:{name}", "", facts)
        return self.version(name, number)

    def _by_key(self, key: str | None, transaction: SqlTransaction | None = None) -> ModelVersion | None:
        if key is None:
            return None
        rows = self._rows(sa.select(MODEL_VERSION).where(MODEL_VERSION.c.key == key), transaction)
        return version_of(rows[0], self._root) if rows else None

    def version(self, model: str, version: int | None = None) -> ModelVersion:
        """Return a version of a model; None: the newest. Raises NotFound."""
        versions = self.versions(model)
        found = versions[-1] if version is None else next((one for one in versions if one.version == version), None)
        if found is None:
            raise NotFound("version", f"{model}:{version}", (f"{one.model}:{one.version}" for one in versions))
        return found

    def versions(self, model: str) -> Sequence[ModelVersion]:
        """Return the versions of a model, oldest first. Raises NotFound."""
        query = sa.select(MODEL_VERSION).where(MODEL_VERSION.c.model == model).order_by(MODEL_VERSION.c.version)
        rows = self._rows(query)
        if not rows:
            raise NotFound("model", model, self.models())
        return [version_of(row, self._root) for row in rows]

    def models(self) -> Sequence[str]:
        """Return the names of all models, in order."""
        return [row["model"] for row in self._rows(sa.select(MODEL_VERSION.c.model).distinct().order_by("model"))]

    def deploy(
        self,
        name: str,
        version: ModelVersion,
        *,
        entry_script: str,
        source: Path | None = None,
        settings: DeploymentSettings | None = None,
        overwrite: bool = False,
        actor: str = _SYSTEM,
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
        self._refuse_taken(DEPLOYMENT, "deployment", name, overwrite=overwrite)
        script, code = self._keep_code(name, source, entry_script)
        values = {
            "model": version.model,
            "code": stored(code, self._root),
            "entry_script": script,
            "settings": asdict(settings or DeploymentSettings()),
            "wanted_version": version.version,
            "paused": False,
        }
        with self._facts.begin() as transaction:
            old = self._rows(sa.select(DEPLOYMENT).where(DEPLOYMENT.c.name == name), transaction)
            if old and not overwrite:
                raise _taken("deployment", name)
            if old:
                same = (old[0]["model"], old[0]["wanted_version"]) == (version.model, version.version)
                values["wanted_previous"] = old[0]["wanted_previous" if same else "wanted_version"]
                if old[0]["model"] != version.model:
                    values["wanted_previous"] = None
                if any(old[0][name] != values[name] for name in _PLAN):
                    # In the same transaction: whoever waits must not take the old service's word for the new one.
                    values |= {"state": DeploymentState.TRANSITIONING, "detail": "not started yet"}
                transaction.connection.execute(DEPLOYMENT.update().where(DEPLOYMENT.c.name == name).values(**values))
            else:
                self._insert_deployment(transaction, {"name": name, **values})
            facts = {"model": version.model, "version": version.version, "code": code.name, "entry_script": script}
            _note(
                transaction,
                actor,
                "deployment.replace" if old else "deployment.create",
                f"deployment:{name}",
                "",
                facts,
            )
        return self.deployment(name)

    def _insert_deployment(self, transaction: SqlTransaction, values: Mapping[str, Any]) -> None:
        taken = {row["port"] for row in self._rows(sa.select(DEPLOYMENT.c.port), transaction)}
        values = {
            **values,
            "state": DeploymentState.TRANSITIONING,
            "detail": "not started yet",
            "port": free_port(taken),
            "created_at": _now(),
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

    def want(
        self,
        name: str,
        *,
        version: int | None = None,
        paused: bool | None = None,
        actor: str,
        reason: str,
        facts: Mapping[str, Any] | None = None,
    ) -> Deployment:
        """Write down what a service should be; None leaves a part as it is. The version before is remembered.

        Nothing is written when nothing changes.

        Raises
        ------
        NotFound
            If there is no such deployment, or its model has no such version.
        """
        before = self.deployment(name)
        if version is not None:
            self.version(before.model, version)
        with self._facts.begin() as transaction:
            query = sa.select(DEPLOYMENT).where(DEPLOYMENT.c.name == name).with_for_update()
            old = deployment_of(self._rows(query, transaction)[0], self._root).wanted
            new = replace(old, paused=old.paused if paused is None else paused)
            if version is not None and version != old.version:
                new = replace(new, version=version, previous=old.version)
            if new != old:
                values = {"wanted_version": new.version, "wanted_previous": new.previous, "paused": new.paused}
                transaction.connection.execute(DEPLOYMENT.update().where(DEPLOYMENT.c.name == name).values(**values))
                known = {"model": before.model, "before": asdict(old), "after": asdict(new), **(facts or {})}
                _note(transaction, actor, "deployment.want", f"deployment:{name}", reason, known)
        return self.deployment(name)

    def observe(self, name: str, observed: Observed) -> None:
        """Write down what a service is. No ledger entry: nobody decided it. A deleted service is left deleted."""
        values = {
            "state": observed.state,
            "observed_version": observed.version,
            "detail": observed.detail,
            "observed_at": observed.at,
        }
        with self._facts.begin() as transaction:
            transaction.connection.execute(DEPLOYMENT.update().where(DEPLOYMENT.c.name == name).values(**values))

    def delete(self, name: str, *, actor: str = _SYSTEM) -> None:
        """Take a deployment out of the book; its records and its code stay on disk.

        Raises
        ------
        NotFound
            If there is no such deployment.
        InUse
            If a monitor still looks at it.
        """
        self.deployment(name)
        users = [entry.name for entry in self.monitors() if entry.target == name]
        if users:
            raise InUse("deployment", name, (f"monitor {user}" for user in users))
        with self._facts.begin() as transaction:
            transaction.connection.execute(DEPLOYMENT.delete().where(DEPLOYMENT.c.name == name))
            _note(transaction, actor, "deployment.delete", f"deployment:{name}", "", {})

    def add_monitor(self, entry: MonitorEntry, *, overwrite: bool = False, actor: str = _SYSTEM) -> MonitorEntry:
        """Write down a monitor.

        Raises
        ------
        BadName
            If the name cannot be a folder.
        NotFound
            If its target is a deployment that does not exist.
        AlreadyExists
            If the name is taken and ``overwrite`` is False.
        """
        check_model(entry.name, "monitor")
        if isinstance(entry.target, str):
            self.deployment(entry.target)
        row = monitor_row(replace(entry, created_at=entry.created_at or _now()), self._root)
        with self._facts.begin() as transaction:
            same = MONITOR.c.name == entry.name
            old = self._rows(sa.select(MONITOR).where(same), transaction)
            if old and not overwrite:
                raise _taken("monitor", entry.name)
            transaction.connection.execute(
                MONITOR.update().where(same).values(**row) if old else MONITOR.insert().values(**row)
            )
            action = "monitor.replace" if old else "monitor.create"
            _note(transaction, actor, action, f"monitor:{entry.name}", "", row["entry"])
        return self.monitor(entry.name)

    def monitor(self, name: str) -> MonitorEntry:
        """Return a monitor. Raises NotFound."""
        rows = self._rows(sa.select(MONITOR).where(MONITOR.c.name == name))
        if not rows:
            raise NotFound("monitor", name, (one.name for one in self.monitors()))
        return monitor_of(rows[0], self._root)

    def monitors(self) -> Sequence[MonitorEntry]:
        """Return all monitors, by name."""
        return [monitor_of(row, self._root) for row in self._rows(sa.select(MONITOR).order_by(MONITOR.c.name))]

    def pause(self, name: str, paused: bool = True, *, actor: str = _SYSTEM) -> MonitorEntry:
        """Stop or resume a monitor. Raises NotFound."""
        if self.monitor(name).paused != paused:
            with self._facts.begin() as transaction:
                transaction.connection.execute(MONITOR.update().where(MONITOR.c.name == name).values(paused=paused))
                _note(transaction, actor, "monitor.pause" if paused else "monitor.resume", f"monitor:{name}", "", {})
        return self.monitor(name)

    def delete_monitor(self, name: str, *, actor: str = _SYSTEM) -> None:
        """Take a monitor out of the book; what it measured stays. Raises NotFound."""
        self.monitor(name)
        with self._facts.begin() as transaction:
            transaction.connection.execute(MONITOR.delete().where(MONITOR.c.name == name))
            _note(transaction, actor, "monitor.delete", f"monitor:{name}", "", {})

    def _refuse_taken(self, table: sa.Table, what: str, name: str, *, overwrite: bool) -> None:
        if not overwrite and self._rows(sa.select(table.c.name).where(table.c.name == name)):
            raise _taken(what, name)

    def _rows(self, query: sa.Select[Any], transaction: SqlTransaction | None = None) -> Sequence[dict[str, Any]]:
        if transaction is not None:
            return [dict(row) for row in transaction.connection.execute(query).mappings()]
        with self._facts.engine.connect() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]


def _now() -> datetime:
    return datetime.now(UTC)


def _taken(what: str, name: str) -> AlreadyExists:
    return AlreadyExists(what, name, "Give another name, or overwrite it.")


def _note(
    transaction: SqlTransaction, actor: str, action: str, subject: str, reason: str, facts: Mapping[str, Any]
) -> None:
    transaction.record(Entry(actor, action, subject, reason, facts), _now())
