"""A few rows of a table, chosen by what they are and not by where they stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holter.errors import UnknownColumn
from holter.profile.hashing import Hashes
from holter.profile.kept_rows import kept, stacked
from holter.profile.row_hash import hash_rows

ALL: Final = 2**64 - 1
"""The largest hash: a sample whose ``limit`` this is holds every key."""


@dataclass(frozen=True, eq=False)
class Sample:
    """The rows whose keys have the smallest hashes: a uniform sample of the keys, without replacement.

    Which rows are in it depends only on which rows there are: not on their order, their partition, the order of the
    columns, or how Arrow stores them. So samples of parts make the sample of the whole, and the same table gives the
    same sample on every machine.

    Parameters
    ----------
    size
        Rows at most.
    key
        Columns that tell rows apart; empty when the whole row does. Rows with the same key count as one: the sample
        then is of keys, and ``counts`` says how often each occurred, exactly. Of rows with the same key and different
        content one is kept, always the same.
    hashes
        Ascending and different: the hash of the key of each row.
    counts
        Rows of the table with the key of each row. Weighing rows by it makes a sample of keys stand for all rows.
    rows
        The rows, in the order of ``hashes``; numbers with 64 bits, times in microseconds, texts cut after 1,024
        characters.
    limit
        Every key of the table whose hash is at most this is here, save for those that were erased.

    Notes
    -----
    Bottom-k sampling by hash: Cohen and Kaplan, Summarizing data using bottom-k sketches, PODC 2007. The rows are rows
    of the table: whoever may not keep them switches the sample off (``sample=0``, the default).

    Examples
    --------
    >>> table = pa.table({"id": range(1000), "x": [0.5] * 1000})
    >>> whole = Sample.of(table, 3, key=["id"])
    >>> parts = [Sample.of(table.slice(start, 250), 3, key=["id"]) for start in (750, 0, 250, 500)]
    >>> Sample.total(parts) == whole, whole.rows.num_rows, whole.counts.tolist()
    (True, 3, [1, 1, 1])
    """

    size: int
    key: tuple[str, ...]
    hashes: Hashes
    counts: npt.NDArray[np.int64]
    rows: pa.Table
    limit: int = ALL

    @classmethod
    def of(cls, table: pa.Table, size: int, key: Sequence[str] = ()) -> "Sample":
        """Sample a table in memory, whose column names differ.

        Raises
        ------
        UnknownColumn
            If the table lacks a column of the key.
        """
        reading = SampleReading(table.column_names, size, key)
        for batch in table.to_batches():
            reading.add(dict(zip(table.column_names, batch.columns, strict=True)), batch.num_rows)
        return reading.sample()

    @property
    def exact(self) -> bool:
        """Whether every key of the table is in it."""
        return self.limit == ALL

    def __add__(self, other: "Sample") -> "Sample":
        return Sample.total((self, other))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sample):
            return NotImplemented
        return (
            (self.size, self.key, self.limit) == (other.size, other.key, other.limit)
            and np.array_equal(self.hashes, other.hashes)
            and np.array_equal(self.counts, other.counts)
            and _same_rows(self.rows, other.rows)
        )

    __hash__ = None  # type: ignore[assignment]  # holds arrays

    @classmethod
    def total(cls, parts: Sequence["Sample"]) -> "Sample":
        """Return the sample of all rows of all parts, which must have the same key; the smallest size counts."""
        if len(parts) == 1:
            return parts[0]
        size, limit = min(part.size for part in parts), min(part.limit for part in parts)
        hashes = np.concatenate([part.hashes for part in parts])
        counts = np.concatenate([part.counts for part in parts])
        rows = stacked([part.rows for part in parts])
        inside = np.flatnonzero(hashes <= np.uint64(limit))
        return _chosen(cls(size, parts[0].key, hashes[inside], counts[inside], _take(rows, inside), limit))

    def without(self, keys: pa.Table) -> "Sample":
        """Return the sample without the rows of some keys, as erasure asks for it; their places stay empty.

        Parameters
        ----------
        keys
            The columns of the key (all columns of the table where the whole row is the key); one row for each key.

        Raises
        ------
        UnknownColumn
            If a column of the key is missing.
        """
        wanted = self.key or tuple(self.rows.column_names)
        missing = [name for name in wanted if name not in keys.column_names]
        if missing:
            raise UnknownColumn(missing[0], keys.column_names, "the table of keys")
        columns = {name: keys.column(name).combine_chunks() for name in wanted}
        gone = hash_rows({name: _array(column) for name, column in columns.items()}, keys.num_rows)
        left = np.flatnonzero(~np.isin(self.hashes, gone))
        return replace(self, hashes=self.hashes[left], counts=self.counts[left], rows=_take(self.rows, left))


class SampleReading:
    """The sample of a table while it is read.

    Raises
    ------
    UnknownColumn
        If the table lacks a column of the key.
    """

    def __init__(self, names: Sequence[str], size: int, key: Sequence[str]) -> None:
        for name in key:
            if name not in names:
                raise UnknownColumn(name, names)
        self._size, self._key = size, tuple(sorted(set(key)))
        self._sample: Sample | None = None

    def add(self, columns: Mapping[str, pa.Array], rows: int) -> None:
        """Take in the next rows: most of them are left out by a look at their hash."""
        if not columns:
            return
        before = self._sample
        hashes = hash_rows({name: columns[name] for name in self._key} if self._key else columns, rows)
        places = np.flatnonzero(hashes <= np.uint64(before.limit)) if before and not before.exact else np.arange(rows)
        different, counts = np.unique(hashes[places], return_counts=True)
        limit = int(different[self._size - 1]) if len(different) > self._size else ALL
        places = places[hashes[places] <= np.uint64(limit)]
        if not self._key:  # equal rows need not be looked at twice
            places = places[np.unique(hashes[places], return_index=True)[1]]
        taken = kept(dict(columns), places)
        ones = np.ones(len(places), np.int64)
        if not self._key:
            ones = counts[: len(places)].astype(np.int64)
        part = _chosen(Sample(self._size, self._key, hashes[places], ones, taken, limit))
        self._sample = part if before is None else Sample.total((before, part))

    def sample(self) -> Sample:
        """Return the sample of all rows."""
        if self._sample is not None:
            return self._sample
        return Sample(self._size, self._key, np.empty(0, np.uint64), np.empty(0, np.int64), pa.table({}))


def _chosen(sample: Sample) -> Sample:
    """Put rows in order, make one of those with the same key, and keep as many as there is room for."""
    hashes, counts = sample.hashes, sample.counts
    order = np.argsort(hashes, kind="stable")
    first = np.flatnonzero(np.concatenate(([True], np.diff(hashes[order]) != 0))) if len(order) else order
    if len(first) < len(order):
        order = np.lexsort((_content(sample.rows, hashes), hashes))
        counts = np.add.reduceat(counts[order], first)
    else:
        counts = counts[order]
    places = order[first][: sample.size]
    limit = sample.limit if len(first) <= sample.size else int(hashes[places[-1]])
    rows = _take(sample.rows, places)
    return Sample(sample.size, sample.key, hashes[places], counts[: sample.size], rows, limit)


def _content(rows: pa.Table, hashes: Hashes) -> Hashes:
    """Return what decides between rows of the same key: a hash of the whole row, as it is kept."""
    if not rows.num_columns:
        return np.zeros(len(hashes), np.uint64)
    return hash_rows({name: _array(rows.column(name)) for name in rows.column_names}, rows.num_rows)


def _take(rows: pa.Table, places: npt.NDArray[Any]) -> pa.Table:
    if len(places) == rows.num_rows and np.array_equal(places, np.arange(len(places))):
        return rows
    where = pa.Array.from_buffers(pa.int64(), len(places), [None, pa.py_buffer(places.astype(np.int64))])
    return rows.take(where).combine_chunks()


def _array(column: Any) -> pa.Array:
    if not isinstance(column, pa.ChunkedArray):
        return column
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _same_rows(a: pa.Table, b: pa.Table) -> bool:
    """Tell whether rows are equal; NaN equals NaN, and the order of columns does not count."""
    if sorted(a.column_names) != sorted(b.column_names) or a.num_rows != b.num_rows:
        return False
    pairs = ((_array(a.column(name)), _array(b.column(name))) for name in a.column_names)
    return all(one.type == other.type and (one.equals(other) or _text(one) == _text(other)) for one, other in pairs)


def _text(array: pa.Array) -> str:
    return repr(array.to_pylist())
