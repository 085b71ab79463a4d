"""What the numbers of a column are like."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holter.profile.numbers import Numbers, read_numbers
from holter.profile.opaque import joined_types
from holter.profile.ranks import K, RankSummary

EXACT_WHOLE: Final = 2**53
"""Up to here float64 holds every whole number (IEEE 754: 53 bits of significand)."""


@dataclass(frozen=True)
class NumericColumn:
    """Counts, moments and ranks of the numbers of a column; times and durations are numbers of microseconds.

    Parameters
    ----------
    n
        Rows that had the column: nulls, NaN, infinities and unreadable values included.
    nulls, nan, positive_infinite, negative_infinite
        Rows without a value, with a value that is not a number, and with infinities: four different things.
    unreadable
        Rows of a column declared numeric whose text is no number.
    zeros, negatives
        Of the finite values.
    minimum, maximum
        Of the finite values, as whole numbers where the column has whole numbers; None without any.
    mean, m2
        Mean of the finite values, and sum of their squared distances from it (0 without any; ``m2`` is infinite where
        the squares leave the range of a double: see :attr:`variance`).
    ranks
        The distribution of the finite values, with the error it may have.
    dtype
        Arrow type as text.
    unit
        Empty for plain numbers, else what one step means: ``us``, ``us since 1970-01-01`` or ``us since midnight``.
    rounded
        True when the values passed through a type that cannot hold them exactly (decimals of more than 15 digits,
        whole numbers beyond 2**53 mixed with floats, nanoseconds).
    """

    n: int
    nulls: int
    nan: int
    positive_infinite: int
    negative_infinite: int
    unreadable: int
    zeros: int
    negatives: int
    minimum: float | None
    maximum: float | None
    mean: float
    m2: float
    ranks: RankSummary
    dtype: str = "double"
    unit: str = ""
    rounded: bool = False

    @classmethod
    def of(cls, array: pa.Array, k: int | None = K) -> Self:
        """Summarise an array of numbers, booleans, times or text that holds numbers.

        Raises
        ------
        pyarrow.ArrowInvalid
            If the type has no numbers, or a time does not fit into 64 bits of microseconds.
        """
        read = read_numbers(array)
        finite, infinite = _split(read)
        mean, m2 = _moments(finite)
        return cls(
            n=len(array),
            nulls=read.nulls,
            nan=infinite.nan,
            positive_infinite=infinite.positive,
            negative_infinite=infinite.negative,
            unreadable=read.unreadable,
            zeros=int(np.count_nonzero(finite == 0)),
            negatives=int(np.count_nonzero(finite < 0)),
            minimum=finite.min().item() if len(finite) else None,
            maximum=finite.max().item() if len(finite) else None,
            mean=mean,
            m2=m2,
            ranks=RankSummary.of(finite, k),
            dtype=read.dtype,
            unit=read.unit,
            rounded=read.rounded,
        )

    @property
    def finite(self) -> int:
        """Rows with a finite number: what moments and ranks are made of."""
        return self.n - self.nulls - self.nan - self.positive_infinite - self.negative_infinite - self.unreadable

    @property
    def present(self) -> int:
        """Rows with a value, be it finite or not."""
        return self.n - self.nulls

    @property
    def variance(self) -> float | None:
        """Return the sample variance (divisor count - 1); None with fewer than two values or beyond a double."""
        if self.finite < 2 or not math.isfinite(self.m2):
            return None
        return self.m2 / (self.finite - 1)

    @property
    def std(self) -> float | None:
        """Return the square root of :attr:`variance`, or None."""
        return None if self.variance is None else math.sqrt(self.variance)

    @classmethod
    def total(cls, parts: Sequence["NumericColumn"]) -> "NumericColumn":
        """Return the summary of all rows of all parts, which must have the same unit.

        Counts and ranks do not depend on the order of parts; mean and m2 do so only by the rounding of a double.
        Source: Chan, Golub, LeVeque, Updating formulae and a pairwise algorithm for computing sample variances, 1979,
        equations 2.1.
        """
        minima = [part.minimum for part in parts if part.minimum is not None]
        maxima = [part.maximum for part in parts if part.maximum is not None]
        _, mean, m2 = reduce(_merge_moments, ((part.finite, part.mean, part.m2) for part in parts))
        counts = ("n", "nulls", "nan", "positive_infinite", "negative_infinite", "unreadable", "zeros", "negatives")
        return cls(
            **{name: sum(getattr(part, name) for part in parts) for name in counts},
            minimum=min(minima, default=None),
            maximum=max(maxima, default=None),
            mean=mean,
            m2=m2,
            ranks=RankSummary.total([part.ranks for part in parts]),
            dtype=joined_types(*(part.dtype for part in parts)),
            unit=parts[0].unit,
            rounded=any(part.rounded for part in parts) or _mixes_lossily(parts),
        )

    def compressed(self, k: int) -> "NumericColumn":
        """Return the column with at most ``k`` values in its ranks."""
        return replace(self, ranks=self.ranks.compressed(k))


@dataclass(frozen=True)
class _Infinite:
    nan: int = 0
    positive: int = 0
    negative: int = 0


def _split(read: Numbers) -> tuple[npt.NDArray[Any], _Infinite]:
    values = read.values
    if values.dtype.kind != "f":
        return values, _Infinite()
    finite = np.isfinite(values)
    if finite.all():
        return values, _Infinite()
    odd = values[~finite]
    nan = int(np.isnan(odd).sum())
    positive = int((odd > 0).sum())
    return values[finite], _Infinite(nan, positive, len(odd) - nan - positive)


def _moments(values: npt.NDArray[Any]) -> tuple[float, float]:
    """Return mean and sum of squared deviations, without overflow where the mean itself fits."""
    if not len(values):
        return 0.0, 0.0
    shift = values[0]
    if (values == shift).all():
        return float(shift), 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        # whole numbers are shifted exactly (in wrap-around arithmetic) before they become floats
        apart = (values - shift).astype(np.float64) if _shift_is_safe(values) else values.astype(np.float64)
        origin = float(shift) if _shift_is_safe(values) else 0.0
        middle = float(np.mean(apart))
        if not math.isfinite(middle):
            scale = float(np.abs(apart).max())
            middle = float(np.mean(apart / scale)) * scale
        deviation = apart - middle
        # not np.dot: its threads wait for each other on a busy machine, and its sum is less exact
        m2 = float(np.square(deviation).sum())
    return origin + middle, m2


def _shift_is_safe(values: npt.NDArray[Any]) -> bool:
    """Tell whether differences to the first value fit into 64 signed bits."""
    if values.dtype.kind != "i":
        return False
    return int(values.max()) - int(values.min()) < 2**63


def _merge_moments(a: tuple[int, float, float], b: tuple[int, float, float]) -> tuple[int, float, float]:
    n = a[0] + b[0]
    if not a[0] or not b[0]:
        return (n, *(a[1:] if a[0] else b[1:]))
    apart = b[1] - a[1]
    mean = a[1] if not apart else a[1] * (a[0] / n) + b[1] * (b[0] / n)
    return n, mean, (a[2] + b[2]) + apart * apart * (a[0] / n) * b[0]


def _mixes_lossily(parts: Sequence[NumericColumn]) -> bool:
    """Tell whether merging turned whole numbers into floats that cannot hold them."""
    kinds = {part.ranks.values.dtype for part in parts if len(part.ranks.values)}
    whole = [part for part in parts if part.ranks.values.dtype.kind != "f"]
    bounds = (bound for part in whole for bound in (part.minimum, part.maximum) if bound is not None)
    return len(kinds) > 1 and any(abs(bound) > EXACT_WHOLE for bound in bounds)
