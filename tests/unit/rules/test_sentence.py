"""One sentence a person can act on."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from holter.rules import Rule
from holter.rules.sentence import sentence
from holter.types import CERTAIN, Calibrated, Evidence, Interval, Measurement, Span

MIDNIGHT = datetime(2013, 4, 4, tzinfo=UTC)
DAY = Span(MIDNIGHT - timedelta(days=1), MIDNIGHT)


def test_below_with_interval():
    week = DAY.reaching_back(timedelta(days=7))
    auc = Measurement("performance", "roc_auc", 0.612, 900, interval=Interval(0.58, 0.64))
    text = sentence(Rule("auc", "performance.roc_auc", below=0.65), auc, week)
    assert text == "ROC AUC of the last 7 days fell to 0.612 (0.580 to 0.640), below 0.650, on 3 Apr 2013."


def test_above_with_feature_and_segment():
    nulls = Measurement("data_quality", "null_rate", 0.5, 900, feature="wind", segment="origin = JFK")
    text = sentence(Rule("n", "data_quality.null_rate", above=0.0), nulls, DAY)
    assert text == "Share of nulls of wind where origin = JFK of the last day rose to 50 %, above 0 %, on 3 Apr 2013."


def test_calibrated_names_the_baseline():
    drift = Measurement("data_drift", "psi", 0.3, 900, feature="x", evidence=Evidence(1e-9, "z", 0.3))
    auc = Measurement("performance", "roc_auc", 0.5, 900, evidence=Evidence(1e-9, "z", -0.2, 0.7))
    assert "came to 0.300, beyond what chance explains, on" in sentence(
        Rule("d", "data_drift.psi", calibrated=True), drift, DAY
    )
    assert "beyond what chance explains (baseline 0.700)" in sentence(
        Rule("a", "performance.roc_auc", calibrated=True), auc, DAY
    )


def test_a_baseline_of_zero_is_named():
    nulls = Measurement("data_quality", "null_rate", 0.5, 9, evidence=Evidence(1e-9, "z", 0.5, 0.0))
    assert "(baseline 0 %)" in sentence(Rule("n", "data_quality.null_rate", calibrated=True), nulls, DAY)


def test_a_calibrated_threshold_is_named():
    auc = Measurement("performance", "roc_auc", 0.5, 9, evidence=Evidence(1e-9, "z", -0.2, 0.7), threshold=0.68)
    text = sentence(Rule("a", "performance.roc_auc", calibrated=True), auc, DAY)
    assert "came to 0.500, beyond 0.680 and what chance explains (baseline 0.700), on" in text


def test_a_fact_is_told_as_one():
    missing = Measurement(
        "data_quality", "missing_column", 1.0, 9, feature="wind", evidence=Evidence(None, CERTAIN), reason="it is gone"
    )
    text = sentence(Rule("m", "data_quality.missing_column", above=0), missing, DAY)
    assert text == "Missing column of wind: it is gone, on 3 Apr 2013."


def test_back_within():
    auc = Measurement("performance", "roc_auc", 0.7, 900)
    text = sentence(Rule("auc", "performance.roc_auc", below=0.65), auc, DAY, broken=False)
    assert text == "ROC AUC of the last day is back at 0.700, within the rule 'auc', on 3 Apr 2013."


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(hours=1), "hour up"),
        (timedelta(hours=6), "6 hours"),
        (timedelta(minutes=5), "5 minutes"),
        (timedelta(seconds=90), "90 seconds"),
        (timedelta(days=14), "14 days"),
    ],
)
def test_lengths(length, words):
    end = MIDNIGHT + timedelta(hours=14)
    rule = Rule("e", "traffic.error_rate", above=0.1)
    text = sentence(rule, Measurement("traffic", "error_rate", 0.2, 9), Span(end - length, end))
    assert words.split()[0] in text
    assert "up to 14:00 UTC on 4 Apr 2013." in text


def drift(feature, value, segment=None):
    evidence = Evidence(1e-9, "z", value)
    return Measurement("data_drift", "psi", value, 900, feature=feature, segment=segment, evidence=evidence)


@pytest.mark.parametrize(
    ("also", "words"),
    [
        ([], "chance explains, on"),
        ([drift("hour", 0.2)], "chance explains; so did hour (0.200), on"),
        ([drift("hour", 0.2, "origin = JFK")], "; so did hour where origin = JFK (0.200), on"),
        ([drift(None, 0.2)], "; so did all rows (0.200), on"),
        ([drift(name, 0.2) for name in "abc"], "; so did a (0.200), b (0.200) and c (0.200), on"),
        ([drift(name, 0.2) for name in "abcdef"], "; so did a (0.200), b (0.200), c (0.200) and 3 more, on"),
    ],
)
def test_the_few_that_carry_a_change_are_named_beside_the_worst(also, words):
    assert words in sentence(Rule("d", "data_drift.psi", calibrated=True), drift("x", 0.3), DAY, also=also)


def test_what_the_learned_null_found_is_said_in_its_words():
    found = replace(drift("age", 0.3), calibrated=Calibrated.YES, reason="age rose (by 0.21 sd)", threshold=0.2)
    text = sentence(Rule("d", "data_drift.psi", calibrated=True), found, DAY, also=[drift("hour", 0.2)])
    assert text.endswith("came to 0.300: age rose (by 0.21 sd); so did hour (0.200), on 3 Apr 2013.")
    fixed = sentence(Rule("d", "data_drift.psi", above=0.25), found, DAY)
    assert fixed.endswith("rose to 0.300, above 0.250, on 3 Apr 2013.")
