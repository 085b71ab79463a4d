"""Years of scored rows from files, into the records of a deployment."""

from datetime import datetime
from typing import Any, Final

import pyarrow as pa

from holter.capture.labels import log_labels
from holter.capture.log import log
from holter.errors import InputError
from holter.registry import Shelves
from holter.source import stream

PART_ROWS: Final = 250_000
"""Rows in memory at one time."""


def import_history(
    shelves: Shelves,
    deployment: str,
    table: Any,
    *,
    received_at: datetime,
    label: str | None = None,
    key: str | None = None,
    **columns: Any,
) -> int:
    """Record scored rows, part by part, and return how many were new; doing it again adds none.

    Parameters
    ----------
    table
        Anything tabular: a path or glob of Parquet or CSV, a Delta folder, a data frame.
    label
        Column of the truth; it needs a ``key``.
    key, columns
        As for :func:`holter.capture.log.log`.

    Raises
    ------
    InputError
        For a ``label`` without a ``key``.
    NotFound, UnknownColumn, NaiveTime, BadLabels
        As :func:`holter.capture.log.log`; parts before the one that is refused are recorded.
    """
    if label is not None and key is None:
        raise InputError("labels are joined by request id; say which column holds it: key=")
    new = 0
    for part in _parts(stream(table)):
        new += log(shelves, deployment, part, received_at=received_at, key=key, **columns)
        if label is not None and key is not None:
            log_labels(shelves, deployment, part, key=key, label=label, received_at=received_at)
    return new


def _parts(reader: pa.RecordBatchReader) -> Any:
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in reader:
        for start in range(0, batch.num_rows, PART_ROWS):
            piece = batch.slice(start, PART_ROWS)
            waiting.append(piece)
            rows += piece.num_rows
            if rows >= PART_ROWS:
                yield pa.Table.from_batches(waiting)
                waiting, rows = [], 0
    if waiting:
        yield pa.Table.from_batches(waiting)
