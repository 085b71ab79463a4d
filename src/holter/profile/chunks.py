"""A table as stretches of rows that are worth summarising at once."""

from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa

from holter.errors import UnsupportedTable

CHUNK_ROWS: Final = 131_072
"""Most rows at a time: a row group as most writers make it, and 50 MB of 50 columns."""
LEAST_ROWS: Final = 32_768
"""Fewer rows than this are joined with the next ones: each call costs more than a thousand values."""
CHUNK_CELLS: Final = 8_388_608
"""Most rows times columns at a time (64 MB of numbers): a table of 10,000 columns comes 838 rows at a time."""


def reader_of(table: Any) -> pa.RecordBatchReader:
    """Open a table as a stream of batches.

    Raises
    ------
    UnsupportedTable
        If the object is no table.
    """
    if isinstance(table, pa.RecordBatchReader):
        return table
    if isinstance(table, pa.RecordBatch):
        return pa.RecordBatchReader.from_batches(table.schema, [table])
    if isinstance(table, pa.Table):
        return table.to_reader()
    if hasattr(table, "__arrow_c_stream__"):
        return pa.RecordBatchReader.from_stream(table)
    raise UnsupportedTable(table)


def chunks(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    """Yield the rows in their order: small batches joined, large ones cut (uncopied), the others as they are."""
    width = max(len(reader.schema), 1)
    most = max(1, min(CHUNK_ROWS, CHUNK_CELLS // width))
    least = min(LEAST_ROWS, most)
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in reader:
        for start in range(0, batch.num_rows, most):
            piece = batch.slice(start, most) if batch.num_rows > most else batch
            if waiting and rows + piece.num_rows > most:
                yield _joined(waiting)
                waiting, rows = [], 0
            waiting.append(piece)
            rows += piece.num_rows
            if rows >= least:
                yield _joined(waiting)
                waiting, rows = [], 0
    if waiting:
        yield _joined(waiting)


def _joined(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    return batches[0] if len(batches) == 1 else pa.concat_batches(batches)
