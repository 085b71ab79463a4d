"""Every metric of performance that scikit-learn has, from rows, from their sums, and from sums of parts added up."""

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from sklearn import metrics

from holter.profile import Window
from holter.profile.outcomes import Outcomes, outcomes_of
from holter.signals import named
from holter.types import Schema, Task


def sums_of_parts(rows, task, parts):
    """Return the sums of the rows, cut into parts of unlike size and added up in another order."""
    ends = np.linspace(0, 1, parts + 1) ** 2 * rows.num_rows
    cut = [rows.slice(int(a), int(b) - int(a)) for a, b in pairwise(ends)]
    return Outcomes.total([outcomes_of(each, task) for each in reversed(cut)], task)


def answers(window, **options):
    return {(each.metric, each.feature): each.value for each in named("performance", options).measure(window, window)}


@pytest.fixture(params=["rows", "sums", "parts"])
def measured(request):
    def measure(task, columns, **options):
        rows = pa.table(columns)
        if request.param == "rows":
            return answers(Window(None, Schema((), task), rows=rows), **options)
        sums = outcomes_of(rows, task) if request.param == "sums" else sums_of_parts(rows, task, 7)
        return answers(Window(None, Schema((), task), outcomes=sums), **options)

    return measure


@pytest.mark.parametrize("seed", range(4))
def test_two_classes(measured, seed):
    rng = np.random.default_rng(seed)
    score = np.round(rng.beta(2, 3, 900), 1 + seed)  # many ties in the first ones
    label = (rng.random(900) < score**1.2).astype(float)
    said = (score >= 0.4).astype(float)
    got = measured(Task.BINARY, {"_score": score, "_prediction": said, "_label": label}, beta=0.5)
    expected = {
        "roc_auc": metrics.roc_auc_score(label, score),
        "average_precision": metrics.average_precision_score(label, score),
        "log_loss": metrics.log_loss(label, score),
        "brier": metrics.brier_score_loss(label, score),
        "accuracy": metrics.accuracy_score(label, said),
        "balanced_accuracy": metrics.balanced_accuracy_score(label, said),
        "precision": metrics.precision_score(label, said),
        "recall": metrics.recall_score(label, said),
        "specificity": metrics.recall_score(label, said, pos_label=0),
        "f1": metrics.f1_score(label, said),
        "f_beta": metrics.fbeta_score(label, said, beta=0.5),
        "mcc": metrics.matthews_corrcoef(label, said),
        "kappa": metrics.cohen_kappa_score(label, said),
    }
    assert {name: got[name, None] for name in expected} == pytest.approx(expected)
    matrix = metrics.confusion_matrix(label, said) / 900
    cells = [got["confusion", f"label {i}, said {j}"] for i in (0, 1) for j in (0, 1)]
    assert cells == pytest.approx(matrix.ravel().tolist())


def test_the_calibration_curve(measured):
    from sklearn.calibration import calibration_curve

    rng = np.random.default_rng(3)
    score = rng.permutation(np.linspace(0.001, 0.999, 1000))
    label = (rng.random(1000) < score**2).astype(float)
    got = measured(Task.BINARY, {"_score": score, "_label": label})
    rates, means = calibration_curve(label, score, n_bins=10, strategy="quantile")
    assert [got["calibration_curve", f"bin {place}"] for place in range(1, 11)] == pytest.approx(rates.tolist())
    assert [got["calibration_score", f"bin {place}"] for place in range(1, 11)] == pytest.approx(means.tolist())
    assert got["calibration_error", None] == pytest.approx(np.abs(rates - means).mean())


@pytest.mark.parametrize("seed", range(3))
def test_several_classes(measured, seed):
    rng = np.random.default_rng(seed)
    label = rng.choice(["a", "b", "c"], 600, p=[0.6, 0.25, 0.15])
    said = np.where(rng.random(600) < 0.6, label, rng.choice(["a", "b", "d"], 600))
    got = measured(Task.MULTICLASS, {"_prediction": said.tolist(), "_label": label.tolist()})
    expected = {
        "accuracy": metrics.accuracy_score(label, said),
        "balanced_accuracy": metrics.recall_score(label, said, average="macro", labels=["a", "b", "c"]),
        "macro_precision": metrics.precision_score(label, said, average="macro", zero_division=0),
        "macro_recall": metrics.recall_score(label, said, average="macro", zero_division=0),
        "macro_f1": metrics.f1_score(label, said, average="macro", zero_division=0),
        "weighted_precision": metrics.precision_score(label, said, average="weighted", zero_division=0),
        "weighted_f1": metrics.f1_score(label, said, average="weighted", zero_division=0),
        "mcc": metrics.matthews_corrcoef(label, said),
        "kappa": metrics.cohen_kappa_score(label, said),
    }
    assert {name: got[name, None] for name in expected} == pytest.approx(expected)
    for metric, scorer in (("recall", metrics.recall_score), ("f1", metrics.f1_score)):
        each = scorer(label, said, average=None, labels=["a", "b", "c"], zero_division=0)
        assert [got[metric, name] for name in "abc"] == pytest.approx(each.tolist())
    precise = metrics.precision_score(label, said, average=None, labels=["a", "b"])
    assert [got["precision", name] for name in "ab"] == pytest.approx(precise.tolist())


@pytest.mark.parametrize("seed", range(2))
def test_probabilities_of_several_classes(measured, seed):
    rng = np.random.default_rng(seed)
    chances = rng.dirichlet([2, 1, 1], 500)
    label = np.array([rng.choice(["a", "b", "c"], p=row) for row in chances])
    rows = [dict(zip("abc", row, strict=True)) for row in chances.tolist()]
    got = measured(Task.MULTICLASS, {"_scores": rows, "_label": label.tolist()})
    expected = {
        "log_loss": metrics.log_loss(label, chances, labels=["a", "b", "c"]),
        "brier": metrics.brier_score_loss(label, chances, labels=["a", "b", "c"]),
        "macro_roc_auc": metrics.roc_auc_score(label, chances, multi_class="ovr", average="macro"),
    }
    assert {name: got[name, None] for name in expected} == pytest.approx(expected)
    assert got["roc_auc", "b"] == pytest.approx(metrics.roc_auc_score(label == "b", chances[:, 1]))


@pytest.mark.parametrize("seed", range(3))
def test_numbers(measured, seed):
    rng = np.random.default_rng(seed)
    label = rng.gamma(4, 10, 501 + seed)
    said = np.maximum(label + rng.normal(1, 6, 501 + seed), 0.1)
    got = measured(Task.REGRESSION, {"_prediction": said, "_label": label}, quantile=0.8)
    expected = {
        "mae": metrics.mean_absolute_error(label, said),
        "mse": metrics.mean_squared_error(label, said),
        "rmse": metrics.root_mean_squared_error(label, said),
        "rmsle": metrics.root_mean_squared_log_error(label, said),
        "mape": metrics.mean_absolute_percentage_error(label, said),
        "median_absolute_error": metrics.median_absolute_error(label, said),
        "pinball": metrics.mean_pinball_loss(label, said, alpha=0.8),
        "r2": metrics.r2_score(label, said),
        "bias": (said - label).mean(),
        "smape": (2 * np.abs(said - label) / (np.abs(said) + np.abs(label))).mean(),
    }
    assert {name: got[name, None] for name in expected} == pytest.approx(expected)


def test_a_far_origin_costs_no_digits(measured):
    rng = np.random.default_rng(0)
    label = 1e9 + np.concatenate([rng.normal(0, 1, 300), rng.normal(5, 1, 300)])
    said = label + rng.normal(0, 0.5, 600)
    got = measured(Task.REGRESSION, {"_prediction": said, "_label": label})
    assert got["r2", None] == pytest.approx(metrics.r2_score(label, said), rel=1e-6)
