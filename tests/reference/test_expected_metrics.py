"""Metrics of what is expected, where the expected is what came: then they are scikit-learn's, and our own."""

import numpy as np
import pyarrow as pa
import pytest
from sklearn import metrics as sk

from holter.profile import Window
from holter.signals import named
from holter.signals.expected_binary import EXPECTED_BINARY
from holter.signals.expected_classes import EXPECTED_CLASSES, EXPECTED_NUMBERS
from holter.signals.expected_table import ExpectedTable
from holter.signals.seen import Seen
from holter.types import Schema, Task

RNG = np.random.default_rng(11)
N = 700
SCORE = RNG.beta(2, 3, N).round(2).clip(0.01, 0.99)
LABEL = (RNG.random(N) < SCORE).astype(float)
SAID = (SCORE >= 0.4).astype(float)
KIND = RNG.integers(0, 3, N)
GUESS = np.where(RNG.random(N) < 0.6, KIND, RNG.integers(0, 3, N))
NUMBER = RNG.gamma(3, 2, N) + 0.5
NEAR = NUMBER * RNG.lognormal(0, 0.2, N)

BINARY = Seen.of_binary(SCORE, SAID, LABEL)
CLASSES = Seen.of_classes(np.empty((N, 0)), GUESS, KIND, 3)
NUMBERS = Seen.of_numbers(NEAR, NUMBER)


def value(rows, metrics, metric):
    return metrics[metric](ExpectedTable.of(rows, rows.outcomes)).value


@pytest.mark.parametrize(
    ("metric", "reference"),
    [
        ("roc_auc", lambda: sk.roc_auc_score(LABEL, SCORE)),
        ("average_precision", lambda: sk.average_precision_score(LABEL, SCORE)),
        ("log_loss", lambda: sk.log_loss(LABEL, SCORE)),
        ("brier", lambda: sk.brier_score_loss(LABEL, SCORE)),
        ("accuracy", lambda: sk.accuracy_score(LABEL, SAID)),
        ("balanced_accuracy", lambda: sk.balanced_accuracy_score(LABEL, SAID)),
        ("precision", lambda: sk.precision_score(LABEL, SAID)),
        ("recall", lambda: sk.recall_score(LABEL, SAID)),
        ("specificity", lambda: sk.recall_score(LABEL, SAID, pos_label=0)),
        ("f1", lambda: sk.f1_score(LABEL, SAID)),
        ("mcc", lambda: sk.matthews_corrcoef(LABEL, SAID)),
        ("kappa", lambda: sk.cohen_kappa_score(LABEL, SAID)),
    ],
)
def test_two_classes(metric, reference):
    assert value(BINARY, EXPECTED_BINARY, metric) == pytest.approx(reference(), rel=1e-9)


@pytest.mark.parametrize(
    ("metric", "reference"),
    [
        ("accuracy", lambda: sk.accuracy_score(KIND, GUESS)),
        ("balanced_accuracy", lambda: sk.balanced_accuracy_score(KIND, GUESS)),
        ("macro_f1", lambda: sk.f1_score(KIND, GUESS, average="macro")),
        ("mcc", lambda: sk.matthews_corrcoef(KIND, GUESS)),
        ("kappa", lambda: sk.cohen_kappa_score(KIND, GUESS)),
    ],
)
def test_several_classes(metric, reference):
    assert value(CLASSES, EXPECTED_CLASSES, metric) == pytest.approx(reference(), rel=1e-9)


@pytest.mark.parametrize(
    ("metric", "reference"),
    [
        ("mae", lambda: sk.mean_absolute_error(NUMBER, NEAR)),
        ("mse", lambda: sk.mean_squared_error(NUMBER, NEAR)),
        ("rmse", lambda: sk.root_mean_squared_error(NUMBER, NEAR)),
        ("rmsle", lambda: sk.root_mean_squared_log_error(NUMBER, NEAR)),
        ("mape", lambda: sk.mean_absolute_percentage_error(NUMBER, NEAR)),
        ("r2", lambda: sk.r2_score(NUMBER, NEAR)),
    ],
)
def test_a_number(metric, reference):
    assert value(NUMBERS, EXPECTED_NUMBERS, metric) == pytest.approx(reference(), rel=1e-9)


@pytest.mark.parametrize(
    ("task", "table", "rows", "expected"),
    [
        (Task.BINARY, {"_score": SCORE, "_prediction": SAID, "_label": LABEL}, BINARY, EXPECTED_BINARY),
        (
            Task.MULTICLASS,
            {"_prediction": [f"k{one}" for one in GUESS], "_label": [f"k{one}" for one in KIND]},
            CLASSES,
            EXPECTED_CLASSES,
        ),
        (Task.REGRESSION, {"_prediction": NEAR, "_label": NUMBER}, NUMBERS, EXPECTED_NUMBERS),
    ],
)
def test_names_and_values_are_those_of_performance(task, table, rows, expected):
    window = Window(None, Schema((), task), rows=pa.table(table))
    realised = {each.metric: each for each in named("performance").measure(window, window) if each.feature is None}
    for metric in set(expected) - {"calibration_error"}:  # chance is part of what is to be expected of that one
        assert value(rows, expected, metric) == pytest.approx(realised[metric].value, rel=1e-9), metric


@pytest.mark.parametrize(
    ("rows", "metrics"), [(BINARY, EXPECTED_BINARY), (CLASSES, EXPECTED_CLASSES), (NUMBERS, EXPECTED_NUMBERS)]
)
def test_slopes_are_those_of_small_steps(rows, metrics):
    """Move a row's expectation a little: every metric moves by its gradient."""
    chances = 0.9 * rows.outcomes + 0.1 / rows.outcomes.shape[1] if rows is not NUMBERS else rows.outcomes
    rng = np.random.default_rng(3)
    step = rng.normal(size=chances.shape) * np.abs(chances).mean(axis=0) * 1e-6
    step -= step.mean(axis=1, keepdims=True) if rows is not NUMBERS else 0.0
    before = ExpectedTable.of(rows, chances)
    up, down = ExpectedTable.of(rows, chances + step), ExpectedTable.of(rows, chances - step)
    for name, metric in metrics.items():
        if name == "calibration_error":  # what chance adds to it is taken as fixed: it moves the bins' gaps alone
            continue
        slope = metric(before)
        told = float((slope.gradient * (up.shares - down.shares)).sum())
        moved = metric(up).value - metric(down).value
        # pairs of a row with itself are left out of the slope of the area: a part of 1/n
        assert told == pytest.approx(moved, rel=2e-2, abs=1e-9), name
