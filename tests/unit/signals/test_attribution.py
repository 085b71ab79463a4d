"""Whether features matter as they did: from SHAP values, or from a sum over features fitted to the answers."""

import math

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import ndcg_score

from holter.profile import Window
from holter.rules import Calibration, decide
from holter.signals.attribution import LEAST, Attribution
from holter.stats.attribution_ndcg import attribution_ndcg
from holter.types import Feature, Kind, Schema, Task, Verdict

NAMES = ("a", "b", "c", "d")
FEATURES = (*(Feature(name, Kind.NUMERIC, "double") for name in NAMES), Feature("k", Kind.CATEGORICAL, "string"))
WEIGHTS = {"a": 2.0, "b": 1.0, "c": 0.5, "d": 0.0}


def rows(n, seed, weights=None, *, task=Task.REGRESSION, shift=0.0, kinds=1.0):
    """Return rows and what a linear model says of them: weights, and 1 more for the kind ``v``."""
    rng, weights = np.random.default_rng(seed), weights or WEIGHTS
    table = {name: rng.normal(shift if name == "c" else 0.0, 1, n) for name in NAMES}
    table["k"] = rng.choice(["u", "v"], n)
    said = sum(weights[name] * table[name] for name in NAMES) + kinds * (table["k"] == "v")
    if task is Task.BINARY:
        table["_score"] = 1 / (1 + np.exp(-said))
    elif task is Task.MULTICLASS:
        table["_prediction"] = np.where(said > 1, "high", np.where(said < -1, "low", "middle"))
    else:
        table["_prediction"] = said
    return pa.table(table)


def measured(now, before, task=Task.REGRESSION, signal=None, features=FEATURES):
    schema = Schema(features, task)
    windows = (Window(None, schema, rows=each) for each in (now, before))
    found = decide(list((signal or Attribution()).measure(*windows)), Calibration.iid())
    return {(each.metric, each.feature): each for each in found}


@pytest.mark.parametrize("task", list(Task))
def test_importance_is_that_of_the_model(task):
    found = measured(rows(4000, 1, task=task), rows(4000, 2, task=task), task)
    shares = [found["importance", name].value for name in ("a", "b", "c", "d")]
    assert shares == sorted(shares, reverse=True)
    assert sum(found["importance", name].value for name in (*NAMES, "k")) == pytest.approx(1)
    assert shares[3] < 0.05
    assert found["ndcg", None].value > 0.99


def test_shares_of_a_linear_model_are_those_of_its_shapley_values():
    found = measured(rows(8000, 1), rows(8000, 2))
    normal = math.sqrt(2 / math.pi)
    sizes = {"a": 2 * normal, "b": normal, "c": 0.5 * normal, "d": 0.0, "k": 0.5}
    for name, size in sizes.items():
        one = found["importance", name]
        assert one.value == pytest.approx(size / sum(sizes.values()), abs=0.02)
        assert one.interval.low <= one.value <= one.interval.high


@pytest.mark.parametrize("task", list(Task))
def test_a_model_that_leans_on_other_features_is_an_alarm(task):
    turned = {"a": 0.2, "b": 0.0, "c": 2.0, "d": 1.0}
    one = measured(rows(1500, 1, turned, task=task), rows(4000, 2, task=task), task)["ndcg", None]
    assert one.value < 0.9
    assert one.verdict is Verdict.ALARM
    assert one.threshold == pytest.approx(0.9)
    assert "a sum over features explains" in one.reason


def test_windows_of_the_same_model_raise_no_alarm_however_small():
    before, p_values = rows(3000, 0), []
    for seed in range(150):
        one = measured(rows(150, 100 + seed), before)["ndcg", None]
        assert one.verdict is not Verdict.ALARM
        p_values.append(one.evidence.p_value)
    assert np.mean(np.array(p_values) < 0.1) <= 0.1 + 3 * math.sqrt(0.09 / 150)


def test_harm_ranks_a_drifting_feature_that_counts_above_one_that_does_not():
    def drifted(name):
        table = rows(3000, 1)
        moved = pa.array(table[name].to_numpy() + 1.0)
        return table.set_column(table.column_names.index(name), name, moved)

    harmful = measured(drifted("a"), rows(3000, 2))
    harmless = measured(drifted("d"), rows(3000, 2))
    assert harmful["harm", "a"].value > 10 * harmless["harm", "d"].value
    assert max(NAMES, key=lambda name: harmful["harm", name].value) == "a"
    one = harmful["harm", "a"]
    assert one.interval.low <= one.value <= one.interval.high


def with_shap(table, weights):
    for name, weight in weights.items():
        table = table.append_column(f"shap_{name}", pa.array(table[name].to_numpy() * weight))
    return table


def test_logged_shap_values_come_first():
    turned = {"a": 0.1, "b": 3.0, "c": 0.5, "d": 0.0}
    found = measured(with_shap(rows(500, 1), turned), with_shap(rows(500, 2), WEIGHTS))
    one = found["ndcg", None]
    assert one.value == pytest.approx(attribution_ndcg([0.1, 3.0, 0.5, 0.0], [2.0, 1.0, 0.5, 0.0]), abs=0.02)
    assert (one.reason, one.verdict) == ("", Verdict.ALARM)
    assert ("importance", "k") not in found
    fitted = measured(with_shap(rows(500, 1), turned), rows(500, 2))["ndcg", None]
    assert fitted.reason.startswith("a sum")


def test_shap_columns_have_the_name_that_is_said():
    tables = [rows(300, seed) for seed in (1, 2)]
    tables = [each.append_column("why.a", each["a"]).append_column("why.b", each["b"]) for each in tables]
    found = measured(*tables, signal=Attribution(shap="why.{}"))
    assert {feature for metric, feature in found if metric == "importance"} == {"a", "b"}


def test_the_order_of_rows_does_not_matter_and_a_null_answer_is_left_out():
    now, before = rows(400, 1), rows(2000, 2)
    shuffled = now.take(np.random.default_rng(0).permutation(400))
    one, other = (measured(each, before)["ndcg", None] for each in (now, shuffled))
    assert (one.value, one.interval) == (pytest.approx(other.value), other.interval)
    holes = now.set_column(now.column_names.index("_prediction"), "_prediction", pa.nulls(400, pa.float64()))
    assert "one side has no answers" in measured(holes, before)["ndcg", None].reason


@pytest.mark.parametrize(
    ("now", "task", "verdict", "why"),
    [
        (rows(LEAST - 1, 1), Task.REGRESSION, Verdict.INSUFFICIENT, f"{LEAST} are needed"),
        (
            rows(300, 1, dict.fromkeys(NAMES, 0.0), kinds=0.0),
            Task.REGRESSION,
            Verdict.UNDEFINED,
            "all answers are alike",
        ),
        (rows(300, 1).drop_columns(["_prediction"]), Task.REGRESSION, Verdict.UNDEFINED, "no answers"),
        (rows(300, 1).select(["_prediction"]), Task.REGRESSION, Verdict.UNDEFINED, "no feature"),
        (rows(300, 1), None, Verdict.UNDEFINED, "no task"),
        (rows(300, 1, task=Task.MULTICLASS), Task.REGRESSION, Verdict.UNDEFINED, "cannot be read"),
        (None, Task.REGRESSION, Verdict.UNDEFINED, "has no rows"),
    ],
)
def test_where_there_is_no_importance_it_says_why(now, task, verdict, why):
    one = measured(now, rows(500, 2), task)["ndcg", None]
    assert one.verdict is verdict
    assert why in one.reason


def test_ndcg_is_that_of_scikit_learn():
    rng = np.random.default_rng(4)
    for _ in range(50):
        now, before = rng.random(12), rng.random(12)
        assert attribution_ndcg(now, before) == pytest.approx(ndcg_score([before], [now]))
    assert attribution_ndcg([1.0, 2.0], [0.0, 0.0]) is None
