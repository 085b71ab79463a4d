"""Labels as they come, and the estimate for the rest."""

from functools import lru_cache

import numpy as np
import pyarrow as pa
import pytest

from holter.profile import Window
from holter.signals import named
from holter.types import Schema, Task, Verdict

SCHEMA = Schema((), Task.BINARY)


def rows(n, seed, *, power=1.3, labelled=1.0, a=2.0, b=3.0):
    rng = np.random.default_rng(seed)
    score = rng.beta(a, b, n)
    label = (rng.random(n) < score**power).astype(float)
    shown = np.where(rng.random(n) < labelled, label, np.nan)
    table = {"_score": score, "_prediction": (score >= 0.5) * 1.0, "_label": pa.array(shown, from_pandas=True)}
    return Window(None, SCHEMA, rows=pa.table(table)), Window(None, SCHEMA, rows=pa.table(table | {"_label": label}))


@lru_cache
def baseline():
    return rows(6000, 0)[0]


def combined(target, before=None):
    return {
        each.metric: each
        for each in named("combined_performance").measure(target, before or baseline())
        if each.feature is None
    }


def performance(target):
    return {each.metric: each.value for each in named("performance").measure(target, target) if each.feature is None}


def estimated(target):
    return {
        each.metric: each for each in named("estimated_performance").measure(target, baseline()) if each.feature is None
    }


def test_all_labels_are_the_realised_performance():
    whole = rows(800, 1)[1]
    truth = performance(whole)
    for metric, each in combined(whole).items():
        if metric != "calibration_error":  # the chance of labels is in it once, in the estimate's once more
            assert each.value == pytest.approx(truth[metric], rel=1e-9), metric


def test_few_labels_are_the_estimate():
    target = rows(800, 2, labelled=0.01)[0]
    found, alone = combined(target), estimated(target)
    assert found["roc_auc"].value == alone["roc_auc"].value
    assert found["roc_auc"].interval == alone["roc_auc"].interval
    assert "30 are needed" in found["roc_auc"].reason


def test_it_is_nearer_than_labels_alone_and_as_sure_as_it_says():
    nearer, hits = [], 0
    for seed in range(40):
        part, whole = rows(1000, 100 + seed, labelled=0.1)
        truth = performance(whole)["accuracy"]
        each, alone = combined(part)["accuracy"], performance(part)["accuracy"]
        nearer.append(abs(each.value - truth) - abs(alone - truth))
        hits += each.interval.low <= truth <= each.interval.high
    assert np.mean(nearer) < -0.005
    assert hits >= 34


def test_labels_that_contradict_the_estimate_stand_alone():
    part, whole = rows(3000, 7, power=6.0, labelled=0.3)
    each = combined(part)["positive_rate"]
    assert "contradict each other" in each.reason
    assert "come to mean something else" in each.reason
    truth = performance(whole)["positive_rate"]
    assert abs(each.value - truth) < 0.1 * abs(estimated(part)["positive_rate"].value - truth)


def test_a_worse_estimate_cannot_hurt():
    """As labels come in after a change the estimate cannot see, the error goes to that of labels alone."""
    both, alone = [], []
    for seed in range(20):
        part, whole = rows(3000, 200 + seed, power=4.0, labelled=0.3)
        truth = performance(whole)["calibration_bias"]
        both.append(abs(combined(part)["calibration_bias"].value - truth))
        alone.append(abs(performance(part)["calibration_bias"] - truth))
    assert np.mean(both) < 1.3 * np.mean(alone)


def test_labels_of_one_class_leave_the_estimate():
    part, _ = rows(800, 3)
    table = part.rows.set_column(2, "_label", pa.array([1.0] * 100 + [None] * 700, pa.float64()))
    each = combined(Window(None, SCHEMA, rows=table))["roc_auc"]
    assert "the labels alone leave no value" in each.reason


def test_a_number_is_combined_too():
    schema = Schema((), Task.REGRESSION)

    def numbers(seed, labelled):
        rng = np.random.default_rng(seed)
        said = rng.uniform(1, 10, 2000)
        label = said + rng.normal(size=2000) * said / 5
        return pa.table({"_prediction": said, "_label": np.where(rng.random(2000) < labelled, label, np.nan)})

    before = Window(None, schema, rows=numbers(1, 1.0))
    target = Window(None, schema, rows=numbers(2, 0.2))
    found = combined(target, before)
    assert abs(found["mae"].value - float(performance(Window(None, schema, rows=numbers(2, 1.0)))["mae"])) < 0.05


def test_what_cannot_be_answered_says_so():
    nothing = Window(None, SCHEMA)
    assert combined(nothing)["roc_auc"].reason == "the window has no rows"
    assert combined(rows(100, 0)[0], nothing)["roc_auc"].verdict is Verdict.UNDEFINED
    sure = Window(None, SCHEMA, rows=pa.table({"_score": [1.0] * 50}))
    certain = Window(None, SCHEMA, rows=pa.table({"_score": [0.0, 1.0] * 200, "_label": [0.0, 1.0] * 200}))
    assert combined(sure, certain)["roc_auc"].reason == "neither labels nor scores leave a value"
