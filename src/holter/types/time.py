"""Half-open stretches of event time, in UTC."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from holter.errors import BadDuration, NaiveTime

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def as_utc(moment: datetime) -> datetime:
    """Return the same moment in UTC.

    Parameters
    ----------
    moment
        A datetime with a time zone.

    Raises
    ------
    NaiveTime
        If it has no time zone: guessing one has cost others a day of wrong windows.
    """
    if moment.tzinfo is None:
        raise NaiveTime(moment)
    return moment.astimezone(UTC)


def parse_duration(text: str | timedelta) -> timedelta:
    """Read ``30s``, ``5m``, ``1h``, ``1d`` or ``2w``.

    Raises
    ------
    BadDuration
        If the text is none of these, or not positive.

    Examples
    --------
    >>> parse_duration("1d")
    datetime.timedelta(days=1)
    """
    if isinstance(text, timedelta):
        duration = text
    else:
        match = re.fullmatch(r"\s*(\d+)\s*([smhdw])\s*", text)
        if match is None:
            raise BadDuration(text)
        duration = timedelta(**{_UNITS[match[2]]: int(match[1])})
    if duration <= timedelta(0):
        raise BadDuration(str(text))
    return duration


@dataclass(frozen=True, order=True)
class Span:
    """From ``start`` up to but without ``end``; both in UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", as_utc(self.start))
        object.__setattr__(self, "end", as_utc(self.end))

    def __contains__(self, moment: datetime) -> bool:
        return self.start <= moment < self.end

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d %H:%M} to {self.end:%Y-%m-%d %H:%M}"

    @property
    def length(self) -> timedelta:
        """How long it lasts."""
        return self.end - self.start

    @classmethod
    def covering(cls, moment: datetime, every: timedelta) -> "Span":
        """Return the stretch of the grid (counted from 1970 in UTC) that holds a moment.

        Examples
        --------
        >>> print(Span.covering(datetime(2013, 4, 1, 7, tzinfo=UTC), timedelta(days=1)))
        2013-04-01 00:00 to 2013-04-02 00:00
        """
        start = _EPOCH + (as_utc(moment) - _EPOCH) // every * every
        return cls(start, start + every)

    def next(self) -> "Span":
        """Return the stretch of the same length that follows."""
        return Span(self.end, self.end + self.length)

    def reaching_back(self, over: timedelta) -> "Span":
        """Return the stretch of length ``over`` with the same end."""
        return Span(self.end - over, self.end)

    def days(self) -> Iterator[str]:
        """Yield every UTC day it touches, as ``YYYY-MM-DD``."""
        day = self.start.replace(hour=0, minute=0, second=0, microsecond=0)
        while day < self.end:
            yield f"{day:%Y-%m-%d}"
            day += timedelta(days=1)
