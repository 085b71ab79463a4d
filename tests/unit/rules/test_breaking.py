"""When a rule is broken."""

import pytest

from holter.rules import Rule, breaks
from holter.rules.breaking import answers, excess
from holter.types import Calibrated, Evidence, Interval, Measurement, Verdict


def auc(value, low=None, high=None, **more):
    interval = None if low is None else Interval(low, high)
    return Measurement("performance", "roc_auc", value, 100, interval=interval, **more)


BELOW = Rule("auc", "performance.roc_auc", below=0.65)


@pytest.mark.parametrize(
    ("measurement", "expected"),
    [
        (auc(0.6), True),
        (auc(0.65), False),
        (auc(0.7), False),
        (auc(0.6, 0.55, 0.64), True),
        (auc(0.6, 0.55, 0.66), False),
        (auc(0.6, 0.55, 0.65), False),
    ],
)
def test_below(measurement, expected):
    assert breaks(BELOW, measurement) is expected


def test_not_sure_looks_at_the_value_only():
    assert breaks(Rule("auc", "performance.roc_auc", below=0.65, sure=False), auc(0.6, 0.5, 0.7))


def test_accuracy_below_its_threshold_breaks_and_above_does_not():
    rule = Rule("accuracy", "performance.accuracy", below=0.9)
    low, high = (Measurement("performance", "accuracy", value, 100) for value in (0.5, 0.95))
    assert breaks(rule, low)
    assert not breaks(rule, high)


def test_zero_is_a_threshold():
    rule = Rule("gaps", "traffic.gaps", above=0.0)
    assert breaks(rule, Measurement("traffic", "gaps", 1.0, 10))
    assert not breaks(rule, Measurement("traffic", "gaps", 0.0, 10))
    skill = Rule("skill", "performance.log_loss_skill", below=0)
    assert breaks(skill, Measurement("performance", "log_loss_skill", -0.1, 10))
    assert not breaks(skill, Measurement("performance", "log_loss_skill", 0.1, 10))


def test_outside_a_range():
    rule = Rule("bias", "performance.calibration_bias", above=0.05, below=-0.05)
    assert [breaks(rule, Measurement("performance", "calibration_bias", v, 9)) for v in (-0.1, 0.0, 0.1)] == [
        True,
        False,
        True,
    ]


@pytest.mark.parametrize("verdict", [Verdict.INSUFFICIENT, Verdict.UNDEFINED, Verdict.ERROR])
def test_unanswered_never_breaks(verdict):
    unanswered = Measurement.unanswered("performance", "roc_auc", verdict, "no labels")
    assert not answers(BELOW, unanswered)
    assert not breaks(BELOW, unanswered)


def test_a_value_that_is_not_finite_does_not_answer():
    assert not answers(BELOW, auc(float("nan")))


def test_other_metrics_features_and_segments_do_not_concern_it():
    rule = Rule("nulls", "data_quality.null_rate", above=0.1, feature="x", segment="DE")
    hit = Measurement("data_quality", "null_rate", 0.5, 9, feature="x", segment="DE")
    assert breaks(rule, hit)
    assert not breaks(rule, Measurement("data_quality", "null_rate", 0.5, 9, feature="y", segment="DE"))
    assert not breaks(rule, Measurement("data_quality", "null_rate", 0.5, 9, feature="x"))
    assert not breaks(rule, auc(0.9))


CALIBRATED = Rule("drift", "data_drift.psi", calibrated=True)


def psi(verdict, calibrated, p=1e-6):
    return Measurement("data_drift", "psi", 0.3, 9, evidence=Evidence(p, "z"), verdict=verdict, calibrated=calibrated)


@pytest.mark.parametrize(
    ("verdict", "calibrated", "answered", "broken"),
    [
        (Verdict.ALARM, Calibrated.IID, True, True),
        (Verdict.ALARM, Calibrated.YES, True, True),
        (Verdict.OK, Calibrated.IID, True, False),
        (Verdict.OK, Calibrated.NO, False, False),
        (Verdict.OK, None, False, False),
        (None, None, False, False),
    ],
)
def test_calibrated(verdict, calibrated, answered, broken):
    measurement = psi(verdict, calibrated)
    assert answers(CALIBRATED, measurement) is answered
    assert breaks(CALIBRATED, measurement) is broken


def test_worse_is_larger():
    assert excess(BELOW, auc(0.4)) > excess(BELOW, auc(0.6)) > 0 > excess(BELOW, auc(0.8))
    alarm = [psi(Verdict.ALARM, Calibrated.IID, p) for p in (0.0, 1e-9, 1e-3, None)]
    surprises = [excess(CALIBRATED, each) for each in alarm]
    assert surprises == sorted(surprises, reverse=True)
    assert surprises[-1] > 0


@pytest.mark.parametrize(("value", "broken"), [(10.0, True), (9.0, False), (11.0, False), (10.5, False)])
def test_equal_breaks_at_its_value_alone(value, broken):
    rule = Rule("ten", "traffic.failures", equal=10)
    measurement = Measurement("traffic", "failures", value, 50, interval=Interval(0.0, 99.0))
    assert breaks(rule, measurement) is broken
