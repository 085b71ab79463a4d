"""What does the model's own code say about it?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from holter.profile import Window
from holter.signals.signal import Need
from holter.stats import normal_interval, poisson
from holter.types import Interval, Measurement, Series, Verdict


@dataclass(frozen=True)
class Telemetry:
    r"""What does the model's own code say about it?

    One set of numbers for each custom metric and event that the entry script, or a program beside it, has sent; its
    name stands in ``feature``. ``count`` is the number of values (for an event: how often it happened), with the
    interval of a Poisson mean. ``mean`` has the interval :math:`\bar x \pm z s / \sqrt n`, and ``total``
    :math:`n \bar x \pm z \sqrt{\sum x^2}`, which holds when the number of values is left to chance as well (compound
    Poisson: Ross, Introduction to Probability Models, section 5.4.2). ``minimum`` and ``maximum`` are facts of the
    window. The baseline is not looked at: rules with thresholds say what is too much.

    Examples
    --------
    >>> from holter.types import Schema
    >>> window = Window(None, Schema(()), series={"PredictionCount": Series.of(3.0) + Series.of(5.0)})
    >>> [(each.metric, each.value) for each in Telemetry().measure(window, window)]
    [('count', 2.0), ('total', 8.0), ('mean', 4.0), ('minimum', 3.0), ('maximum', 5.0)]
    """

    name: ClassVar[str] = "telemetry"
    needs: ClassVar[Need] = Need.SERIES
    metrics: ClassVar[tuple[str, ...]] = ("count", "total", "mean", "minimum", "maximum")

    def measure(self, target: Window, baseline: Window) -> Sequence[Measurement]:
        """Answer for each name that was heard of in the window; nothing heard is an answer without a number."""
        del baseline
        if not target.series:
            why = "nothing was sent in this window" if target.series is not None else "a table has no telemetry"
            return [Measurement.unanswered(self.name, metric, Verdict.UNDEFINED, why) for metric in self.metrics]
        return [each for name, series in sorted(target.series.items()) for each in self._about(name, series)]

    def _about(self, feature: str, series: Series) -> Sequence[Measurement]:
        found: dict[str, tuple[float | None, Interval | None]] = {
            "count": (float(series.count), poisson(series.count)),
            "total": (series.total, _of_total(series)),
            "mean": (series.mean, _of_mean(series)),
            "minimum": (series.minimum, None),
            "maximum": (series.maximum, None),
        }
        return [
            Measurement(self.name, metric, value, series.count, feature=feature, interval=interval)
            for metric, (value, interval) in found.items()
        ]


def _of_total(series: Series) -> Interval:
    return normal_interval(series.total, math.sqrt(series.m2 + series.count * series.mean * series.mean))


def _of_mean(series: Series) -> Interval | None:
    """Return None for a single value, which does not tell how much values vary."""
    return None if series.variance is None else normal_interval(series.mean, math.sqrt(series.variance / series.count))
