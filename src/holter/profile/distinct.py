"""How many different values a column has, in at most a kilobyte."""

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from holter.profile.hashing import Hashes, almost_hash_doubles, finish_hashes, hash_doubles

EXACT: Final = 128
"""Different values that are counted one by one: their hashes take the kilobyte that the registers take later."""
_GLANCE: Final = 512
REGISTERS: Final = 1024
"""Standard error 1.04 / sqrt(1024) = 3.25 % (Flajolet et al. 2007)."""
_INDEX: Final = np.uint64(REGISTERS - 1)
_SLOT: Final = np.uint64(4095)
"""Places by hash, less one, in which the few hashes of a column are looked up: most of 128 get one of their own."""
_BITS: Final = 53
"""Bits of a hash that are looked at for leading zeros: what a double holds exactly."""
_DROPPED: Final = np.uint64(64 - _BITS)
_UPPER_HALF: Final = np.uint64(2**32)
"""Least number with a bit in the upper half of 64."""
_FRACTION: Final = 52
"""Bits of a double below its exponent, and what is added to the exponent (IEEE 754)."""
_BIAS: Final = 1023
_ALPHA: Final = 1 / (2 * math.log(2))
_HASHES: Final = 2.0**64
"""More different values cannot be told apart, nor come to be."""
_RELATIVE_ERROR: Final = 1.04 / math.sqrt(REGISTERS)
_NORMAL_95: Final = 1.96

Registers = npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Distinct:
    """The number of different values: exact up to 128, then estimated with a standard error of 3.25 %.

    The state depends only on the set of the values, not on their order, number or partition: merging is associative,
    commutative and idempotent to the last bit.

    Parameters
    ----------
    hashes
        Ascending and different, one for each value; empty once there are registers.
    registers
        None while every hash is kept; else for each of 1024 groups of hashes the longest run of leading zeros, plus 1.

    Notes
    -----
    Flajolet, Fusy, Gandouet, Meunier, HyperLogLog, AofA 2007, with the estimator of Ertl, New cardinality estimation
    algorithms for HyperLogLog sketches, arXiv 1702.01284, algorithm 6, which needs no table of corrections. Two values
    with the same hash of 64 bits count once: that is rarer than one in a million below six million values.

    Examples
    --------
    >>> from holter.profile.hashing import hash_numbers
    >>> a, b = (Distinct.of_hashes(hash_numbers(np.arange(n))) for n in (100, 20_000))
    >>> a.estimate, a.error, (a + a) == a
    (100.0, 0.0, True)
    >>> low, high = (a + b).interval
    >>> low < 20_000 < high
    True
    """

    hashes: Hashes = field(default_factory=lambda: np.empty(0, np.uint64))
    registers: Registers | None = None

    @classmethod
    def of_hashes(cls, hashes: Hashes) -> "Distinct":
        """Count the different ones among hashes made by :mod:`holter.profile.hashing`."""
        # a few of them show when they are too many, which spares finding all the different ones
        if len(_different(hashes[:_GLANCE])) <= EXACT:
            hashes = _different(hashes)
            if len(hashes) <= EXACT:
                return cls(hashes)
        registers = np.zeros(REGISTERS, np.uint8)
        raise_registers(registers, hashes)
        return cls(registers=registers)

    @classmethod
    def total(cls, parts: Sequence["Distinct"]) -> "Distinct":
        """Return the count over all values of all parts; one that occurs in several is counted once."""
        parts = [part for part in parts if part.registers is not None or len(part.hashes)] or list(parts[:1])
        if len(parts) == 1:
            return parts[0]
        known = [part.registers for part in parts if part.registers is not None]
        hashes = [part.hashes for part in parts if part.registers is None]
        if not known:
            return cls.of_hashes(np.concatenate(hashes)) if hashes else cls()
        registers = np.maximum.reduce(known)
        for some in hashes:
            raise_registers(registers, some)
        return cls(registers=registers)

    def __add__(self, other: "Distinct") -> "Distinct":
        return Distinct.total((self, other))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Distinct):
            return NotImplemented
        if self.registers is None or other.registers is None:
            return self.registers is other.registers and np.array_equal(self.hashes, other.hashes)
        return np.array_equal(self.registers, other.registers)

    __hash__ = None  # type: ignore[assignment]  # holds arrays

    @property
    def exact(self) -> bool:
        """Whether every value was counted."""
        return self.registers is None

    @property
    def estimate(self) -> float:
        """How many different values there are."""
        return float(len(self.hashes)) if self.registers is None else _estimate(self.registers)

    @property
    def error(self) -> float:
        """Standard error of the estimate, in values; 0 when exact."""
        return 0.0 if self.exact else _RELATIVE_ERROR * self.estimate

    @property
    def interval(self) -> tuple[float, float]:
        """Where the number lies with 95 % confidence."""
        estimate, error = self.estimate, self.error
        return max(estimate - _NORMAL_95 * error, float(not self.exact)), estimate + _NORMAL_95 * error

    def to_bytes(self) -> bytes:
        """Return it in at most a kilobyte: hashes as they are, registers packed (they differ little)."""
        if self.registers is None:
            return b"h" + self.hashes.astype("<u8").tobytes()
        return b"r" + zlib.compress(self.registers.tobytes(), 6)

    @classmethod
    def from_bytes(cls, data: bytes) -> "Distinct":
        """Read what :meth:`to_bytes` wrote.

        Raises
        ------
        ValueError
            If the bytes are not what was written.
        """
        if data[:1] == b"h":
            hashes = np.frombuffer(data, "<u8", offset=1).astype(np.uint64)
            if len(hashes) > EXACT or np.any(hashes[1:] <= hashes[:-1]):
                raise ValueError("hashes are too many or out of order")
            return cls(hashes)
        if data[:1] != b"r":
            raise ValueError("neither hashes nor registers")
        return cls(registers=_unpacked(data[1:]))


def _different(hashes: Hashes) -> Hashes:
    """Return the different ones in order (``np.unique`` hashes them once more, and imports ``numpy.ma``)."""
    ordered = np.sort(hashes)
    first = np.ones(len(ordered), np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    kept: Hashes = ordered[first]
    return kept


def _unpacked(data: bytes) -> Registers:
    machine = zlib.decompressobj()
    try:
        # bounded: a damaged blob must not unpack to gigabytes
        plain = machine.decompress(data, REGISTERS + 1)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    registers = np.frombuffer(plain, np.uint8).copy()
    if len(registers) != REGISTERS or registers.max() > _BITS + 1:
        raise ValueError("registers are too many, too few or too high")
    return registers


def raise_registers(registers: Registers, hashes: Hashes) -> None:
    """Note hashes in registers, in place."""
    # the exponent of a double is the place of its first one: the same as counting zeros, for all at once
    exponents = (hashes >> _DROPPED).astype(np.float64).view(np.int64) >> _FRACTION
    zeros = np.minimum(_BITS + _BIAS - exponents, _BITS + 1)
    np.maximum.at(registers, (hashes & _INDEX).astype(np.intp), zeros.astype(np.uint8))


def _limit(registers: Registers) -> np.uint64:
    """Return the highest hash that may move a register: it needs more leading zeros than the lowest one has."""
    return np.uint64(2 ** (64 - int(registers.min())) - 1)


class DistinctReading:
    """Counts different values as they come; what was seen before costs a comparison and no more."""

    __slots__ = ("_found", "_limit", "_slots")

    def __init__(self) -> None:
        self._found = Distinct()
        self._limit = np.uint64(0)
        self._slots: Hashes | None = None

    def add(self, hashes: Hashes) -> None:
        """Note hashes, in any order, any of them any number of times."""
        registers = self._found.registers
        if registers is not None:
            raise_registers(registers, hashes[(hashes <= self._limit).nonzero()[0]])
        else:
            self._note(hashes)
        if self._found.registers is not None:
            self._limit = _limit(self._found.registers)

    def add_doubles(self, values: npt.NDArray[np.float64]) -> None:
        """Note doubles other than zeros and NaN: only the hashes of those that may raise a register are finished."""
        registers = self._found.registers
        # the upper half is enough to compare with a limit whose lower half is all ones
        if registers is None or self._limit < _UPPER_HALF:
            self.add(hash_doubles(values))
            return
        almost = almost_hash_doubles(values)
        raise_registers(registers, finish_hashes(almost[(almost <= self._limit).nonzero()[0]]))
        self._limit = _limit(registers)

    def _note(self, hashes: Hashes) -> None:
        if self._slots is not None:
            hashes = hashes[(self._slots[hashes & _SLOT] != hashes).nonzero()[0]]
        if len(hashes):
            self._found += Distinct.of_hashes(hashes)
            if self._found.registers is not None:
                return
            # an empty place holds what would lie in another one
            self._slots = np.arange(int(_SLOT) + 1, dtype=np.uint64) ^ np.uint64(1)
            self._slots[self._found.hashes & _SLOT] = self._found.hashes

    def distinct(self) -> Distinct:
        """Return the count so far."""
        registers = self._found.registers
        return self._found if registers is None else Distinct(registers=registers.copy())


def _estimate(registers: Registers) -> float:
    """Return the improved raw estimate (Ertl 2017, algorithm 6)."""
    counts = np.bincount(registers, minlength=_BITS + 2)
    z = REGISTERS * _tau(1 - counts[_BITS + 1] / REGISTERS)
    for count in counts[_BITS:0:-1]:
        z = (z + float(count)) / 2
    z += REGISTERS * _sigma(counts[0] / REGISTERS)
    return min(float(_ALPHA * REGISTERS**2 / z), _HASHES) if z else _HASHES


def _sigma(x: float) -> float:
    if x == 1:
        return math.inf
    total, step, before = x, 1.0, -1.0
    while total != before:
        x, before = x * x, total
        total += x * step
        step *= 2
    return total


def _tau(x: float) -> float:
    if x in {0.0, 1.0}:
        return 0.0
    total, step, before = 1 - x, 1.0, -1.0
    while total != before:
        x, before, step = math.sqrt(x), total, step / 2
        total -= (1 - x) ** 2 * step
    return total / 3
