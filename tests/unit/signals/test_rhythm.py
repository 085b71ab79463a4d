"""Traffic beside the same stretch of earlier weeks."""

from bisect import bisect_left

import numpy as np
import pytest

from holter.profile import Window
from holter.rules import Calibration, decide
from holter.signals.rhythm import LEAST, Rhythm
from holter.types import Schema, Series, Traffic, Verdict, Week
from holter.types.traffic import LATENCY_BOUNDS_US


def traffic(requests, failed=0, ms=5.0):
    histogram = [0] * (len(LATENCY_BOUNDS_US) + 1)
    histogram[bisect_left(LATENCY_BOUNDS_US, ms * 1000)] = requests
    return Traffic(requests=requests, failed=failed, latency_us=int(requests * ms * 1000), histogram=tuple(histogram))


def told(*values):
    return sum((Series.of(value) for value in values), Series())


def asked(now, weeks, series=None):
    window = Window(None, Schema(()), traffic=now, series=series or {}, weeks=tuple(weeks))
    judged = decide(Rhythm().measure(window, window), Calibration.iid())
    return {(each.metric, each.feature) if each.feature else each.metric: each for each in judged}


def usual(rng, spread=0.1, weeks=8, rate=1000, errors=0.01):
    """Return weeks that differ by about a tenth, with errors and latencies of their own."""
    found = []
    for _ in range(weeks):
        n = int(rng.poisson(rate * np.exp(rng.normal(0, spread))))
        found.append(Week(traffic(n, int(rng.binomial(n, errors)), 5.0 * float(np.exp(rng.normal(0, 0.1)))), {}))
    return found


WEEKS = usual(np.random.default_rng(1))


def test_an_hour_like_the_others_is_no_alarm_and_says_what_was_expected():
    found = asked(traffic(1040, 11), WEEKS)
    assert {each.verdict for each in found.values()} == {Verdict.OK}
    assert found["requests"].evidence.baseline == pytest.approx(1000, rel=0.15)
    assert found["error_rate"].evidence.baseline == pytest.approx(0.01, rel=0.5)
    assert found["requests"].value == 1040


@pytest.mark.parametrize(
    ("now", "metric"),
    [
        (traffic(0), "requests"),
        (traffic(200, 2), "requests"),
        (traffic(4000, 40), "requests"),
        (traffic(1000, 120), "error_rate"),
        (traffic(1000, 10, ms=25.0), "latency_mean_ms"),
        (traffic(1000, 10, ms=25.0), "latency_p95_ms"),
    ],
)
def test_an_hour_unlike_the_others_is_an_alarm(now, metric):
    found = asked(now, WEEKS)
    assert found[metric].verdict is Verdict.ALARM
    assert found[metric].threshold is not None


def test_silence_leaves_rates_and_times_without_a_number():
    found = asked(traffic(0), WEEKS)
    assert {found[metric].verdict for metric in ("error_rate", "latency_mean_ms")} == {Verdict.UNDEFINED}


def test_what_falls_short_of_a_habit_of_hardly_anybody_is_no_news():
    weeks = [Week(traffic(n), {}) for n in (1, 0, 2, 0, 1, 0)]
    assert asked(traffic(0), weeks)["requests"].verdict is Verdict.OK
    assert asked(traffic(3), weeks)["requests"].verdict is Verdict.OK
    assert asked(traffic(400), weeks)["requests"].verdict is Verdict.ALARM


def test_weeks_that_differ_much_let_more_pass():
    wild = usual(np.random.default_rng(3), spread=1.0)
    assert asked(traffic(3000), wild)["requests"].verdict is Verdict.OK
    assert asked(traffic(3000), WEEKS)["requests"].verdict is Verdict.ALARM


@pytest.mark.parametrize("weeks", range(LEAST))
def test_before_there_are_weeks_enough_it_says_how_many_are_missing(weeks):
    found = asked(traffic(1000), WEEKS[:weeks], {"Scored": told(1.0)})
    assert {each.verdict for each in found.values()} == {Verdict.INSUFFICIENT}
    assert found["requests"].reason == f"{weeks} earlier weeks are known, and it takes 4"


def test_weeks_without_requests_have_no_error_rate_of_their_own():
    weeks = [*WEEKS[:3], *(Week(traffic(0), {}) for _ in range(5))]
    assert asked(traffic(1000, 10), weeks)["error_rate"].verdict is Verdict.INSUFFICIENT
    assert asked(traffic(1000, 10), weeks)["requests"].value == 1000


def test_custom_metrics_have_a_rhythm_too():
    rng = np.random.default_rng(2)
    weeks = [Week(traffic(1000), {"cost": told(*rng.normal(20 + rng.normal(0, 0.5), 2, 100))}) for _ in range(8)]
    same = asked(traffic(1000), weeks, {"cost": told(*rng.normal(20, 2, 100))})
    assert (same["mean", "cost"].verdict, same["count", "cost"].verdict) == (Verdict.OK, Verdict.OK)
    dear = asked(traffic(1000), weeks, {"cost": told(*rng.normal(40, 2, 100))})
    assert dear["mean", "cost"].verdict is Verdict.ALARM
    assert dear["mean", "cost"].evidence.baseline == pytest.approx(20, abs=1)
    silent = asked(traffic(1000), weeks)
    assert silent["count", "cost"].verdict is Verdict.ALARM
    assert silent["count", "cost"].value == 0
    assert ("mean", "cost") not in silent


def test_a_metric_that_is_new_has_no_rhythm_yet_and_one_that_paused_has_one():
    at = {"new": told(1.0, 2.0)}
    young = [Week(traffic(10), at if number < 3 else {}) for number in range(8)]
    assert asked(traffic(10), young, at)["count", "new"].verdict is Verdict.INSUFFICIENT
    holes = [Week(traffic(10), at if number in {0, 2, 4} else {}) for number in range(8)]
    found = asked(traffic(10), holes, at)
    assert found["count", "new"].evidence.baseline < 2, "weeks of silence after the first count as weeks"
    assert found["mean", "new"].verdict is Verdict.INSUFFICIENT


def test_alarms_of_nothing_are_rare():
    """Level .001 a window, over all metrics; 4 and 12 weeks that differ by 10 %, 30 % and hardly at all."""
    rng, alarms, windows = np.random.default_rng(7), 0, 0
    for spread in (0.0, 0.1, 0.3):
        for count in (LEAST, 12):
            for _ in range(200):
                *weeks, now = usual(rng, spread, count + 1)
                alarms += any(each.verdict is Verdict.ALARM for each in asked(now.traffic, weeks).values())
                windows += 1
    assert windows == 1200
    assert alarms <= 4


def test_a_table_has_no_rhythm():
    window = Window(None, Schema(()))
    found = Rhythm().measure(window, window)
    assert {each.verdict for each in found} == {Verdict.UNDEFINED}
    assert len(found) == len(Rhythm.metrics)
