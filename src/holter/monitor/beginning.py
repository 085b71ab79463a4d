"""Where the history of a monitor on event time begins."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from holter.registry import Shelves
from holter.registry.entries import MonitorEntry
from holter.source import beginnings

GAP: Final = timedelta(days=366)
"""Silence after which a new history begins.

A clock that was never set writes 1970. Every window from there to now would be judged, published and empty: 20,000
days, or half a million hours.
"""


def begins(shelves: Shelves, entry: MonitorEntry, first: datetime | None, newest: datetime | None) -> datetime | None:
    """Return the oldest event time that a monitor looks at by itself.

    What lies before a silence of more than a year, or as long as 100 windows where those are longer, is left to
    ``backfill``.

    Parameters
    ----------
    shelves, entry
        The workspace and the monitor.
    first, newest
        The oldest and the newest event time; None when there is no record.
    """
    gap = max(GAP, 100 * entry.every)
    if first is None or newest is None or newest - first <= gap:
        return first  # no silence can be longer than the whole: nothing need be read
    if isinstance(entry.target, str):
        return after_silence(shelves.records(entry.target).beginnings(), gap)
    return after_silence(beginnings(entry.target.path, entry.target.time), gap)


def after_silence(moments: Sequence[datetime], gap: timedelta) -> datetime | None:
    """Return the first moment after the last silence that is longer than a gap; None of no moments.

    Examples
    --------
    >>> after_silence([datetime(1970, 1, 1), datetime(2026, 3, 1), datetime(2026, 3, 2)], GAP)
    datetime.datetime(2026, 3, 1, 0, 0)
    """
    pairs = zip(reversed(moments[:-1]), reversed(moments[1:]), strict=True)
    return next((after for before, after in pairs if after - before > gap), moments[0] if moments else None)
