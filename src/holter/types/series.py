"""What a custom metric said in a stretch of time, in sums that add up."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Self


class SeriesKind(StrEnum):
    """What was counted: a number that user code measured, something that happened, or items that were lost.

    ``service`` is what the process tree measures of itself, a few times a minute; see :mod:`holter.types.service`.
    """

    METRIC = "metric"
    EVENT = "event"
    REQUEST = "request"
    DEPENDENCY = "dependency"
    EXCEPTION = "exception"
    TRACE = "trace"
    PAGE_VIEW = "page_view"
    LOST = "lost"
    SERVICE = "service"


TOLD: Final = tuple(kind for kind in SeriesKind if kind is not SeriesKind.SERVICE)
"""What user code sends, and what was lost of it."""


@dataclass(frozen=True)
class Series:
    """Count, mean and spread of the values of one metric: an hour is the sum of its minutes.

    Parameters
    ----------
    count
        How many values there were; an event counts as a value of 1.
    mean
        Their mean; 0.0 without any.
    m2
        Sum of their squared distances from the mean.
    minimum, maximum
        Smallest and largest value; None without any.

    Notes
    -----
    Merging follows Chan, Golub, LeVeque, Updating formulae and a pairwise algorithm for computing sample variances,
    1979, equation 2.1.

    Examples
    --------
    >>> both = Series.of(2.0) + Series.of(4.0)
    >>> both.count, both.total, both.variance
    (2, 6.0, 2.0)
    """

    count: int = 0
    mean: float = 0.0
    m2: float = 0.0
    minimum: float | None = None
    maximum: float | None = None

    @classmethod
    def of(
        cls,
        total: float,
        count: int = 1,
        *,
        minimum: float | None = None,
        maximum: float | None = None,
        deviation: float | None = None,
    ) -> Self:
        """Return the series of one value, or of ``count`` values that were added up before they were sent.

        Parameters
        ----------
        total
            Their sum.
        minimum, maximum
            The smallest and largest of them; None takes their mean.
        deviation
            Their standard deviation (divisor ``count``); None takes 0.
        """
        mean = total / count
        low = mean if minimum is None else minimum
        high = mean if maximum is None else maximum
        return cls(count, mean, (deviation or 0.0) ** 2 * count, low, high)

    def __add__(self, other: "Series") -> "Series":
        if not self.count or not other.count:
            return self if self.count else other
        count, apart = self.count + other.count, other.mean - self.mean
        return Series(
            count,
            self.mean + apart * other.count / count,
            self.m2 + other.m2 + apart * apart * self.count * other.count / count,
            _least(self.minimum, other.minimum),
            _largest(self.maximum, other.maximum),
        )

    @property
    def total(self) -> float:
        """The sum of the values."""
        return self.mean * self.count

    @property
    def variance(self) -> float | None:
        """The sample variance (divisor count - 1); None with fewer than two values or beyond a double."""
        if self.count < 2 or not math.isfinite(self.m2):
            return None
        return self.m2 / (self.count - 1)


def _least(*values: float | None) -> float | None:
    return min((value for value in values if value is not None), default=None)


def _largest(*values: float | None) -> float | None:
    return max((value for value in values if value is not None), default=None)


@dataclass(frozen=True)
class Occurrence:
    """One thing that happened, as user code told it; ``properties`` hold text and numbers."""

    kind: SeriesKind
    name: str
    at: datetime
    properties: Mapping[str, str | float] = field(default_factory=dict)
