"""Azure's monitoring gets these wrong. Each test says what somebody who comes from there gains.

What concerns the drift detector itself is in test_datadrift.py.
"""

import numpy as np
import pyarrow as pa
import pytest

from holter import compare
from holter.compat.azureml.core.alert_rules import read_rules
from holter.profile import Profile, Window
from holter.rules import Calibration, Rule, breaks, decide
from holter.signals import named
from holter.types import Feature, Kind, Measurement, Schema, Task, Verdict

EMAIL = {"type": "Email", "email": "a@example.com"}


def rows(count, seed, columns=20, nulls=0.0):
    rng = np.random.default_rng(seed)
    return pa.table({f"f{n}": pa.array(rng.normal(size=count), mask=rng.random(count) < nulls) for n in range(columns)})


def rule(operator, threshold, name="Score", **condition):
    told = {"type": "Metric", "name": name, "operator": operator, "threshold": threshold, **condition}
    (read,) = read_rules([{"name": "r", "condition": told, "actions": [EMAIL]}])
    return read.rule


def told(value, metric="mean", feature="Score"):
    return Measurement("telemetry", metric, value, 100, feature=feature)


def test_a_dead_sensor_does_not_end_the_monitoring_of_all_the_others():
    """Azure drops every row with a null: one dead sensor keeps none. Here the others go on being watched."""
    before = rows(2000, 1, nulls=0.1)
    after = rows(2000, 2, nulls=0.1).set_column(0, "f0", pa.nulls(2000, pa.float64()))
    shifted = pa.array(np.random.default_rng(3).normal(1.0, size=2000))
    changes = compare(before, after.set_column(5, "f5", shifted)).columns
    alarms = {change.column for change in changes if change.verdict == "alarm"}
    assert alarms == {"f0", "f5"}


def test_the_test_of_two_samples_has_no_largest_size():
    """Azure's Kolmogorov-Smirnov test raises at 10,000 rows. Here a table may have as many as it has."""
    changes = compare(rows(10_000, 1, columns=3), rows(10_001, 2, columns=3)).columns
    assert [change.verdict for change in changes] == ["ok"] * 3


def test_accuracy_alerts_when_it_falls_and_not_when_it_rises():
    """Azure's accuracy alert goes off above its threshold. Here a good model wakes nobody."""
    accuracy = Rule("accuracy", "performance.accuracy", below=0.8)
    low, high = (Measurement("performance", "accuracy", value, 1000) for value in (0.7, 0.95))
    assert [breaks(accuracy, each) for each in (low, high)] == [True, False]


def test_each_metric_has_the_threshold_that_was_given_for_it():
    """Azure judges precision by the threshold of accuracy. Here a threshold is for the metric it names."""
    rules = {
        name: Rule(name, f"performance.{name}", below=limit) for name, limit in (("accuracy", 0.9), ("precision", 0.5))
    }
    between = {name: Measurement("performance", name, 0.7, 1000) for name in rules}
    assert {name: breaks(rules[name], between[name]) for name in rules} == {"accuracy": True, "precision": False}
    assert not breaks(rules["accuracy"], between["precision"])


@pytest.mark.parametrize(
    ("operator", "broken"),
    [
        ("GreaterThan", [False, False, True]),
        ("GreaterThanOrEqual", [False, True, True]),
        ("LessThan", [True, False, False]),
        ("LessThanOrEqual", [True, True, False]),
        ("Equals", [False, True, False]),
        ("NotEquals", [True, False, True]),
    ],
)
@pytest.mark.parametrize("zero", [0, 0.0, -0.0])
def test_a_threshold_of_zero_is_a_threshold(operator, broken, zero):
    """Azure ignores a threshold of 0.0. Here a rule of "any at all" is followed."""
    assert [breaks(rule(operator, zero), told(value)) for value in (-1.0, 0.0, 1.0)] == broken


@pytest.mark.parametrize("count", [50, 500, 5000])
def test_values_a_little_beyond_the_range_of_the_baseline_are_no_alarm(count):
    """Azure's out-of-bounds rate above 0 alarms on half of all unchanged features. Here chance is expected."""
    schema = Schema(tuple(Feature(f"f{n}", Kind.NUMERIC, "double") for n in range(20)))
    kinds = {feature.name: feature.kind for feature in schema.features}
    before, after = (Window(None, schema, Profile.of(rows(count, seed), kinds=kinds)) for seed in (1, 2))
    found = decide(list(named("data_quality").measure(after, before)), Calibration.iid())
    beyond = [each for each in found if each.metric == "out_of_range_rate"]
    assert sum(each.value > 0 for each in beyond) > 3
    assert [each.feature for each in beyond if each.verdict is Verdict.ALARM] == []


def test_small_samples_of_unchanged_features_do_not_alarm():
    """Azure's Wasserstein limit of 0.1 alarms on 86 % of unchanged features at 100 rows. Here on next to none."""
    found = [change for seed in range(5) for change in compare(rows(100, seed), rows(100, 100 + seed)).columns]
    assert len(found) == 100
    assert [change.column for change in found if change.verdict == "alarm"] == []


def test_the_error_of_a_regression_is_computed():
    """Azure takes MSE as a metric and never computes it. Here it is its root, in the unit of the label."""
    schema, label = Schema((), Task.REGRESSION), np.random.default_rng(0).normal(size=500)
    window = Window(None, schema, rows=pa.table({"_prediction": label + 2.0, "_label": label}))
    found = {each.metric: each for each in named("performance").measure(window, window)}
    assert found["rmse"].value == pytest.approx(2.0)
    assert found["rmse"].n == 500
