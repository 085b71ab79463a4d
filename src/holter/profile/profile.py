"""The mergeable summary of a table."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa

from holter.errors import UnsupportedTable
from holter.profile.categorical import CAP
from holter.profile.column import Column, compressed, merged, summarised
from holter.profile.format import decode, encode
from holter.profile.names import distinct_names
from holter.profile.ranks import K
from holter.types import Kind

CHUNK_ROWS: Final = 65_536
"""Rows summarised at a time: few enough that a column of them is sorted in cache and 50 columns stay below 30 MB."""
_SLACK: Final = 16
"""Values kept while reading, in multiples of k, so that repeated compression adds little to the error."""


@dataclass(frozen=True)
class Profile:
    """Rows, and one summary for each column.

    ``rows`` may exceed the ``n`` of a column: the rest of the rows came from tables without that column. ``a + b`` is
    the profile of both tables together: exact for counts, within the stated error for ranks, and never compressed (use
    :meth:`compressed` before storing).

    Examples
    --------
    >>> a = Profile.of(pa.table({"x": [1.0, 2.0, None], "c": ["u", "v", "u"]}))
    >>> both = a + a
    >>> both.rows, both.columns["x"].nulls, both.columns["c"].counts
    (6, 2, {'u': 4, 'v': 2})
    """

    rows: int = 0
    columns: Mapping[str, Column] = field(default_factory=dict)

    @classmethod
    def empty(cls) -> "Profile":
        """Return the profile of no table at all: adding it changes nothing."""
        return cls()

    @classmethod
    def of(cls, table: Any, *, kinds: Mapping[str, Kind] | None = None, k: int = K) -> "Profile":
        """Summarise a table in one pass; memory does not grow with its rows.

        Parameters
        ----------
        table
            pyarrow Table, RecordBatch or RecordBatchReader, or any object with the Arrow C stream interface.
        kinds
            How to summarise the named columns; the others are told by their type. Text in a column declared numeric is
            read as numbers where it is one, and counted as unreadable where it is not.
        k
            Values kept for each numeric column; quantiles are exact up to that many distinct ones.

        Raises
        ------
        UnsupportedTable
            If the object is no table.
        """
        reader = _reader(table)
        names = distinct_names(reader.schema.names)
        declared = kinds or {}
        total = cls(
            0,
            {
                name: summarised(pa.nulls(0, f.type), declared.get(name), k)
                for name, f in zip(names, reader.schema, strict=True)
            },
        )
        waiting: list[Profile] = [total]
        for chunk in _chunks(reader):
            arrays = zip(names, chunk.columns, strict=True)
            waiting.append(cls(chunk.num_rows, {n: summarised(a, declared.get(n), k) for n, a in arrays}))
            if len(waiting) > _SLACK:
                waiting = [cls.total(waiting).compressed(_SLACK * k)]
        return cls.total(waiting).compressed(k)

    def __add__(self, other: "Profile") -> "Profile":
        return Profile.total((self, other))

    @classmethod
    def total(cls, parts: Sequence["Profile"]) -> "Profile":
        """Return the profile of all parts together; faster than adding them one by one."""
        names = dict.fromkeys(name for part in parts for name in part.columns)
        columns = {name: merged([part.columns[name] for part in parts if name in part.columns]) for name in names}
        return cls(sum(part.rows for part in parts), columns)

    def compressed(self, k: int, categories: int = CAP) -> "Profile":
        """Return a profile of bounded size: ``k`` values or ``categories`` names a column, errors grown accordingly."""
        return Profile(self.rows, {name: compressed(column, k, categories) for name, column in self.columns.items()})

    def to_bytes(self) -> bytes:
        """Return it as bytes with a format version and a checksum; nothing is pickled."""
        return encode(self.rows, self.columns)

    @classmethod
    def from_bytes(cls, data: bytes) -> "Profile":
        """Read what :meth:`to_bytes` wrote, in this version or an older one.

        Raises
        ------
        DamagedProfile
            If the bytes are not what was written.
        NewerFormat
            If a newer Holter wrote them.
        """
        return cls(*decode(data))


def _reader(table: Any) -> pa.RecordBatchReader:
    if isinstance(table, pa.RecordBatchReader):
        return table
    if isinstance(table, pa.RecordBatch):
        return pa.RecordBatchReader.from_batches(table.schema, [table])
    if isinstance(table, pa.Table):
        return table.to_reader(CHUNK_ROWS)
    if hasattr(table, "__arrow_c_stream__"):
        return pa.RecordBatchReader.from_stream(table)
    raise UnsupportedTable(table)


def _chunks(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    """Yield batches of about :data:`CHUNK_ROWS` rows: many tiny ones would cost more than their values."""
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in reader:
        for start in range(0, batch.num_rows, CHUNK_ROWS):
            piece = batch.slice(start, CHUNK_ROWS)
            if rows + piece.num_rows > CHUNK_ROWS:
                yield _join(waiting)
                waiting, rows = [], 0
            waiting.append(piece)
            rows += piece.num_rows
    if waiting:
        yield _join(waiting)


def _join(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    return batches[0] if len(batches) == 1 else pa.concat_batches(batches)
