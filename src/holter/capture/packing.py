"""Rows of numbers on their way to columns, as the bytes of their floats.

A number that is a Python object takes 24 bytes and a pointer; two thousand rows of them do not fit the processor's
cache. Turned into bytes row by row, while they are in it, they are written and read once: half the time.
"""

import struct
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa

from holter.capture.columns import column_type

_BYTES: Final = 8


class Packing:
    """Collects rows for columns that are all numbers.

    What does not fit such a column is for :func:`holter.capture.columns.build` to look at; booleans and whole numbers
    become what they become there.

    Examples
    --------
    >>> packing = Packing(2)
    >>> packing.add([[1, 2.5], [True, 4]]), packing.add([[5, None]])
    (True, False)
    >>> [column.to_pylist() for column in packing.columns()]
    [[1.0, 1.0], [2.5, 4.0]]
    """

    def __init__(self, width: int) -> None:
        self._row = struct.Struct(f"{width}d")
        self._width, self._packed = width, list[bytes]()

    def __len__(self) -> int:
        return len(self._packed)

    def add(self, rows: Sequence[Sequence[Any]]) -> bool:
        """Take rows, all or none; False: one of them is not made of as many numbers as there are columns."""
        pack = self._row.pack
        try:
            self._packed += [pack(*row) for row in rows]
        except (struct.error, TypeError, OverflowError):
            return False
        return True

    def rows(self) -> list[Sequence[float]]:
        """Return what was taken, as rows again."""
        return list(self._row.iter_unpack(b"".join(self._packed)))

    def columns(self) -> list[pa.Array]:
        """Return what was taken, as columns."""
        table = np.frombuffer(b"".join(self._packed)).reshape(-1, self._width)
        count, data = len(table), pa.py_buffer(np.ascontiguousarray(table.T))
        size = _BYTES * count
        return [
            pa.Array.from_buffers(column_type("double"), count, [None, data.slice(place * size, size)])
            for place in range(self._width)
        ]
