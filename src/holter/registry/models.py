"""Models and their versions: files that never change once they have a number."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import sqlalchemy as sa

from holter.errors import NotFound
from holter.registry.book import SYSTEM, Book, note, now
from holter.registry.copying import copy_model, digest_of
from holter.registry.entries import ModelVersion
from holter.registry.names import check_model
from holter.registry.rows import stored, version_of
from holter.store.tables import MODEL_VERSION
from holter.store.transaction import SqlTransaction
from holter.types import Schema

if TYPE_CHECKING:
    import pyarrow as pa


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
            note(transaction, actor, "model.register", f"model:{name}", facts)
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
