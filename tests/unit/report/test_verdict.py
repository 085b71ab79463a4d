"""How a model is, in words: on a real workspace that is changed step by step."""

from dataclasses import replace

import pytest

from holter.registry import DeploymentState, MonitorEntry, Observed
from holter.report.subject import every_words, of_deployment, of_monitor, subjects
from holter.report.verdict import Mood, drifted, judge, most_drifted
from holter.rules import Alert, AlertState, Level
from holter.store.kept import Publication
from holter.types import Measurement, Task, Verdict
from watched_workspace import (
    ALERT,
    BREAK,
    DAY,
    DAYS,
    DEPLOYMENT,
    MONITOR,
    SCHEMA,
    START,
    drift,
    performance,
    resolve,
    span,
)


def say(shelves, name=DEPLOYMENT):
    judgement = judge(of_deployment(shelves, name))
    return judgement, " ".join(judgement.sentences)


def test_a_broken_performance_rule_is_degrading_and_says_what_since_when_why_and_how_far_labels_reach(shelves):
    judgement, words = say(shelves)
    assert (judgement.mood, judgement.word) == (Mood.BAD, "Degrading.")
    assert words.startswith("ROC AUC of the last day fell to 0.612 (0.584 to 0.640), below 0.650, on 26 May 2013.")
    assert "open since 6 May 2013" in words
    assert "3 of 9 features drifted, most of all carrier" in words
    assert "by Jensen-Shannon distance" in words
    assert "Labels are known up to 26 May 2013." in words


def test_once_resolved_it_is_healthy_and_says_how_good(own_shelves):
    resolve(own_shelves)
    judgement, words = say(own_shelves)
    assert (judgement.mood, judgement.word) == (Mood.GOOD, "Healthy.")
    assert "No rule is broken. ROC AUC was 0.610" in words
    assert "the baseline had 0.700" in words


def raise_alert(shelves, measurement, **changes):
    windows = span(BREAK), span(BREAK)
    alert = Alert("x", MONITOR, "r", Level.PAGE, AlertState.FIRING, *windows, 1, 0, measurement, "It happened.")
    with shelves.facts.begin() as transaction:
        transaction.save_alert(replace(alert, **changes), [])


@pytest.mark.parametrize(
    ("signal", "word"),
    [
        ("traffic", "Failing."),
        ("data_drift", "Drifting."),
        ("prediction_drift", "Drifting."),
        ("data_quality", "Data in question."),
        ("custom", "Alarm."),
        ("estimated_performance", "Degrading."),
    ],
)
def test_the_word_follows_the_signal(own_shelves, signal, word):
    resolve(own_shelves)
    raise_alert(own_shelves, Measurement(signal, "m", 1.0, 1, window=span(BREAK)))
    assert say(own_shelves)[0].word == word


@pytest.mark.parametrize(
    ("metric", "word"),
    [
        ("traffic.requests", "Alarm."),
        ("data_quality.rows", "Data in question."),
        ("performance.label_coverage", "Data in question."),
    ],
)
def test_more_or_less_of_something_is_not_degrading(own_shelves, metric, word):
    resolve(own_shelves)
    raise_alert(own_shelves, Measurement(*metric.split("."), 1.0, 1, window=span(BREAK)))
    assert say(own_shelves)[0].word == word


def test_the_gravest_alert_speaks_and_the_others_are_counted(own_shelves):
    raise_alert(own_shelves, Measurement("traffic", "error_rate", 1.0, 1, window=span(BREAK)))
    _, words = say(own_shelves)
    assert words.startswith("It happened.")
    assert "One more alert is open." in words
    raise_alert(own_shelves, Measurement("custom", "m", 1.0, 1, window=span(BREAK)), id="y")
    assert "2 more alerts are open." in say(own_shelves)[1]


def test_a_pending_alert_is_no_verdict_yet(own_shelves):
    resolve(own_shelves)
    raise_alert(own_shelves, drift(3, "carrier"), state=AlertState.PENDING)
    assert say(own_shelves)[0].word == "Healthy."


@pytest.mark.parametrize("state", [DeploymentState.FAILED, DeploymentState.UNHEALTHY])
def test_a_service_that_is_down_says_so(own_shelves, state):
    resolve(own_shelves)
    own_shelves.registry.observe(DEPLOYMENT, Observed(state, None, "init() raised", START))
    judgement, words = say(own_shelves)
    assert (judgement.mood, judgement.word, words) == (Mood.BAD, "Not serving.", "init() raised")


def test_a_service_in_trouble_that_still_answers_shows_one_line_of_it(own_shelves):
    resolve(own_shelves)
    detail = "version 2 did not start: bad weights\nTraceback (most recent call last):"
    own_shelves.registry.observe(DEPLOYMENT, Observed(DeploymentState.UNHEALTHY, 1, detail, START))
    judgement, words = say(own_shelves)
    assert (judgement.word, words) == ("Serving, with trouble.", "version 2 did not start: bad weights")


def test_without_a_monitor_the_next_command_is_told(shelves):
    judgement, words = say(shelves, "churn-api")
    assert judgement.mood is Mood.UNKNOWN
    assert words == "No monitor looks at it yet."
    assert judgement.command == "holter monitors add churn-api-daily --deployment churn-api --every 1d"


def test_before_the_first_window_the_next_command_is_told(shelves):
    judgement = judge(of_monitor(shelves, shelves.registry.monitor("scores-weekly")))
    assert "No window has been measured yet" in judgement.sentences[0]
    assert judgement.command == "holter monitors run scores-weekly"


def test_drift_alone_is_unknown_and_says_that_nobody_measures_performance(own_shelves):
    entry = MonitorEntry("drift-only", "churn-flights", ("data_drift",), (), DAY, DAY)
    version = own_shelves.registry.version("flights", 1)
    script = own_shelves.root / "score.py"
    own_shelves.registry.deploy("churn-flights", version, entry_script=str(script))
    own_shelves.registry.add_monitor(entry)
    with own_shelves.facts.begin() as transaction:
        found = [drift(3, "carrier"), drift(3, "origin")]
        transaction.publish(Publication("drift-only", span(3), "data_drift", 0, "f"), found)
    judgement, words = say(own_shelves, "churn-flights")
    assert judgement.mood is Mood.UNKNOWN
    assert "No monitor here compares answers with labels." in words
    assert "None of its 2 features drifted" in words
    command = "holter monitors add churn-flights-performance --deployment churn-flights --signal performance"
    assert judgement.command == command


def test_a_task_without_labels_but_with_an_estimate_is_judged_by_it(own_shelves):
    version = own_shelves.registry.version("flights", 1)
    own_shelves.registry.deploy("fresh", version, entry_script=str(own_shelves.root / "score.py"))
    own_shelves.registry.add_monitor(MonitorEntry("est", "fresh", ("estimated_performance",), (), DAY, DAY))
    with own_shelves.facts.begin() as transaction:
        found = [performance(3, signal="estimated_performance")]
        transaction.publish(Publication("est", span(3), "estimated_performance", 0, "f"), found)
    judgement, words = say(own_shelves, "fresh")
    assert judgement.mood is Mood.GOOD
    assert "Estimated ROC AUC was" in words
    assert "No monitor here compares answers with labels." in words


def test_a_table_without_a_task_can_be_healthy(own_shelves):
    from holter.registry import TableTarget
    from holter.types import Schema

    target = TableTarget("t/*.parquet", "t", Schema(SCHEMA.features))
    own_shelves.registry.add_monitor(MonitorEntry("bare", target, ("data_drift",), (), DAY, DAY))
    with own_shelves.facts.begin() as transaction:
        transaction.publish(Publication("bare", span(3), "data_drift", 0, "f"), [drift(3, "carrier")])
    judgement = judge(of_monitor(own_shelves, own_shelves.registry.monitor("bare")))
    assert (judgement.mood, judgement.sentences[0]) == (Mood.GOOD, "No rule is broken.")


def test_drifted_features_are_those_of_the_newest_window(shelves):
    names, total = drifted(of_deployment(shelves, DEPLOYMENT))
    assert (names, total) == (["carrier", "origin", "hour"], 9)
    assert most_drifted(of_deployment(shelves, DEPLOYMENT))[0][0] == "carrier"
    assert drifted(of_deployment(shelves, "churn-api")) == ([], 0)
    assert most_drifted(of_deployment(shelves, "churn-api")) == []


def test_subjects_are_deployments_and_tables(shelves):
    assert [subject.name for subject in subjects(shelves)] == ["churn-api", DEPLOYMENT, "scores-weekly"]


def test_the_threshold_is_the_rule_s_else_the_one_it_was_judged_by(shelves):
    subject = of_deployment(shelves, DEPLOYMENT)
    history = subject.histories[0]
    assert subject.task is Task.BINARY
    assert subject.threshold(history, "performance.roc_auc") == 0.65
    assert subject.threshold(history, "performance.accuracy") == 0.68
    assert subject.threshold(history, "performance.nothing") is None


def test_a_page_looks_back_ninety_windows(shelves):
    history = of_deployment(shelves, DEPLOYMENT).histories[0]
    assert history.span.end == START + DAYS * DAY
    assert history.span.length == 90 * DAY
    assert len(history.series("performance.roc_auc")) == DAYS - 4


@pytest.mark.parametrize(
    ("every", "words"),
    [(DAY, "every day"), (7 * DAY, "every 7 days"), (DAY / 24, "every hour"), (DAY / 96, "every 15 minutes")],
)
def test_intervals_in_words(every, words):
    assert every_words(every) == words
    assert every_words(DAY / 86_400 * 5) == "every 5 seconds"


def test_the_alert_of_the_fixture_is_on_a_real_measurement(shelves):
    assert shelves.facts.alert(ALERT).measurement.verdict is Verdict.ALARM
