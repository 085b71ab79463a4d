"""Reading one file that is not Parquet: CSV, Arrow IPC; and which reader a name calls for."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Final

import pyarrow as pa

from holter.source.parquet import Parquet
from holter.source.part import Part, Within

_CSV_BLOCK: Final = 8 * 1024 * 1024
"""Bytes of a CSV file from which its types are guessed; the default of 1 MiB guesses wrong more often."""


class _Csv:
    dictionaries: frozenset[str] = frozenset()
    grows = True

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
    dictionaries: frozenset[str] = frozenset()
    grows = False

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
