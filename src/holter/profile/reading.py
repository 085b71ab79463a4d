"""A table while it is read: every column, and what concerns several columns at once."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from holter.profile.column import Column, ColumnReading
from holter.profile.joint import Joint, JointReading, joint_columns
from holter.profile.names import distinct_names
from holter.profile.sample import Sample, SampleReading
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
    joint
        Whether to sum over pairs of numeric columns.
    sample
        Rows to keep; 0 for none.
    key
        Columns that tell rows apart; empty when the whole row does.

    Raises
    ------
    UnknownColumn
        If the table lacks a column of the key.
    """

    def __init__(
        self,
        schema: pa.Schema,
        kinds: Mapping[str, Kind] | None,
        k: int,
        *,
        joint: bool = False,
        sample: int = 0,
        key: Sequence[str] = (),
    ) -> None:
        self._names = distinct_names(schema.names)
        declared = kinds or {}
        self._columns = [
            ColumnReading(field.type, declared.get(name), k) for name, field in zip(self._names, schema, strict=True)
        ]
        self._joint = JointReading(joint_columns(self._names, schema.types, declared)) if joint else None
        self._sample = SampleReading(self._names, sample, key) if sample else None
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

    def parts(self) -> tuple[int, dict[str, Column], Joint | None, Sample | None]:
        """Return what makes a profile: the rows, the columns, and what was asked for beyond them."""
        columns = dict(zip(self._names, (reading.column() for reading in self._columns), strict=True))
        joint = None if self._joint is None else self._joint.joint()
        return self._rows, columns, joint, None if self._sample is None else self._sample.sample()

    def _work(self, chunk: pa.RecordBatch) -> deque[Callable[[], None]]:
        self._rows += chunk.num_rows
        arrays = [_unfolded(array) for array in chunk.columns]
        work: deque[Callable[[], None]] = deque()
        if self._joint or self._sample:
            columns = dict(zip(self._names, arrays, strict=True))
            # the longest come first, so that no thread is left alone with them at the end
            if self._joint:
                work.append(partial(self._joint.add, columns))
            if self._sample:
                work.append(partial(self._sample.add, columns, chunk.num_rows))
        work.extend(partial(reading.add, array) for reading, array in zip(self._columns, arrays, strict=True))
        return work


def _unfolded(array: pa.Array) -> pa.Array:
    """Return a value for each row: few kernels of Arrow read runs."""
    return pc.run_end_decode(array) if pa.types.is_run_end_encoded(array.type) else array


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
