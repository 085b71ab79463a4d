"""Models and their versions: files that never change once they have a number."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

import sqlalchemy as sa

from holter.errors import InUse, NotFound
from holter.registry.book import SYSTEM, Book, note, now
from holter.registry.copying import copy_model, digest_of
from holter.registry.entries import ModelVersion
from holter.registry.names import check_model
from holter.registry.rows import stored, version_of
from holter.store.tables import DEPLOYMENT, LEDGER, MODEL_VERSION
from holter.store.transaction import SqlTransaction
from holter.types import Schema

if TYPE_CHECKING:
    import pyarrow as pa


_REGISTER: Final = "model.register"
_SERVED: Final = (
    "wanted_version",
    "wanted_previous",
    "canary_version",
    "shadow_version",
    "observed_version",
    "observed_canary",
    "observed_shadow",
)
"""Columns of a deployment that name a version it serves or may return to."""


class Models(Book):
    """The pages about models."""

    def register(
        self,
        name: str,
        file: Path,
        *,
        schema: Schema | None = None,
        baseline: "pa.Table | None" = None,
        held_out: bool = True,
        tags: Mapping[str, str] | None = None,
        lineage: Mapping[str, Any] | None = None,
        key: str | None = None,
        actor: str = SYSTEM,
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
                from holter.registry.baseline import write_baseline

                write_baseline(baseline, rows, schema)
            values = {
                "digest": digest_of(copy),
                "schema": schema and schema.to_dict(),
                "held_out": held_out,
                "tags": dict(tags or {}),
                "lineage": dict(lineage or {}),
                "key": key,
                "created_at": now(),
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
            number = self._given(name, transaction) + 1
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
            note(transaction, actor, _REGISTER, f"model:{name}", facts)
        return self.version(name, number)

    def _given(self, name: str, transaction: SqlTransaction) -> int:
        """Return how many numbers were given: that of a version which was deleted must not come back as another's."""
        query = sa.select(sa.func.max(MODEL_VERSION.c.version)).where(MODEL_VERSION.c.model == name)
        registered = (LEDGER.c.subject == f"model:{name}", LEDGER.c.action == _REGISTER)
        ever = sa.select(sa.func.count()).select_from(LEDGER).where(*registered)
        return max(transaction.connection.execute(each).scalar() or 0 for each in (query, ever))

    def tag(self, model: str, version: int, tags: Mapping[str, str], *, actor: str = SYSTEM) -> ModelVersion:
        """Replace the tags of a version; nothing else of it ever changes. Raises NotFound."""
        found = self.version(model, version)
        with self._facts.begin() as transaction:
            change = MODEL_VERSION.update().where(_is(found)).values(tags=dict(tags))
            transaction.connection.execute(change)
            facts = {"version": version, "before": dict(found.tags), "after": dict(tags)}
            note(transaction, actor, "model.tag", f"model:{model}", facts)
        return self.version(model, version)

    def delete_version(self, model: str, version: int, *, actor: str = SYSTEM) -> None:
        """Remove a version with its files. Records that it answered stay, and so does what the ledger says of it.

        Raises
        ------
        NotFound
            If there is none.
        InUse
            If a deployment serves it, or may return to it.
        """
        found = self.version(model, version)
        with self._facts.begin() as transaction:
            users = self._users(found, transaction)
            if users:
                raise InUse("version", f"{model}:{version}", users)
            transaction.connection.execute(MODEL_VERSION.delete().where(_is(found)))
            note(transaction, actor, "model.delete", f"model:{model}", {"version": version, "digest": found.digest})
        shutil.rmtree(found.path.parent, ignore_errors=True)
        if found.baseline is not None:
            found.baseline.unlink(missing_ok=True)

    def _users(self, found: ModelVersion, transaction: SqlTransaction) -> Sequence[str]:
        rows = self._rows(sa.select(DEPLOYMENT).where(DEPLOYMENT.c.model == found.model), transaction)
        return [f"deployment {row['name']}" for row in rows if found.version in (row[column] for column in _SERVED)]

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


def _is(found: ModelVersion) -> sa.ColumnElement[bool]:
    return (MODEL_VERSION.c.model == found.model) & (MODEL_VERSION.c.version == found.version)
