"""The stretches of time that decisions are made on: each once, however far windows reach back."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
import pyarrow as pa

from holter.registry.entries import MonitorEntry
from holter.types import EVENT_TIME, Span

MOST: Final = 1_000
"""Newest slots of a baseline that teach: near three years of days, six weeks of hours; it bounds time and memory."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def slot_of(entry: MonitorEntry, window: Span) -> Span:
    """Return the part of a window that no earlier window has had.

    A week that is looked at every day brings one new day; the days before were decided on when they were new, and
    decisions remember them.
    """
    return window.reaching_back(min(entry.every, window.length))


def slots(rows: pa.Table, every: timedelta, most: int = MOST) -> Iterator[tuple[Span, pa.Table]]:
    """Cut rows by event time into the slots of a grid, oldest first; empty slots and rows without a time are left out.

    Parameters
    ----------
    rows
        With the column ``_event_time``; without it there is no slot.
    every
        The length of a slot; the grid counts from 1970 in UTC, as windows do.
    most
        At most so many, the newest.
    """
    if EVENT_TIME not in rows.column_names:
        return
    timed = rows.filter(rows[EVENT_TIME].is_valid())
    if not timed.num_rows:
        return
    moments = timed[EVENT_TIME].cast(pa.timestamp("us", "UTC")).cast(pa.int64()).to_numpy()
    place = moments // (every // timedelta(microseconds=1))
    order = np.argsort(place, kind="stable")
    numbers, starts = np.unique(place[order], return_index=True)
    ends = np.append(starts[1:], len(order))
    for number, start, end in list(zip(numbers, starts, ends, strict=True))[-most:]:
        yield _span(int(number), every), timed.take(pa.array(order[start:end]))


def _span(number: int, every: timedelta) -> Span:
    return Span(_EPOCH + number * every, _EPOCH + (number + 1) * every)
