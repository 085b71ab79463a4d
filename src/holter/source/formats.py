"""Reading one file: Parquet, CSV, Arrow IPC."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import Any, Final, Protocol

import pyarrow as pa

from holter.errors import UnreadableTable
from holter.types import Span

BATCH_ROWS: Final = 65_536
"""Rows of a batch: 50 columns of them are 26 MB; larger ones were neither faster to read nor to summarise."""
_BUFFER: Final = 64 * 1024
"""Bytes of a column chunk read at a time, instead of all of it."""
_CSV_BLOCK: Final = 8 * 1024 * 1024
"""Bytes of a CSV file from which its types are guessed; the default of 1 MiB guesses wrong more often."""


@dataclass(frozen=True)
class Within:
    """Only rows whose ``time`` lies in ``span`` are of interest."""

    time: str
    span: Span


class Part(Protocol):
    """One file of a table."""

    name: str
    schema: pa.Schema

    def batches(self, columns: Sequence[str], known: pa.Schema, within: Within | None) -> Iterator[pa.RecordBatch]:
        """Yield its rows; ``known`` are the types the whole table has, for formats that only guess theirs."""


@contextmanager
def reading(file: str) -> Iterator[None]:
    """Turn whatever a reader says about a file into an error that names it and the remedy.

    Raises
    ------
    UnreadableTable
        In place of an error of the reader.
    """
    try:
        yield
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UnreadableTable(file, _remedy(error)) from error


def _remedy(error: Exception) -> str:
    said = re.sub(r"^.*Is this a '\w+' file\?: ", "", str(error).strip().split("\n", 1)[0])
    if isinstance(error, UnicodeDecodeError) or "UTF8" in said:
        return "it is not UTF-8 text. Convert it: iconv -f latin1 -t utf-8."
    if isinstance(error, PermissionError):
        return "this user may not read it. Change its permissions."
    if "CSV conversion error" in said:
        return f"{said}. The column holds several types; clean it, or write Parquet."
    if "CSV parse error" in said or "Empty CSV" in said:
        return f"{said}. Every line needs as many fields as the first line has names."
    if "not in range" in said:
        return f"{said}. Another file has the column as floats, which cannot hold this; write one type."
    return f"{said.rstrip('.')}. The file is damaged or was not written to its end; write it again."


class _Parquet:
    def __init__(self, name: str) -> None:
        import pyarrow.parquet as pq

        self.name = name
        # a pre-buffered reader keeps every row group it has read
        self._open = partial(pq.ParquetFile, name, pre_buffer=False, buffer_size=_BUFFER)
        with self._open() as file:
            self.schema: pa.Schema = file.schema_arrow

    def batches(self, columns: Sequence[str], known: pa.Schema, within: Within | None) -> Iterator[pa.RecordBatch]:
        """Yield the row groups, without those whose statistics lie outside of the span."""
        del known
        with self._open() as file:
            groups = [i for i in range(file.metadata.num_row_groups) if _may_hold(file.metadata.row_group(i), within)]
            for batch in file.iter_batches(BATCH_ROWS, row_groups=groups, columns=list(columns)):
                yield batch.select(list(columns))


def _may_hold(group: Any, within: Within | None) -> bool:
    if within is None:
        return True
    for position in range(group.num_columns):
        column = group.column(position)
        if column.path_in_schema == within.time:
            found = column.statistics
            if found is None or not found.has_min_max:
                return True
            low, high = _moment(found.min), _moment(found.max)
            return low is None or high is None or (low < within.span.end and high >= within.span.start)
    return True


def _moment(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    return None


class _Csv:
    def __init__(self, name: str, delimiter: str = ",") -> None:
        self.name = name
        self._delimiter = delimiter
        with self._reader() as reader:
            self.schema: pa.Schema = reader.schema
        for field in self.schema:
            if pa.types.is_binary(field.type):  # what the guess falls back to
                raise pa.ArrowInvalid("invalid UTF8 data")

    def _reader(self, **convert: Any) -> Any:
        from pyarrow import csv

        return csv.open_csv(
            self.name,
            read_options=csv.ReadOptions(block_size=_CSV_BLOCK),
            parse_options=csv.ParseOptions(delimiter=self._delimiter, newlines_in_values=True),
            convert_options=csv.ConvertOptions(**convert),
        )

    def batches(self, columns: Sequence[str], known: pa.Schema, within: Within | None) -> Iterator[pa.RecordBatch]:
        """Yield its rows, read in the types of the whole table."""
        del within
        there = set(self.schema.names)
        types = {field.name: field.type for field in known if field.name in there}
        try:
            with self._reader(column_types=types, include_columns=list(columns)) as reader:
                for batch in reader:
                    yield batch.select(list(columns))
        except pa.ArrowInvalid as error:  # which counts columns where people know names
            names = self.schema.names
            raise pa.ArrowInvalid(
                re.sub(r"column #(\d+)", lambda m: f"column {names[int(m[1])]!r}", str(error))
            ) from error


class _Ipc:
    def __init__(self, name: str) -> None:
        self.name = name
        with pa.memory_map(name) as source:
            self.schema: pa.Schema = _ipc_reader(source).schema

    def batches(self, columns: Sequence[str], known: pa.Schema, within: Within | None) -> Iterator[pa.RecordBatch]:
        """Yield its batches, mapped from the file."""
        del known, within
        with pa.memory_map(self.name) as source:
            reader = _ipc_reader(source)
            if isinstance(reader, pa.ipc.RecordBatchFileReader):
                whole = (reader.get_batch(i) for i in range(reader.num_record_batches))
            else:
                whole = iter(reader)
            yield from (batch.select(list(columns)) for batch in whole)


def _ipc_reader(source: Any) -> Any:
    """Open the file format, or the stream format that is often written under the same name."""
    try:
        return pa.ipc.open_file(source)
    except pa.ArrowInvalid:
        source.seek(0)
        return pa.ipc.open_stream(source)


OPENERS: Final[dict[str, Callable[[str], Part]]] = {
    ".parquet": _Parquet,
    ".pq": _Parquet,
    ".csv": _Csv,
    ".tsv": partial(_Csv, delimiter="\t"),
    ".arrow": _Ipc,
    ".arrows": _Ipc,
    ".ipc": _Ipc,
    ".feather": _Ipc,
}
"""How a file is read, by the end of its name."""
