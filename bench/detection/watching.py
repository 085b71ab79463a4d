"""The system under test, by its public door: calibrate on a baseline, then see window after window."""

from collections import deque
from typing import Any

import pyarrow as pa

import holter
from detection.streams import LABEL, PREDICTION, SCORE, TIME, Stream, Window
from holter.rules import Budget, Level

LEVEL = 0.001
"""False alarms a window may have; a budget of one page a quarter would allow 11 times as many to a daily window."""


def calibrated(stream: Stream) -> Any:
    """Return a watcher that has learned from the baseline of a stream; every real difference is at least a warning."""
    baseline = stream.baseline()
    named = {"score": SCORE, "prediction": PREDICTION, "label": LABEL, "task": "binary"} if stream.labels else {}
    time = TIME if TIME in baseline.column_names else None
    return holter.calibrate(baseline, time=time, budget=Budget(LEVEL, per="window"), material=False, **named)


def run(stream: Stream) -> dict[str, Any]:
    """Return, for every window, whether the watcher was calibrated, an alarm was on, one began; and what it said."""
    watcher = calibrated(stream)
    late = stream.change.late if stream.change else 0
    waiting: deque[Window] = deque()
    seen, said = [], []
    for number, window in enumerate(stream.windows()):
        judged = [see(watcher, window, known=not late)]
        if late:
            waiting.append(window)
        if len(waiting) > late:
            old = waiting.popleft()
            judged.append(watcher.labels(old.table, start=old.start, end=old.end))
        seen.append([any(_alarm(each) for each in judged), any(each.began for each in judged), judged[0].calibrated])
        said += [[number, _sentence(each)] for each in judged if each.began]
    columns = ("".join("01"[value] for value in column) for column in zip(*seen, strict=True))
    return {**dict(zip(("alarm", "began", "calibrated"), columns, strict=True)), "said": said}


def see(watcher: Any, window: Window, *, known: bool = True) -> Any:
    """Show a window; ``known`` false: without its labels, which have not come yet."""
    table = window.table
    if not known:
        place = table.column_names.index(LABEL)
        table = table.set_column(place, LABEL, pa.nulls(table.num_rows, pa.float64()))
    return watcher.see(table, start=window.start, end=window.end)


def _alarm(judgement: Any) -> bool:
    """Count an alarm only where it would reach somebody: at a level of warning or page."""
    return bool(judgement.alarm and judgement.level in {Level.WARNING, Level.PAGE})


def _sentence(judgement: Any) -> list[Any]:
    """Return the finding that is furthest over its threshold: feature, family, contrast, windows merged, p."""
    if not judgement.findings:
        return []
    worst = min(judgement.findings, key=lambda each: each.p / each.threshold if each.threshold else each.p)
    return [worst.feature, worst.family, worst.name, worst.scale, float(f"{worst.p:.2g}"), len(judgement.findings)]
