"""What a retraining reads and leaves: two files of labelled records, and one model."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from holter.errors import ResponseFailed
from holter.store.protocols import Records
from holter.types import EVENT_TIME, LABEL, PREDICTION, ROLE, SCORE, STATUS, VERSION, Span

_ANSWERING: Final = pa.array(["champion", "batch"])
"""Roles whose answers counted, as the monitors judge them: requests, and batches scored elsewhere."""
BASELINE: Final = "baseline.parquet"
"""The file by which a training command may bring its own baseline."""
_PIECE: Final = timedelta(days=7)
"""Records are copied this much at a time: memory stays flat however long the history."""


@dataclass(frozen=True)
class Labelled:
    """A Parquet file of labelled records: where it is, which span it covers, how many rows it has."""

    path: Path
    span: Span
    rows: int


def spans(first: datetime, at: datetime, data: timedelta | None, holdout: timedelta) -> tuple[Span, Span]:
    """Return the span to train on and the span to judge on; the two never overlap.

    Parameters
    ----------
    first
        The oldest record.
    at
        Nothing from this moment on is used: it was not known when the alert fired.
    data
        How far back training reaches from where the holdout begins; None: to ``first``.
    holdout
        Length of the last stretch, kept from training.
    """
    cut = at - holdout
    start = min(first if data is None else max(first, cut - data), cut)
    return Span(start, cut), Span(cut, at)


def write_labelled(records: Records, span: Span, features: Sequence[str], path: Path) -> Labelled:
    """Copy the labelled records of a span that the champion, or a batch, answered with 200 into a Parquet file.

    Columns: the features, ``_event_time``, ``_version``, ``_prediction``, ``_score`` and ``_label``, oldest first.
    """
    rows, writer = 0, None
    columns = [*features, EVENT_TIME, VERSION, PREDICTION, SCORE, LABEL]
    try:
        for piece in _pieces(span):
            table = _labelled(records.read(piece, list(features))).select(columns)
            if writer is None:
                schema = table.schema
                writer = pq.ParquetWriter(path, schema, compression="zstd")
            if table.num_rows:
                writer.write_table(table.cast(schema))
            rows += table.num_rows
    finally:
        if writer is not None:
            writer.close()
    return Labelled(path, span, rows)


def _pieces(span: Span) -> Iterator[Span]:
    start = span.start
    while start < span.end or start == span.start:
        end = min(start + _PIECE, span.end)
        yield Span(start, end)
        if end == span.end:
            return
        start = end


def _labelled(table: pa.Table) -> pa.Table:
    answered = pc.and_(pc.equal(table[STATUS], 200), pc.is_in(table[ROLE], _ANSWERING))
    return table.filter(pc.and_(answered, pc.is_valid(table[LABEL])))


def empty_folder(path: Path) -> Path:
    """Make a folder with nothing in it: half a model of an attempt that died must not be taken for one."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def trained(output: Path) -> Path:
    """Return the model that a training command left in its output folder.

    Raises
    ------
    ResponseFailed
        If there is not exactly one file beside the baseline.
    """
    files = sorted(path for path in output.iterdir() if path.name != BASELINE)
    if len(files) != 1:
        found = ", ".join(path.name for path in files) or "nothing"
        raise ResponseFailed(
            "retrain", f"the command must leave exactly one model file in HOLTER_OUTPUT; it left {found}"
        )
    return files[0]
