"""Data frames whose own Arrow stream would not do."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from holter.source.part import reading


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
    except (pa.ArrowException, OverflowError):
        missing = series.isna().tolist()
        texts = [None if gone else str(value) for value, gone in zip(series, missing, strict=True)]
        return pa.array(texts, pa.string())


def from_lazy_polars(frame: Any, rows: int) -> pa.RecordBatchReader:
    """Run a polars query in batches, never holding all of its result."""
    schema = pa.RecordBatchReader.from_stream(frame.collect_schema().to_frame()).schema

    def batches() -> Iterator[pa.RecordBatch]:
        for part in frame.collect_batches(chunk_size=rows, maintain_order=True):
            yield from pa.RecordBatchReader.from_stream(part).cast(schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def from_duckdb(relation: Any, rows: int) -> pa.RecordBatchReader:
    """Run a DuckDB relation in batches."""
    # the older name warns in newer versions, and the newer one is missing in older versions
    read = getattr(relation, "to_arrow_reader", None) or relation.fetch_record_batch
    reader: pa.RecordBatchReader = read(rows)
    return reader


def from_dataset(dataset: Any, rows: int) -> pa.RecordBatchReader:
    """Read a pyarrow dataset with little read-ahead: its default holds sixteen batches of four files.

    Raises
    ------
    UnreadableTable
        If a file of it turns out to be damaged, at once or while reading.
    """

    def batches() -> Iterator[pa.RecordBatch]:
        with reading("the dataset"):
            yield from dataset.scanner(batch_size=rows, batch_readahead=2, fragment_readahead=1).to_reader()

    return pa.RecordBatchReader.from_batches(dataset.schema, batches())
