"""One custom metric or event over time."""

from datetime import UTC, datetime, timedelta

import pytest

from holter.charts import NARROW
from holter.charts.series import series
from holter.charts.traffic import BUCKETS
from holter.types import Series

START = datetime(2026, 5, 4, 12, tzinfo=UTC)


def at(minute):
    return START + timedelta(minutes=minute)


@pytest.mark.parametrize("counted", [True, False])
def test_nothing_is_said_in_words(counted):
    assert series([], title="Sold", counted=counted)["description"] == "Sold: nothing was told."


def test_what_happens_is_counted_and_silence_is_a_zero():
    spec = series([(at(0), Series.of(6.0, 6)), (at(2), Series.of(4.0, 4))], title="Sold", counted=True)
    assert [row["value"] for row in spec["data"]["values"]] == [6, 0, 4]
    assert spec["description"] == "Sold: 10 in all."
    assert spec["encoding"]["y"]["scale"]["zero"] is True


def test_a_number_is_its_mean_and_silence_is_a_gap():
    minutes = [(at(0), Series.of(6.0, 2)), (at(2), Series.of(-5.0))]
    spec = series(minutes, title="Loss", counted=False, width=NARROW)
    assert [row["value"] for row in spec["data"]["values"]] == [3, None, -5]
    assert spec["description"] == "Loss: 3 values, mean 0.3333, from -5 to 3."


def test_a_day_is_drawn_in_longer_steps_at_the_same_rate():
    minutes = [(at(minute), Series.of(5.0, 5)) for minute in range(BUCKETS * 12)]
    rows = series(minutes, title="Sold", counted=True)["data"]["values"]
    assert len(rows) == BUCKETS
    assert {row["value"] for row in rows} == {5.0}
    assert {row["value"] for row in series(minutes, title="Sold", counted=False)["data"]["values"]} == {1.0}


def test_names_go_in_as_they_are():
    spec = series([(at(0), Series.of(1.0))], title="<b>", counted=True)
    assert spec["title"]["text"] == "<b>"
