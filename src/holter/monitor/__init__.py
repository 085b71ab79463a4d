"""The beat: due windows, signals, rules, answers. A window is judged by one process at a time and published once."""

from collections.abc import Sequence

from holter.monitor.beat import Beat, BeatReport
from holter.monitor.history import backfill, replay, run
from holter.monitor.watch import Watch
from holter.registry import Shelves
from holter.registry.entries import MonitorEntry
from holter.types import Measurement, Span

__all__ = ["Beat", "BeatReport", "backfill", "evaluate", "replay", "run"]


def evaluate(shelves: Shelves, entry: MonitorEntry, window: Span) -> Sequence[Measurement]:
    """Return what every signal of a monitor says about a window, judged. Publishes nothing, moves no alert."""
    watch = Watch.of(shelves, entry, window.end)
    return [each for judged in watch.judge(window, tuple(watch.signals)).values() for each in judged.measurements]
