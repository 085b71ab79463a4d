"""Data frames and queries whose own Arrow stream would not do, and streams that others make."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from holter.errors import UnreadableTable, UnsupportedTable
from holter.source.part import reading, without_columns
from holter.source.remedies import first_line


def from_pandas(frame: Any, rows: int) -> pa.RecordBatchReader:
    """Read a pandas frame column by column; one of mixed Python types is read as text, the others keep theirs.

    Column by column, because pandas' own stream fails as a whole on one mixed column or a name that stands twice, and
    adds the index as a column.
    """
    arrays = [_pandas_column(frame.iloc[:, position]) for position in range(frame.shape[1])]
    schema = pa.schema([pa.field(str(name), array.type) for name, array in zip(frame.columns, arrays, strict=True)])
    if not arrays:
        return pa.RecordBatchReader.from_batches(schema, [without_columns(len(frame))])
    return pa.Table.from_arrays(arrays, schema=schema).to_reader(rows)


def _pandas_column(series: Any) -> Any:
    try:
        return pa.Array.from_pandas(series)
    except (pa.ArrowException, OverflowError):
        missing = series.isna().tolist()
        texts = [None if gone else str(value) for value, gone in zip(series, missing, strict=True)]
        return pa.array(texts, pa.string())


def from_lazy_polars(frame: Any, rows: int) -> pa.RecordBatchReader:
    """Run a polars query in batches, never holding all of its result.

    Raises
    ------
    UnreadableTable
        If the query fails, at once or while reading.
    """
    with _asking("the polars query"):
        schema = pa.RecordBatchReader.from_stream(frame.collect_schema().to_frame()).schema

    def batches() -> Iterator[pa.RecordBatch]:
        with _asking("the polars query"):
            for part in frame.collect_batches(chunk_size=rows, maintain_order=True):
                yield from pa.RecordBatchReader.from_stream(part).cast(schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def from_duckdb(relation: Any, rows: int) -> pa.RecordBatchReader:
    """Run a DuckDB relation in batches.

    Raises
    ------
    UnreadableTable
        If the query fails, at once or while reading.
    """
    # the older name warns in newer versions, and the newer one is missing in older versions
    read = getattr(relation, "to_arrow_reader", None) or relation.fetch_record_batch
    with _asking("the DuckDB relation"):
        reader: pa.RecordBatchReader = read(rows)
    return _guarded(reader, "the DuckDB relation")


def from_dataset(dataset: Any, rows: int) -> pa.RecordBatchReader:
    """Read a pyarrow dataset with little read-ahead: its default holds sixteen batches of four files.

    Raises
    ------
    UnreadableTable
        If it has a column name twice, or a file of it turns out to be damaged, at once or while reading.
    """
    names = dataset.schema.names
    twice = [name for name in names if names.count(name) > 1] if len(set(names)) < len(names) else []
    if twice:  # pyarrow finds columns of a dataset by name only
        raise UnreadableTable("the dataset", f"it has two columns {twice[0]!r}. Rename one.")

    def batches() -> Iterator[pa.RecordBatch]:
        with reading("the dataset"):
            yield from dataset.scanner(batch_size=rows, batch_readahead=2, fragment_readahead=1).to_reader()

    return pa.RecordBatchReader.from_batches(dataset.schema, batches())


def from_capsule(obj: Any) -> pa.RecordBatchReader:
    """Read any object with the Arrow C stream interface.

    Raises
    ------
    UnsupportedTable
        If its stream is no stream of rows.
    UnreadableTable
        If it fails, at once or while reading.
    """
    name = f"the {type(obj).__module__.partition('.')[0]}.{type(obj).__qualname__}"
    with _asking(name):
        try:
            reader = pa.RecordBatchReader.from_stream(obj)
        except (pa.ArrowException, TypeError, ValueError) as error:
            raise UnsupportedTable(obj) from error
    return _guarded(reader, name)


def _guarded(reader: pa.RecordBatchReader, name: str) -> pa.RecordBatchReader:
    """Return the same batches; what goes wrong while they are made says whose they are."""

    def batches() -> Iterator[pa.RecordBatch]:
        with _asking(name):
            yield from reader

    return pa.RecordBatchReader.from_batches(reader.schema, batches())


@contextmanager
def _asking(name: str) -> Iterator[None]:
    """Turn whatever the library of an object raises into an error that says whose it is."""
    try:
        yield
    except (UnreadableTable, UnsupportedTable):
        raise
    except Exception as error:  # every library has a tree of errors of its own
        raise UnreadableTable(name, f"{first_line(error)}. Run it by itself to see where it fails.") from error
