"""Reads a tree and records it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from holter.capture.labels import log_labels
from holter.capture.log import log
from holter.capture.parsing import PREDICTIONS, SCORES
from holter.compat.azure_data.joining import Joining, Pair
from holter.compat.azure_data.reading import Frame, LeftOut, frames
from holter.compat.azure_data.tree import PARTS, Part, Stored, stored
from holter.errors import InputError
from holter.registry import Shelves
from holter.types import EVENT_TIME, PREDICTION, REQUEST_ID, RESERVED, SCORE

_BATCH_ROWS: Final = 50_000
_LABELS: Final = ("label", "ground_truth", "actual", "target", "y_true")
_UNPAIRED: Final = "the answer has no inputs within a day of it"
_UNEQUAL: Final = "inputs and outputs of one correlation id have different numbers of rows"
_NO_ANSWER: Final = "no column of the outputs is known as the answer: name it with --prediction or --score"

Row = dict[str, Any]


@dataclass
class Imported:
    """What became of a tree.

    Parameters
    ----------
    records, labels
        How many were found and taken; those that were there before stay as they are.
    new
        Records that were handed in for the first time.
    left_out
        How often each reason occurred, with the first place of it.
    """

    files: int = 0
    records: int = 0
    new: int = 0
    labels: int = 0
    left_out: dict[str, tuple[int, str]] = field(default_factory=dict)

    def leave(self, reason: str, where: str, count: int = 1) -> None:
        """Count something that is left out."""
        before, first = self.left_out.get(reason, (0, where))
        self.left_out[reason] = before + count, first

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        left = [{"reason": why, "count": n, "first": first} for why, (n, first) in self.left_out.items()]
        plain = {"files": self.files, "records": self.records, "new": self.new, "labels": self.labels}
        return {**plain, "left_out": left}

    def __str__(self) -> str:
        lines = [f"{self.files:,} files: {self.records:,} records ({self.new:,} new), {self.labels:,} labels."]
        if self.left_out:
            lines.append("Left out:")
        lines += [f"  {count:,} x {why} (first: {first})" for why, (count, first) in self.left_out.items()]
        return "\n".join(lines)


def import_azure_data(
    shelves: Shelves,
    folder: str | Path,
    deployment: str,
    *,
    received_at: datetime,
    source: str | None = None,
    collections: Mapping[str, str] | None = None,
    prediction: str | None = None,
    score: str | None = None,
    label: str | None = None,
    version: int | None = None,
) -> Imported:
    """Make records and labels of a tree of version 2 or 1; again adds nothing.

    The rows of a correlation id become the records ``ID_0``, ``ID_1`` and so on.

    Parameters
    ----------
    folder
        The tree, or a part of it that begins above the collections.
    source
        Which endpoint and deployment (or service and model) of it, where it has several.
    collections
        What collections of other names hold: ``inputs``, ``outputs``, ``both`` or ``labels``.
    prediction, score, label
        Columns; None: the usual names.
    version
        The model version that answered; None: the one deployed.

    Raises
    ------
    InputError
        If there is no such folder, it holds several sources and none was chosen, or a collection is given no meaning.
    NotFound, BadLabels
        As :func:`holter.capture.log.log`.
    """
    shelves.registry.deployment(deployment)
    done = Imported()
    files = _chosen(Path(folder), source, done)
    parts = {**PARTS, **{name: _part(text) for name, text in (collections or {}).items()}}
    writer = _Writer(shelves, deployment, received_at, version, (prediction, score, label), done)
    joining = Joining()
    for file in files:
        part = parts.get(file.collection)
        if part is None:
            done.leave(f"the collection {file.collection!r} is neither inputs, outputs nor labels", file.name)
            continue
        done.files += 1
        for pair in joining.late(file.at):
            writer.pair(pair)
        for found in frames(file):
            if isinstance(found, LeftOut):
                done.leave(found.reason, f"{found.file}:{found.line}")
            else:
                _take(part, found, file, joining, writer)
    for pair in joining.late(None):
        writer.pair(pair)
    writer.flush()
    return done


def _take(part: Part, found: Frame, file: Stored, joining: Joining, writer: "_Writer") -> None:
    if part is Part.LABELS:
        writer.labels(found)
    elif part is Part.BOTH:
        writer.pair(Pair(found.id, found.at, found.rows, found.rows))
    else:
        pair = joining.add(part, found, file.at)
        if pair is not None:
            writer.pair(pair)


def _part(text: str) -> Part:
    try:
        return Part(text)
    except ValueError:
        raise InputError(f"{text!r} is neither inputs, outputs, both nor labels.") from None


def _chosen(folder: Path, source: str | None, done: Imported) -> Sequence[Stored]:
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder}.")
    found: list[Stored] = []
    for each in stored(folder):
        if isinstance(each, str):
            done.leave("its place says no collection and no time", each)
        else:
            found.append(each)
    sources = sorted({each.source for each in found})
    if source is None and len(sources) > 1:
        raise InputError(f"there are several sources, choose one with --source: {', '.join(sources)}.")
    wanted = sources[0] if source is None and sources else source
    mine = [each for each in found if each.source == wanted or f"/{each.source}".endswith(f"/{wanted}")]
    if not mine and source is not None:
        raise InputError(f"there is no source {source!r}; there are: {', '.join(sources) or 'none'}.")
    return sorted(mine)


class _Writer:
    """Gathers rows, and records them some thousands at a time."""

    def __init__(
        self,
        shelves: Shelves,
        deployment: str,
        received_at: datetime,
        version: int | None,
        columns: tuple[str | None, str | None, str | None],
        done: Imported,
    ) -> None:
        self._shelves, self._deployment, self._at, self._version = shelves, deployment, received_at, version
        self._prediction, self._score, self._label = columns
        self._done = done
        self._rows: list[Row] = []
        self._labels: list[Row] = []

    def pair(self, pair: Pair) -> None:
        """Take the rows of a correlation id."""
        if pair.inputs is None:
            self._done.leave(_UNPAIRED, pair.id)
            return
        outputs = pair.outputs
        if outputs is not None and len(outputs) != len(pair.inputs):
            self._done.leave(_UNEQUAL, pair.id)
            return
        for place, inputs in enumerate(pair.inputs):
            columns = self._columns({} if outputs is None else outputs[place], alone=outputs is not pair.inputs)
            if outputs is not None and columns == (None, None):
                self._done.leave(_NO_ANSWER, pair.id)  # left out whole: a second import that names it adds it
                continue
            taken = columns if outputs is pair.inputs else ()
            features = {name: value for name, value in inputs.items() if name not in RESERVED and name not in taken}
            answers = zip((PREDICTION, SCORE), columns, strict=True)
            answer = {ours: (outputs or pair.inputs)[place].get(theirs) for ours, theirs in answers if theirs}
            self._rows.append({**features, REQUEST_ID: f"{pair.id}_{place}", EVENT_TIME: pair.at, **answer})
        if len(self._rows) >= _BATCH_ROWS:
            self.flush()

    def _columns(self, outputs: Row, *, alone: bool) -> tuple[str | None, str | None]:
        """Return which columns hold the answer and its score."""
        prediction = self._prediction or next((name for name in PREDICTIONS if name in outputs), None)
        score = self._score or next((name for name in SCORES if name in outputs), None)
        if prediction is None and score is None and len(outputs) == 1 and alone:
            prediction = next(iter(outputs))
        return (prediction, score) if outputs else (None, None)

    def labels(self, found: Frame) -> None:
        """Take the labels of a correlation id."""
        for place, row in enumerate(found.rows):
            name = self._label or next((name for name in _LABELS if name in row), None)
            name = name or (next(iter(row)) if len(row) == 1 else None)
            if name is None or name not in row:
                self._done.leave("no column of the labels is known as the truth: name it with --label", found.id)
                continue
            self._labels.append({REQUEST_ID: f"{found.id}_{place}", "label": row[name]})

    def flush(self) -> None:
        """Record what was gathered; the same id twice in one batch is one record."""
        rows = list({row[REQUEST_ID]: row for row in self._rows}.values())
        if rows:
            table = table_of(rows)
            new = log(self._shelves, self._deployment, table, received_at=self._at, version=self._version)
            self._done.new += new
            self._done.records += len(rows)
        if self._labels:
            table = table_of(self._labels)
            taken = log_labels(self._shelves, self._deployment, table, key=REQUEST_ID, received_at=self._at)
            self._done.labels += int(taken)
        self._rows, self._labels = [], []


def table_of(rows: Sequence[Row]) -> pa.Table:
    """Return rows as a table; a column whose values are of several types becomes text."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return pa.table({name: _column([row.get(name) for row in rows]) for name in names})


def _column(values: list[Any]) -> pa.Array:
    if any(isinstance(value, datetime) for value in values):
        return pa.array(values, pa.timestamp("us", "UTC"))
    try:
        return pa.array(values)
    except pa.ArrowException:
        return pa.array([None if value is None else str(value) for value in values])
