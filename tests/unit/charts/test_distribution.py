"""One column now against its baseline."""

import re
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
import vl_convert

from holter.charts import NARROW, distribution
from holter.charts.distribution import BINS, CATEGORIES, REST
from holter.profile import Profile


def column(values, dtype=None):
    return Profile.of(pa.table({"x": pa.array(values, dtype)})).columns["x"]


def bars(spec):
    return spec["layer"][0]["data"]["values"]


def test_numeric_shares_of_each_side_add_up_to_one():
    spec = distribution(column([float(n) for n in range(100)]), column([50.0] * 10 + [70.0] * 30), title="x")
    rows = bars(spec)
    assert len(rows) == BINS
    assert sum(row["s"] for row in rows) == pytest.approx(1)
    assert sum(row["base"] for row in rows) == pytest.approx(1)


def test_one_outlier_does_not_squeeze_the_rest_into_one_bar():
    spec = distribution(column([n / 1000 for n in range(2000)] + [1e9]), None, title="x")
    rows = bars(spec)
    assert rows[-1]["b"] < 3
    assert max(row["s"] for row in rows) < 0.2
    assert sum(row["s"] for row in rows) == pytest.approx(1)


def test_few_distinct_values_get_a_bar_each_with_room_between():
    spec = distribution(column([0.0, 5.0, 5.0, 7.5]), column([0.0, 100.0]), title="fee")
    assert [(row["c"], row["s"], row["base"]) for row in bars(spec)] == [
        ("0", 0.25, 0.5),
        ("5", 0.5, 0.0),
        ("7.5", 0.25, 0.0),
        ("100", 0.0, 0.5),
    ]
    assert spec["layer"][0]["encoding"]["x"]["type"] == "nominal"
    assert "ticks the baseline" in spec["description"]
    drawn = [float(width) for width in re.findall(r'd="M[^"]*h([\d.]+)v', vl_convert.vegalite_to_svg(spec))]
    assert min(width for width in drawn if width) > 20


def test_values_that_read_alike_are_told_apart():
    rows = bars(distribution(column([1.00001, 1.00002]), None, title="x"))
    assert [row["c"] for row in rows] == ["1.00001", "1.00002"]


def test_many_values_are_binned_and_a_time_axis_has_dates():
    times = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=n) for n in range(100)]
    spec = distribution(column(times), column(times), title="x")
    assert len(bars(spec)) == BINS
    assert spec["layer"][0]["encoding"]["x"]["type"] == "temporal"
    assert ">3 Jan<" in vl_convert.vegalite_to_svg(spec)


def test_a_constant_column_has_one_bar():
    rows = bars(distribution(column([3.0] * 5), column([3.0]), title="x"))
    assert [row["s"] for row in rows if row["s"]] == [1.0]


@pytest.mark.parametrize("values", [[None, None], [float("nan")], [float("inf")]])
def test_a_column_without_finite_values_is_said_in_words(values):
    spec = distribution(column(values, pa.float64()), None, title="x")
    assert "no finite values" in spec["description"]


def test_a_side_without_values_is_flat():
    rows = bars(distribution(column([1.0, 2.0]), column([None], pa.float64()), title="x"))
    assert {row["base"] for row in rows} == {0.0}


def test_categories_stand_in_the_order_of_the_baseline():
    spec = distribution(column(["a", "b", "b", "b"]), column(["a", "a", "b", "c"]), title="x")
    rows = spec["data"]["values"]
    assert [(row["c"], row["s"], row["base"]) for row in rows] == [("a", 0.25, 0.5), ("b", 0.75, 0.25), ("c", 0, 0.25)]


def test_rare_categories_are_one_bar():
    many = column([f"c{n:02}" for n in range(30)])
    rows = distribution(many, many, title="x")["data"]["values"]
    assert len(rows) == CATEGORIES + 1
    assert rows[-1]["c"] == REST
    assert sum(row["s"] for row in rows) == pytest.approx(1)


def test_the_empty_string_has_a_name():
    rows = distribution(column(["", "a"]), None, title="x")["data"]["values"]
    assert {row["c"] for row in rows} == {"(empty)", "a"}


def test_without_a_baseline_there_are_no_ticks():
    assert len(distribution(column(["a"]), None, title="x")["layer"]) == 1
    assert distribution(column([1.0, 2.0]), None, title="x")["layer"][1]["data"]["values"] == []


def test_columns_of_different_types_are_not_compared():
    spec = distribution(column([1.0, 2.0]), column(["a"]), title="x", width=NARROW)
    assert "cannot be compared" in spec["description"]
    spec = distribution(column(["a"]), column([1.0]), title="x")
    assert "cannot be compared" in spec["description"]


def test_no_target_is_said_in_words():
    assert "no values in this window" in distribution(None, column([1.0]), title="x")["description"]


def test_all_null_categories_have_no_shares():
    spec = distribution(column([None, "a"], pa.string()), column([None], pa.string()), title="x")
    assert [row["base"] for row in spec["data"]["values"]] == [0.0]
