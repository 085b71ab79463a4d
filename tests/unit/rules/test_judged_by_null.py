"""Measurements that follow what a learned null says."""

from dataclasses import replace
from datetime import UTC, datetime

from holter.rules import Calibration, Level, decide
from holter.rules.judgement import Finding, Judgement, looked_at
from holter.types import CERTAIN, Calibrated, ContrastKey, Evidence, Family, Measurement, Span, Verdict

KEY = ContrastKey(Family.NUMERIC, "age", "location")
WINDOW = Span(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC))


def judgement(level=None, key=KEY, *, calibrated=True, why=""):
    found = [] if level is None else [Finding(key, 1, 1e-9, 1e-6, 0.3, "sd", level, "age rose (by 0.3 sd)")]
    return Judgement(WINDOW, calibrated, tuple(found), why=why, looked=frozenset([looked_at(key)]))


def drift(feature="age", p=1e-12, signal="data_drift", metric="psi"):
    return Measurement(signal, metric, 0.5, 900, feature=feature, evidence=Evidence(p, "ks", 0.5))


def judged(measurement, said):
    (found,) = decide([measurement], Calibration.learned(said))
    return found


def test_a_warning_of_the_null_is_an_alarm_and_says_why():
    found = judged(drift(p=0.2), judgement(Level.WARNING))
    assert (found.verdict, found.calibrated, found.threshold) == (Verdict.ALARM, Calibrated.YES, 0.2)
    assert found.reason == "age rose (by 0.3 sd)"


def test_information_of_the_null_is_no_alarm():
    found = judged(drift(), judgement(Level.INFORMATION))
    assert found.verdict is Verdict.OK
    assert "too small to matter" in found.reason


def test_a_tiny_p_value_is_no_alarm_where_the_null_finds_nothing():
    assert judged(drift(), judgement()).verdict is Verdict.OK
    assert judged(drift(), judgement()).calibrated is Calibrated.YES


def test_while_nothing_is_calibrated_nothing_alarms_but_facts():
    said = judgement(Level.INFORMATION, calibrated=False, why="3 more weeks of data are missing")
    found = judged(drift(), said)
    assert (found.verdict, found.calibrated) == (Verdict.OK, Calibrated.NO)
    assert "3 more weeks" in found.reason
    fact = Measurement("data_drift", "psi", 1.0, 9, feature="age", evidence=Evidence(None, CERTAIN))
    assert judged(fact, said).verdict is Verdict.ALARM


def test_what_the_null_did_not_look_at_is_judged_as_two_samples():
    found = judged(drift("height"), judgement())
    assert (found.verdict, found.calibrated) == (Verdict.ALARM, Calibrated.IID)
    other = replace(drift(), segment="country=DE")
    assert judged(other, judgement()).calibrated is Calibrated.IID


def test_quality_follows_its_own_contrast_only():
    said = judgement(Level.WARNING, ContrastKey(Family.CATEGORICAL, "age", "missing", share=True))
    nulls = drift(signal="data_quality", metric="null_rate")
    assert judged(nulls, said).verdict is Verdict.ALARM
    assert judged(drift(signal="data_quality", metric="out_of_range_rate", p=0.5), said).calibrated is Calibrated.IID
    assert judged(drift(p=0.5), said).calibrated is Calibrated.IID


def test_a_metric_follows_its_own_null():
    said = judgement(Level.PAGE, ContrastKey(Family.METRIC, None, "performance.roc_auc"))
    auc = Measurement("performance", "roc_auc", 0.5, 900, evidence=Evidence(0.5, "z", -0.2, 0.7))
    assert judged(auc, said).verdict is Verdict.ALARM
    assert judged(replace(auc, metric="brier"), said).calibrated is Calibrated.IID


def test_what_has_no_value_passes_through():
    nothing = Measurement.unanswered("data_drift", "psi", Verdict.INSUFFICIENT, "few", feature="age")
    assert judged(nothing, judgement(Level.WARNING)) is nothing
