"""The line, its band, the threshold and the diamonds, as a plain specification."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from holter.charts import NARROW, WIDE, performance
from holter.rules import Alert, AlertState, Level
from holter.types import Interval, Measurement, Span, Verdict

START = datetime(2013, 4, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def auc(day, value, *, signal="performance", length=DAY):
    window = Span(START + day * DAY, START + day * DAY + length)
    interval = None if value is None else Interval(value - 0.02, value + 0.02)
    return Measurement(signal, "roc_auc", value, 100, interval=interval, window=window)


def alert(first, last, value=0.6, threshold=None):
    measurement = Measurement("performance", "roc_auc", value, 9, window=auc(last, 0.6).window, threshold=threshold)
    spans = auc(first, 0.6).window, auc(last, 0.6).window
    return Alert("a", "m", "r", Level.WARNING, AlertState.FIRING, *spans, 2, 0, measurement, "s")


def rows(spec):
    return spec["data"]["values"]


def test_a_point_stands_in_the_middle_of_its_window_and_carries_its_interval():
    (row,) = rows(performance({"realised": [auc(0, 0.7)]}))
    assert row["t"] == "2013-04-01T12:00:00Z"
    assert (row["low"], row["v"], row["high"]) == pytest.approx((0.68, 0.7, 0.72))


def test_a_window_without_a_value_breaks_the_line_and_is_no_number():
    spec = performance({"realised": [auc(0, 0.7), auc(1, None), auc(2, 0.7)]})
    assert [row["v"] for row in rows(spec)] == [0.7, None, 0.7]
    assert "NaN" not in json.dumps(spec)


def test_without_an_interval_the_band_has_no_height():
    bare = Measurement("performance", "roc_auc", 0.7, 3, window=auc(0, 0.7).window)
    (row,) = rows(performance({"realised": [bare]}))
    assert row["low"] == row["high"] == 0.7


def test_nothing_measured_is_said_in_words():
    assert "nothing measured yet" in performance({})["description"]
    no_window = Measurement("performance", "roc_auc", 0.7, 3)
    assert "nothing measured yet" in performance({"realised": [no_window]})["description"]


def test_windows_that_all_failed_say_so():
    assert "none with a value" in performance({"realised": [auc(0, None)]})["description"]


def test_diamonds_mark_the_windows_of_an_alert_that_are_beyond_the_threshold():
    series = [auc(0, 0.7), auc(1, 0.6), auc(2, 0.66), auc(3, 0.61), auc(4, 0.6)]
    spec = performance({"realised": series}, 0.65, [alert(1, 3)])
    assert [row["alert"] for row in rows(spec)] == [False, True, False, True, False]


def test_diamonds_of_a_metric_that_must_not_rise():
    series = [auc(0, 0.1), auc(1, 0.4), auc(2, 0.2)]
    spec = performance({"realised": series}, 0.3, [alert(1, 2, value=0.4)])
    assert [row["alert"] for row in rows(spec)] == [False, True, False]


def test_an_alert_without_a_threshold_marks_all_its_windows():
    spec = performance({"realised": [auc(0, 0.7), auc(1, 0.6)]}, None, [alert(1, 1)])
    assert [row["alert"] for row in rows(spec)] == [False, True]


def test_an_alert_of_another_metric_marks_nothing():
    other = Measurement("performance", "accuracy", 0.6, 9, window=auc(0, 0.6).window)
    spec = performance({"realised": [other]}, 0.65, [alert(0, 3)])
    assert [row["alert"] for row in rows(spec)] == [False]


def test_the_axis_shows_every_value_and_mark_but_no_endless_band():
    wild = Measurement("performance", "roc_auc", 0.7, 3, interval=Interval(-50, 50), window=auc(0, 0.7).window)
    spec = performance({"realised": [wild, auc(1, 0.6)]}, threshold=0.5, baseline=0.72)
    low, high = spec["layer"][0]["encoding"]["y"]["scale"]["domain"]
    assert 0 < low < 0.5
    assert 0.72 < high < 1


@pytest.mark.parametrize("value", [0.0, 0.7])
def test_one_constant_value_has_an_axis_of_some_height(value):
    flat = Measurement("performance", "roc_auc", value, 3, window=auc(0, 0.7).window)
    low, high = performance({"realised": [flat]})["layer"][0]["encoding"]["y"]["scale"]["domain"]
    assert low < value < high


@pytest.mark.parametrize(("days", "form"), [(1, "%H:%M"), (3, "%-d %b %H:%M"), (60, "%-d %b"), (300, "%b %Y")])
def test_time_is_utc_says_so_and_its_labels_fit_the_length(days, form):
    x = performance({"realised": [auc(day, 0.7) for day in range(days)]})["encoding"]["x"]
    assert x["scale"]["type"] == "utc"
    assert x["axis"]["title"].endswith("UTC")
    assert x["axis"]["format"] == form


def test_a_narrow_picture_has_fewer_marks_on_its_axis():
    series = {"realised": [auc(day, 0.7) for day in range(20)]}
    wide, narrow = performance(series, width=WIDE), performance(series, width=NARROW)
    assert narrow["width"] == NARROW
    assert narrow["encoding"]["x"]["axis"]["tickCount"] == {"interval": "week", "step": 1}
    assert wide["encoding"]["x"]["axis"]["tickCount"] == {"interval": "date", "step": 4}


def test_lines_are_told_apart_by_dashes_too():
    spec = performance({"estimated": [auc(0, 0.7)], "realised": [auc(0, 0.7)]})
    line = next(layer for layer in spec["layer"] if layer["mark"]["type"] == "line")
    assert line["encoding"]["strokeDash"]["scale"]["range"] == [[1, 0], [5, 3]]
    assert line["encoding"]["color"]["legend"]["values"] == ["realised", "estimated"]


def test_the_words_count_windows_and_alerts():
    words = performance({"realised": [auc(0, 0.7), auc(1, 0.6)]}, 0.65, [alert(1, 1)], title="ROC AUC")["description"]
    assert "2 windows, from 0.7 to 0.6" in words
    assert "The threshold is 0.65. 1 windows broke the rule." in words


def test_an_interval_verdict_does_not_matter_to_the_picture():
    unsure = Measurement("p", "m", None, 0, window=auc(0, 0.7).window, verdict=Verdict.INSUFFICIENT)
    assert rows(performance({"realised": [unsure]}))[0]["v"] is None


def test_a_window_that_has_recovered_while_the_alert_is_open_has_no_diamond():
    spec = performance({"realised": [auc(0, 0.6), auc(1, 0.61), auc(2, 0.7)]}, 0.65, [alert(0, 2, value=0.7)])
    assert [row["alert"] for row in rows(spec)] == [True, True, False]
