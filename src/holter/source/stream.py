"""Anything tabular as a stream of Arrow batches."""

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final
from urllib.parse import unquote

import pyarrow as pa

from holter.errors import UnknownColumn, UnreadableTable, UnsupportedTable
from holter.profile import distinct_names
from holter.source.delta import Delta, is_delta
from holter.source.files import Files, files_of, open_files
from holter.source.frames import from_capsule, from_dataset, from_duckdb, from_lazy_polars, from_pandas
from holter.source.parquet import CELLS
from holter.source.part import BATCH_ROWS, Stamp, reading


def stream(obj: Any, *, columns: Sequence[str] | None = None, dictionaries: bool = False) -> pa.RecordBatchReader:
    """Open a table and read it batch by batch; memory does not grow with its rows.

    Parameters
    ----------
    obj
        Path or glob of Parquet, CSV or Arrow IPC files, a folder of them, a Delta folder; a pyarrow Table, RecordBatch,
        RecordBatchReader or Dataset; a pandas or polars frame, a polars LazyFrame, a DuckDB relation; anything with the
        Arrow C stream interface. NaN in a pandas column becomes null, as pandas means it; pandas' index is left out.
        Times without a zone stay without one: the caller knows what they mean. The second of two columns ``x`` in an
        object is called ``x.2``.
    columns
        Only these, in this order.
    dictionaries
        Give text as dictionaries where a Parquet file stores it so, which is several times faster to read and to count;
        their values and codes differ from batch to batch. Otherwise it comes as plain text.

    Raises
    ------
    UnreadableTable
        If files are missing, damaged or disagree; also while reading, with the name of the file.
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
        path = os.fspath(obj)
        table = open_path(path)
        wanted = _wanted(columns, table.schema.names, path)
        known = table.coded() if dictionaries else table.schema
        schema = pa.schema([known.field(name) for name in wanted])
        return pa.RecordBatchReader.from_batches(schema, table.batches(schema))
    return _selected(_apart(_opened(obj)), columns)


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
    return _apart(_opened(obj)).schema


def column_blocks(path: str | os.PathLike[str], columns: Sequence[str]) -> list[list[str]]:
    """Return columns of a path in the parts in which they are best read, one part after the other.

    Parquet stores columns apart, so that a table of very many is read in parts at no cost, and otherwise a page of
    every column would have to stay in memory. Whatever is stored row by row is read at once.

    Raises
    ------
    UnreadableTable
        If files are missing, damaged or disagree.
    """
    names = list(columns)
    if len(names) <= _AT_ONCE:
        return [names]
    table = open_path(os.fspath(path))
    together = [part.together for part in table.parts] if isinstance(table, Files) else [0]
    size = max(_AT_ONCE, CELLS // max(together)) if all(together) else len(names)
    return [names[start : start + size] for start in range(0, len(names), size)]


def size_of(path: str | os.PathLike[str]) -> int:
    """Return how many bytes the files of a path have; of a Delta table, those of its folder.

    Raises
    ------
    UnreadableTable
        If there is no such file.
    """
    local = _local(os.fspath(path))
    found = (stamp for stamp in map(Stamp.of, files_of(local)) if stamp is not None)
    return sum(stamp.size for stamp in found)


def open_path(path: str) -> Files | Delta:
    """Open a path, glob, folder or Delta table; nothing but headers is read.

    Raises
    ------
    UnreadableTable
        If files are missing, damaged or disagree.
    """
    path = _local(path)
    with reading(path):  # a name that is too long, a folder that may not be looked into
        delta = is_delta(path)
    return Delta(path) if delta else open_files(path)


def _local(path: str) -> str:
    """Return the path of a file on this machine, or say how to read one that is elsewhere."""
    if not path:
        raise UnreadableTable("''", "the path is empty. Name a file, a folder or a glob.")
    scheme, separator, rest = path.partition("://")
    if not separator or not scheme.isalnum():
        return path
    if scheme == "file":
        return unquote(rest)
    raise UnreadableTable(
        path,
        f"{scheme}:// is not on this machine. Copy or mount the files, or hand over a query that reads them: "
        f"polars.scan_parquet({path!r}), duckdb.read_parquet({path!r}).",
    )


def _opened(obj: Any) -> pa.RecordBatchReader:
    if isinstance(obj, pa.RecordBatchReader):
        return obj
    if isinstance(obj, pa.Table):
        return obj.to_reader(BATCH_ROWS)
    if isinstance(obj, pa.RecordBatch):
        return pa.RecordBatchReader.from_batches(obj.schema, [obj])
    for module, name, reader in _FRAMES:
        kind = getattr(sys.modules.get(module), name, None)
        if kind is not None and isinstance(obj, kind):
            return reader(obj, BATCH_ROWS)
    if hasattr(obj, "__arrow_c_stream__"):
        return from_capsule(obj)
    raise UnsupportedTable(obj)


_AT_ONCE: Final = 100
"""Columns of which a page each may stay in memory: at most 200 MB."""

_FRAMES: Final[tuple[tuple[str, str, Callable[[Any, int], pa.RecordBatchReader]], ...]] = (
    ("pandas", "DataFrame", from_pandas),
    ("polars", "LazyFrame", from_lazy_polars),
    ("duckdb", "DuckDBPyRelation", from_duckdb),
    ("pyarrow.dataset", "Dataset", from_dataset),
)
"""Objects whose own stream is missing, is materialised, or says something else than the user means.

Looked up among the modules that are loaded: whoever holds such an object has loaded its module.
"""


def _apart(reader: pa.RecordBatchReader) -> pa.RecordBatchReader:
    """Give the second of two equal column names another one, so that no column is lost."""
    names = distinct_names(reader.schema.names)
    if names == reader.schema.names:
        return reader
    schema = pa.schema([field.with_name(name) for field, name in zip(reader.schema, names, strict=True)])
    return pa.RecordBatchReader.from_batches(
        schema, (pa.RecordBatch.from_arrays(batch.columns, schema=schema) for batch in reader)
    )


def _selected(reader: pa.RecordBatchReader, columns: Sequence[str] | None) -> pa.RecordBatchReader:
    if columns is None:
        return reader
    wanted = _wanted(columns, reader.schema.names, "the table")
    schema = pa.schema([reader.schema.field(name) for name in wanted])
    return pa.RecordBatchReader.from_batches(schema, (batch.select(wanted) for batch in reader))


def _wanted(columns: Sequence[str] | None, known: Sequence[str], where: str) -> list[str]:
    there = set(known)
    for name in columns or ():
        if name not in there:
            raise UnknownColumn(name, known, where)
    return list(known if columns is None else columns)
