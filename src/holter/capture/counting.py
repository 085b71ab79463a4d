"""Counting requests by minute, whatever they said."""

from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from holter.capture.frame import SHADOW, Frame
from holter.types import Traffic
from holter.types.traffic import LATENCY_BOUNDS_US

MINUTE_US: Final = 60_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class _Minute:
    __slots__ = ("failed", "gaps", "histogram", "latency_us", "requests", "soft_failed", "timed_out")

    def __init__(self) -> None:
        self.requests = self.failed = self.soft_failed = self.timed_out = self.gaps = self.latency_us = 0
        self.histogram = [0] * (len(LATENCY_BOUNDS_US) + 1)


class Minutes:
    """The traffic of the frames it was given, by model version and minute of arrival."""

    def __init__(self) -> None:
        self.requests = 0
        self._minutes: dict[tuple[int, int], _Minute] = {}

    def add(self, frame: Frame, gaps: int = 0) -> None:
        """Count a request, and ``gaps`` that were lost before it."""
        key = frame.version, frame.received_us // MINUTE_US
        minute = self._minutes.get(key)
        if minute is None:
            minute = self._minutes[key] = _Minute()
        minute.gaps += frame.gaps + gaps
        if not frame.status or frame.role == SHADOW:  # a shadow's answer is nobody's request
            return
        minute.requests += 1
        minute.failed += frame.status >= 400 or frame.timed_out
        minute.soft_failed += frame.soft_failed
        minute.timed_out += frame.timed_out
        minute.latency_us += frame.latency_us
        minute.histogram[bisect_left(LATENCY_BOUNDS_US, frame.latency_us)] += 1
        self.requests += 1

    def __iter__(self) -> Iterator[tuple[int, datetime, Traffic]]:
        """Yield version, minute and counts."""
        for (version, minute), found in self._minutes.items():
            counts = {name: getattr(found, name) for name in _Minute.__slots__ if name != "histogram"}
            yield (
                version,
                _EPOCH + timedelta(minutes=minute),
                Traffic(**counts, histogram=tuple(found.histogram)),
            )
