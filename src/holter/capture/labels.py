"""Ground truth that arrives after the prediction."""

import logging
from datetime import datetime
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc

from holter.capture.answers import answers, plain
from holter.capture.columns import INSTANT
from holter.errors import BadLabels
from holter.registry import Shelves
from holter.source import stream
from holter.types import LABEL, LABELLED_AT, REQUEST_ID, ROW, Task, as_utc

_log = logging.getLogger("holter.capture")


class Labelled(int):
    """How many labels were taken; ``known`` of them belong to records that are here now, the others wait for theirs.

    Examples
    --------
    >>> print(Labelled(3, 2), Labelled(3, 2) == 3)
    3 labels: 2 belong to records, 1 waits for its record. True
    """

    known: int

    def __new__(cls, taken: int, known: int) -> Self:
        """Make it of the two counts."""
        made = super().__new__(cls, taken)
        made.known = known
        return made

    def __str__(self) -> str:
        waiting = self - self.known
        if not waiting:
            return f"{int(self):,} labels, all of records that are here."
        wait = f"{waiting:,} wait for their records" if waiting > 1 else "1 waits for its record"
        return f"{int(self):,} labels: {self.known:,} belong to records, {wait}."


def log_labels(
    shelves: Shelves,
    deployment: str,
    table: Any,
    *,
    key: str = "request_id",
    label: str = "label",
    row: str | None = None,
    received_at: datetime,
) -> Labelled:
    """Store labels and return how many were taken, and how many of them have a record now.

    Null and NaN labels mean "not known yet" and are left out.

    Parameters
    ----------
    table
        Anything tabular, one row for each labelled record. Of two labels for one record the newer wins, of two in one
        table the later row.
    key, label
        Columns with the request id and the truth: booleans, 0 and 1 or numbers, as the task of the deployment's model
        says; names only for multiclass.
    row
        Column with the position of the record in its request, from 0; None: every request had one row.
    received_at
        When the truth became known, with a time zone.

    Raises
    ------
    NotFound
        If there is no such deployment.
    UnknownColumn
        If the table lacks one of the columns.
    BadLabels
        If an id is null, a position is not whole and 0 or more, or a label is not of the task; nothing was stored.
    NaiveTime
        If ``received_at`` has no time zone.
    """
    at = as_utc(received_at)
    entry = shelves.registry.deployment(deployment)
    schema = shelves.registry.version(entry.model, entry.wanted.version).schema
    found = stream(table, columns=list(dict.fromkeys([key, label, *([row] if row else [])]))).read_all()
    labels = _labels(found, key, label, row, schema.task if schema else None, at)
    kept = labels.filter(pc.is_valid(labels[LABEL]))
    if len(kept) < len(labels):
        _log.info("%d of %d labels for %s are null and were left out", len(labels) - len(kept), len(labels), deployment)
    known = shelves.records(deployment).append_labels(kept) if len(kept) else 0
    return Labelled(len(kept), known)


def _labels(found: pa.Table, key: str, label: str, row: str | None, task: Task | None, at: datetime) -> pa.Table:
    places = pa.chunked_array([pa.array([0] * len(found), pa.int32())]) if row is None else _places(found[row])
    return pa.table(
        {
            REQUEST_ID: request_ids(found[key]),
            ROW: places,
            LABEL: answers(found[label], task),
            LABELLED_AT: pa.array([at] * len(found), INSTANT),
        }
    )


def request_ids(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return ids as text; whole numbers are taken, also where nulls elsewhere made them floating.

    Raises
    ------
    BadLabels
        If an id is missing or of another type.
    """
    column = plain(column)
    if pa.types.is_floating(column.type):
        column = _whole(column, pa.int64(), "request ids")
    if not (pa.types.is_integer(column.type) or _is_text(column.type) or pa.types.is_null(column.type)):
        raise BadLabels(f"the request ids are {column.type}, not text or whole numbers")
    if column.null_count:
        raise BadLabels(f"{column.null_count} of {len(column)} rows have no request id")
    return column.cast(pa.string())


def _is_text(dtype: pa.DataType) -> bool:
    return bool(pa.types.is_string(dtype) or pa.types.is_large_string(dtype) or pa.types.is_string_view(dtype))


def _places(column: pa.ChunkedArray) -> pa.ChunkedArray:
    places = pc.fill_null(_whole(plain(column), pa.int32(), "positions"), 0)
    if len(places) and pc.min(places).as_py() < 0:
        raise BadLabels("a position is less than 0")
    return places


def _whole(column: pa.ChunkedArray, dtype: pa.DataType, what: str) -> pa.ChunkedArray:
    try:
        if pa.types.is_floating(column.type):
            column = pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
        return column.cast(dtype)
    except pa.ArrowException as error:
        raise BadLabels(f"the {what} are not whole numbers: {error}") from error
