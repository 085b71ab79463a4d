"""What every signal is."""

from collections.abc import Sequence
from enum import Flag, auto
from typing import Protocol

from holter.profile import Window
from holter.types import Measurement


class Need(Flag):
    """What a window must be filled with before a signal can look at it.

    ``PROFILE``: the summary of all columns. ``ROWS``: the records. ``LABELS``: late enough for labels to be there; with
    ``ROWS`` the records, without it the records or the sums of their outcomes. ``TRAFFIC``: what happened to the
    requests. ``SERIES``: custom metrics and events. ``SERVICE``: how journal and workers were. ``WEEKS``: the same
    stretch of earlier weeks. ``RIVALS``: the records of every version that answered, with the labels they have.
    ``EARLIER``: sums of what became of older records, of the target only. The baseline is filled the same way, and its
    rows always bring the labels they have.
    """

    PROFILE = auto()
    ROWS = auto()
    LABELS = auto()
    TRAFFIC = auto()
    SERIES = auto()
    SERVICE = auto()
    WEEKS = auto()
    RIVALS = auto()
    EARLIER = auto()


class Signal(Protocol):
    """One question about a window."""

    @property
    def name(self) -> str:
        """The first half of ``signal.metric``."""

    @property
    def needs(self) -> Need:
        """What both windows must be filled with. Nothing else is looked at."""

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of the numbers it can give."""

    def measure(self, target: Window, baseline: Window) -> Sequence[Measurement]:
        """Answer the question: how does the target look, seen from the baseline?

        Never raises for bad data: what cannot be answered is a measurement with a verdict and a reason. Leaves the
        verdict None where there is a value: judging is for :func:`holter.rules.decide`.
        """
