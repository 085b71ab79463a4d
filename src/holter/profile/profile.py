"""The mergeable summary of a table."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa

from holter.profile.categorical import CAP
from holter.profile.chunks import chunks, reader_of
from holter.profile.column import Column, compressed, merged
from holter.profile.format import decode, encode
from holter.profile.joint import Joint
from holter.profile.ranks import K
from holter.profile.reading import TableReading
from holter.profile.sample import Sample
from holter.profile.showing import profile_arrow, profile_dict, profile_html, profile_text
from holter.types import Kind


@dataclass(frozen=True, repr=False)
class Profile:
    """Rows, one summary for each column and, where asked for, sums over pairs of columns and a sample of the rows.

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
    joint: Joint | None = None
    sample: Sample | None = None

    @classmethod
    def empty(cls) -> "Profile":
        """Return the profile of no table at all: adding it changes nothing."""
        return cls()

    @classmethod
    def of(
        cls,
        table: Any,
        *,
        kinds: Mapping[str, Kind] | None = None,
        k: int = K,
        joint: bool = False,
        sample: int = 0,
        key: Sequence[str] = (),
        threads: int = 1,
    ) -> "Profile":
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
        joint
            Whether to sum over pairs of numeric columns too (:class:`Joint`), as correlation and principal components
            need. Off by default: it costs half as much again as all the columns, and few ask for it.
        sample
            Rows to keep (:class:`Sample`). 0 by default: a profile is what is left when the rows are gone, and holds
            rows of people only where somebody asked for it.
        key
            Columns that tell rows apart in the sample, such as a record id; empty when the whole row does, which takes
            longer since every value is hashed.
        threads
            Columns summarised at once. With one, everything happens in the thread of the caller; with more, the caller
            fetches the next rows while a pool summarises these.

        Raises
        ------
        UnsupportedTable
            If the object is no table.
        UnknownColumn
            If the table lacks a column of the key.
        """
        reader = reader_of(table)
        reading = TableReading(reader.schema, kinds, k, joint=joint, sample=sample, key=key)
        reading.read(chunks(reader), threads)
        return cls(*reading.parts())

    def __add__(self, other: "Profile") -> "Profile":
        return Profile.total((self, other))

    @classmethod
    def total(cls, parts: Sequence["Profile"]) -> "Profile":
        """Return the profile of all parts together; faster than adding them one by one.

        Joint sums and sample are there when every part that has rows has them, the sample also with the same key: what
        covers some of the rows only would pass for all of them.
        """
        names = dict.fromkeys(name for part in parts for name in part.columns)
        columns = {name: merged([part.columns[name] for part in parts if name in part.columns]) for name in names}
        return cls(sum(part.rows for part in parts), columns, _joint(parts), _sample(parts))

    def compressed(self, k: int, categories: int = CAP) -> "Profile":
        """Return a profile of bounded size: ``k`` values or ``categories`` names a column, errors grown accordingly."""
        columns = {name: compressed(column, k, categories) for name, column in self.columns.items()}
        return replace(self, columns=columns)

    def to_bytes(self) -> bytes:
        """Return it as bytes with a format version and a checksum; nothing is pickled."""
        return encode(self.rows, self.columns, self.joint, self.sample)

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

    def __str__(self) -> str:
        return profile_text(self.rows, self.columns)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return profile_html(self.rows, self.columns)

    def to_dict(self) -> dict[str, Any]:
        """Return what a person reads of it, as plain values: rows, and one dict for each column."""
        return profile_dict(self.rows, self.columns)

    def to_json(self) -> str:
        """Return the same as JSON text; it never holds NaN."""
        return json.dumps(self.to_dict(), allow_nan=False)

    def to_arrow(self) -> pa.Table:
        """Return the same as a table of one row for each column; what is nested becomes JSON text."""
        return profile_arrow(self.rows, self.columns)


def _joint(parts: Sequence[Profile]) -> Joint | None:
    found = [part.joint for part in parts if part.joint is not None]
    if not found or any(part.rows and part.joint is None for part in parts):
        return None
    return Joint.total(found)


def _sample(parts: Sequence[Profile]) -> Sample | None:
    found = [part.sample for part in parts if part.sample is not None]
    if not found or any(part.rows and part.sample is None for part in parts):
        return None
    return Sample.total(found) if len({part.key for part in found}) == 1 else None
