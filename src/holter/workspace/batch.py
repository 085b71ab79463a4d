"""Rows that were scored elsewhere, recorded as if a deployment had answered them."""

from collections.abc import Iterable
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from holter.errors import UnknownColumn
from holter.registry import Deployment, Shelves
from holter.types import (
    DIGEST,
    EVENT_TIME,
    LABEL,
    LABELLED_AT,
    RECEIVED_AT,
    REQUEST_ID,
    ROLE,
    ROW,
    STATUS,
    VERSION,
)
from holter.workspace.baseline import Roles, prepare

_INSTANT: Final = pa.timestamp("us", "UTC")
_FINE: Final = 200
"""The status of a row that was scored."""


def log_batch(
    shelves: Shelves, deployment: Deployment, obj: Any, roles: Roles, *, key: str | None, now: datetime
) -> int:
    """Append a table to the records of a deployment and return its rows; the same table twice is recorded once.

    Without a ``key`` the request id is made from what the table holds, and the row is its place in it.

    Raises
    ------
    UnknownColumn
        For a named column that is not there.
    BadLabels
        If predictions or labels are no values of the model's task.
    """
    from holter.source import stream

    whole = stream(obj).read_all()
    if key is not None and key not in whole.column_names:
        raise UnknownColumn(key, whole.column_names)
    schema = shelves.registry.version(deployment.model, deployment.wanted.version).schema
    features = whole if key is None else whole.drop_columns([key])
    rows = prepare(features, roles, task=schema.task if schema else None).table
    labels = rows[LABEL] if LABEL in rows.column_names else None
    rows = rows.drop_columns([LABEL]) if labels is not None else rows
    rows = _identified(rows, None if key is None else whole[key])
    rows = _stamped(rows, deployment.wanted.version, now)
    records = shelves.records(deployment.name)
    records.append(rows, {})
    if labels is not None:
        truth = pa.table({REQUEST_ID: rows[REQUEST_ID], ROW: rows[ROW], LABEL: labels})
        records.append_labels(truth.append_column(LABELLED_AT, _always(now, len(rows), _INSTANT)))
    return len(rows)


def _identified(rows: pa.Table, key: pa.ChunkedArray | None) -> pa.Table:
    digests = list(_digests(rows))
    if key is None:
        batch = blake2b("".join(digests).encode(), digest_size=16).hexdigest()
        ids, places = _always(f"batch-{batch}", len(rows), pa.string()), pa.array(range(len(rows)), pa.int32())
    else:
        ids, places = pc.cast(key, pa.string()), _always(0, len(rows), pa.int32())
    rows = rows.append_column(REQUEST_ID, ids).append_column(ROW, places)
    return rows.append_column(DIGEST, pa.array(digests, pa.string()))


def _digests(rows: pa.Table) -> Iterable[str]:
    """Yield what tells one row from another: 128 bits, as hexadecimal text."""
    for batch in rows.to_batches(max_chunksize=10_000):
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            yield blake2b(repr(row).encode(), digest_size=16).hexdigest()


def _stamped(rows: pa.Table, version: int, now: datetime) -> pa.Table:
    n = len(rows)
    stamps = {
        EVENT_TIME: _always(now, n, _INSTANT),
        RECEIVED_AT: _always(now, n, _INSTANT),
        VERSION: _always(version, n, pa.int32()),
        ROLE: _always("champion", n, pa.string()),
        STATUS: _always(_FINE, n, pa.int32()),
    }
    for name, values in stamps.items():
        if name not in rows.column_names:
            rows = rows.append_column(name, values)
    return rows


def _always(value: Any, n: int, dtype: pa.DataType) -> pa.Array:
    return pa.repeat(pa.scalar(value, dtype), n)
