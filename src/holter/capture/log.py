"""Rows that a batch job has scored itself, into the same records as those of a service."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from holter.capture.answers import answers
from holter.capture.columns import INSTANT
from holter.capture.labels import request_ids
from holter.capture.parsing import THRESHOLD
from holter.capture.redacted_table import redacted_table
from holter.capture.redaction import ensure_key
from holter.errors import InputError, NaiveTime, UnknownColumn
from holter.registry import ModelVersion, Shelves
from holter.source import stream
from holter.types import (
    DIGEST,
    EVENT_TIME,
    LATENCY,
    OPTIONAL,
    PREDICTION,
    RECEIVED_AT,
    REQUEST_ID,
    RESERVED,
    ROLE,
    ROW,
    SCORE,
    STATUS,
    VERSION,
    Task,
    as_utc,
)

ROLE_BATCH: Final = "batch"
"""Role of a record that no request has made."""
_COMMIT_ROWS: Final = 131_072


@dataclass(frozen=True)
class Columns:
    """Which column of a batch holds what; None: no column does."""

    key: str | None
    time: str | None
    prediction: str | None
    score: str | None


def log(
    shelves: Shelves,
    deployment: str,
    table: Any,
    *,
    received_at: datetime,
    key: str | None = None,
    time: str | None = None,
    zone: str | None = None,
    prediction: str | None = None,
    score: str | None = None,
    version: int | None = None,
) -> int:
    """Record rows that were scored elsewhere, and return how many were new; handing in a table again adds none.

    Parameters
    ----------
    table
        Anything tabular, one row for each scored record. Columns that the model's schema does not name are left out;
        without a schema every other column is a feature.
    received_at
        Now, with a time zone; also the event time where the table has none.
    key
        Column of the request ids. None: ids are made from the content, the same for the same table.
    time, zone
        Column of the event times, and the zone of those that have none.
    prediction, score
        Columns of what the model answered; a binary prediction that is not given is ``score >= 0.5``. Columns that
        already have the names of :mod:`holter.types.records` need not be named.
    version
        The model version that answered; None: the one deployed.

    Raises
    ------
    NotFound
        If there is no such deployment or version.
    UnknownColumn
        If the table lacks a column that was named.
    NaiveTime
        If a time has no zone and none was given.
    InputError
        If the time column holds no times.
    BadLabels
        If an id is null, or predictions are not of the task of the model; nothing was stored.
    """
    at = as_utc(received_at)
    entry = shelves.registry.deployment(deployment)
    model = shelves.registry.version(entry.model, version or entry.wanted.version)
    policy = entry.settings.redact
    key_of_hashes = ensure_key(shelves.root) if "hash" in policy.values() else b""
    rows = redacted_table(stream(table).read_all(), policy, key_of_hashes)
    columns = _found(rows, Columns(key, time, prediction, score))
    records = _records(rows, columns, model, at, zone)
    if not len(records):
        return 0
    # The same rows at another time are another batch, as are those of a customer who has not changed since last month.
    told = (REQUEST_ID, ROW, DIGEST, *([EVENT_TIME] if columns.time else []))
    batch = "batch-" + _digest_of([records[name].to_pylist() for name in told])
    return _append(shelves, deployment, records, batch)


def _append(shelves: Shelves, deployment: str, records: pa.Table, batch: str) -> int:
    shelf = shelves.records(deployment)
    done = begun = shelf.offset(batch)
    while done < len(records):
        part = records.slice(done, _COMMIT_ROWS)
        done += len(part)
        shelf.append(part, {batch: done})
    return done - begun


def _found(rows: pa.Table, asked: Columns) -> Columns:
    def column(name: str | None, usual: str) -> str | None:
        if name is not None and name not in rows.column_names:
            raise UnknownColumn(name, rows.column_names)
        return name or (usual if usual in rows.column_names else None)

    return Columns(
        column(asked.key, REQUEST_ID),
        column(asked.time, EVENT_TIME),
        column(asked.prediction, PREDICTION),
        column(asked.score, SCORE),
    )


def _records(rows: pa.Table, columns: Columns, model: ModelVersion, at: datetime, zone: str | None) -> pa.Table:
    count, task = len(rows), model.schema.task if model.schema else None
    features = _features(rows, columns, model)
    digests = pa.array([_digest_of(row) for row in _contents(features, count)], pa.string())
    score = _scores(rows, columns)
    return pa.table(
        {
            REQUEST_ID: request_ids(rows[columns.key]) if columns.key else _made_ids(rows, features, columns),
            ROW: _same(rows[ROW].cast(pa.int32()) if ROW in rows.column_names else 0, count, pa.int32()),
            **features,
            EVENT_TIME: _times(rows[columns.time], zone) if columns.time else _same(at, count, INSTANT),
            RECEIVED_AT: _same(at, count, INSTANT),
            VERSION: _same(model.version, count, pa.int32()),
            ROLE: _same(ROLE_BATCH, count, pa.string()),
            STATUS: _same(200, count, pa.int32()),
            LATENCY: _same(None, count, pa.int64()),
            DIGEST: digests,
            PREDICTION: _predictions(rows, columns, score, task),
            SCORE: score,
            **{name: rows[name] for name in OPTIONAL if name in rows.column_names},
        }
    )


def _features(rows: pa.Table, columns: Columns, model: ModelVersion) -> Mapping[str, pa.ChunkedArray]:
    taken = RESERVED.union(name for name in (columns.key, columns.time, columns.prediction, columns.score) if name)
    wanted = model.schema.names if model.schema and model.schema.names else rows.column_names
    # A model may have a feature that is also the time or the key; then the schema wins over the wish to keep it apart.
    keep = RESERVED if model.schema and model.schema.names else taken
    return {name: rows[name] for name in wanted if name in rows.column_names and name not in keep}


def _scores(rows: pa.Table, columns: Columns) -> pa.ChunkedArray:
    if columns.score is None:
        return _same(None, len(rows), pa.float64())
    return answers(rows[columns.score], Task.REGRESSION)


def _predictions(rows: pa.Table, columns: Columns, score: pa.ChunkedArray, task: Task | None) -> pa.ChunkedArray:
    if columns.prediction is not None:
        return answers(rows[columns.prediction], task)
    if task is Task.BINARY:
        return pc.greater_equal(score, THRESHOLD).cast(pa.float64())
    return _same(None, len(rows), pa.string() if task is Task.MULTICLASS else pa.float64())


def _times(column: pa.ChunkedArray, zone: str | None) -> pa.ChunkedArray:
    if not pa.types.is_timestamp(column.type):
        raise InputError(f"the event times are {column.type}, not timestamps.")
    if column.type.tz is None:
        if zone is None:
            first = next((moment for moment in column.to_pylist() if moment is not None), datetime(1970, 1, 1))  # noqa: DTZ001
            raise NaiveTime(first)
        # An hour that the clock shows twice is taken as the earlier one, an hour that it skips as the one after.
        column = pc.assume_timezone(
            column.cast(pa.timestamp("us"), safe=False), ZoneInfo(zone).key, ambiguous="earliest", nonexistent="latest"
        )
    return column.cast(INSTANT, safe=False)


def _contents(features: Mapping[str, pa.ChunkedArray], count: int) -> Iterable[tuple[Any, ...]]:
    return zip(*(column.to_pylist() for column in features.values()), strict=True) if features else [()] * count


def _digest_of(values: Any) -> str:
    return blake2b(repr(values).encode(), digest_size=16).hexdigest()


def _made_ids(rows: pa.Table, features: Mapping[str, pa.ChunkedArray], columns: Columns) -> pa.Array:
    # The position keeps apart rows that are alike, the content tables that are not: when, and what was answered, too.
    named = (columns.time, columns.prediction, columns.score)
    whole = {**features, **{name: rows[name] for name in named if name}}
    batch = _digest_of(list(_contents(whole, len(rows))))
    return pa.array([f"{batch}-{place}" for place in range(len(rows))], pa.string())


def _same(value: Any, count: int, dtype: pa.DataType) -> pa.ChunkedArray:
    if isinstance(value, pa.ChunkedArray):
        return value
    return pa.chunked_array([pa.array([value] * count, dtype)])
