"""Bars, the longest on top."""

from holter.charts import ranked
from holter.charts.ranked import SHOWN
from holter.types import Measurement, Verdict


def drift(feature, value, verdict=Verdict.OK):
    return Measurement("data_drift", "jensen_shannon", value, 10, feature=feature, verdict=verdict)


def test_the_largest_comes_first_and_absent_values_are_left_out():
    spec = ranked([drift("a", 0.1), drift("b", 0.3), drift("c", None)], title="t")
    assert [row["f"] for row in spec["data"]["values"]] == ["b", "a"]
    assert "b 0.3, a 0.1" in spec["description"]


def test_equal_values_stand_in_the_order_of_names():
    spec = ranked([drift("z", 0.1), drift("a", 0.1)], title="t")
    assert [row["f"] for row in spec["data"]["values"]] == ["a", "z"]


def test_alarms_have_the_colour_of_alarms():
    rows = ranked([drift("a", 0.3, Verdict.ALARM), drift("b", 0.1)], title="t")["data"]["values"]
    assert [row["alarm"] for row in rows] == [True, False]


def test_only_the_first_dozen_is_drawn():
    assert len(ranked([drift(f"f{n}", n) for n in range(40)], title="t")["data"]["values"]) == SHOWN


def test_a_measurement_without_a_feature_goes_by_its_metric():
    assert ranked([drift(None, 0.2)], title="t")["data"]["values"][0]["f"] == "jensen_shannon"


def test_nothing_is_said_in_words():
    assert "no feature has a value" in ranked([], title="t")["description"]
