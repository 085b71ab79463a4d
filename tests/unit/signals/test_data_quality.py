"""Whether the data is what it was agreed to be."""

import numpy as np
import pyarrow as pa
import pytest

from holter.profile import CategoricalColumn, Profile, Window
from holter.rules import Calibration, decide
from holter.signals import named
from holter.types import Feature, Kind, Schema, Verdict

SCHEMA = Schema((Feature("x", Kind.NUMERIC, "double"), Feature("c", Kind.CATEGORICAL, "string")))
KINDS = {feature.name: feature.kind for feature in SCHEMA.features}


def window(**columns):
    return Window(None, SCHEMA, Profile.of(pa.table(columns), kinds=KINDS))


BEFORE = window(x=list(np.linspace(0, 1, 500)), c=["u", "v", "v", "w", ""] * 100)


def quality(target, baseline=BEFORE):
    judged = decide(list(named("data_quality").measure(target, baseline)), Calibration.iid())
    return {(each.metric, each.feature): each for each in judged}


def alarms(found):
    return {key for key, each in found.items() if each.verdict is Verdict.ALARM}


def test_unchanged():
    found = quality(BEFORE)
    assert alarms(found) == set()
    assert found["rows", None].value == 500
    assert found["extra_column", None].value == 0
    assert found["empty_rate", "c"].value == 0.2


def test_a_burst_of_nulls():
    found = quality(window(x=[None, 0.5] * 100, c=["u"] * 200))
    assert ("null_rate", "x") in alarms(found)
    assert (found["null_rate", "x"].value, found["null_rate", "x"].evidence.baseline) == (0.5, 0.0)


def test_a_column_that_always_had_nulls_does_not_alarm():
    half = window(x=[None, 0.5] * 200, c=["u"] * 400)
    assert alarms(quality(half, half)) == set()


def test_missing_and_extra_columns_are_facts():
    found = quality(window(x=[0.5] * 50, new=[1] * 50, other=["q"] * 50))
    assert alarms(found) >= {("missing_column", "c"), ("extra_column", "new"), ("extra_column", "other")}
    assert found["null_rate", "c"].verdict is Verdict.UNDEFINED
    assert found["missing_column", "x"].value == 0


def test_columns_of_a_record_are_not_extra():
    found = quality(window(x=[0.5] * 50, c=["u"] * 50, _request_id=["r"] * 50, _score=[0.1] * 50))
    assert found["extra_column", None].value == 0


def test_a_feature_only_the_target_knows_is_extra_and_measured():
    schema = Schema((*SCHEMA.features, Feature("new", Kind.NUMERIC, "double")))
    target = Window(None, schema, Profile.of(pa.table({"x": [0.5] * 50, "c": ["u"] * 50, "new": [1.0] * 50})))
    found = quality(target)
    assert found["extra_column", "new"].verdict is Verdict.ALARM
    assert found["null_rate", "new"].value == 0


def test_a_changed_type_is_a_fact():
    changed = quality(window(x=[[0.5]] * 50, c=["u"] * 50))["type_error", "x"]
    assert (changed.value, changed.verdict) == (1.0, Verdict.ALARM)
    assert changed.reason == "the type changed from double to list<item: double>"


def test_numbers_that_come_as_text_are_counted_one_by_one():
    found = quality(window(x=["0.5", "0.25", "n/a", "0.75"] * 25, c=["u"] * 100))
    assert found["type_error", "x"].value == 0.25
    assert ("type_error", "x") in alarms(found)
    assert found["out_of_range_rate", "x"].value == 0


def test_a_column_of_nothing_but_nulls_has_every_type():
    found = quality(window(x=pa.nulls(60), c=pa.nulls(60)))
    assert {found["type_error", name].value for name in "xc"} == {0}
    assert {("null_rate", "x"), ("null_rate", "c")} <= alarms(found)


def test_infinities():
    found = quality(window(x=[float("inf"), 0.5, float("nan"), 0.5] * 50, c=["u"] * 200))
    assert found["not_finite_rate", "x"].value == 0.5
    assert ("not_finite_rate", "x") in alarms(found)


def test_unseen_categories_are_named_commonest_first():
    found = quality(window(x=[0.5] * 100, c=["u"] * 90 + ["zz"] * 7 + ["a"] * 3))
    assert found["unseen_rate", "c"].value == pytest.approx(0.1)
    assert found["unseen_rate", "c"].reason == "new: zz, a"
    assert ("unseen_rate", "c") in alarms(found)


def test_a_baseline_full_of_single_categories_expects_new_ones():
    before, now = (window(x=[0.5] * 200, c=[f"{side}{i}" for i in range(200)]) for side in "ab")
    assert ("unseen_rate", "c") not in alarms(quality(now, before))


def test_a_baseline_with_pooled_categories_cannot_tell():
    pooled = Profile(200, {"c": CategoricalColumn(200, 0, {"u": 100}, other=100)})
    found = quality(window(x=[0.5], c=["q"]), Window(None, SCHEMA, pooled))
    assert found["unseen_rate", "c"].verdict is Verdict.UNDEFINED


def test_a_few_rows_out_of_range_are_expected_and_many_are_not():
    found = quality(window(x=[0.5] * 98 + [1.1, -0.1], c=["u"] * 100))
    assert found["out_of_range_rate", "x"].value == 0.02
    assert ("out_of_range_rate", "x") not in alarms(found)
    found = quality(window(x=[0.5] * 80 + [1.1] * 20, c=["u"] * 100))
    assert ("out_of_range_rate", "x") in alarms(found)
    assert found["out_of_range_rate", "x"].reason == "the baseline runs from 0 to 1"


def test_false_alarms_on_range_stay_below_the_level():
    """Azure's rule (any value out of range) alarms on half of all unchanged features."""
    rng = np.random.default_rng(3)
    wrong = 0
    for _ in range(300):
        before, now = (window(x=rng.normal(size=200), c=["u"] * 200) for _ in range(2))
        wrong += bool(alarms(quality(now, before)))
    assert wrong <= 3


def test_no_rows():
    found = quality(window(x=pa.array([], pa.float64()), c=pa.array([], pa.string())))
    assert found["rows", None].value == 0
    assert {found["null_rate", name].verdict for name in "xc"} == {Verdict.INSUFFICIENT}


def test_parts_without_the_column_count_as_nulls():
    part = Profile.of(pa.table({"x": [0.5] * 50}), kinds=KINDS)
    whole = Profile.of(pa.table({"x": [0.5] * 50, "c": ["u"] * 50}), kinds=KINDS)
    assert quality(Window(None, SCHEMA, part + whole))["null_rate", "c"].value == 0.5
