"""One side of a comparison: a table that is read once, or a profile that was made before."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from holter.errors import HolterError, UnknownColumn
from holter.profile import Profile, Window
from holter.profile.format import MAGIC
from holter.profile.wording import kind_of_column
from holter.types import RESERVED, Feature, Schema

Progress = Callable[[int], None]
"""Is told how many rows were read since it was last told."""
SAMPLE: Final = 10_000
"""Rows of a side that are looked at where sums are not enough: what a domain classifier takes at most."""
_THREADS: Final = 2


@dataclass(frozen=True)
class Side:
    """What a user gave: its name, its columns, and either the table itself or its profile."""

    name: str
    schema: Schema
    table: Any = None
    profile: Profile | None = None

    @property
    def is_file(self) -> bool:
        """Whether it can be read beside another; two relations of one database connection cannot."""
        return isinstance(self.table, str | os.PathLike)

    def narrowed(self, columns: Sequence[str]) -> "Side":
        """Return the side with these columns only."""
        schema = Schema(tuple(each for each in self.schema.features if each.name in columns))
        if self.profile is None:
            return Side(self.name, schema, self.table)
        kept = {name: column for name, column in self.profile.columns.items() if name in columns}
        return Side(self.name, schema, None, Profile(self.profile.rows, kept))

    @property
    def size(self) -> int:
        """How many bytes its files have; 0 for what is no file."""
        from holter.source import size_of

        return size_of(self.table) if self.is_file else 0

    def window(
        self, kinds: Any, progress: Progress | None = None, threads: int = _THREADS, *, sample: int = 0
    ) -> Window:
        """Read the table, if it is not read yet, by the given kinds of columns.

        With a ``sample`` its profile has so many rows, and sums over pairs of columns too; then all columns are read
        at once, since a row is a row of all of them.
        """
        if self.profile is not None:
            return Window(None, self.schema, self.profile)
        from holter.source import column_blocks, stream

        names = list(self.schema.names)
        blocks = column_blocks(self.table, names) if self.is_file and not sample else [names]
        profile = Profile.empty()
        for block in blocks:
            reader = stream(self.table, columns=block, dictionaries=True)
            told = progress if block is blocks[-1] else None  # rows are rows, however often they are gone through
            found = Profile.of(_told(reader, told), kinds=kinds, threads=threads, joint=sample > 0, sample=sample)
            profile = Profile(found.rows, {**profile.columns, **found.columns}, found.joint, found.sample)
        return Window(None, self.schema, profile)


def side_of(obj: Any, otherwise: str) -> Side:
    """Look at what a user gave; nothing but headers is read, or the bytes of a stored profile.

    Raises
    ------
    UnreadableTable, UnsupportedTable
        If it is no table.
    DamagedProfile, NewerFormat
        If it is a stored profile that cannot be read.
    """
    name = Path(obj).stem if isinstance(obj, str | os.PathLike) else otherwise
    profile = stored_profile(obj)
    if profile is not None:
        kept = {each: column for each, column in profile.columns.items() if each not in RESERVED}
        features = (Feature(each, kind_of_column(column), column.dtype) for each, column in kept.items())
        return Side(name, Schema(tuple(features)), None, Profile(profile.rows, kept, profile.joint, profile.sample))
    from holter.source import infer_schema, schema_of

    return Side(name, infer_schema(schema_of(obj)), obj)


def stored_profile(obj: Any) -> Profile | None:
    """Return the profile that was given or that a file holds, told by its first bytes; None for anything else.

    Raises
    ------
    DamagedProfile, NewerFormat
        If the file begins like a profile and cannot be read.
    """
    if isinstance(obj, Profile):
        return obj
    if not isinstance(obj, str | os.PathLike):
        return None
    from holter.source import reading

    with reading(os.fspath(obj)):
        if not Path(obj).is_file():
            return None
        with Path(obj).open("rb") as file:
            begins_so = file.read(len(MAGIC)) == MAGIC
    return Profile.from_bytes(Path(obj).read_bytes()) if begins_so else None


def chosen(sides: Sequence[Side], columns: Sequence[str] | None) -> list[Side]:
    """Return the sides with the wanted columns only; None takes all.

    Raises
    ------
    UnknownColumn
        For one that no side has.
    """
    if columns is None:
        return list(sides)
    known = [name for side in sides for name in side.schema.names]
    for name in columns:
        if name not in known:
            raise UnknownColumn(name, known, "neither table" if len(sides) > 1 else sides[0].name)
    return [side.narrowed(columns) for side in sides]


def summarise(table: Any, *, columns: Sequence[str] | None = None, progress: Progress | None = None) -> Profile:
    """Tell what is in a table: the profile of anything tabular.

    Parameters
    ----------
    table
        What :func:`holter.compare` takes: a path or glob, a Delta folder, a table of pandas, polars, pyarrow or DuckDB,
        or the path of a stored profile. It is read once, in bounded memory.
    columns
        Only these; None takes all.
    progress
        Is told of rows as they are read.

    Returns
    -------
    Profile
        Prints as a table, shows in a notebook; ``to_bytes`` stores it, ``a + b`` is the profile of both.

    Raises
    ------
    UnreadableTable, UnsupportedTable
        If it is no table.
    UnknownColumn
        For one of ``columns`` that it does not have.
    DamagedProfile, NewerFormat
        If it is a stored profile that cannot be read.

    Examples
    --------
    >>> summarise(pa.table({"x": [1, 2, None]})).columns["x"].nulls
    1
    """
    (side,) = chosen([side_of(table, "the table")], columns)
    return side.window(None, progress).profile or Profile.empty()


def rows_known(*tables: Any) -> int | None:
    """Return how many rows will be read, if the footers of Parquet files tell all of them."""
    import pyarrow.parquet as pq

    from holter.source.files import files_of

    paths = [os.fspath(each) for each in tables if isinstance(each, str | os.PathLike) and stored_profile(each) is None]
    try:
        files = [file for path in paths for file in files_of(path)]
        if not files or not all(file.endswith((".parquet", ".pq")) for file in files):
            return None
        return sum(int(pq.read_metadata(file).num_rows) for file in files)
    except (HolterError, OSError, pa.ArrowException):
        return None  # whatever is wrong with a file, reading it says so better


def _told(reader: pa.RecordBatchReader, progress: Progress | None) -> pa.RecordBatchReader:
    """Return the reader itself, or one that counts rows as they pass."""
    if progress is None:
        return reader

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in reader:
            progress(batch.num_rows)
            yield batch

    return pa.RecordBatchReader.from_batches(reader.schema, batches())
