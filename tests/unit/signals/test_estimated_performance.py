"""Performance without labels."""

import numpy as np
import pyarrow as pa

from holter.profile import Window
from holter.signals import named
from holter.signals.calibration_map import CalibrationMap
from holter.signals.expected_binary import EXPECTED_BINARY
from holter.types import Schema, Task, Verdict

SCHEMA = Schema((), Task.BINARY)


def rows(n, seed, *, a=2.0, b=3.0, power=1.3, labels=True):
    """Scores that are too high: the true chance is score ** power."""
    rng = np.random.default_rng(seed)
    score = rng.beta(a, b, n)
    label = (rng.random(n) < score**power).astype(float)
    table = {"_score": score, "_prediction": (score >= 0.5) * 1.0}
    return Window(None, SCHEMA, rows=pa.table(table | ({"_label": label} if labels else {})))


def estimated(target, baseline):
    return {
        each.metric: each for each in named("estimated_performance").measure(target, baseline) if each.feature is None
    }


def realised(target):
    return {each.metric: each.value for each in named("performance").measure(target, target)}


def test_the_interval_holds_what_labels_show():
    hits = dict.fromkeys(EXPECTED_BINARY, 0)
    for seed in range(120):
        target = rows(500, 1000 + seed)
        truth = realised(target)
        for metric, each in estimated(target, rows(2000, seed)).items():
            hits[metric] += each.interval.low <= truth[metric] <= each.interval.high
    assert {metric: found for metric, found in hits.items() if found < 0.88 * 120} == {}


def test_a_harder_mix_is_seen_without_labels():
    baseline, harder = rows(5000, 0), rows(5000, 1, a=8.0, b=8.0)
    truth, found = realised(harder), estimated(harder, baseline)
    assert truth["roc_auc"] < realised(baseline)["roc_auc"] - 0.1
    assert abs(found["roc_auc"].value - truth["roc_auc"]) < 0.03
    assert found["roc_auc"].evidence.p_value < 1e-6
    assert found["roc_auc"].evidence.effect < -0.08


def test_recalibration_matters():
    target = rows(20_000, 2, power=3.0)
    found = estimated(target, rows(20_000, 3, power=3.0))
    assert abs(found["accuracy"].value - realised(target)["accuracy"]) < 0.01


def test_labels_of_the_target_are_not_used():
    with_labels = rows(500, 4)
    without = rows(500, 4, labels=False)
    baseline = rows(1000, 5)
    assert estimated(with_labels, baseline) == estimated(without, baseline)


def test_what_it_takes():
    few = estimated(rows(500, 0), rows(99, 1))["roc_auc"]
    assert few.verdict is Verdict.INSUFFICIENT
    assert "100 and 10 are needed" in few.reason
    assert estimated(rows(29, 0), rows(500, 1))["roc_auc"].reason == "29 scores; 30 are needed"
    silent = Window(None, SCHEMA, rows=pa.table({"_prediction": [1.0] * 50}))
    assert estimated(silent, rows(500, 1))["accuracy"].reason == "the window has no scores"
    text = Window(None, SCHEMA, rows=pa.table({"_score": ["high"] * 50}))
    assert "cannot be read" in estimated(text, rows(500, 1))["accuracy"].reason
    assert "in the baseline" in estimated(rows(50, 0), text)["accuracy"].reason
    number = Window(None, Schema((), Task.REGRESSION), rows=rows(50, 0).rows)
    assert estimated(number, rows(500, 1))["accuracy"].verdict is Verdict.UNDEFINED
    nothing = Window(None, SCHEMA)
    assert estimated(nothing, rows(500, 1))["accuracy"].reason == "the window has no rows"


def test_scores_that_leave_one_class():
    score = np.array([0.0] * 200 + [1.0] * 200)
    baseline = Window(None, SCHEMA, rows=pa.table({"_score": score, "_label": score}))
    sure = Window(None, SCHEMA, rows=pa.table({"_score": [1.0] * 50}))
    found = estimated(sure, baseline)
    assert found["roc_auc"].reason == "the scores leave only one class possible"
    assert found["accuracy"].value == 1.0


def test_the_map_rises_and_keeps_the_rate():
    rng = np.random.default_rng(6)
    score = rng.random(1000)
    label = (rng.random(1000) < score).astype(float)
    learned = CalibrationMap.fit(score, label)
    assert (np.diff(learned.rates) > 0).all()
    assert learned.sizes.sum() == 1000
    assert abs((learned.rates * learned.sizes).sum() - label.sum()) < 1e-9


def test_a_map_of_contrary_labels_is_flat():
    learned = CalibrationMap.fit(np.linspace(0, 1, 100), np.linspace(0, 1, 100) < 0.5)
    assert learned(np.array([0.0, 0.5, 1.0])).tolist() == [0.5] * 3
    assert learned.error(np.ones(3), np.array([0.1, 0.5, 0.9])) > 0


def test_the_confusion_matrix_is_estimated_by_its_parts():
    target, baseline = rows(4000, 7, labels=False), rows(4000, 8)
    found = named("estimated_performance").measure(target, baseline)
    parts = {each.feature: each for each in found if each.metric == "confusion"}
    shown = {
        each.feature: each.value
        for each in named("performance").measure(rows(4000, 7), baseline)
        if each.metric == "confusion"
    }
    assert set(parts) == set(shown)
    assert abs(sum(each.value for each in parts.values()) - 1) < 1e-9
    for name, each in parts.items():
        assert abs(each.value - shown[name]) < 0.02, name
    assert {each.reason for each in named("estimated_performance").measure(Window(None, SCHEMA), baseline)} == {
        "the window has no rows"
    }
