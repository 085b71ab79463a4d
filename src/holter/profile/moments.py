"""Mean and spread of numbers, merged stably."""

import math
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt

from holter.profile.scratch import scratch


@dataclass(frozen=True)
class Moments:
    """How many numbers, their mean, and the sum of their squared distances from it.

    Merging is associative and commutative but for the rounding of a double. Source: Chan, Golub, LeVeque, Updating
    formulae and a pairwise algorithm for computing sample variances, 1979, equations 2.1.

    Examples
    --------
    >>> Moments.of(np.array([1.0, 2.0])) + Moments.of(np.array([6.0]))
    Moments(n=3, mean=3.0, m2=14.0)
    """

    n: int = 0
    mean: float = 0.0
    m2: float = 0.0

    @classmethod
    def of(cls, values: npt.NDArray[Any]) -> "Moments":
        """Return the moments of finite numbers; ``m2`` is infinite where the squares leave the range of a double."""
        return cls.between(values, values.min(), values.max()) if len(values) else cls()

    @classmethod
    def between(cls, values: npt.NDArray[Any], low: Any, high: Any, total: float | None = None) -> "Moments":
        """Return the moments of finite numbers, at least one, of which lowest, highest and sum are known."""
        if low == high:
            return cls(len(values), float(low), 0.0)
        if values.dtype.kind == "f":
            return cls(len(values), *_of_doubles(values, total))
        if int(high) - int(low) >= 2**63:
            return cls(len(values), *_of_doubles(values.astype(np.float64)))
        # whole numbers are moved next to zero, exactly, before they become doubles
        mean, m2 = _of_doubles((values - low).astype(np.float64))
        return cls(len(values), float(low) + mean, m2)

    def __add__(self, other: "Moments") -> "Moments":
        if not self.n or not other.n:
            return self if self.n else other
        n = self.n + other.n
        apart = other.mean - self.mean
        mean = self.mean if not apart else self.mean * (self.n / n) + other.mean * (other.n / n)
        return Moments(n, mean, (self.m2 + other.m2) + apart * apart * (self.n / n) * other.n)

    @classmethod
    def total(cls, parts: "list[Moments]") -> "Moments":
        """Return the moments of all numbers of all parts."""
        return reduce(lambda a, b: a + b, parts, cls())


def _of_doubles(values: npt.NDArray[np.float64], total: float | None = None) -> tuple[float, float]:
    with np.errstate(over="ignore", invalid="ignore"):
        # not values.mean(): it is a function in Python, which costs as much as adding up a block
        mean = (float(np.add.reduce(values)) if total is None else total) / len(values)
        if not math.isfinite(mean):
            scale = float(np.abs(values).max())
            mean = float((values / scale).mean()) * scale
        apart = np.subtract(values, mean, out=scratch("apart", len(values)))
        # not np.dot: its threads wait for each other on a busy machine
        return mean, float(np.einsum("i,i->", apart, apart))
