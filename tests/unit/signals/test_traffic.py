"""Health of the service."""

from dataclasses import replace

import pytest

from holter.profile import Window
from holter.rules import Calibration, decide
from holter.signals import named
from holter.types import Schema, Traffic, Verdict
from holter.types.traffic import LATENCY_BOUNDS_US

LONG = len(LATENCY_BOUNDS_US) + 1


def timed(**counts):
    histogram = [0] * LONG
    for cell, count in counts.items():
        histogram[int(cell[1:])] = count
    return tuple(histogram)


def health(traffic, baseline=None):
    sides = [Window(None, Schema(()), traffic=each) for each in (traffic, baseline)]
    return {each.metric: each for each in decide(list(named("traffic").measure(*sides)), Calibration.iid())}


def test_errors_of_both_kinds_count():
    found = health(Traffic(requests=1000, failed=20, soft_failed=30, timed_out=5, gaps=2))
    assert found["error_rate"].value == 0.05
    assert [found[metric].value for metric in ("failed", "soft_failed", "timed_out", "gaps")] == [20, 30, 5, 2]
    assert found["error_rate"].interval.low < 0.05 < found["error_rate"].interval.high
    assert found["error_rate"].evidence is None


def test_silence_is_an_answer():
    found = health(Traffic())
    assert found["requests"].value == 0
    assert found["requests"].interval.low == 0 < found["requests"].interval.high
    assert found["error_rate"].verdict is found["latency_p95_ms"].verdict is Verdict.UNDEFINED


def test_latency_quantiles_and_their_intervals():
    found = health(Traffic(requests=1000, histogram=timed(c4=900, c20=100)))
    fast, slow = LATENCY_BOUNDS_US[4] / 1000, LATENCY_BOUNDS_US[20] / 1000
    assert (found["latency_p50_ms"].value, found["latency_p95_ms"].value) == (fast, slow)
    few = health(Traffic(requests=10, histogram=timed(c4=9, c20=1)))["latency_p95_ms"]
    assert (few.interval.low, few.interval.high) == (fast, slow)


def test_more_errors_than_before():
    before = Traffic(requests=10_000, failed=50)
    found = health(Traffic(requests=1000, failed=60), before)
    assert found["error_rate"].verdict is Verdict.ALARM
    assert health(Traffic(requests=1000, failed=5), before)["error_rate"].verdict is Verdict.OK


def test_a_table_has_none():
    assert {each.verdict for each in health(None).values()} == {Verdict.UNDEFINED}


@pytest.mark.parametrize("failed", [7, 70])
def test_a_rate_is_never_above_one(failed):
    odd = replace(Traffic(requests=5), failed=failed)
    assert health(odd)["error_rate"].value == 1.0
