"""Is this hour what this hour of the week usually is?"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import dropwhile
from typing import ClassVar, Final

from holter.profile import Window
from holter.signals.signal import Need
from holter.signals.telemetry import Telemetry
from holter.signals.traffic import TrafficHealth
from holter.stats import next_value
from holter.types import Evidence, Measurement, Series, Traffic, Verdict

TEST: Final = "same stretch of earlier weeks"
LEAST: Final = 4
"""Earlier weeks without which there is no rhythm to speak of."""
SPREAD: Final = 0.2
"""How much (log scale) the same hour of two weeks is believed to differ before the weeks have shown it."""
WEIGHT: Final = 4.0
"""Weeks that the belief counts for."""
_HALF: Final = 0.5
"""Added to counts before their logarithm is taken, so that none is one too."""
_HALF_OCTAVE: Final = math.log(2) / 2
"""Width of a class of the latency histogram: what is known to lie in it has a twelfth of its square as variance."""


@dataclass(frozen=True)
class _Scale:
    """How weeks are compared in a metric.

    ``value`` is the metric (None: the window has no such number), ``place`` where a window with a value stands, and
    ``noise`` the variance of the place that comes from counting, given the value that is expected.
    """

    value: Callable[[Traffic], float | None]
    place: Callable[[Traffic], float]
    noise: Callable[[float, Traffic], float]


@dataclass(frozen=True)
class Rhythm:
    """Is this hour what this hour of the week usually is?

    ``requests``, ``error_rate``, ``latency_mean_ms`` and ``latency_p95_ms`` of a window are compared with the same
    stretch of up to twelve earlier weeks; so are ``count`` and ``mean`` of each custom metric and event, by name in
    ``feature``. Numbers and rates are compared on a log (or log-odds) scale, means of custom metrics as they are. The
    earlier weeks say how much weeks differ; what is known from counting (Poisson, binomial, the class of a histogram)
    is the least they can, and a weak belief of 20 % keeps four weeks from claiming more than they know
    (:func:`holter.stats.next_value`). ``evidence.baseline`` is what was expected. A week in which nothing was counted
    yet is no week; before there are four the answer says how many are missing. Hours are hours of UTC: where clocks are
    put forward, the hour of the clients is another one for a while.

    Examples
    --------
    >>> from holter.types import Schema, Week
    >>> weeks = tuple(Week(Traffic(requests=n), {}) for n in (1000, 1040, 990, 1010))
    >>> window = Window(None, Schema(()), traffic=Traffic(requests=20), series={}, weeks=weeks)
    >>> found = Rhythm().measure(window, window)
    >>> found[0].value, round(found[0].evidence.baseline), found[0].evidence.p_value < 1e-5
    (20.0, 1010, True)
    """

    name: ClassVar[str] = "rhythm"
    needs: ClassVar[Need] = Need.TRAFFIC | Need.SERIES | Need.WEEKS
    metrics: ClassVar[tuple[str, ...]] = (
        "requests",
        "error_rate",
        "latency_mean_ms",
        "latency_p95_ms",
        "count",
        "mean",
    )

    def measure(self, target: Window, baseline: Window) -> Sequence[Measurement]:
        """Answer from the window and its earlier weeks; the baseline has no weeks and is not looked at."""
        del baseline
        if target.traffic is None or target.weeks is None:
            why = "nothing is served here: a table has no rhythm of requests"
            return [Measurement.unanswered(self.name, metric, Verdict.UNDEFINED, why) for metric in self.metrics]
        found = {each.metric: each for each in TrafficHealth().measure(target, target)}
        traffic, weeks = target.traffic, [week.traffic for week in target.weeks]
        told = _told(target)
        return [*(_of_traffic(found[metric], scale, traffic, weeks) for metric, scale in _TRAFFIC.items()), *told]


def _of_traffic(now: Measurement, scale: _Scale, traffic: Traffic, weeks: Sequence[Traffic]) -> Measurement:
    def noise(expected: float) -> float:
        return scale.noise(expected, traffic)

    known = [(value, scale.place(each)) for each in weeks if (value := scale.value(each)) is not None]
    return _compared(now, 0.0 if now.value is None else scale.place(traffic), known, noise)


def _told(target: Window) -> list[Measurement]:
    """Return count and mean of each name; what was heard in earlier weeks and not now has a count of 0."""
    weeks, heard = target.weeks or (), target.series or {}
    names = sorted({*heard, *(name for week in weeks for name in week.series)})
    series = {name: heard.get(name, Series()) for name in names}
    told = Telemetry().measure(replace(target, series=series), target) if names else ()
    found = {(each.metric, each.feature): each for each in told}
    measured = []
    for name in names:
        past = [week.series.get(name, Series()) for week in reversed(weeks)]
        known = list(dropwhile(lambda each: not each.count, past))  # from the week on in which it first came
        measured += _of_name(series[name], known, found["count", name], found["mean", name])
    return measured


def _of_name(now: Series, known: Sequence[Series], count: Measurement, mean: Measurement) -> list[Measurement]:
    def noise(_: float) -> float:
        return math.fsum(each.variance or 0.0 for each in spoken) / max(len(spoken), 1) / now.count

    spoken = [each for each in known if each.count]
    counts = _compared(count, _log(now.count), [(each.count, _log(each.count)) for each in known], _poisson_noise)
    if not now.count:
        return [counts]
    return [counts, _compared(mean, now.mean, [(each.mean, each.mean) for each in spoken], noise, weight=0.0)]


def _compared(
    now: Measurement,
    place: float,
    weeks: Sequence[tuple[float, float]],
    noise: Callable[[float], float],
    *,
    weight: float = WEIGHT,
) -> Measurement:
    """Attach what was expected, and how unlikely this is; or say how many weeks are missing.

    ``weeks`` are the values of earlier weeks, each with its place.
    """
    mine = replace(now, signal=Rhythm.name, evidence=None)
    if mine.value is None:
        return mine
    if len(weeks) < LEAST:
        why = f"{len(weeks)} earlier weeks are known, and it takes {LEAST}"
        return Measurement.unanswered(
            mine.signal, mine.metric, Verdict.INSUFFICIENT, why, n=mine.n, feature=mine.feature
        )
    expected = math.fsum(value for value, _ in weeks) / len(weeks)
    _, p = next_value([each for _, each in weeks], place, noise=noise(expected), spread=SPREAD, weight=weight)
    return replace(mine, evidence=Evidence(p, f"{TEST}: {mine.metric}", mine.value - expected, expected))


def _log(count: float) -> float:
    return math.log(count + _HALF)


def _poisson_noise(expected: float) -> float:
    """Return the variance of the logarithm of a count (delta method)."""
    return 1 / (expected + _HALF)


def _error_rate(traffic: Traffic) -> float | None:
    return min(traffic.failures, traffic.requests) / traffic.requests if traffic.requests else None


def _odds(traffic: Traffic) -> float:
    failed = min(traffic.failures, traffic.requests)
    return math.log((failed + _HALF) / (traffic.requests - failed + _HALF))


def _odds_noise(expected: float, traffic: Traffic) -> float:
    """Return the variance of log odds (Woolf, 1955), for the requests that came."""
    return 1 / (traffic.requests * expected + _HALF) + 1 / (traffic.requests * (1 - expected) + _HALF)


def _mean_latency(traffic: Traffic) -> float | None:
    n = sum(traffic.histogram)
    return traffic.latency_us / n / 1000 if n and traffic.latency_us else None


def _slow_latency(traffic: Traffic) -> float | None:
    return traffic.quantile_ms(0.95)


def _logarithm_of(value: Callable[[Traffic], float | None]) -> Callable[[Traffic], float]:
    return lambda traffic: math.log(value(traffic) or 1.0)


def _half_octave_noise(_: float, traffic: Traffic) -> float:
    return _HALF_OCTAVE**2 / 12 + _timed(traffic)


def _requests(traffic: Traffic) -> float:
    return float(traffic.requests)


def _timed(traffic: Traffic) -> float:
    """Return the variance of the logarithm of a mean of times that vary as much as they are long."""
    return 1 / max(sum(traffic.histogram), 1)


_TRAFFIC: Final[Mapping[str, _Scale]] = {
    "requests": _Scale(_requests, lambda seen: _log(seen.requests), lambda expected, _: _poisson_noise(expected)),
    "error_rate": _Scale(_error_rate, _odds, _odds_noise),
    "latency_mean_ms": _Scale(_mean_latency, _logarithm_of(_mean_latency), lambda _, seen: _timed(seen)),
    "latency_p95_ms": _Scale(_slow_latency, _logarithm_of(_slow_latency), _half_octave_noise),
}
