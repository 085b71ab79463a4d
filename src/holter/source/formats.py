"""Reading one file that is not Parquet: CSV, Arrow IPC; and which reader a name calls for."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from holter.source.parquet import Parquet
from holter.source.part import Part, Within

_CSV_BLOCK: Final = 8 * 1024 * 1024
"""Bytes of a CSV file from which its types are guessed; the default of 1 MiB guesses wrong more often."""
_LARGEST_BLOCK: Final = 1024 * 1024 * 1024
"""A line of CSV has to fit into a block; Arrow counts them in 31 bits."""
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
"""How text in UTF-16 begins (Unicode 16.0, section 23.8)."""


class _Csv:
    dictionaries: frozenset[str] = frozenset()
    grows = True
    together = 0

    def __init__(self, name: str, delimiter: str = ",") -> None:
        self.name = name
        self._delimiter = delimiter
        with Path(name).open("rb") as file:
            if file.read(2) in _UTF16:
                raise pa.ArrowInvalid("UTF-16")
        self.schema, self._block = self._guessed()
        for field in self.schema:
            if pa.types.is_binary(field.type):  # what the guess falls back to
                raise pa.ArrowInvalid("invalid UTF8 data")

    def _guessed(self) -> tuple[pa.Schema, int]:
        block = _CSV_BLOCK
        while True:
            try:
                with self._reader(block) as reader:
                    return reader.schema, block
            except pa.ArrowInvalid as error:
                block = _larger(block, error)

    def _reader(self, block: int, **convert: Any) -> Any:
        from pyarrow import csv

        return csv.open_csv(
            self.name,
            read_options=csv.ReadOptions(block_size=block),
            parse_options=csv.ParseOptions(delimiter=self._delimiter, newlines_in_values=True),
            convert_options=csv.ConvertOptions(**convert),
        )

    def batches(self, columns: Sequence[str], known: pa.Schema, within: Within | None) -> Iterator[pa.RecordBatch]:
        """Yield its rows, read in the types of the whole table."""
        del within
        there = set(self.schema.names)
        types = {field.name: field.type for field in known if field.name in there}
        options = {"column_types": types, "include_columns": list(columns)}
        block, done = self._block, 0
        while True:
            try:
                with self._reader(block, **options) as reader:
                    for batch in _after(reader, done):
                        done += batch.num_rows
                        yield batch.select(list(columns))
            except pa.ArrowInvalid as error:
                block = _larger(block, self._named(error))
            else:
                return

    def _named(self, error: pa.ArrowInvalid) -> pa.ArrowInvalid:
        """Name the column in what Arrow says, which counts columns."""
        names = self.schema.names
        return pa.ArrowInvalid(re.sub(r"column #(\d+)", lambda m: f"column {names[int(m[1])]!r}", str(error)))


def _larger(block: int, error: pa.ArrowInvalid) -> int:
    """Return a larger size of block where a line was longer than one; anything else stays an error."""
    if "straddl" not in str(error) or block >= _LARGEST_BLOCK:
        raise error
    return min(block * 16, _LARGEST_BLOCK)


def _after(reader: Any, rows: int) -> Iterator[pa.RecordBatch]:
    """Yield what comes after some rows, which were read before."""
    for batch in reader:
        if batch.num_rows > rows:
            yield batch.slice(rows)
        rows = max(0, rows - batch.num_rows)


class _Ipc:
    dictionaries: frozenset[str] = frozenset()
    grows = False
    together = 0

    def __init__(self, name: str) -> None:
        self.name = name
        with pa.OSFile(name) as source:
            self.schema: pa.Schema = _ipc_reader(source).schema

    def batches(self, columns: Sequence[str], known: pa.Schema, within: Within | None) -> Iterator[pa.RecordBatch]:
        """Yield its batches. They are read and not mapped: a mapped file that is cut short kills the process."""
        del known, within
        with pa.OSFile(self.name) as source:
            reader = _ipc_reader(source)
            if isinstance(reader, pa.ipc.RecordBatchFileReader):
                whole = (reader.get_batch(i) for i in range(reader.num_record_batches))
            else:
                whole = iter(reader)
            yield from (_checked(batch.select(list(columns))) for batch in whole)


def _ipc_reader(source: Any) -> Any:
    """Open the file format, or the stream format that is often written under the same name."""
    magic = source.read(6)
    source.seek(0)
    return pa.ipc.open_file(source) if magic == b"ARROW1" else pa.ipc.open_stream(source)


def _checked(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Refuse a batch whose offsets point outside of its buffers: whoever followed them would crash."""
    for field, column in zip(batch.schema, batch.columns, strict=True):
        try:
            column.validate(full=True)
        except pa.ArrowInvalid as error:
            if "UTF8" not in str(error):  # which a profile can count
                raise pa.ArrowInvalid(f"column {field.name!r}: {error}") from error
    return batch


OPENERS: Final[dict[str, Callable[[str], Part]]] = {
    ".parquet": Parquet,
    ".pq": Parquet,
    ".csv": _Csv,
    ".tsv": partial(_Csv, delimiter="\t"),
    ".arrow": _Ipc,
    ".arrows": _Ipc,
    ".ipc": _Ipc,
    ".feather": _Ipc,
}
"""How a file is read, by the end of its name."""
