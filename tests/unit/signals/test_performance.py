"""Performance with labels."""

import numpy as np
import pyarrow as pa
import pytest

from holter.profile import Window
from holter.rules import Calibration, decide
from holter.signals import named
from holter.types import Schema, Task, Verdict


def window(task=Task.BINARY, **columns):
    return Window(None, Schema((), task), rows=pa.table(columns))


def binary(n, seed=0, harm=0.0):
    rng = np.random.default_rng(seed)
    score = rng.uniform(0.02, 0.98, n)
    label = (rng.random(n) < (1 - harm) * score + harm * 0.5).astype(float)
    return window(_score=score, _prediction=(score >= 0.5) * 1.0, _label=label)


def performance(target, baseline=None):
    judged = decide(list(named("performance").measure(target, baseline or binary(3000, 99))), Calibration.iid())
    return {each.metric: each for each in judged}


def test_harm_is_found_and_its_direction_is_right():
    found = performance(binary(2000, 1, harm=0.6))
    wrong = {metric for metric, each in found.items() if each.verdict is Verdict.ALARM}
    assert {"roc_auc", "log_loss", "log_loss_skill", "brier", "accuracy", "recall", "precision"} <= wrong
    assert found["roc_auc"].evidence.effect < 0
    better = performance(binary(2000, 1), binary(3000, 2, harm=0.6))
    assert {metric for metric, each in better.items() if each.verdict is Verdict.ALARM} == set()


def test_no_labels_yet():
    score = list(np.linspace(0, 1, 100))
    for target in (window(_score=score), window(_score=score, _label=pa.nulls(100, pa.float64()))):
        found = performance(target)
        assert found["label_coverage"].value == 0
        assert {each.verdict for metric, each in found.items() if metric != "label_coverage"} == {Verdict.INSUFFICIENT}
        assert found["roc_auc"].reason == "0 labels; 30 are needed"


def test_labels_arrive():
    label = [1.0, 0.0] * 20 + [None] * 60
    found = performance(window(_score=list(np.linspace(0, 1, 100)), _label=label))
    assert (found["label_coverage"].value, found["label_coverage"].n, found["brier"].n) == (0.4, 100, 40)


def test_one_class():
    found = performance(window(_score=[0.2, 0.9] * 50, _label=[0.0] * 100))
    assert found["roc_auc"].verdict is found["log_loss_skill"].verdict is Verdict.UNDEFINED
    assert found["roc_auc"].reason == "all 100 labels are negative; both classes are needed"
    assert found["recall"].reason == "no label is positive"
    assert found["log_loss"].value > 0
    assert "positive" in performance(window(_score=[0.2, 0.9] * 50, _label=[1.0] * 100))["roc_auc"].reason


def test_few_of_one_class():
    found = performance(window(_score=[0.2] * 95 + [0.9] * 5, _label=[0.0] * 95 + [1.0] * 5))
    assert found["roc_auc"].reason == "5 labels of the rarer class; 10 are needed"


def test_perfect_separation_still_has_an_interval():
    found = performance(window(_score=[0.2] * 50 + [0.9] * 50, _label=[0.0] * 50 + [1.0] * 50))["roc_auc"]
    assert found.value == 1.0
    assert found.interval.low < 1.0 == found.interval.high


def test_nothing_predicted_positive():
    found = performance(window(_prediction=[0.0] * 60, _label=[0.0, 1.0] * 30))
    assert found["precision"].reason == "no row is predicted positive"
    assert found["f1"].value == 0.0
    assert found["roc_auc"].reason == "the labelled rows have no scores"
    none = performance(window(_prediction=[0.0] * 60, _label=[0.0] * 60))
    assert none["f1"].verdict is Verdict.UNDEFINED


def test_scores_decide_where_no_prediction_is_logged():
    found = performance(window(_score=[0.1, 0.9] * 30, _label=[0.0, 1.0] * 30))
    assert found["accuracy"].value == 1.0


def test_neither_scores_nor_predictions():
    assert performance(window(_label=[0.0, 1.0] * 30))["accuracy"].reason == "the labelled rows have no predictions"


def test_labels_that_are_none():
    found = performance(window(_score=[0.5] * 60, _label=[2.0, 1.0] * 30))
    assert found["roc_auc"].reason == "_label holds 2; a model of two classes has labels 0 and 1"
    assert "cannot be read" in performance(window(_score=[0.5] * 60, _label=["yes", "no"] * 30))["roc_auc"].reason


def test_a_schema_without_task_asks_for_one():
    (only,) = performance(window(None, _label=[1.0])).values()
    assert "task" in only.reason


def test_a_baseline_without_labels_takes_only_the_evidence():
    found = performance(binary(300), window(_score=[0.5] * 100))
    assert found["roc_auc"].evidence is None
    assert found["roc_auc"].verdict is Verdict.OK


def test_a_small_window_is_not_called_miscalibrated():
    """Ten bins of twenty rows look miscalibrated by chance alone."""
    alarms = [performance(binary(200, seed))["calibration_error"].evidence.p_value < 0.01 for seed in range(50)]
    assert sum(alarms) <= 2


def test_bias_says_which_way():
    score = np.full(400, 0.3)
    label = [1.0, 0.0] * 200
    assert performance(window(_score=score, _label=label))["calibration_bias"].value == pytest.approx(-0.2)


@pytest.mark.parametrize(
    "metric", ["roc_auc", "log_loss", "log_loss_skill", "brier", "calibration_bias", "accuracy", "f1"]
)
def test_intervals_hold_the_truth(metric):
    truth = performance(binary(200_000, 12345))[metric].value
    found = [performance(binary(400, seed))[metric].interval for seed in range(120)]
    assert np.mean([each.low <= truth <= each.high for each in found]) >= 0.88


def test_several_classes_and_their_harm():
    rng = np.random.default_rng(0)
    label = rng.choice(["a", "b", "c"], 600).tolist()
    good = window(Task.MULTICLASS, _prediction=label, _label=label)
    bad = window(Task.MULTICLASS, _prediction=label[1:] + label[:1], _label=label)
    found = performance(bad, good)
    assert found["accuracy"].verdict is found["macro_f1"].verdict is Verdict.ALARM
    few = performance(window(Task.MULTICLASS, _prediction=["a"], _label=["b"]), good)
    assert few["macro_f1"].verdict is Verdict.INSUFFICIENT
    silent = performance(window(Task.MULTICLASS, _label=["b"] * 50), good)
    assert "no predictions" in silent["accuracy"].reason


def test_numbers_and_their_harm():
    rng = np.random.default_rng(0)
    label = rng.normal(size=800)
    good = window(Task.REGRESSION, _prediction=label + rng.normal(0, 0.3, 800), _label=label)
    bad = window(Task.REGRESSION, _prediction=label + rng.normal(0.2, 0.6, 800), _label=label)
    found = performance(bad, good)
    assert {found[metric].verdict for metric in ("mae", "rmse", "r2")} == {Verdict.ALARM}
    exact = performance(window(Task.REGRESSION, _prediction=label, _label=label), good)
    assert (exact["rmse"].value, exact["r2"].value) == (0.0, 1.0)
    flat = performance(window(Task.REGRESSION, _prediction=[1.0] * 50, _label=[2.0] * 50), good)
    assert flat["r2"].reason == "all labels are equal"
    silent = performance(window(Task.REGRESSION, _label=[2.0] * 50), good)
    assert {silent[metric].verdict for metric in ("mae", "rmse", "bias", "r2")} == {Verdict.UNDEFINED}
