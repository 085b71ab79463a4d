"""Who got the favourable answer, by group, and whether that changed."""

import math

import numpy as np
import pyarrow as pa
import pytest

from holter.errors import BadSetting
from holter.profile import Window
from holter.rules import Calibration, Rule, breaks, decide
from holter.signals import named
from holter.signals.fairness import Fairness
from holter.stats.fairness_gaps import Rate, gap, gap_change, impact_ratio
from holter.types import Feature, Kind, Schema, Task, Verdict

SCHEMA = Schema((Feature("sex", Kind.CATEGORICAL, "string"), Feature("age", Kind.NUMERIC, "double")), Task.BINARY)


def rows(n, seed, *, women=0.5, men=0.5, accuracy=0.8):
    """Return labels with one rate for both groups, and answers that are right alike but for who is favoured."""
    rng = np.random.default_rng(seed)
    sex = rng.choice(["f", "m"], n)
    label = rng.random(n) < 0.5
    right = rng.random(n) < accuracy
    said = np.where(right, label, ~label)
    favoured = rng.random(n) < np.where(sex == "f", women, men) - 0.5
    return pa.table(
        {"sex": sex, "age": rng.normal(40, 10, n), "_prediction": (said | favoured) * 1.0, "_label": label * 1.0}
    )


BASELINE = rows(6000, 0)


def window(table, schema=SCHEMA):
    return Window(None, schema, rows=table)


def measured(now, before=BASELINE, signal=None, schema=SCHEMA):
    asked = signal or Fairness(protected=("sex",))
    return decide(list(asked.measure(window(now, schema), window(before, schema))), Calibration.iid())


def only(found, metric, segment=None):
    (one,) = [each for each in found if each.metric == metric and each.segment == segment]
    return one


def test_rates_and_gaps_are_what_their_definitions_say():
    table = pa.table(
        {
            "sex": ["f"] * 40 + ["m"] * 40,
            "_prediction": [1.0] * 10 + [0.0] * 30 + [1.0] * 20 + [0.0] * 20,
            "_label": [1.0] * 20 + [0.0] * 20 + [1.0] * 40,
        }
    )
    found = measured(table, table)
    assert only(found, "selection_rate", "sex=f").value == 0.25
    assert only(found, "selection_rate", "sex=m").value == 0.5
    assert only(found, "demographic_parity").value == 0.25
    assert only(found, "disparate_impact").value == 0.5
    assert only(found, "true_positive_rate", "sex=m").value == 0.5
    assert only(found, "true_positive_rate", "sex=f").verdict is Verdict.INSUFFICIENT
    assert only(found, "equal_opportunity").verdict is Verdict.INSUFFICIENT


def test_a_group_that_is_passed_over_is_an_alarm_in_every_way_and_names_the_column():
    found = measured(rows(3000, 1, men=0.9))
    for metric in ("demographic_parity", "disparate_impact", "equalised_odds"):
        one = only(found, metric)
        assert one.verdict is Verdict.ALARM
        assert one.feature == "sex"
        assert one.interval.low <= one.value <= one.interval.high
    assert only(found, "selection_rate", "sex=m").evidence.effect == pytest.approx(0.2, abs=0.05)
    rule = Rule("four fifths", "fairness.disparate_impact", below=0.85)
    assert breaks(rule, only(found, "disparate_impact"))


def test_a_change_that_both_groups_share_is_no_change_between_them():
    found = measured(rows(4000, 1, women=0.9, men=0.9))
    assert only(found, "demographic_parity").verdict is Verdict.OK
    assert only(found, "selection_rate", "sex=m").evidence.p_value < 1e-6


def test_small_windows_of_the_same_law_do_not_look_unfair():
    p_values = []
    for seed in range(200):
        found = measured(rows(200, 100 + seed))
        assert not [each for each in found if each.verdict is Verdict.ALARM]
        p_values.append(only(found, "demographic_parity").evidence.p_value)
    assert np.mean(np.array(p_values) < 0.1) <= 0.1 + 3 * math.sqrt(0.09 / 200)


def test_a_group_without_enough_rows_says_so_and_is_left_out_of_the_gap():
    table = rows(1000, 1)
    few = pa.concat_tables([table, rows(20, 2).set_column(0, "sex", pa.array(["x"] * 20))])
    found = measured(few)
    assert only(found, "selection_rate", "sex=(other)").reason == "20 rows of the group; 30 are needed"
    assert only(found, "demographic_parity").value == only(measured(table), "demographic_parity").value


def test_bins_and_combinations_are_groups_too():
    found = measured(BASELINE, signal=Fairness(protected=("age:2", "sex*age:2")))
    assert {each.feature for each in found} == {"age:2", "sex*age:2"}
    assert len({each.segment for each in found if each.feature == "sex*age:2" and each.segment}) == 4


def test_without_a_name_small_categorical_features_are_looked_at():
    assert {each.feature for each in measured(BASELINE, signal=Fairness())} == {"sex"}
    bare = Schema(SCHEMA.features[1:], Task.BINARY)
    assert {each.reason for each in measured(BASELINE, signal=Fairness(), schema=bare)} == {
        "name the columns that are protected: the option protected"
    }


def test_the_favourable_answer_may_be_no_or_a_class():
    turned = measured(BASELINE, signal=Fairness(("sex",), favourable=0.0))
    usual = measured(BASELINE)
    assert only(turned, "selection_rate", "sex=f").value == pytest.approx(
        1 - only(usual, "selection_rate", "sex=f").value
    )
    classes = BASELINE.set_column(2, "_prediction", pa.array(["yes", "no"] * 3000)).set_column(
        3, "_label", pa.array(["yes"] * 6000)
    )
    several = Schema(SCHEMA.features, Task.MULTICLASS)
    found = measured(classes, classes, Fairness(("sex",), "yes"), several)
    assert only(found, "selection_rate", "sex=f").value == pytest.approx(0.5, abs=0.03)
    assert "which class" in measured(classes, classes, Fairness(("sex",)), several)[0].reason


def test_a_regression_has_no_decisions_and_an_unknown_column_is_named():
    number = Schema(SCHEMA.features, Task.REGRESSION)
    assert "no decision" in measured(BASELINE, schema=number)[0].reason
    assert "planet" in measured(BASELINE, signal=Fairness(("planet",)))[0].reason


def test_options_come_by_name():
    assert named("fairness", {"protected": ["sex"]}).protected == ["sex"]
    with pytest.raises(BadSetting):
        named("fairness", {"protekted": ["sex"]})


def test_the_interval_of_a_gap_holds_the_truth_for_many_groups():
    rng, truth, inside = np.random.default_rng(3), [0.3, 0.35, 0.4, 0.5], 0
    for _ in range(400):
        _, interval = gap([Rate(int(rng.binomial(150, p)), 150) for p in truth])
        inside += interval.low <= 0.2 <= interval.high
    assert inside >= 0.95 * 400 - 3 * math.sqrt(400 * 0.95 * 0.05)


def test_ends_of_the_scale():
    value, interval = gap([Rate(0, 50), Rate(50, 50)])
    assert (value, interval.high) == (1.0, 1.0)
    assert impact_ratio([Rate(0, 50), Rate(50, 50)])[0] == 0.0
    assert gap_change([Rate(0, 50), Rate(0, 50)], [Rate(0, 50), Rate(0, 50)]) == 1.0
