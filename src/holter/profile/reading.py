"""A table while it is read: every column, and what concerns several columns at once."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import pyarrow as pa

from holter.profile.column import Column, ColumnReading
from holter.profile.names import distinct_names
from holter.types import Kind


class TableReading:
    """What is known of the rows of a table so far.

    Parameters
    ----------
    schema
        The columns; of two with the same name the second is called ``x.2``.
    kinds
        How to summarise the named columns; the others are told by their type.
    k
        Values kept for each numeric column.
    """

    def __init__(self, schema: pa.Schema, kinds: Mapping[str, Kind] | None, k: int) -> None:
        self._names = distinct_names(schema.names)
        declared = kinds or {}
        self._columns = [
            ColumnReading(field.type, declared.get(name), k) for name, field in zip(self._names, schema, strict=True)
        ]
        self._rows = 0

    def add(self, chunk: pa.RecordBatch) -> None:
        """Take in the next rows in the thread of the caller."""
        _drain(self._work(chunk))

    def read(self, chunks: Iterable[pa.RecordBatch], threads: int) -> None:
        """Take in all chunks; with two threads or more the next chunk is fetched while one is summarised.

        Chunks are fetched in the thread of the caller, and what that raises is raised as it is. numpy and Arrow let go
        of the interpreter while they work, so columns are summarised in parallel.
        """
        if threads < 2:
            for chunk in chunks:
                self.add(chunk)
            return
        with ThreadPoolExecutor(threads) as pool:
            running: Sequence[Future[None]] = ()
            for chunk in chunks:
                _wait(running)
                work = self._work(chunk)
                running = [pool.submit(_drain, work) for _ in range(threads)]
            _wait(running)

    def parts(self) -> tuple[int, dict[str, Column]]:
        """Return what makes a profile: the rows and the columns."""
        columns = (reading.column() for reading in self._columns)
        return self._rows, dict(zip(self._names, columns, strict=True))

    def _work(self, chunk: pa.RecordBatch) -> deque[Callable[[], None]]:
        self._rows += chunk.num_rows
        return deque(partial(reading.add, array) for reading, array in zip(self._columns, chunk.columns, strict=True))


def _drain(work: deque[Callable[[], None]]) -> None:
    """Do what is left of the work; a slow column then keeps one thread busy and not the others waiting."""
    while True:
        try:
            task = work.popleft()
        except IndexError:
            return
        task()


def _wait(running: Iterable[Future[None]]) -> None:
    for future in running:
        future.result()
