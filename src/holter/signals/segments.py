"""Where did it change most?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final

import numpy as np

from holter.profile import Window
from holter.signals.contained import contained
from holter.signals.discovery import Segment, loss_segments, share_segments
from holter.signals.row_cells import Celled, Floats, celled
from holter.signals.row_losses import Losses, row_losses
from holter.signals.signal import Need
from holter.stats import normal_interval, wilson
from holter.types import Evidence, Interval, Measurement, Verdict

LEAST: Final = 100
"""Rows on either side below which two halves of them find nothing."""
_TEST: Final = "held-out half, z"


@dataclass(frozen=True)
class Segments:
    """Where did it change most: which few segments, of one column or two, explain it?

    ``loss``: the mean loss (squared error of the probability, error rate, absolute error) of the segment in which it
    grew most beyond all others, at most three; its baseline is what the segment would have come to had it changed as
    all other rows did. ``share``: the share of rows of the segment that grew most; its baseline is the share it had.
    Half of the rows choose the segments, the other half measures them: so the p-values hold although hundreds were
    looked at (see :mod:`holter.signals.discovery`). Numbers are cut into five bins of the baseline.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from holter.types import Feature, Kind, Schema
    >>> schema = Schema((Feature("c", Kind.CATEGORICAL, "string"),))
    >>> now, before = ({"c": ["a"] * 400 + ["b"] * more} for more in (400, 100))
    >>> windows = (Window(None, schema, rows=pa.table(each)) for each in (now, before))
    >>> [f"{each.segment} {each.value:.2f}" for each in Segments().measure(*windows) if each.metric == "share"]
    ['c=b 0.50']
    """

    name: ClassVar[str] = "segments"
    needs: ClassVar[Need] = Need.ROWS | Need.LABELS
    metrics: ClassVar[tuple[str, ...]] = ("loss", "share")
    whole: ClassVar[bool] = True

    def measure(self, target: Window, baseline: Window) -> Sequence[Measurement]:
        """Answer with the segments that were found; the name of each stands in ``segment``."""
        found = contained(self.name, "loss", lambda: self._losses(target, baseline))
        return [*found, *contained(self.name, "share", lambda: self._shares(target, baseline))]

    def _losses(self, target: Window, baseline: Window) -> list[Measurement]:
        both = lossy(target, baseline)
        if isinstance(both, Measurement):
            return [replace(both, signal=self.name, metric="loss")]
        found = [
            _measured(self.name, "loss", each, normal_interval(each.value, each.own_error))
            for each in loss_segments(both)
        ]
        return found or [self._few("loss", both)]

    def _shares(self, target: Window, baseline: Window) -> list[Measurement]:
        rows, before = target.rows, baseline.rows
        if rows is None or before is None:
            side = "window" if rows is None else "baseline"
            return [Measurement.unanswered(self.name, "share", Verdict.UNDEFINED, f"the {side} has no rows")]
        both = celled(rows, before, target.schema.features, (np.zeros(len(rows)), np.zeros(len(before))))
        if min(both.now.n, both.before.n) < LEAST:
            return [self._few("share", both)]
        half = (both.now.n + 1) // 2
        found = [_measured(self.name, "share", each, wilson(each.n, half)) for each in share_segments(both)]
        return found or [self._few("share", both)]

    def _few(self, metric: str, both: Celled) -> Measurement:
        n = min(both.now.n, both.before.n)
        if n >= LEAST:
            why = "no column can be cut into segments with enough rows"
            return Measurement.unanswered(self.name, metric, Verdict.UNDEFINED, why, n=n)
        why = f"{n} rows on one side; {LEAST} are needed"
        return Measurement.unanswered(self.name, metric, Verdict.INSUFFICIENT, why, n=n)


def lossy(target: Window, baseline: Window) -> Celled | Measurement:
    """Return the rows of both sides with the loss of each, or why there are none: a measurement without an answer."""
    losses = row_losses(target.rows, target.schema.task), row_losses(baseline.rows, target.schema.task)
    for side, each in zip(("window", "baseline"), losses, strict=True):
        if isinstance(each, str):
            return Measurement.unanswered("", "", Verdict.UNDEFINED, f"{side}: {each}")
    now, before = (each for each in losses if isinstance(each, Losses))
    if now.kind != before.kind:
        why = f"the window gives the {now.kind}, the baseline the {before.kind}"
        return Measurement.unanswered("", "", Verdict.UNDEFINED, why)
    n = min(int(now.known.sum()), int(before.known.sum()))
    if n < LEAST:
        why = f"{n} labelled rows on one side; {LEAST} are needed"
        return Measurement.unanswered("", "", Verdict.INSUFFICIENT, why, n=n)
    assert target.rows is not None and baseline.rows is not None  # noqa: S101, PT018  (they have losses)
    rows = target.rows.filter(now.known), baseline.rows.filter(before.known)
    values: tuple[Floats, Floats] = (now.values[now.known], before.values[before.known])
    return celled(*rows, target.schema.features, values)


def _measured(signal: str, metric: str, found: Segment, interval: Interval | None) -> Measurement:
    evidence = Evidence(found.p_value, _TEST, found.value - found.expected, found.expected)
    return Measurement(signal, metric, found.value, found.n, segment=found.label, interval=interval, evidence=evidence)
