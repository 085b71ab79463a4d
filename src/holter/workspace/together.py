"""What two tables differ in that no column shows by itself."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import pyarrow as pa

from holter.profile import Window
from holter.profile.sample import Sample
from holter.rules import number, title
from holter.types import Measurement, Verdict
from holter.workspace.reading import SAMPLE

SIGNALS: Final = ("correlation_drift", "reconstruction", "mmd", "domain_classifier")
HEADERS: Final = ("together", "value", "baseline", "interval", "verdict")
NUMBERS: Final = HEADERS[1:3]
_MOST: Final = 5
"""Columns named of each question."""
_PER_COLUMN: Final = ("correlation_change", "contribution")


def with_sample(window: Window) -> Window:
    """Return a window whose rows are those of the sample in its profile; without any where it has none."""
    sample = None if window.profile is None else window.profile.sample
    return window if sample is None else replace(window, rows=sampled_rows(sample))


def sampled_rows(sample: Sample) -> pa.Table:
    """Return the rows of a sample, each as often as it stands for rows of the table, at most :data:`SAMPLE` in all.

    Equal rows of a table are one row of its sample; of more than fit, evenly spaced ones are taken.

    Examples
    --------
    >>> sampled_rows(Sample.of(pa.table({"x": [1, 1, 2, 1]}), 9))["x"].to_pylist().count(1)
    3
    """
    through = np.cumsum(sample.counts)
    total = int(through[-1]) if len(through) else 0
    size = min(total, SAMPLE)
    places = np.searchsorted(through, (np.arange(size) + 0.5) * total / max(size, 1), side="right")
    return sample.rows.take(pa.array(places, pa.int64()))


def joint_measurements(target: Window, baseline: Window) -> list[Measurement]:
    """Ask every question about all columns together."""
    from holter.signals import named

    return [each for name in SIGNALS for each in named(name).measure(target, baseline)]


def joint_cells(judged: Sequence[Measurement]) -> list[tuple[str, ...]]:
    """Return what was found as rows of a table, in the order of :data:`HEADERS`; of columns the foremost only."""
    shown = sorted((each for each in judged if each.signal in SIGNALS), key=lambda each: SIGNALS.index(each.signal))
    cells = []
    for metric in dict.fromkeys(each.name for each in shown):
        about = [each for each in shown if each.name == metric]
        if about[0].metric in _PER_COLUMN:
            about = sorted(about, key=_foremost)[:_MOST]
        cells += [_cells(each) for each in about]
    return cells


def joint_notes(judged: Sequence[Measurement]) -> list[str]:
    """Return the sentence below each row of :func:`joint_cells`."""
    reasons = {_cells(each): each.reason for each in judged}
    return [reasons.get(row, "") for row in joint_cells(judged)]


def joint_sentence(judged: Sequence[Measurement]) -> str:
    """Say in words whether columns go together as they did; empty where nobody asked."""
    asked = [each for each in judged if each.signal in SIGNALS]
    alarms = [each for each in asked if each.verdict is Verdict.ALARM]
    if not asked:
        return ""
    if not alarms:
        return "Columns go together as they did, as far as can be told."
    pair = min((each for each in alarms if each.metric in _PER_COLUMN), key=_foremost, default=None)
    named = "" if pair is None else f" Most of all {pair.feature} {pair.reason}."
    return f"Columns do not go together as they did.{named}"


def _foremost(each: Measurement) -> tuple[float, str]:
    """Put the largest first; both columns of a pair have one value, but for its rounding."""
    return -round(each.value or 0.0, 9), each.feature or ""


def _cells(each: Measurement) -> tuple[str, ...]:
    before = None if each.evidence is None else each.evidence.baseline
    about = f"{title(each.name)}: {each.feature}" if each.feature else title(each.name)
    verdict = {None: "", Verdict.OK: "ok", Verdict.ALARM: "alarm"}.get(each.verdict, "none")
    shown = (number(each.name, each.value), "" if before is None else number(each.name, before))
    return (about, *shown, "" if each.interval is None else str(each.interval), verdict)
