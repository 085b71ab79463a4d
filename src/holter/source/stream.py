"""Anything tabular as a stream of Arrow batches."""

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import pyarrow as pa
import pyarrow.dataset as ds

from holter.errors import UnknownColumn, UnreadableTable, UnsupportedTable
from holter.source.files import is_delta, open_files, unreadable
from holter.source.frames import from_duckdb, from_lazy_polars, from_pandas

BATCH_ROWS: Final = 131_072
"""Rows of a batch: what a Parquet row group usually holds."""


def stream(obj: Any, *, columns: Sequence[str] | None = None) -> pa.RecordBatchReader:
    """Open a table and read it batch by batch; memory does not grow with its rows.

    Parameters
    ----------
    obj
        Path or glob of Parquet, CSV or Arrow IPC files, a folder of them, a Delta folder; a pyarrow Table, RecordBatch,
        RecordBatchReader or Dataset; a pandas or polars frame, a polars LazyFrame, a DuckDB relation; anything with the
        Arrow C stream interface. NaN in a pandas column becomes null, as pandas means it; pandas' index is left out.
        Times without a zone stay without one: the caller knows what they mean.
    columns
        Only these, in this order.

    Raises
    ------
    UnreadableTable
        If files are missing, damaged or disagree; also while reading, with the name of the path.
    UnsupportedTable
        If the object is no table.
    UnknownColumn
        If a wanted column is missing.

    Examples
    --------
    >>> stream(pa.table({"x": [1, 2], "y": [3, 4]}), columns=["y"]).read_all().to_pydict()
    {'y': [3, 4]}
    """
    if isinstance(obj, (str, os.PathLike)):
        return _scan(open_path(os.fspath(obj)), columns, os.fspath(obj))
    if isinstance(obj, ds.Dataset):
        return _scan(obj, columns, "the dataset")
    return _selected(_opened(obj), columns)


def schema_of(obj: Any) -> pa.Schema:
    """Return the Arrow schema of a table without reading its rows (a RecordBatchReader stays usable).

    Raises
    ------
    UnreadableTable
        If files are missing, damaged or disagree.
    UnsupportedTable
        If the object is no table.
    """
    if isinstance(obj, (str, os.PathLike)):
        return open_path(os.fspath(obj)).schema
    schema = getattr(obj, "schema", None)
    return schema if isinstance(schema, pa.Schema) else stream(obj).schema


def open_path(path: str) -> ds.Dataset:
    """Open a path, glob, folder or Delta table as a dataset; nothing but headers is read.

    Raises
    ------
    UnreadableTable
        If files are missing, damaged or disagree.
    """
    if not is_delta(path):
        return open_files(path)
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError

    try:
        return DeltaTable(path).to_pyarrow_dataset()
    except (DeltaError, OSError, pa.ArrowException) as error:
        raise UnreadableTable(path, f"{error}. It is a Delta table that this version cannot read.") from error


def scan(dataset: ds.Dataset, where: str, **options: Any) -> pa.RecordBatchReader:
    """Read a dataset with little read-ahead, and name ``where`` in every error.

    Raises
    ------
    UnreadableTable
        If a file turns out to be damaged, at once or while reading.
    """
    limits = {"batch_size": BATCH_ROWS, "batch_readahead": 2, "fragment_readahead": 1}
    try:
        reader = dataset.scanner(**limits, **options).to_reader()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise unreadable(where, error) from error
    return pa.RecordBatchReader.from_batches(reader.schema, _guarded(reader, where))


def _scan(dataset: ds.Dataset, columns: Sequence[str] | None, where: str) -> pa.RecordBatchReader:
    _check(columns, dataset.schema.names, where)
    return scan(dataset, where, columns=None if columns is None else list(columns))


def _guarded(reader: pa.RecordBatchReader, where: str) -> Iterator[pa.RecordBatch]:
    try:
        yield from reader
    except (pa.ArrowException, OSError, ValueError) as error:
        raise unreadable(where, error) from error


def _opened(obj: Any) -> pa.RecordBatchReader:
    if isinstance(obj, pa.RecordBatchReader):
        return obj
    if isinstance(obj, pa.Table):
        return obj.to_reader(BATCH_ROWS)
    if isinstance(obj, pa.RecordBatch):
        return pa.RecordBatchReader.from_batches(obj.schema, [obj])
    kind = type(obj)
    reader = _FRAMES.get((kind.__module__.split(".")[0], kind.__name__))
    if reader is not None:
        return reader(obj, BATCH_ROWS)
    if hasattr(obj, "__arrow_c_stream__"):
        try:
            return pa.RecordBatchReader.from_stream(obj)
        except (pa.ArrowException, TypeError, ValueError) as error:
            raise UnsupportedTable(obj) from error
    raise UnsupportedTable(obj)


_FRAMES: Final[dict[tuple[str, str], Callable[[Any, int], pa.RecordBatchReader]]] = {
    ("pandas", "DataFrame"): from_pandas,
    ("polars", "LazyFrame"): from_lazy_polars,
    ("duckdb", "DuckDBPyRelation"): from_duckdb,
    ("_duckdb", "DuckDBPyRelation"): from_duckdb,
}
"""Objects whose own stream is missing, is materialised, or says something else than the user means."""


def _selected(reader: pa.RecordBatchReader, columns: Sequence[str] | None) -> pa.RecordBatchReader:
    if columns is None:
        return reader
    _check(columns, reader.schema.names, "the table")
    wanted = list(columns)
    schema = pa.schema([reader.schema.field(name) for name in wanted])
    return pa.RecordBatchReader.from_batches(schema, (batch.select(wanted) for batch in reader))


def _check(columns: Sequence[str] | None, known: Sequence[str], where: str) -> None:
    for name in columns or ():
        if name not in known:
            raise UnknownColumn(name, known, where)
