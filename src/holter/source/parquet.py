"""Reading one Parquet file at the cost of decoding it."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from functools import partial
from typing import Any, Final

import pyarrow as pa

from holter.source.part import BATCH_ROWS, Within, without_columns

CELLS: Final = 16_777_216
"""Values of a row group that is read as a whole: 128 MB of floats. Larger ones are read in pieces."""
_BLOCK: Final = 131_072
"""Values decoded by one call: enough to make the call cheap, few enough that its buffers stay in cache."""
_BUFFER: Final = 64 * 1024
"""Bytes of a column chunk read at a time, instead of all of it."""
_DICTIONARY_BYTES: Final = 8
"""Stored bytes of a value up to which a column of text is worth reading as a dictionary: identifiers take more."""


class Parquet:
    """One Parquet file; nothing but its footer is read until its rows are asked for."""

    grows = False

    def __init__(self, name: str) -> None:
        import pyarrow.parquet as pq

        self.name = name
        # a pre-buffered reader keeps every row group it has read
        self._open = partial(
            pq.ParquetFile, name, pre_buffer=False, buffer_size=_BUFFER, page_checksum_verification=True
        )
        with self._open() as file:
            self.schema: pa.Schema = file.schema_arrow
            self.dictionaries: frozenset[str] = _dictionaries(file)
            found = file.metadata
            self.together = max((found.row_group(i).num_rows for i in range(found.num_row_groups)), default=0)

    def batches(self, columns: Sequence[str], known: pa.Schema, within: Within | None) -> Iterator[pa.RecordBatch]:
        """Yield the row groups, without those whose statistics lie outside of the span."""
        names = list(columns)
        coded = [n for n in names if n in self.dictionaries and pa.types.is_dictionary(known.field(n).type)]
        with self._open(read_dictionary=coded) as file:
            for number in range(file.num_row_groups):
                group = file.metadata.row_group(number)
                if _may_hold(group, within):
                    small = group.num_rows * len(names) <= CELLS
                    yield from (_whole if small else _pieces)(file, number, group.num_rows, names)


def _whole(file: Any, number: int, rows: int, names: list[str]) -> Iterator[pa.RecordBatch]:
    """Decode a row group column after column: each gives its buffers to the next, and none waits for the others."""
    if not names:
        yield without_columns(rows)
        return
    step = max(1, _BLOCK // max(rows, 1))
    columns: dict[str, Any] = {}
    for start in range(0, len(names), step):
        part = names[start : start + step]
        read = _decoded(file, number, part)
        columns |= {name: read.column(name) for name in part}
    yield from pa.table(columns).to_batches()


def _decoded(file: Any, number: int, names: list[str]) -> Any:
    """Decode some columns of a row group; what cannot be decoded is named."""
    try:
        return file.read_row_group(number, columns=names, use_threads=False)
    except (pa.ArrowException, OSError) as error:
        if len(names) > 1:
            return pa.Table.from_arrays([_decoded(file, number, [name]).column(name) for name in names], names=names)
        raise pa.ArrowInvalid(f"column {names[0]!r}, row group {number}: {error}") from error


def _pieces(file: Any, number: int, rows: int, names: list[str]) -> Iterator[pa.RecordBatch]:
    """Decode a large row group some rows at a time."""
    size = max(1, min(rows, BATCH_ROWS, CELLS // len(names)))
    for batch in file.iter_batches(size, row_groups=[number], columns=names, use_threads=False):
        yield batch.select(names)


def _dictionaries(file: Any) -> frozenset[str]:
    """Return the columns of text that the file stores, at its beginning, as codes into a dictionary."""
    text = {f.name for f in file.schema_arrow if pa.types.is_string(f.type) or pa.types.is_large_string(f.type)}
    if not text or not file.num_row_groups:
        return frozenset()
    group = file.metadata.row_group(0)
    chunks = (group.column(position) for position in range(group.num_columns))
    return frozenset(
        chunk.path_in_schema
        for chunk in chunks
        if chunk.path_in_schema in text
        and chunk.has_dictionary_page
        and chunk.total_uncompressed_size <= _DICTIONARY_BYTES * chunk.num_values
    )


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
