"""Performance agrees with scikit-learn, metric by metric."""

import numpy as np
import pyarrow as pa
import pytest
from sklearn import metrics

from holter.profile import Window
from holter.signals import named
from holter.types import Schema, Task


def measured(task, **columns):
    window = Window(None, Schema((), task), rows=pa.table(columns))
    return {each.metric: each.value for each in named("performance").measure(window, window)}


@pytest.mark.parametrize("seed", range(5))
def test_two_classes(seed):
    rng = np.random.default_rng(seed)
    score = np.round(rng.beta(2, 3, 700), 2 + seed)  # ties in the first ones
    label = (rng.random(700) < score**1.2).astype(float)
    said = (score >= 0.4).astype(float)
    got = measured(Task.BINARY, _score=score, _prediction=said, _label=label)
    base = np.full(700, label.mean())
    assert got["roc_auc"] == pytest.approx(metrics.roc_auc_score(label, score))
    assert got["log_loss"] == pytest.approx(metrics.log_loss(label, score))
    assert got["log_loss_skill"] == pytest.approx(1 - metrics.log_loss(label, score) / metrics.log_loss(label, base))
    assert got["brier"] == pytest.approx(metrics.brier_score_loss(label, score))
    assert got["accuracy"] == pytest.approx(metrics.accuracy_score(label, said))
    assert got["precision"] == pytest.approx(metrics.precision_score(label, said))
    assert got["recall"] == pytest.approx(metrics.recall_score(label, said))
    assert got["f1"] == pytest.approx(metrics.f1_score(label, said))
    assert got["calibration_bias"] == pytest.approx(score.mean() - label.mean())


@pytest.mark.parametrize("seed", range(3))
def test_several_classes(seed):
    rng = np.random.default_rng(seed)
    label = rng.choice(["a", "b", "c"], 400, p=[0.7, 0.2, 0.1])
    said = np.where(rng.random(400) < 0.6, label, rng.choice(["a", "b", "d"], 400))
    got = measured(Task.MULTICLASS, _prediction=said.tolist(), _label=label.tolist())
    assert got["accuracy"] == pytest.approx(metrics.accuracy_score(label, said))
    assert got["macro_f1"] == pytest.approx(metrics.f1_score(label, said, average="macro"))


@pytest.mark.parametrize("seed", range(3))
def test_numbers(seed):
    rng = np.random.default_rng(seed)
    label = rng.normal(50, 10, 300)
    said = label + rng.normal(1, 3, 300)
    got = measured(Task.REGRESSION, _prediction=said, _label=label)
    assert got["mae"] == pytest.approx(metrics.mean_absolute_error(label, said))
    assert got["rmse"] == pytest.approx(metrics.root_mean_squared_error(label, said))
    assert got["r2"] == pytest.approx(metrics.r2_score(label, said))
    assert got["bias"] == pytest.approx((said - label).mean())
