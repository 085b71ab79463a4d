"""What is decided on together. Pure."""

from enum import StrEnum
from typing import Final


class Part(StrEnum):
    """What is decided on together: the data of a slot when it closes, its labels when they are due."""

    DATA = "data"
    LABELS = "labels"

    @classmethod
    def of(cls, signal: str) -> "Part | None":
        """Return the part of a signal; None for one whose question no contrast answers."""
        return _PARTS.get(signal)


_PARTS: Final = {
    "data_drift": Part.DATA,
    "prediction_drift": Part.DATA,
    "data_quality": Part.DATA,
    "performance": Part.LABELS,
}
