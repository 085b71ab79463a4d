"""Data frames whose own Arrow stream would not do."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa


def from_pandas(frame: Any, rows: int) -> pa.RecordBatchReader:
    """Read a pandas frame column by column; one of mixed Python types is read as text, the others keep theirs.

    Column by column, because pandas' own stream fails as a whole on one mixed column or a name that stands twice, and
    adds the index as a column.
    """
    arrays = [_pandas_column(frame.iloc[:, position]) for position in range(frame.shape[1])]
    schema = pa.schema([pa.field(str(name), array.type) for name, array in zip(frame.columns, arrays, strict=True)])
    if not arrays:
        return pa.RecordBatchReader.from_batches(schema, [])
    return pa.Table.from_arrays(arrays, schema=schema).to_reader(rows)


def _pandas_column(series: Any) -> Any:
    try:
        return pa.Array.from_pandas(series)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        missing = series.isna().tolist()
        return pa.array(
            [None if gone else str(value) for value, gone in zip(series, missing, strict=True)], pa.string()
        )


def from_lazy_polars(frame: Any, rows: int) -> pa.RecordBatchReader:
    """Run a polars query in batches, never holding all of its result."""
    schema = pa.RecordBatchReader.from_stream(frame.collect_schema().to_frame()).schema

    def batches() -> Iterator[pa.RecordBatch]:
        for part in frame.collect_batches(chunk_size=rows, maintain_order=True):
            yield from pa.RecordBatchReader.from_stream(part).cast(schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def from_duckdb(relation: Any, rows: int) -> pa.RecordBatchReader:
    """Run a DuckDB relation in batches."""
    read = getattr(relation, "to_arrow_reader", None) or relation.fetch_record_batch
    reader: pa.RecordBatchReader = read(rows)
    return reader
