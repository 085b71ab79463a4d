"""Features by windows, in shades."""

from datetime import UTC, datetime, timedelta

from holter.charts import NARROW, drift_heatmap
from holter.charts.heatmap import CLASSES, FEATURES, recent_drift
from holter.types import Measurement, Span

START = datetime(2013, 4, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def drift(feature, day, value, length=DAY):
    window = Span(START + day * DAY, START + day * DAY + length)
    return Measurement("data_drift", "jensen_shannon", value, 10, feature=feature, window=window)


def cells(spec):
    found = [(row["f"], row["c"], row["t"][5:10], row["u"][5:10]) for row in spec["data"]["values"]]
    return sorted(found, key=lambda cell: (cell[0], cell[2]))


def test_the_most_recently_drifted_feature_is_on_top():
    old = [drift("old", day, 0.9 if day < 3 else 0.01) for day in range(12)]
    new = [drift("new", day, 0.01 if day < 9 else 0.5) for day in range(12)]
    spec = drift_heatmap(old + new)
    assert spec["encoding"]["y"]["sort"] == ["new", "old"]
    assert list(recent_drift(old + new)) == ["new", "old"]


def test_neighbours_of_one_shade_are_one_cell():
    spec = drift_heatmap([drift("a", 0, 0.01), drift("a", 1, 0.02), drift("a", 2, 0.3)])
    assert cells(spec) == [("a", "below 0.05", "04-01", "04-03"), ("a", "0.25 and more", "04-03", "04-04")]


def test_a_window_without_a_value_stays_empty():
    spec = drift_heatmap([drift("a", 0, 0.01), drift("a", 1, None), drift("a", 2, 0.01)])
    assert [cell[2:] for cell in cells(spec)] == [("04-01", "04-02"), ("04-03", "04-04")]


def test_windows_that_overlap_do_not_cover_each_other():
    week = timedelta(days=7)
    spec = drift_heatmap([drift("a", 0, 0.01, week), drift("a", 1, 0.2, week)])
    assert cells(spec) == [("a", "below 0.05", "04-07", "04-08"), ("a", "0.15 to 0.25", "04-08", "04-09")]


def test_a_value_on_a_bound_has_the_higher_shade():
    spec = drift_heatmap([drift("a", day, bound) for day, bound in enumerate(CLASSES)])
    assert [cell[1] for cell in cells(spec)] == ["0.05 to 0.1", "0.1 to 0.15", "0.15 to 0.25", "0.25 and more"]


def test_at_most_twenty_features_are_drawn():
    spec = drift_heatmap([drift(f"f{n:02}", 0, n / 100) for n in range(FEATURES + 5)])
    assert len(spec["encoding"]["y"]["sort"]) == FEATURES
    assert {cell[0] for cell in cells(spec)} == set(spec["encoding"]["y"]["sort"])


def test_nothing_measured_is_said_in_words():
    assert "nothing measured yet" in drift_heatmap([])["description"]
    assert "nothing measured yet" in drift_heatmap([drift("a", 0, None)])["description"]


def test_the_legend_is_discrete_and_folds_when_narrow():
    spec = drift_heatmap([drift("a", 0, 0.1)], width=NARROW)
    assert spec["encoding"]["fill"]["type"] == "ordinal"
    assert len(spec["encoding"]["fill"]["scale"]["domain"]) == len(CLASSES) + 1
    assert spec["encoding"]["fill"]["legend"]["columns"] == 2


def test_the_words_name_the_most_drifted():
    words = drift_heatmap([drift("a", 0, 0.1), drift("b", 0, 0.3)], metric="by distance")["description"]
    assert "by distance" in words
    assert "b 0.3, a 0.1" in words
