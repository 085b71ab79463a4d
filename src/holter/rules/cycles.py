"""The calendar: which hour of the day and which day of the week a window is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from holter.rules.packing import packed, unpacked
from holter.stats.calendar_means import phase_means
from holter.types import Span

Floats = npt.NDArray[np.float64]

_DAY: Final = timedelta(days=1)
_MONDAY: Final = datetime(1970, 1, 5, tzinfo=UTC)
PERIODS: Final = 4
"""Times a cycle must have been seen before its phases are believed."""
_MOST_PHASES: Final = 96
"""Windows a day of which each gets a mean of its own."""
_DOUBTLESS: Final = 4.5
"""Standard errors of the largest of seven phases that chance gives one contrast in twenty thousand (normal law)."""
_ROUNDING: Final = 1e-24
_NAMES: Final = {_DAY: "hour of the day", 7 * _DAY: "day of the week"}


@dataclass(frozen=True, eq=False)
class Cycle:
    """What each phase of a cycle adds to each contrast, and the variance of that."""

    period: timedelta
    step: timedelta
    offset: Floats
    variance: Floats

    @property
    def name(self) -> str:
        """What a person calls its phases."""
        return _NAMES[self.period]

    @property
    def phases(self) -> int:
        """How many phases it has."""
        return self.period // self.step

    def weights(self, span: Span) -> Floats:
        """Return the share of a window that lies in each phase."""
        found = np.zeros(self.phases)
        at, end = span.start, min(span.end, span.start + self.period)
        while at < end:
            place = (at - _MONDAY) // self.step
            until = min(_MONDAY + (place + 1) * self.step, end)
            found[place % self.phases] += (until - at) / (end - span.start)
            at = until
        return found

    def phase(self, span: Span) -> int:
        """Return the phase in which most of a window lies."""
        return int(self.weights(span).argmax())

    @property
    def strong(self) -> int:
        """How many contrasts follow it beyond doubt; smaller offsets are taken off too, and claimed by nobody."""
        # a share that is always 0 has offsets of rounding, and errors of rounding
        errors = np.sqrt(np.where(self.variance > _ROUNDING, self.variance, np.inf))
        return int((np.abs(self.offset / errors).max(0, initial=0.0) > _DOUBTLESS).sum())

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        seconds = [self.period.total_seconds(), self.step.total_seconds()]
        return {"seconds": seconds, "offset": packed(self.offset), "variance": packed(self.variance)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what :meth:`to_dict` wrote."""
        period, step = (timedelta(seconds=each) for each in data["seconds"])
        return cls(period, step, unpacked(data["offset"]), unpacked(data["variance"]))


def possible(every: timedelta, covered: timedelta) -> list[tuple[timedelta, timedelta]]:
    """Return the cycles (period and length of a phase) that windows of this length over this time can tell."""
    found = []
    if every < _DAY and _DAY % every == timedelta(0) and _DAY // every <= _MOST_PHASES and covered >= PERIODS * _DAY:
        found.append((_DAY, every))
    if every <= _DAY and covered >= PERIODS * 7 * _DAY:
        found.append((7 * _DAY, _DAY))
    return found


def learned_cycles(
    spans: Sequence[Span], residuals: Floats, rows: Floats, every: timedelta
) -> tuple[list[Cycle], Floats, Floats]:
    """Return the cycles, what is left of the residuals without them, and the degrees of freedom they took."""
    found: list[Cycle] = []
    used = np.zeros(residuals.shape[1])
    for period, step in possible(every, spans[-1].end - spans[0].start if spans else timedelta(0)):
        empty = np.zeros((period // step, residuals.shape[1]))
        cycle = Cycle(period, step, empty, empty)
        phase = np.array([cycle.phase(span) for span in spans], np.int64)
        means = phase_means(residuals, rows, phase, len(empty))
        found.append(Cycle(period, step, means.offset, means.variance))
        residuals = residuals - means.offset[phase]
        used = used + means.used
    return found, residuals, used
