"""A table scored with one version of a deployment's model, in this process.

A model is a program of its own and may do anything to the process it runs in: whoever wants its answers starts a
process for them (``holter score``) and reads the file.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from decimal import Decimal
from math import isfinite
from typing import Any, Final

import pyarrow as pa

from holter.capture.parsing import Reply, parse_reply
from holter.errors import EntryScriptFailed
from holter.registry.entries import Deployment, ModelVersion
from holter.serving.contract import ask_now, contract_of
from holter.serving.entry import Run, load
from holter.serving.order import Order, lay_out_model, user_environment
from holter.serving.planning import code_order
from holter.types import PREDICTION, REQUEST_ID, RESERVED, ROW, SCORE, Task

BATCH_ROWS: Final = 1_000
"""Rows in one call of ``run()``."""

Shape = Callable[[Sequence[str], Sequence[Sequence[Any]]], object]


def _records(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(names, row, strict=True)) for row in rows]


SHAPES: Final[Mapping[str, Shape]] = {
    '{"data": [[..]]}': lambda _, rows: {"data": rows},
    '{"data": [{..}]}': lambda names, rows: {"data": _records(names, rows)},
    "[{..}]": _records,
}
"""How a request may carry its rows; a script understands at least one of them, and nobody has told which."""


def score_table(version: ModelVersion, deployment: Deployment, table: pa.Table) -> pa.Table:
    """Return what a model version answers to each row of a table.

    The entry script is loaded into this process, initialised once, and asked as a client would: with lists in the order
    of the schema, or with records by name where it does not understand lists. The first of :data:`SHAPES` that gets one
    answer for each of the first rows is used for all.

    Parameters
    ----------
    version
        The version to ask; it need not be the one that serves.
    deployment
        Whose code and environment to use.
    table
        Features by name; a feature that is missing is null. ``_request_id`` and ``_row`` are handed through; without
        them the request id is the place in the table and the row is 0.

    Returns
    -------
    pa.Table
        ``_request_id``, ``_row``, ``_prediction`` (float64, or string for multiclass) and ``_score`` (float64), in the
        order of the table. Null where an answer could not be read.

    Raises
    ------
    EntryScriptFailed
        If the script cannot be loaded, understands none of the shapes (with what it said to each), or later raises or
        answers with other than one value for each row.
    """
    order = code_order(deployment, version)
    schema = version.schema
    names = tuple(name for name in table.column_names if name not in RESERVED) if schema is None else schema.names
    task = None if schema is None else schema.task
    predictions: list[Any] = []
    scores: list[float | None] = []
    with _environment(order):
        asking = _Asking(order, load(order.script, order.preload), names, task)
        for batch in table.to_batches(max_chunksize=BATCH_ROWS):
            if not batch.num_rows:
                continue
            reply = asking(_rows(batch, names))
            predictions += reply.predictions
            scores += reply.scores
    return _answers(table, predictions, scores, task)


@contextmanager
def _environment(order: Order) -> Iterator[None]:
    """Give the script what it finds in a worker; paths of the caller are relative to where it was, so go back there."""
    lay_out_model(order)
    os.environ.update(user_environment(order))
    before = os.getcwd()  # noqa: PTH109  (chdir takes and gives text)
    os.chdir(order.code)
    try:
        yield
    finally:
        os.chdir(before)


class _Asking:
    """Asks a script in the shape that it understands, which the first rows find out."""

    def __init__(self, order: Order, run: Run, names: Sequence[str], task: Task | None) -> None:
        self._script, self._contract, self._names, self._task = str(order.script), contract_of(run), names, task
        self._shapes = SHAPES

    def __call__(self, rows: Sequence[Sequence[Any]]) -> Reply:
        refused: dict[str, _NoAnswer] = {}
        for name, shape in self._shapes.items():
            try:
                reply = self._answer(shape, rows)
            except _NoAnswer as error:
                refused[name] = error
            else:
                self._shapes = {name: shape}
                return reply
        why = "; ".join(f"asked with {name}, {error}" for name, error in refused.items())
        raise EntryScriptFailed(self._script, why) from next(iter(refused.values())).__cause__

    def _answer(self, shape: Shape, rows: Sequence[Sequence[Any]]) -> Reply:
        body = json.dumps(shape(self._names, rows))
        try:
            response = ask_now(self._contract, body.encode())
        except Exception as error:
            raise _NoAnswer(f"run() raised {type(error).__name__}: {error}") from error
        reply = parse_reply(response, self._task, len(rows))
        if len(reply.predictions) != len(rows):
            answer = response[:200].decode(errors="replace")
            raise _NoAnswer(f"it gave {len(reply.predictions)} answers to {len(rows)} rows: {answer}")
        return reply


class _NoAnswer(Exception):
    """What a script said to a shape was no answer; its text says why."""


def _rows(batch: pa.RecordBatch, names: Sequence[str]) -> list[list[Any]]:
    absent = [None] * batch.num_rows
    found = [batch.column(name).to_pylist() if name in batch.schema.names else absent for name in names]
    return [[_plain(value) for value in row] for row in zip(*found, strict=True)]


def _plain(value: Any) -> Any:
    """Return a value as JSON has it; what JSON has no word for is null."""
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def _answers(table: pa.Table, predictions: list[Any], scores: list[float | None], task: Task | None) -> pa.Table:
    names, count = table.column_names, table.num_rows
    ids = table[REQUEST_ID] if REQUEST_ID in names else pa.array(map(str, range(count)), pa.string())
    rows = table[ROW] if ROW in names else pa.array([0] * count, pa.int32())
    kind = pa.string() if task is Task.MULTICLASS else pa.float64()
    return pa.table(
        {REQUEST_ID: ids, ROW: rows, PREDICTION: pa.array(predictions, kind), SCORE: pa.array(scores, pa.float64())}
    )
