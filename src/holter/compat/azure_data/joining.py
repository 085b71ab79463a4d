"""Inputs meet their outputs by correlation id, whichever comes first; what waits for more than a day waits in vain."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from holter.compat.azure_data.reading import Frame
from holter.compat.azure_data.tree import Part

PATIENCE: Final = timedelta(days=1)
"""Between the hours of a frame and of its other half."""


@dataclass(frozen=True)
class Pair:
    """The rows of one correlation id: what was asked, and what was answered; None: not collected."""

    id: str
    at: datetime
    inputs: list[dict[str, Any]] | None
    outputs: list[dict[str, Any]] | None


@dataclass
class Joining:
    """Holds halves until the other comes.

    Attributes
    ----------
    waiting
        Halves by correlation id, the oldest first.
    """

    waiting: dict[str, tuple[Part, Frame, datetime]] = field(default_factory=dict)
    _paired: dict[str, datetime] = field(default_factory=dict)

    def add(self, part: Part, frame: Frame, hour: datetime) -> Pair | None:
        """Take a half, and return the pair if it is complete; the same half a second time is the same half."""
        if frame.id in self._paired:
            return None
        other = self.waiting.get(frame.id)
        if other is None or other[0] is part:
            self.waiting.setdefault(frame.id, (part, frame, hour))
            return None
        del self.waiting[frame.id]
        self._paired[frame.id] = hour
        inputs, outputs = (frame, other[1]) if part is Part.INPUTS else (other[1], frame)
        return Pair(frame.id, inputs.at, inputs.rows, outputs.rows)

    def late(self, hour: datetime | None) -> Iterator[Pair]:
        """Give up the halves that have waited too long at this hour; None: all of them."""
        self._paired = {name: at for name, at in self._paired.items() if hour is not None and hour - at <= PATIENCE}
        given_up = [each for each in self.waiting.items() if hour is None or hour - each[1][2] > PATIENCE]
        for name, (part, frame, _) in given_up:
            del self.waiting[name]
            asked = part is Part.INPUTS
            yield Pair(name, frame.at, frame.rows if asked else None, None if asked else frame.rows)
