"""Alert rules: all are checked before any is followed, and every wrong one is named by its place."""

from datetime import timedelta

import pytest

from holter.compat.azureml.core.alert_rules import read_rules
from holter.compat.azureml.exceptions import WebserviceException
from holter.rules import Level, breaks
from holter.types import Interval, Measurement

SEED = {
    "name": "HighErrorRate",
    "condition": {"type": "Metric", "name": "RequestsFailed", "threshold": 10, "operator": "GreaterThanOrEqual"},
    "actions": [{"type": "Email", "email": "your_email@example.com"}],
}


def changed(**condition):
    return {**SEED, "condition": {**SEED["condition"], **condition}}


def broken(rule, value):
    found = Measurement(*rule.metric.split("."), value, 100, feature=rule.feature, interval=Interval(0.0, 1e9))
    return breaks(rule, found)


def test_the_rule_of_the_page(home):
    (found,) = read_rules([SEED])
    assert found.rule.metric == "traffic.failures"
    assert found.window == timedelta(minutes=5)
    assert [(each.kind, dict(each.options)) for each in found.rule.responses] == [
        ("email", {"to": "your_email@example.com"})
    ]
    assert broken(found.rule, 10.0)
    assert not broken(found.rule, 9.0)


@pytest.mark.parametrize(
    ("operator", "breaking", "holding"),
    [
        ("GreaterThan", [10.5, 11], [10, 9]),
        ("GreaterThanOrEqual", [10, 11], [9.5]),
        ("LessThan", [9.5, 0], [10, 11]),
        ("LessThanOrEqual", [10, 9], [10.5]),
        ("Equals", [10], [9, 11, 10.5]),
        ("NotEquals", [9, 11], [10]),
    ],
)
def test_every_operator_means_what_it_says(operator, breaking, holding):
    rule = read_rules([changed(operator=operator)])[0].rule
    assert all(broken(rule, float(value)) for value in breaking)
    assert not any(broken(rule, float(value)) for value in holding)


def test_a_threshold_of_zero_is_a_threshold():
    rule = read_rules([changed(threshold=0, operator="GreaterThan")])[0].rule
    assert broken(rule, 1.0)
    assert not broken(rule, 0.0)


@pytest.mark.parametrize("name", ["RequestsFailed", "requests/failed", "REQUESTS/FAILED"])
def test_names_are_known_whatever_their_case(name):
    assert read_rules([changed(name=name)])[0].rule.metric == "traffic.failures"


@pytest.mark.parametrize(
    ("aggregation", "metric"),
    [(None, "mean"), ("Average", "mean"), ("Total", "total"), ("count", "count"), ("Maximum", "maximum")],
)
def test_any_other_name_is_a_custom_metric(aggregation, metric):
    more = {} if aggregation is None else {"aggregation": aggregation}
    rule = read_rules([changed(name="PredictionCount", **more)])[0].rule
    assert (rule.metric, rule.feature) == (f"telemetry.{metric}", "PredictionCount")


@pytest.mark.parametrize(("window", "length"), [("5m", 5), ("PT15M", 15), ("PT1H", 60), ("P1D", 1440), ("30m", 30)])
def test_windows_in_both_ways_of_writing(window, length):
    assert read_rules([changed(window=window)])[0].window == timedelta(minutes=length)


@pytest.mark.parametrize(
    ("action", "kind", "options"),
    [
        ({"type": "Email", "email": ["a@x.de", "b@x.de"]}, "email", {"to": "a@x.de, b@x.de"}),
        ({"type": "Webhook", "url": "https://x.de/hook"}, "webhook", {"url": "https://x.de/hook"}),
        ({"type": "Webhook", "serviceUri": "https://x.de/hook"}, "webhook", {"url": "https://x.de/hook"}),
        ({"type": "Retrain", "command": "python train.py"}, "retrain", {"command": "python train.py"}),
        ({"type": "Rollback"}, "rollback", {}),
    ],
)
def test_actions_become_responses(action, kind, options):
    (response,) = read_rules([{**SEED, "actions": [action]}])[0].rule.responses
    assert (response.kind, dict(response.options)) == (kind, options)


def test_severities_become_levels():
    levels = [read_rules([{**SEED, "severity": number}])[0].rule.level for number in range(5)]
    assert levels == [Level.PAGE, Level.PAGE, Level.WARNING, Level.WARNING, Level.INFORMATION]


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ("text", "no dictionary"),
        ({**SEED, "conditions": {}}, "'conditions' is no key. Did you mean 'condition'"),
        ({**SEED, "condition": None}, "no condition"),
        ({**SEED, "condition": []}, "no condition"),
        ({**SEED, "actions": "Email"}, "no list"),
        ({**SEED, "name": ""}, "no name"),
        ({**SEED, "name": None}, "no name"),
        (changed(type="Log"), "type 'Log' is not known"),
        (changed(operator="GreaterThen"), "Did you mean 'GreaterThan"),
        (changed(operator=None), "operator None is not known"),
        (changed(threshold="10"), "threshold '10'"),
        (changed(threshold=None), "threshold None"),
        (changed(threshold=True), "threshold True"),
        (changed(threshold=float("nan")), "threshold nan"),
        (changed(name=""), "names no metric"),
        (changed(name=None), "names no metric"),
        (changed(limit=3), "'limit' is no key of a condition"),
        (changed(dimension="role"), "not split by 'role'"),
        (changed(name="Custom", aggregation="median"), "aggregation 'median'"),
        (changed(window="soon"), "window 'soon'"),
        (changed(window=300), "window 300"),
        ({**SEED, "actions": [{"type": "Fax"}]}, "type 'Fax' is not known"),
        ({**SEED, "actions": ["Email"]}, "type 'Email'"),
        ({**SEED, "actions": [{"type": "Email", "address": "x"}]}, "'address' is no key of an action"),
    ],
)
def test_a_rule_that_cannot_be_followed_is_named_by_its_place(wrong, why):
    with pytest.raises(WebserviceException) as error:
        read_rules([{**SEED, "name": "first"}, wrong])
    assert "alert rule 1: " in str(error.value)
    assert why in str(error.value)
    assert "Nothing was changed" in str(error.value)


def test_two_rules_of_one_name_are_refused():
    with pytest.raises(WebserviceException, match="alert rule 1: the name 'HighErrorRate' is taken"):
        read_rules([SEED, SEED])


def test_update_replaces_the_whole_set(service):
    service.update(alert_rules=[SEED, {**changed(name="PredictionCount", window="1h"), "name": "quiet"}])
    monitors = {each.name: each for each in service.workspace.home.shelves.registry.monitors()}
    assert sorted(monitors) == ["churn-api-alerts-telemetry-3600s", "churn-api-alerts-traffic-300s"]
    assert monitors["churn-api-alerts-traffic-300s"].signals == ("traffic",)
    assert service.alert_rules[0] == SEED
    service.update(alert_rules=[SEED])
    assert [each.name for each in service.workspace.home.shelves.registry.monitors()] == [
        "churn-api-alerts-traffic-300s"
    ]
    service.update(alert_rules=[])
    assert service.alert_rules == []
    assert service.workspace.home.shelves.registry.monitors() == []


@pytest.mark.parametrize(
    "wrong",
    [
        [SEED, changed(operator="~")],
        [{**SEED, "actions": [{"type": "Retrain"}]}],
        [{**SEED, "actions": [{"type": "Email"}]}],
    ],
)
def test_a_refused_set_changes_nothing(service, wrong):
    service.update(alert_rules=[SEED])
    with pytest.raises(WebserviceException):
        service.update(alert_rules=wrong)
    assert service.alert_rules == [SEED]
    assert len(service.workspace.home.shelves.registry.monitors()) == 1
