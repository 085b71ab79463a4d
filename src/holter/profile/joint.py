"""How the numeric columns of a table go together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from holter.profile.kinds import kind_of, plain_type, plain_values
from holter.types import Kind

JOINT_COLUMNS: Final = 64
"""Columns looked at together: the sums grow with the square of their number (100 kB at 64, 2.4 GB at 10,000)."""
_BLOCK: Final = 2048
"""Rows multiplied at a time: 64 columns of them and their masks stay in the cache of a core."""
_SMALL: Final = 65_536 * 4
"""Multiplications up to which OpenBLAS stays in the calling thread (its SMP_THRESHOLD_MIN times
GEMM_MULTITHREAD_THRESHOLD); beyond it, its threads spin and cost ten times the work on a busy machine."""
_PROBE: Final = 1001
"""Values whose median becomes the origin of a column."""

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PairTable:
    """One number for each pair of columns.

    Parameters
    ----------
    names
        The columns, of rows and columns alike.
    values
        Square and symmetric; NaN where the number is undefined.
    n
        Rows in which both columns have a finite value: what the number of that pair rests on.
    """

    names: tuple[str, ...]
    values: Matrix
    n: npt.NDArray[np.int64]

    def of(self, a: str, b: str) -> float | None:
        """Return the number of one pair, or None where it is undefined."""
        value = float(self.values[self.names.index(a), self.names.index(b)])
        return None if np.isnan(value) else value


@dataclass(frozen=True, eq=False)
class Joint:
    """Sums of first and second order over pairs of numeric columns: what correlation and principal components need.

    Every pair rests on the rows in which both columns have a finite value (nulls, NaN and infinities are left out), so
    ``mean`` and ``m2`` of a column differ from pair to pair where values are missing. Text, times and durations take no
    part. Of more than :data:`JOINT_COLUMNS` numeric columns, those take part whose names come first when sorted: the
    same ones whatever the order and the partition.

    Parameters
    ----------
    names
        The columns, sorted.
    n
        Rows in which both columns of a pair have a value.
    mean
        ``mean[i, j]`` is the mean of column i over the rows of the pair (i, j).
    m2
        ``m2[i, j]`` is the sum of squared distances of column i from ``mean[i, j]``, over the same rows.
    cross
        ``cross[i, j]`` is the sum over the same rows of the product of both distances.

    Notes
    -----
    Distances are taken from the mean, so that nothing is lost where the mean is large and the spread small; parts are
    merged by Chan, Golub, LeVeque, Updating formulae and a pairwise algorithm for computing sample variances, 1979,
    equations 2.1 (and 3.1 of Pebay, SAND2008-6212, for the products). The order of parts matters only by rounding.

    Examples
    --------
    >>> joint = Joint.of(pa.table({"x": [1.0, 2.0, 3.0, None], "y": [2.0, 4.0, 6.0, 9.0]}))
    >>> joint.correlation().of("x", "y"), joint.covariance().of("y", "x"), int(joint.n[0, 1])
    (1.0, 2.0, 3)
    """

    names: tuple[str, ...]
    n: npt.NDArray[np.int64]
    mean: Matrix
    m2: Matrix
    cross: Matrix

    @classmethod
    def of(cls, table: pa.Table, kinds: Mapping[str, Kind] | None = None) -> "Joint":
        """Return the sums of a table in memory, whose column names differ."""
        reading = JointReading(joint_columns(table.column_names, table.schema.types, kinds or {}))
        for batch in table.to_batches():
            reading.add(dict(zip(table.column_names, batch.columns, strict=True)))
        return reading.joint()

    def covariance(self) -> PairTable:
        """Return sample covariances (divisor n - 1), each over the rows that its pair has; NaN with fewer than two.

        The table of a table without missing values is positive semidefinite. With missing values it may not be: then
        a principal component can have a negative variance, and says so.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            values = np.where(self.n > 1, self.cross / (self.n - 1), np.nan)
        return PairTable(self.names, values, self.n)

    def correlation(self) -> PairTable:
        """Return Pearson correlations, each over the rows that its pair has; NaN where a column is constant there."""
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            product = self.m2 * self.m2.T
            safe = np.isfinite(product) & (product > 0)
            # one root where the product fits into a double: a column then goes with itself by exactly 1
            values = self.cross / np.where(safe, np.sqrt(product), np.sqrt(self.m2) * np.sqrt(self.m2.T))
        values[~np.isfinite(values)] = np.nan
        return PairTable(self.names, np.clip(values, -1.0, 1.0), self.n)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Joint):
            return NotImplemented
        pairs = ((getattr(self, name), getattr(other, name)) for name in ("n", "mean", "m2", "cross"))
        return self.names == other.names and all(np.array_equal(a, b, equal_nan=True) for a, b in pairs)

    __hash__ = None  # type: ignore[assignment]  # holds arrays

    def __add__(self, other: "Joint") -> "Joint":
        return Joint.total((self, other))

    @classmethod
    def total(cls, parts: Sequence["Joint"]) -> "Joint":
        """Return the sums over all rows of all parts; a column that a part does not have is missing in its rows."""
        names = tuple(sorted({name for part in parts for name in part.names})[:JOINT_COLUMNS])
        return reduce(cls._merged, (part._over(names) for part in parts))  # noqa: SLF001  its own class

    def _over(self, names: tuple[str, ...]) -> "Joint":
        """Return the same sums for a longer or shorter list of names."""
        if names == self.names:
            return self
        found = [(place, self.names.index(name)) for place, name in enumerate(names) if name in self.names]
        to, origin = ([pair[side] for pair in found] for side in (0, 1))

        def spread(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
            wide = np.zeros((len(names), len(names)), array.dtype)
            wide[np.ix_(to, to)] = array[np.ix_(origin, origin)]
            return wide

        return Joint(names, spread(self.n), spread(self.mean), spread(self.m2), spread(self.cross))

    def _merged(self, other: "Joint") -> "Joint":
        n = self.n + other.n
        shares = [part.n / np.maximum(n, 1) for part in (self, other)]
        with np.errstate(over="ignore", invalid="ignore"):
            # a part without rows must not weigh in, whatever its mean is said to be
            apart = np.where((self.n > 0) & (other.n > 0), other.mean - self.mean, 0.0)
            mean = np.where(apart == 0, np.where(self.n > 0, self.mean, other.mean), 0.0)
            mean = np.where(apart == 0, mean, self.mean * shares[0] + other.mean * shares[1])
            weight = self.n.astype(np.float64) * other.n / np.maximum(n, 1)
            m2 = (self.m2 + other.m2) + apart * apart * weight
            cross = (self.cross + other.cross) + apart * apart.T * weight
        return Joint(self.names, n, mean, m2, cross)


def joint_columns(names: Sequence[str], types: Sequence[pa.DataType], kinds: Mapping[str, Kind]) -> list[str]:
    """Return which columns take part: plain numbers that nobody declared to be something else."""
    numeric = [
        name
        for name, dtype in zip(names, types, strict=True)
        if kinds.get(name, kind_of(dtype)) is Kind.NUMERIC and _is_plain_number(plain_type(dtype))
    ]
    return sorted(numeric)[:JOINT_COLUMNS]


class JointReading:
    """The sums while a table is read; ``names`` come from :func:`joint_columns`."""

    def __init__(self, names: Sequence[str]) -> None:
        size = (len(names), len(names))
        self._names = tuple(names)
        self._origin = np.full(len(names), np.nan)
        self._n, self._sums, self._squares, self._cross = (np.zeros(size) for _ in range(4))

    def add(self, columns: Mapping[str, pa.Array]) -> None:
        """Take in the next rows of all columns."""
        if not self._names:
            return
        read = [_floats(columns[name]) for name in self._names]
        for place, (values, missing) in enumerate(read):
            if np.isnan(self._origin[place]):
                self._origin[place] = _middle(values, missing)
        rows = len(read[0][0])
        # written again for every block: fresh memory would cost as much as the sums
        room = np.empty((3 * len(read), min(rows, _BLOCK)))
        for start in range(0, rows, _BLOCK):
            self._add_block([(values[start : start + _BLOCK], _part(missing, start)) for values, missing in read], room)

    def _add_block(self, block: list[tuple[Matrix, npt.NDArray[np.bool_] | None]], room: Matrix) -> None:
        width, rows = len(block), len(block[0][0])
        both, present = room[: 2 * width, :rows], room[2 * width :, :rows]
        holed: list[int] = []
        with np.errstate(over="ignore", invalid="ignore"):
            for place, (values, missing) in enumerate(block):
                np.subtract(values, self._origin[place], out=both[place])
                if missing is not None:
                    both[place][missing] = 0.0
                    np.logical_not(missing, out=present[len(holed)])
                    holed.append(place)
            np.square(both[:width], out=both[width:])
            sums = np.repeat(both.sum(axis=1)[:, None], width, axis=1)
            sums[:, holed] = _product(both, present[: len(holed)])
            self._sums += sums[:width]
            self._squares += sums[width:]
            self._cross += _product(both[:width], both[:width])
        self._n += _counts(present[: len(holed)], holed, (width, rows))

    def joint(self) -> Joint:
        """Return the sums of all rows."""
        n = np.maximum(self._n, 1)
        with np.errstate(over="ignore", invalid="ignore"):
            mean = np.where(self._n > 0, np.nan_to_num(self._origin)[:, None] + self._sums / n, 0.0)
            m2 = np.maximum(self._squares - self._sums * self._sums / n, 0.0)
            cross = self._cross - self._sums * self._sums.T / n
        return Joint(self._names, self._n.astype(np.int64), mean, m2, cross)


def _counts(present: Matrix, holed: list[int], shape: tuple[int, int]) -> Matrix:
    """Return in how many rows both columns of a pair are present; only the holed ones ever are not."""
    counts = np.full((shape[0], shape[0]), float(shape[1]))
    alone = present.sum(axis=1)
    counts[holed, :] = alone[:, None]
    counts[:, holed] = alone[None, :]
    counts[np.ix_(holed, holed)] = _product(present, present)
    return counts


def _product(a: Matrix, b: Matrix) -> Matrix:
    """Return ``a @ b.T``, a few rows at a time."""
    rows = max(_SMALL // max(len(a) * len(b), 1), 32)
    if a.shape[1] <= rows:
        return np.asarray(a @ b.T)
    total = np.zeros((len(a), len(b)))
    for at in range(0, a.shape[1], rows):
        total += a[:, at : at + rows] @ b[:, at : at + rows].T
    return total


def _is_plain_number(plain: pa.DataType) -> bool:
    return bool(pa.types.is_integer(plain) or pa.types.is_floating(plain) or pa.types.is_decimal(plain))


def _floats(array: pa.Array) -> tuple[Matrix, npt.NDArray[np.bool_] | None]:
    """Return the values row by row, and which of them are missing (None when none is)."""
    plain = array if pa.types.is_float64(array.type) else pc.cast(plain_values(array), pa.float64(), safe=False)
    if not len(plain):
        return np.empty(0), None
    validity, data = plain.buffers()
    values = np.frombuffer(data, np.float64)[plain.offset : plain.offset + len(plain)]
    missing = ~np.isfinite(values)
    if plain.null_count:
        bits = np.unpackbits(np.frombuffer(validity, np.uint8), bitorder="little")
        missing |= bits[plain.offset : plain.offset + len(plain)] == 0
    return values, missing if missing.any() else None


def _middle(values: Matrix, missing: npt.NDArray[np.bool_] | None) -> Any:
    """Return the middle of the first values that are there: a constant column is then exactly 0 apart from it."""
    first = (values if missing is None else values[~missing])[:_PROBE]
    return np.sort(first)[len(first) // 2] if len(first) else np.nan


def _part(missing: npt.NDArray[np.bool_] | None, start: int) -> npt.NDArray[np.bool_] | None:
    if missing is None:
        return None
    part = missing[start : start + _BLOCK]
    return part if part.any() else None
