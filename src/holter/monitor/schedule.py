"""Which windows are due. Pure: times in, windows out."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from holter.types import Span

Published = Collection[tuple[Span, str]]
"""Windows and the signals that have been judged in them."""


@dataclass(frozen=True)
class Due:
    """A closed window and the signals to judge in it."""

    window: Span
    signals: tuple[str, ...]


@dataclass(frozen=True)
class Timetable:
    """When the windows of a monitor close.

    Parameters
    ----------
    every
        A window ends at every multiple of it since 1970 in UTC.
    over
        How far back from its end a window reaches.
    delays
        How long after the end of a window each signal is judged.
    """

    every: timedelta
    over: timedelta
    delays: Mapping[str, timedelta]

    def closed(self, first: datetime, clock: datetime) -> Iterator[Span]:
        """Yield the grid stretches from the one that holds ``first`` on that some signal may judge at ``clock``."""
        slot = Span.covering(first, self.every)
        least = min(self.delays.values(), default=timedelta(0))
        while slot.end + least <= clock:
            yield slot
            slot = slot.next()

    def window(self, slot: Span) -> Span:
        """Return the window that ends with a stretch of the grid."""
        return slot.reaching_back(self.over)

    def ready(self, window: Span, clock: datetime) -> tuple[str, ...]:
        """Return the signals that may judge a window at ``clock``, in the order of the timetable."""
        return tuple(signal for signal, delay in self.delays.items() if window.end + delay <= clock)

    def due(self, first: datetime, clock: datetime, published: Published, limit: int) -> list[Due]:
        """Return at most ``limit`` windows with signals that may judge them and have not, oldest first.

        Parameters
        ----------
        first
            The oldest event time, or when the monitor began.
        clock
            The wall clock, or the newest event time of a replay.
        published
            What has been judged.
        limit
            How many windows to return at most: a pass must end, so that others get their turn.
        """
        found: list[Due] = []
        for slot in self.closed(first, clock):
            window = self.window(slot)
            missing = tuple(signal for signal in self.ready(window, clock) if (window, signal) not in published)
            if missing:
                found.append(Due(window, missing))
            if len(found) == limit:
                break
        return found

    def frontier(self, first: datetime, clock: datetime, published: Published) -> datetime:
        """Return the start of the oldest grid stretch that still lacks a signal: nothing before it is ever due."""
        for slot in self.closed(first, clock):
            window = self.window(slot)
            if any((window, signal) not in published for signal in self.delays):
                return slot.start
        least = min(self.delays.values(), default=timedelta(0))
        return max(first, Span.covering(clock - least, self.every).start)

    def newest(self, clock: datetime, signal: str) -> Span:
        """Return the newest window that a signal may judge at ``clock``, whether or not anything happened in it."""
        slot = Span.covering(clock - self.delays[signal], self.every)
        return self.window(Span(slot.start - self.every, slot.start))

    def recent(self, first: datetime, clock: datetime, count: int) -> list[Span]:
        """Return the windows since ``first`` that are among the newest ``count`` of any signal, oldest first.

        A signal that waits for labels has other newest windows than one that does not.
        """
        found: set[Span] = set()
        for delay in self.delays.values():
            slot = Span.covering(clock - delay, self.every)
            begin = max(Span.covering(first, self.every).start, slot.start - count * self.every)
            while begin < slot.start:
                found.add(self.window(Span(begin, begin + self.every)))
                begin += self.every
        return sorted(found)
