"""Requests, failures and latency over time."""

from datetime import UTC, datetime, timedelta

from holter.charts import NARROW, traffic
from holter.charts.traffic import BUCKETS
from holter.types import Traffic

START = datetime(2026, 5, 4, 12, tzinfo=UTC)


def seen(requests, failed=0, place=3):
    histogram = [0] * len(Traffic().histogram)
    histogram[place] = requests
    return Traffic(requests, failed, histogram=tuple(histogram))


def at(minute):
    return START + timedelta(minutes=minute)


def test_nothing_is_said_in_words():
    assert "no requests" in traffic([])["description"]


def test_silence_is_a_zero_and_not_a_gap():
    rows = traffic([(at(0), seen(6)), (at(2), seen(4, 1))])["data"]["values"]
    assert [row["requests"] for row in rows] == [6, 0, 4]
    assert [row["failed"] for row in rows] == [0, 0, 1]
    assert rows[1]["p95"] is None


def test_versions_of_one_minute_are_added_up():
    (row,) = traffic([(at(0), seen(6)), (at(0), seen(4))])["data"]["values"]
    assert row["requests"] == 10


def test_long_stretches_are_drawn_in_longer_steps_at_the_same_rate():
    rows = traffic([(at(minute), seen(5)) for minute in range(BUCKETS * 4)])["data"]["values"]
    assert len(rows) == BUCKETS
    assert {row["requests"] for row in rows} == {5.0}


def test_the_words_sum_up():
    spec = traffic([(at(0), seen(6)), (at(1), seen(4, 1))], width=NARROW)
    assert "10 requests, 1 failed, p95" in spec["description"]
