"""Sums of labelled rows: they add up, whatever the cut, and say what they do not know."""

import numpy as np
import pyarrow as pa
import pytest

from holter.errors import DamagedProfile, NewerFormat
from holter.profile import Window
from holter.profile.outcomes import Outcomes, outcomes_of
from holter.signals import named
from holter.types import Schema, Task

TASKS = list(Task)


def rows(task, n, seed=0):
    rng = np.random.default_rng(seed)
    if task is Task.REGRESSION:
        label = rng.normal(20, 5, n)
        said = label + rng.normal(0, 2, n)
        return pa.table({"_label": label, "_prediction": said, "_lower": said - 3, "_upper": said + 3})
    score = rng.beta(2, 5, n)
    if task is Task.BINARY:
        label = (rng.random(n) < score).astype(float)
        return pa.table({"_score": score, "_prediction": (score > 0.4) * 1.0, "_label": label})
    chances = [{"a": p, "b": 1 - p} for p in score.tolist()]
    said, label = (np.where(rng.random(n) < score, "a", "b").tolist() for _ in range(2))
    return pa.table({"_scores": chances, "_prediction": said, "_label": label})


def answers(outcomes):
    window = Window(None, Schema((), outcomes.task), outcomes=outcomes)
    return {(each.metric, each.feature): each for each in named("performance").measure(window, window)}


def assert_same(one, other, abs_=1e-9):
    assert one.keys() == other.keys()
    for key, each in one.items():
        assert (each.value is None) == (other[key].value is None), key
        assert each.n == other[key].n
        if each.value is not None:
            assert each.value == pytest.approx(other[key].value, rel=1e-9, abs=abs_), key
            assert each.interval.low == pytest.approx(other[key].interval.low, rel=1e-7, abs=abs_), key


@pytest.mark.parametrize("task", TASKS)
def test_a_quarter_is_the_sum_of_its_hours_and_bytes_change_nothing(task):
    table = rows(task, 6000)
    whole = outcomes_of(table, task).compressed(256)
    hours = [outcomes_of(table.slice(at, 487), task).compressed(256) for at in range(0, 6000, 487)]
    kept = [Outcomes.from_bytes(each.to_bytes()) for each in hours]
    forwards, backwards = (Outcomes.total(order, task).compressed(256) for order in (kept, kept[::-1]))
    if task is not Task.REGRESSION:  # ranks of errors are known within a bound, which depends on the cut
        assert_same(answers(whole), answers(forwards))
    assert_same(answers(forwards), answers(backwards))
    assert forwards.rows == forwards.labelled == 6000


@pytest.mark.parametrize("task", TASKS)
def test_what_is_left_out_stays_within_what_is_said(task):
    table = rows(task, 20_000, 1)
    exact, little = (answers(each) for each in (outcomes_of(table, task), outcomes_of(table, task).compressed(64, 32)))
    for key, each in exact.items():
        found = little[key]
        if each.value is not None and not key[0].startswith("calibration_"):
            assert found.interval.low <= each.value <= found.interval.high, key
            assert found.interval.low <= each.interval.low + 1e-3 * abs(each.interval.low), key
    if task is Task.BINARY:
        area = outcomes_of(table, task).compressed(64).scores["1"]
        bound = area.doubtful_pairs / 2 / area.positives.sum() / area.negatives.sum()
        assert 0 < abs(little["roc_auc", None].value - exact["roc_auc", None].value) < bound < 0.02
        apart = little["calibration_error", None].value - exact["calibration_error", None].value
        assert abs(apart) < 0.01


@pytest.mark.parametrize("task", TASKS)
def test_nothing_adds_nothing(task):
    table = rows(task, 300)
    found, nothing = outcomes_of(table, task), Outcomes(task)
    assert (found + nothing).to_bytes() == (nothing + found).to_bytes() == found.to_bytes()
    unlabelled = outcomes_of(table.drop_columns(["_label"]), task)
    assert (unlabelled.rows, unlabelled.labelled) == (300, 0)
    both = found + unlabelled
    assert (both.rows, both.labelled) == (600, 300)
    assert answers(both)["label_coverage", None].value == 0.5


def test_a_part_that_cannot_be_read_is_heard():
    good = outcomes_of(rows(Task.BINARY, 50), Task.BINARY)
    odd = outcomes_of(pa.table({"_label": [2.0], "_score": [0.1]}), Task.BINARY)
    text = outcomes_of(pa.table({"_label": ["yes"]}), Task.BINARY)
    assert (good + odd).why == (odd + good).why == "_label holds 2; a model of two classes has labels 0 and 1"
    assert (good + odd + text).why == (text + odd + good).why
    assert answers(Outcomes.from_bytes((good + odd).to_bytes()))["label_coverage", None].reason == odd.why


def test_tasks_do_not_mix():
    with pytest.raises(ValueError, match="outcomes of binary and of regression"):
        Outcomes(Task.BINARY) + Outcomes(Task.REGRESSION)


def test_an_hour_with_intervals_beside_one_without():
    some = rows(Task.REGRESSION, 100)
    found = outcomes_of(some, Task.REGRESSION) + outcomes_of(some.select(["_label", "_prediction"]), Task.REGRESSION)
    assert (found.moments["interval"].n, found.moments["residual"].n) == (100, 200)


@pytest.mark.parametrize("task", TASKS)
def test_damage_is_seen(task):
    whole = outcomes_of(rows(task, 40), task).to_bytes()
    with pytest.raises(DamagedProfile, match="too few"):
        Outcomes.from_bytes(whole[:5])
    with pytest.raises(DamagedProfile, match="begin"):
        Outcomes.from_bytes(b"JUNK" + whole[4:])
    with pytest.raises(DamagedProfile, match="checksum"):
        Outcomes.from_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(NewerFormat):
        Outcomes.from_bytes(whole[:4] + b"\x63\x00" + whole[6:])


def test_numbers_too_large_to_square_are_no_answer():
    table = pa.table({"_label": [1e300, -1e300] * 40, "_prediction": [-1e300, 1e300] * 40})
    found = answers(outcomes_of(table, Task.REGRESSION))
    assert "too large" in found["mse", None].reason
    assert found["r2", None].value is None


def test_labels_that_have_no_logarithm_or_are_zero():
    table = pa.table({"_label": [-2.0, 3.0] * 40, "_prediction": [1.0, 2.0] * 40})
    found = answers(outcomes_of(table, Task.REGRESSION))
    assert found["rmsle", None].reason == "40 labels or predictions are -1 or less: they have no logarithm"
    zero = answers(outcomes_of(pa.table({"_label": [0.0] * 60, "_prediction": [1.0] * 60}), Task.REGRESSION))
    assert "every label is 0" in zero["mape", None].reason
    some = pa.table({"_label": [0.0, 2.0] * 40, "_prediction": [1.0] * 80})
    found = answers(outcomes_of(some, Task.REGRESSION))
    assert (found["mape", None].value, found["mape", None].n) == (0.5, 40)


def test_a_label_that_is_no_class_of_the_model_was_given_no_probability():
    table = pa.table({"_scores": [{"a": 0.6, "b": 0.4}] * 40, "_label": ["c"] * 40})
    found = answers(outcomes_of(table, Task.MULTICLASS))
    assert found["log_loss", None].value == pytest.approx(36.04, abs=0.01)
    assert found["brier", None].value == pytest.approx(0.36 + 0.16 + 1)
    assert "no class has 10 labels" in found["macro_roc_auc", None].reason
