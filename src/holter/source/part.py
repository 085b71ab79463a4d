"""What one file of a table must answer, and how it is read so that errors name it."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Protocol

import pyarrow as pa

from holter.errors import UnreadableTable
from holter.source.remedies import remedy
from holter.types import Span

BATCH_ROWS: Final = 65_536
"""Rows of a batch: 50 columns of them are 26 MB; larger ones were neither faster to read nor to summarise."""


@dataclass(frozen=True)
class Within:
    """Only rows whose ``time`` lies in ``span`` are of interest."""

    time: str
    span: Span


class Part(Protocol):
    """One file of a table.

    ``dictionaries`` are the columns of text it stores as codes into a dictionary; ``grows`` tells whether rows may be
    added to it while it is read; ``together`` is the most rows that it stores column by column, 0 where row by row.
    """

    name: str
    schema: pa.Schema
    dictionaries: frozenset[str]
    grows: bool
    together: int

    def batches(self, columns: Sequence[str], known: pa.Schema, within: Within | None) -> Iterator[pa.RecordBatch]:
        """Yield its rows; ``known`` are the types wanted, for formats that only guess theirs or have a choice."""


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
        raise UnreadableTable(file, remedy(error)) from error


def without_columns(rows: int) -> pa.RecordBatch:
    """Return rows of a table that has no columns."""
    return pa.RecordBatch.from_struct_array(pa.nulls(rows, pa.struct([])))


@dataclass(frozen=True)
class Stamp:
    """What shows that a file is still the one that was opened."""

    inode: int
    size: int
    changed_ns: int

    @classmethod
    def of(cls, file: str) -> "Stamp | None":
        """Look at a file; None when it is gone."""
        try:
            state = os.stat(file)  # noqa: PTH116
        except OSError:
            return None
        return cls(state.st_ino, state.st_size, state.st_mtime_ns)

    def grown(self, now: "Stamp") -> bool:
        """Tell whether a file was only added to."""
        return now.inode == self.inode and now.size > self.size

    def overwritten(self, now: "Stamp | None") -> bool:
        """Tell whether an open file holds something else now; one that took its place leaves it as it was."""
        return now is not None and now.inode == self.inode and now != self
