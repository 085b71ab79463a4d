"""Drift of the answers."""

import pyarrow as pa
import pytest

from holter.profile import Profile, Window
from holter.rules import Calibration, decide
from holter.signals import named
from holter.types import Schema, Task, Verdict


def window(**columns):
    return Window(None, Schema((), Task.BINARY), Profile.of(pa.table(columns)))


def drift(target, baseline):
    return {each.metric: each for each in named("prediction_drift").measure(target, baseline)}


def test_the_score_goes_before_the_prediction():
    same = {"_score": [0.1, 0.2] * 30}
    found = drift(window(**same, _prediction=[1.0] * 60), window(**same, _prediction=[0.0] * 60))
    assert found["psi"].value == 0
    assert found["mean"].value == pytest.approx(0.15)


def test_the_prediction_counts_where_one_side_has_no_score():
    found = drift(window(_score=[0.1] * 60, _prediction=[1.0] * 60), window(_prediction=[0.0] * 60))
    assert found["jensen_shannon"].value == 1.0
    assert found["mean"].evidence.effect == 1.0


def test_classes_have_no_mean_and_a_rate_each():
    found = named("prediction_drift").measure(
        window(_prediction=["a"] * 45 + ["c"] * 5), window(_prediction=["a"] * 40 + ["b"] * 10)
    )
    assert {each.metric for each in found} == {"jensen_shannon", "psi", "class_rate"}
    rates = {each.feature: (each.value, each.evidence.baseline) for each in found if each.metric == "class_rate"}
    assert rates == {"a": (0.9, 0.8), "b": (0.0, 0.2), "c": (0.1, 0.0)}


def test_a_class_that_is_answered_more_often_alarms_by_name_beside_the_score():
    score = {"_score": [0.1, 0.9] * 500}
    now, before = window(**score, _prediction=["1"] * 700 + ["0"] * 300), window(**score, _prediction=["1", "0"] * 500)
    judged = decide(list(named("prediction_drift").measure(now, before)), Calibration.iid())
    assert {(each.metric, each.feature) for each in judged if each.verdict is Verdict.ALARM} == {
        ("class_rate", "0"),
        ("class_rate", "1"),
    }


def test_of_very_many_classes_none_is_told_by_itself():
    many = [f"class {n % 60}" for n in range(600)]
    assert "class_rate" not in drift(window(_prediction=many), window(_prediction=many))


def test_other_distances_come_when_asked_for():
    signal = named("prediction_drift", {"distances": ["energy", "psi"]})
    assert signal.metrics == ("psi", "energy", "mean", "class_rate")
    found = signal.measure(window(_score=[0.1, 0.3] * 50), window(_score=[0.1, 0.2] * 50))
    assert [each.metric for each in found] == ["psi", "energy", "mean"]


def test_the_baseline_must_have_answers_of_the_same_kind():
    found = drift(window(_prediction=[1.0] * 50), window(_prediction=["a"] * 50))
    assert found["mean"].value == 1.0
    assert found["mean"].evidence is None
    assert found["psi"].verdict is Verdict.UNDEFINED


def test_without_answers():
    for sides in ((window(x=[1]), window(_score=[0.5] * 50)), (window(_score=[0.5] * 50), window(x=[1]))):
        assert {each.verdict for each in drift(*sides).values()} == {Verdict.UNDEFINED}
    few = drift(window(_score=[0.1, 0.2]), window(_score=[0.5] * 50))
    assert few["mean"].reason == "2 predictions; 30 are needed"


def test_the_mean_moves():
    found = drift(window(_score=[0.25, 0.33] * 100), window(_score=[0.15, 0.21] * 100))
    assert found["mean"].evidence.p_value < 1e-9
    assert found["mean"].interval.low < 0.29 < found["mean"].interval.high
