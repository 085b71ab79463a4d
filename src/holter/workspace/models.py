"""The models of a workspace."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from holter.errors import InputError
from holter.registry import Shelves
from holter.registry.entries import ModelVersion
from holter.types import Task
from holter.workspace.baseline import Roles, prepare
from holter.workspace.identity import actor
from holter.workspace.results import Versions


@dataclass(frozen=True)
class Models:
    """Registers model files and finds them again; reached as ``workspace.models``."""

    shelves: Shelves

    def register(
        self,
        name: str,
        file: str | Path,
        *,
        baseline: Any = None,
        label: str | None = None,
        score: str | None = None,
        prediction: str | None = None,
        time: str | None = None,
        task: Task | str | None = None,
        held_out: bool = True,
        tags: Mapping[str, str] | None = None,
        lineage: Mapping[str, Any] | None = None,
    ) -> ModelVersion:
        """Copy a model file into the workspace as the next version of a name.

        Parameters
        ----------
        name
            Letters, digits, ``-``, ``_`` and ``.``.
        file
            The model, in any format that the entry script can read.
        baseline
            What normal looks like: a table (anything :func:`holter.compare` takes) of rows the model was **not** fitted
            on. Columns that are none of the four below are the features.
        label, score, prediction, time
            Columns of the baseline: the ground truth, the probability of the positive class, the answer, the event time
            (read as UTC where it has no zone).
        task
            ``binary``, ``multiclass`` or ``regression``; None tells it from the label; ``lineage["task"]`` says why.
        held_out
            False for training rows: everything compared with them is marked uncalibrated.
        tags
            Words of your own; :meth:`tag` replaces them.
        lineage
            Where it comes from, as JSON values; never changes.

        Raises
        ------
        InputError
            If a column is named without a baseline, a column is missing, or labels are no values of the task.
        """
        roles = Roles(time, prediction, score, label)
        if baseline is None and roles != Roles():
            raise InputError("label=, score=, prediction= and time= name columns of the baseline; give baseline= too.")
        prepared = None if baseline is None else prepare(baseline, roles, task=task)
        return self.shelves.registry.register(
            name,
            Path(file),
            schema=prepared.schema if prepared else None,
            baseline=prepared.table if prepared else None,
            held_out=held_out,
            tags=dict(tags or {}),
            lineage={**({"task": prepared.reason} if prepared else {}), **(lineage or {})},
            actor=actor(),
        )

    def get(self, name: str, version: int | None = None) -> ModelVersion:
        """Return a version of a model; the newest when none is named. Raises NotFound."""
        return self.shelves.registry.version(name, version)

    def card(self, name: str, version: int | None = None, path: str | Path | None = None) -> str:
        """Return the card of a version as Markdown, or write it to a file.

        Parameters
        ----------
        name, version
            Which; the newest version when none is named.
        path
            A file whose name ends in ``.md``, ``.html`` or ``.pdf``; None writes none.

        Raises
        ------
        NotFound
            If there is no such version.
        InputError
            For another kind of file.
        MissingExtra
            For a PDF without the extra ``pdf``.
        """
        from holter.report.card import card
        from holter.report.layout import as_file, as_markdown

        found = self.get(name, version)
        document = card(self.shelves, found)
        if path is not None:
            as_file(document, Path(path), found.created_at)
        return as_markdown(document)

    def tag(self, name: str, version: int, tags: Mapping[str, str]) -> ModelVersion:
        """Replace the tags of a version. Raises NotFound."""
        return self.shelves.registry.tag(name, version, tags, actor=actor())

    def delete(self, name: str, version: int) -> None:
        """Remove a version with its files; what it answered stays.

        Raises
        ------
        NotFound
            If there is none.
        InUse
            If a deployment serves it, or may return to it.
        """
        self.shelves.registry.delete_version(name, version, actor=actor())

    def list(self) -> Versions:
        """Return every version of every model."""
        registry = self.shelves.registry
        return Versions(tuple(version for model in registry.models() for version in registry.versions(model)))
