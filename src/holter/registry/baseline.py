"""What "normal" was: the baseline of a version as a window, ready to compare with."""

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from holter.errors import NotFound, UnknownColumn, UnreadableTable
from holter.profile import Profile, Window
from holter.registry.entries import ModelVersion
from holter.types import EVENT_TIME, LABEL, PREDICTION, SCORE, Kind, Schema, Span, Task

_KEPT: Final = 8
"""Baselines held in memory: one for each version a busy workspace compares with."""


def profile_kinds(schema: Schema) -> Mapping[str, Kind]:
    """Return how the columns of a window of this schema are summarised, features and answers alike.

    Target and baseline must be summarised the same way, so both use this.
    """
    answer = Kind.NUMERIC if schema.task is Task.REGRESSION else Kind.CATEGORICAL
    answers = {PREDICTION: answer, LABEL: answer, SCORE: Kind.NUMERIC}
    return {feature.name: feature.kind for feature in schema.features} | answers


def baseline_window(source: ModelVersion | Path, schema: Schema) -> Window:
    """Return profile and rows of a baseline; reading it again costs nothing until the file changes.

    Raises
    ------
    NotFound
        If the version has no baseline, or the file is gone.
    UnreadableTable
        If it is no Parquet file.
    """
    path = source.baseline if isinstance(source, ModelVersion) else source
    if path is None:
        assert isinstance(source, ModelVersion)  # noqa: S101
        raise NotFound("baseline of", f"{source.model}:{source.version}")
    if not path.is_file():
        raise NotFound("baseline", str(path))
    status = path.stat()
    return _window(path, status.st_mtime_ns, status.st_size, schema)


@lru_cache(maxsize=_KEPT)
def _window(path: Path, _changed: int, _size: int, schema: Schema) -> Window:
    try:
        rows = pq.ParquetFile(path).read()
    except (pa.ArrowException, OSError) as error:
        raise UnreadableTable(str(path), str(error)) from error
    kinds = profile_kinds(schema)
    profile = Profile.of(rows.select([name for name in rows.column_names if name in kinds]), kinds=kinds)
    return Window(_span(rows), schema, profile=profile, rows=rows)


def _span(rows: pa.Table) -> Span | None:
    if EVENT_TIME not in rows.column_names or rows[EVENT_TIME].null_count == len(rows):
        return None
    limits = pc.min_max(rows[EVENT_TIME]).as_py()
    return Span(limits["min"], limits["max"] + timedelta(microseconds=1))


def write_baseline(rows: pa.Table, path: Path, schema: Schema | None) -> None:
    """Write a baseline file. Raises UnknownColumn if a feature is missing."""
    for name in () if schema is None else schema.names:
        if name not in rows.column_names:
            raise UnknownColumn(name, rows.column_names, "the baseline")
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(rows, path, compression="zstd")
