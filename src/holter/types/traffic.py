"""What happened to the requests of a stretch of time, apart from what they said."""

from dataclasses import dataclass, fields
from typing import Final, Self

LATENCY_BOUNDS_US: Final = tuple(int(100 * 2 ** (step / 2)) for step in range(40))
"""Upper bounds of the latency histogram, microseconds: 0.1 ms to 74 s in steps of a half octave."""


@dataclass(frozen=True)
class Traffic:
    """Counts that add up: the traffic of an hour is the sum of its minutes.

    ``failed`` counts replies of status 400 and above; ``soft_failed`` counts replies of 200 whose JSON has a top-level
    ``error``; ``timed_out`` is a part of ``failed``. ``gaps`` counts requests served but not recorded.
    """

    requests: int = 0
    failed: int = 0
    soft_failed: int = 0
    timed_out: int = 0
    gaps: int = 0
    latency_us: int = 0
    histogram: tuple[int, ...] = (0,) * (len(LATENCY_BOUNDS_US) + 1)

    def __add__(self, other: Self) -> "Traffic":
        sums = {
            field.name: getattr(self, field.name) + getattr(other, field.name)
            for field in fields(self)
            if field.name != "histogram"
        }
        histogram = tuple(a + b for a, b in zip(self.histogram, other.histogram, strict=True))
        return Traffic(**sums, histogram=histogram)

    @property
    def failures(self) -> int:
        """Requests without a usable answer: ``failed`` and ``soft_failed`` together."""
        return self.failed + self.soft_failed

    def quantile_ms(self, share: float) -> float | None:
        """Return the latency below which ``share`` of the requests stayed, in milliseconds, to a half octave.

        None when there was no request.
        """
        total = sum(self.histogram)
        if not total:
            return None
        seen = 0
        for bound, count in zip((*LATENCY_BOUNDS_US, LATENCY_BOUNDS_US[-1]), self.histogram, strict=True):
            seen += count
            if seen >= share * total:
                return bound / 1000
        return LATENCY_BOUNDS_US[-1] / 1000
