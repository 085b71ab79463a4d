"""Does the service answer, and how fast?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from holter.profile import Window
from holter.signals.noise import Z
from holter.signals.rates import rate
from holter.signals.signal import Need
from holter.stats import normal_interval, poisson
from holter.types import Interval, Measurement, Traffic, Verdict
from holter.types.traffic import LATENCY_BOUNDS_US


@dataclass(frozen=True)
class TrafficHealth:
    r"""Does the service answer, and how fast?

    ``requests``, ``failed`` (status 400 and above), ``soft_failed`` (status 200 with an error inside), ``failures``
    (both), ``timed_out`` and ``gaps`` (served but not recorded) are counts; counts of events have the interval of a
    Poisson mean (:func:`holter.stats.poisson`). ``error_rate`` is failures / requests with its Wilson interval.
    ``latency_mean_ms`` is exact; the spread behind its interval is that of the histogram, a half octave wide. The other
    latencies are quantiles of the histogram; their interval reads it at the ranks
    :math:`q n \pm z \sqrt{n q (1 - q)}` (David and Nagaraja, Order Statistics, 2003, 7.1). The baseline counts only
    where it has traffic of its own.

    Examples
    --------
    >>> from holter.types import Schema
    >>> window = Window(None, Schema(()), traffic=Traffic(requests=200, failed=4, soft_failed=6))
    >>> {each.metric: each.value for each in TrafficHealth().measure(window, window)}["error_rate"]
    0.05
    """

    name: ClassVar[str] = "traffic"
    needs: ClassVar[Need] = Need.TRAFFIC
    metrics: ClassVar[tuple[str, ...]] = (
        "requests",
        "error_rate",
        "failures",
        "failed",
        "soft_failed",
        "timed_out",
        "latency_mean_ms",
        "latency_p50_ms",
        "latency_p95_ms",
        "gaps",
    )

    def measure(self, target: Window, baseline: Window) -> Sequence[Measurement]:
        """Answer from the counts of the target. No request at all is an answer too: ``requests`` is 0."""
        traffic = target.traffic
        if traffic is None:
            why = "nothing is served here: a table has no traffic"
            return [Measurement.unanswered(self.name, metric, Verdict.UNDEFINED, why) for metric in self.metrics]
        before = None if baseline.traffic is None else (_errors(baseline.traffic), baseline.traffic.requests)
        found = [self._count(traffic, "requests")]
        found.append(rate(self.name, "error_rate", _errors(traffic), traffic.requests, before))
        found += [self._count(traffic, metric) for metric in ("failures", "failed", "soft_failed", "timed_out")]
        found.append(_mean_latency(traffic))
        found += [_latency(traffic, "latency_p50_ms", 0.5), _latency(traffic, "latency_p95_ms", 0.95)]
        return [*found, self._count(traffic, "gaps")]

    def _count(self, traffic: Traffic, metric: str) -> Measurement:
        count = float(getattr(traffic, metric))
        return Measurement(self.name, metric, count, traffic.requests, interval=poisson(count))


def _errors(traffic: Traffic) -> int:
    return min(traffic.requests, traffic.failures)


def _mean_latency(traffic: Traffic) -> Measurement:
    n = sum(traffic.histogram)
    if not n:
        return _not_timed("latency_mean_ms")
    mean = traffic.latency_us / n / 1000
    bounds = (*LATENCY_BOUNDS_US, LATENCY_BOUNDS_US[-1])
    squares = sum(count * (bound / 1000 - mean) ** 2 for bound, count in zip(bounds, traffic.histogram, strict=True))
    interval = normal_interval(mean, math.sqrt(squares) / n)
    return Measurement("traffic", "latency_mean_ms", mean, n, interval=interval)


def _not_timed(metric: str) -> Measurement:
    return Measurement.unanswered("traffic", metric, Verdict.UNDEFINED, "there was no request to time")


def _latency(traffic: Traffic, metric: str, share: float) -> Measurement:
    n = sum(traffic.histogram)
    value = traffic.quantile_ms(share)
    if value is None:
        return _not_timed(metric)
    half = Z * math.sqrt(share * (1 - share) / n)
    low, high = traffic.quantile_ms(max(0.0, share - half)), traffic.quantile_ms(min(1.0, share + half))
    assert low is not None and high is not None  # noqa: S101, PT018  (there are requests)
    return Measurement("traffic", metric, value, n, interval=Interval(low, high))
