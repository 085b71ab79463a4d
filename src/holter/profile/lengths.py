"""How long the values of a column are: characters of a text, elements of a list."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Self

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Lengths:
    """Exact statistics of lengths, which add up whatever the order.

    Parameters
    ----------
    n
        Values that have a length.
    minimum, maximum
        Shortest and longest; None without any value.
    total, squares
        Sum of the lengths and of their squares, as whole numbers: nothing is rounded.
    powers
        How many values have a length of 0, 1, 2 to 3, 4 to 7, 8 to 15 and so on: a small histogram in which two
        columns can be compared. It ends with its last cell that is not empty.

    Examples
    --------
    >>> lengths = Lengths.of(np.array([0, 1, 3, 5])) + Lengths.of(np.array([5]), np.array([2]))
    >>> lengths.n, lengths.minimum, lengths.maximum, lengths.mean, lengths.powers
    (6, 0, 5, 3.1666666666666665, (1, 1, 1, 3))
    """

    n: int = 0
    minimum: int | None = None
    maximum: int | None = None
    total: int = 0
    squares: int = 0
    powers: tuple[int, ...] = ()

    @classmethod
    def of(cls, lengths: npt.NDArray[Any], sizes: npt.NDArray[Any] | None = None) -> Self:
        """Summarise lengths, each as often as ``sizes`` says (None: once)."""
        if not len(lengths):
            return cls()
        weights = np.ones(len(lengths), np.int64) if sizes is None else sizes
        low, high, n = int(lengths.min()), int(lengths.max()), int(weights.sum())
        # frexp gives the bits of every whole number below 2**53 exactly, and so are float sums of rows below it.
        powers = np.bincount(np.frexp(lengths)[1], weights=weights).astype(np.int64)
        total, squares = _sums(lengths, weights, high, n)
        return cls(n, low, high, total, squares, tuple(powers.tolist()))

    @property
    def mean(self) -> float | None:
        """Return the mean length, or None without any value."""
        return self.total / self.n if self.n else None

    @property
    def std(self) -> float | None:
        """Return the sample standard deviation (divisor count - 1), or None with fewer than two values."""
        if self.n < 2:
            return None
        # n * squares - total**2 is the exact numerator: in whole numbers nothing cancels.
        return math.sqrt((self.n * self.squares - self.total**2) / (self.n * (self.n - 1)))

    def __add__(self, other: "Lengths") -> "Lengths":
        return Lengths.sum((self, other))

    @classmethod
    def sum(cls, parts: Sequence["Lengths"]) -> "Lengths":
        """Return the statistics of the values of all parts together."""
        return cls(
            n=sum(part.n for part in parts),
            minimum=min((part.minimum for part in parts if part.minimum is not None), default=None),
            maximum=max((part.maximum for part in parts if part.maximum is not None), default=None),
            total=sum(part.total for part in parts),
            squares=sum(part.squares for part in parts),
            powers=tuple(map(sum, zip_longest(*(part.powers for part in parts), fillvalue=0))),
        )


def _sums(lengths: npt.NDArray[Any], weights: npt.NDArray[Any], high: int, n: int) -> tuple[int, int]:
    if high * high * n < 2**63:
        wide = lengths.astype(np.int64)
        rows = wide * weights
        return int(rows.sum()), int(np.dot(rows, wide))
    pairs = list(zip(lengths.tolist(), weights.tolist(), strict=True))
    return sum(each * size for each, size in pairs), sum(each * each * size for each, size in pairs)
