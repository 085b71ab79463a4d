from datetime import timedelta

from holter.capture.counting import Minutes
from holter.types import Traffic
from holter.types.traffic import LATENCY_BOUNDS_US


def test_traffic_is_counted_by_version_and_minute_of_arrival(frame, now):
    minutes = Minutes()
    for each in (
        frame(0, latency_us=0),
        frame(1, status=500, latency_us=100, event_us=5),
        frame(2, status=504, timed_out=True, latency_us=10**9),
        frame(3, soft_failed=True, gaps=2),
        frame(60_000_000),
        frame(5, version=2),
    ):
        minutes.add(each)
    minutes.add(frame(6, version=2), gaps=4)
    found = {(version, minute): traffic for version, minute, traffic in minutes}
    assert set(found) == {(1, now), (1, now + timedelta(minutes=1)), (2, now)}
    first = found[1, now]
    assert (first.requests, first.failed, first.timed_out, first.soft_failed, first.gaps) == (4, 2, 1, 1, 2)
    assert first.latency_us == 10**9 + 1000
    assert found[2, now].gaps == 4
    assert minutes.requests == sum(traffic.requests for traffic in found.values()) == 7


def test_a_latency_is_counted_below_the_bound_it_does_not_exceed(frame):
    minutes = Minutes()
    for latency in (0, 100, 101, LATENCY_BOUNDS_US[-1], LATENCY_BOUNDS_US[-1] + 1):
        minutes.add(frame(0, latency_us=latency))
    ((_, _, traffic),) = minutes
    assert traffic.histogram[:2] == (2, 1)
    assert traffic.histogram[-2:] == (1, 1)
    assert sum(traffic.histogram) == traffic.requests
    assert isinstance(traffic, Traffic)


def test_a_shadow_is_no_traffic_but_its_gaps_are(frame):
    minutes = Minutes()
    minutes.add(frame(0, role="shadow", gaps=2))
    ((_, _, traffic),) = minutes
    assert (traffic.requests, traffic.gaps, minutes.requests) == (0, 2, 0)
