from datetime import UTC, datetime, timedelta

import pytest

from holter.errors import BadRule, DeliveryFailed
from holter.registry.entries import MonitorEntry, TableTarget
from holter.respond import check, pagerduty
from holter.rules import AlertEvent, AlertState, Response, Rule
from holter.store.kept import Message
from holter.types import Schema


@pytest.fixture
def asked(shelves, sink, raise_alert, monkeypatch):
    """Return an alert whose rule tells PagerDuty at an address of ours."""
    monkeypatch.setenv("PAGERDUTY_KEY", "0123456789abcdef")
    response = Response("pagerduty", {"routing_key": "$PAGERDUTY_KEY", "url": sink.url})
    rule = Rule("auc", "performance.roc_auc", below=0.7, responses=(response,))
    target = TableTarget("/nowhere/*.parquet", "at", Schema(()))
    shelves.registry.add_monitor(MonitorEntry("daily", target, (), (rule,), timedelta(days=1), timedelta(days=1)))
    return raise_alert(shelves, ("pagerduty", "$PAGERDUTY_KEY"))


def test_an_incident_is_opened(shelves, sink, asked):
    pagerduty.send(shelves, shelves.facts.outbox()[0])
    _, _, event = sink.posts[0]
    assert event["routing_key"] == "0123456789abcdef"
    assert event["event_action"] == "trigger"
    assert event["dedup_key"] == asked.id
    assert event["payload"]["summary"] == "daily: AUC fell to 0.61 <b>."
    assert event["payload"]["severity"] == "warning"
    assert event["payload"]["custom_details"]["value"] == 0.61


@pytest.mark.parametrize(
    ("state", "action"), [(AlertState.RESOLVED, "resolve"), (AlertState.ACKNOWLEDGED, "acknowledge")]
)
def test_and_closed_under_the_same_key(shelves, sink, asked, state, action):
    at = datetime(2026, 5, 5, tzinfo=UTC)
    event = AlertEvent("end", asked.id, AlertState.FIRING, state, at, "rule", "x" * 2000)
    with shelves.facts.begin() as transaction:
        transaction.save_alert(asked, [event])
    pagerduty.send(shelves, Message("k", "pagerduty", "$PAGERDUTY_KEY", asked.id, "end"))
    _, _, told = sink.posts[0]
    assert (told["event_action"], told["dedup_key"]) == (action, asked.id)
    assert len(told["payload"]["summary"]) == 1024


def test_a_refusal_does_not_tell_the_key(shelves, sink, asked):
    sink.statuses = [400]
    with pytest.raises(DeliveryFailed, match="400") as caught:
        pagerduty.send(shelves, shelves.facts.outbox()[0])
    assert "0123456789abcdef" not in str(caught.value)


def test_a_variable_that_is_not_there(shelves, asked, monkeypatch):
    monkeypatch.delenv("PAGERDUTY_KEY")
    with pytest.raises(DeliveryFailed, match="no variable PAGERDUTY_KEY"):
        pagerduty.send(shelves, shelves.facts.outbox()[0])


@pytest.mark.parametrize("key", ["0123456789abcdef", "$"])
def test_a_key_in_plain_text_is_refused(key):
    with pytest.raises(BadRule, match="names a variable"):
        check("auc", Response("pagerduty", {"routing_key": key}))
    check("auc", Response("pagerduty", {"routing_key": "$PAGERDUTY_KEY"}))
