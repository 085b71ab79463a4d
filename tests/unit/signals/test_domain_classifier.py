"""Telling today's rows from those of the baseline."""

import numpy as np
import pyarrow as pa
import pytest

from holter.profile import Window
from holter.signals.domain_classifier import FEWEST, MOST, DomainClassifier
from holter.signals.rows_as_numbers import CATEGORIES, encoded
from holter.types import Feature, Kind, Schema, Verdict

FEATURES = (
    Feature("a", Kind.NUMERIC, "double"),
    Feature("b", Kind.NUMERIC, "double"),
    Feature("kind", Kind.CATEGORICAL, "string"),
)
SCHEMA = Schema(FEATURES)


def rows(n, seed, *, shift=0.0, correlation=0.0):
    rng = np.random.default_rng(seed)
    a = rng.normal(size=n)
    b = correlation * a + np.sqrt(1 - correlation**2) * rng.normal(size=n)
    return pa.table({"a": a, "b": b + shift, "kind": rng.choice(["x", "y", "z"], n).tolist()})


def measured(target, baseline, schema=SCHEMA):
    found = DomainClassifier().measure(Window(None, schema, rows=target), Window(None, schema, rows=baseline))
    return {(each.metric, each.feature): each for each in found}


def area(found):
    return found["roc_auc", None]


def test_a_shift_is_seen_and_its_feature_named():
    found = measured(rows(2000, 1, shift=1.0), rows(2000, 2))
    assert area(found).value > 0.7
    assert area(found).evidence.p_value < 1e-6
    assert found["coefficient", None].value > 0.25
    assert found["contribution", "b"].value > 0.9
    assert area(found).reason.startswith("told apart by b (9")
    assert sum(found["contribution", each].value for each in ("a", "b", "kind")) == pytest.approx(1)


def test_a_change_in_how_features_go_together_is_seen():
    found = measured(rows(2000, 1, correlation=0.9), rows(2000, 2))
    assert area(found).evidence.p_value < 1e-4
    assert area(found).value > 0.6


def test_without_a_change_it_is_wrong_as_often_as_it_says():
    p_values = [area(measured(rows(300, 2 * seed), rows(300, 2 * seed + 1))).evidence.p_value for seed in range(60)]
    assert sum(p < 0.05 for p in p_values) <= 9  # binomial(60, .05): more than 9 once in 1,500 runs
    assert 0.35 < np.mean(p_values) < 0.65


def test_the_same_rows_cannot_be_told_apart_at_all():
    same = rows(500, 3)
    found = measured(same, same)
    assert area(found).value == 0.5
    assert found["coefficient", None].value == 0.0


def test_the_order_of_rows_changes_nothing():
    target, baseline = rows(700, 1, shift=0.3), rows(600, 2)
    shuffled = target.take(np.random.default_rng(0).permutation(700))
    assert measured(shuffled, baseline) == measured(target, baseline)


def test_many_rows_are_looked_at_in_part():
    found = measured(rows(MOST + 5_000, 1), rows(MOST + 7_000, 2))
    assert area(found).n == MOST


def test_too_few_rows_say_how_many_it_would_take():
    for each in measured(rows(FEWEST - 1, 1), rows(500, 2)).values():
        assert each.verdict is Verdict.INSUFFICIENT
        assert f"it would take {FEWEST}" in each.reason


@pytest.mark.parametrize("side", ["target", "baseline"])
def test_no_rows_at_all_is_said_of_the_side(side):
    there, gone = Window(None, SCHEMA, rows=rows(100, 1)), Window(None, SCHEMA)
    given = {"target": there, "baseline": there, side: gone}
    found = DomainClassifier().measure(**given)
    assert {each.verdict for each in found} == {Verdict.UNDEFINED}
    assert f"the {side} has no rows" in found[0].reason


def test_no_common_feature_is_undefined():
    other = rows(100, 1).rename_columns(["u", "v", "w"])
    assert area(measured(other, rows(100, 2))).verdict is Verdict.UNDEFINED
    empty = pa.table({"a": pa.nulls(100, pa.float64()), "b": pa.nulls(100), "kind": pa.nulls(100, pa.string())})
    assert area(measured(empty, empty)).verdict is Verdict.UNDEFINED


def test_a_feature_that_died_tells_the_sides_apart():
    dead = rows(500, 1).set_column(0, "a", pa.nulls(500, pa.float64()))
    found = measured(dead, rows(500, 2))
    assert area(found).value == pytest.approx(1)
    assert found["contribution", "a"].value == pytest.approx(1)


def test_rare_categories_are_one_and_a_new_one_is_another():
    before = pa.table({"kind": [f"c{number}" for number in range(CATEGORIES + 50)] + ["c0"] * 100})
    after = pa.table({"kind": ["c0", None, "unseen"]})
    both = encoded(before, after, [Feature("kind", Kind.CATEGORICAL, "string")], 1000)
    codes = {float(code) for code in both.before[:, 0]}
    assert len(codes) == CATEGORIES + 1
    assert sorted(both.after[:, 0][~np.isnan(both.after[:, 0])]) == [0.0, float(CATEGORIES)]


def test_text_and_lists_are_left_out():
    table = pa.table({"a": [[1.0]] * 5, "b": [1.0] * 5, "kind": ["x"] * 5})
    features = (
        Feature("a", Kind.VECTOR, "list"),
        Feature("b", Kind.NUMERIC, "double"),
        Feature("kind", Kind.TEXT, "string"),
    )
    assert encoded(table, table, features, 10).names == ("b",)
