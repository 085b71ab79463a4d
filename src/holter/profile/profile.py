"""The mergeable summary of a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from holter.profile.categorical import CAP
from holter.profile.chunks import chunks, reader_of
from holter.profile.column import Column, compressed, merged
from holter.profile.format import decode, encode
from holter.profile.ranks import K
from holter.profile.reading import TableReading
from holter.types import Kind


@dataclass(frozen=True)
class Profile:
    """Rows, and one summary for each column.

    ``rows`` may exceed the ``n`` of a column: the rest of the rows came from tables without that column. ``a + b`` is
    the profile of both tables together: exact for counts, within the stated error for ranks, and never compressed (use
    :meth:`compressed` before storing).

    Examples
    --------
    >>> import pyarrow as pa
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
    def of(cls, table: Any, *, kinds: Mapping[str, Kind] | None = None, k: int = K, threads: int = 1) -> "Profile":
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
        threads
            Columns summarised at once. With one, everything happens in the thread of the caller; with more, the caller
            fetches the next rows while a pool summarises these.

        Raises
        ------
        UnsupportedTable
            If the object is no table.
        """
        reader = reader_of(table)
        reading = TableReading(reader.schema, kinds, k)
        reading.read(chunks(reader), threads)
        return cls(*reading.parts())

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
