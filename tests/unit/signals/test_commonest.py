"""Stuck values and constant columns."""

import numpy as np
import pyarrow as pa
import pytest

from holter.profile import CategoricalColumn, NumericColumn, Profile, Window
from holter.rules import Calibration, decide
from holter.signals.commonest import Commonest, commonest
from holter.signals.data_quality import DataQuality
from holter.types import Feature, Kind, Schema, Verdict


def numbers(values, k=4096):
    return NumericColumn.of(pa.array(values), k)


def words(values):
    return CategoricalColumn.of(pa.array(values, pa.string()))


def alarms(now, before):
    return {each.metric for each in decide(commonest(now, before, "x"), Calibration.iid()) if each.verdict == "alarm"}


def test_a_column_without_values_has_no_commonest():
    assert commonest(numbers(pa.array([], pa.float64())), None, "x") == []
    assert commonest(words([None]), None, "x") == []


@pytest.mark.parametrize(
    ("now", "before", "found"),
    [
        (numbers([7.0] * 200), numbers(np.arange(500.0)), {"commonest_rate", "constant"}),
        (numbers([7.0] * 90 + [1.0, 2.0] * 55), numbers(np.arange(500.0)), {"commonest_rate"}),
        (words(["a"] * 100), words(["a", "b"] * 100), {"commonest_rate", "constant"}),
        (words(["a"] * 100), words(["a"] * 100), set()),
        (words(["b"] * 100), words(["a"] * 100), {"commonest_rate"}),
        (words(["a"] * 10), words(["a"] * 95 + ["b"] * 5), set()),
        (numbers([7.0]), numbers(np.arange(500.0)), set()),
        (numbers(np.arange(100.0)), numbers([7.0] * 500), set()),
        (words(["a", "b"] * 100), words(["a"] * 100), set()),
        (words(["a"] * 100), numbers([7.0] * 500), set()),
    ],
)
def test_a_value_that_takes_most_rows_alarms_and_what_was_so_before_does_not(now, before, found):
    assert alarms(now, before) == found


def test_samples_of_one_law_do_not_alarm():
    rng = np.random.default_rng(3)
    before = [numbers(rng.poisson(2, 2000)), numbers(rng.normal(size=2000)), words(rng.choice(["a", "b"], 2000))]
    for _ in range(100):
        now = [numbers(rng.poisson(2, 60)), numbers(rng.normal(size=60)), words(rng.choice(["a", "b"], 60))]
        assert [alarms(*pair) for pair in zip(now, before, strict=True)] == [set()] * 3


def test_a_compressed_summary_says_no_more_than_it_knows():
    rng = np.random.default_rng(3)
    whole = np.concatenate((rng.normal(size=50_000), np.full(30_000, 0.25)))
    found = Commonest.of(numbers(whole, 64))
    assert found.value == "0.25"
    assert found.low <= 30_000 <= found.high
    rate, _ = commonest(numbers(whole, 64), numbers(rng.normal(size=50_000), 64), "x")
    assert rate.interval.low <= rate.value <= 30_000 / 80_000 <= rate.interval.high
    assert alarms(numbers(whole, 64), numbers(rng.normal(size=50_000), 64)) == {"commonest_rate"}
    assert alarms(numbers(rng.normal(size=5_000), 64), numbers(rng.normal(size=50_000), 64)) == set()


def test_data_quality_names_the_value_that_is_stuck_and_the_unit_that_changed():
    rng = np.random.default_rng(3)
    schema = Schema((Feature("s", Kind.NUMERIC, "double"), Feature("u", Kind.NUMERIC, "double")))
    before = pa.table({"s": rng.normal(size=4000), "u": rng.gamma(4, size=4000)})
    now = pa.table({"s": [4.5] * 1000, "u": 1000 * rng.gamma(4, size=1000)})
    sides = [Window(None, schema, Profile.of(each)) for each in (now, before)]
    judged = decide(DataQuality().measure(*sides), Calibration.iid())
    reasons = {(each.feature, each.metric): each.reason for each in judged if each.verdict is Verdict.ALARM}
    assert reasons["s", "constant"] == "every value is 4.5"
    assert reasons["s", "commonest_rate"] == "the value 4.5"
    assert reasons["u", "unit_change"].startswith("x 1,000 (seconds to milliseconds")
    assert ("s", "unit_change") not in reasons
