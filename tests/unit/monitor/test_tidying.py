"""Alerts whose rule is gone resolve, and say why; those whose rule is still there stay."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from holter.monitor import Beat
from holter.rules import AlertState, Rule

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
AUC = Rule("auc", "performance.roc_auc", below=0.99)


@pytest.fixture
def firing(desk):
    """A monitor with one open alert, and the beat that raised it."""
    desk.watch(rules=[AUC])
    for number in range(2):
        desk.day(number, 400, honest=False)
    beat = Beat(desk.shelves)
    beat.once(NOW)
    assert [each.state for each in desk.shelves.facts.alerts("daily")] == [AlertState.FIRING]
    return desk, beat


def give(desk, *rules):
    entry = replace(desk.shelves.registry.monitor("daily"), rules=rules)
    desk.shelves.registry.add_monitor(entry, overwrite=True)


@pytest.mark.parametrize(
    "rules",
    [
        (),
        (replace(AUC, name="other"),),
        (Rule("auc", "performance.log_loss", above=99.0),),
    ],
)
def test_a_rule_that_is_gone_closes_its_alert_and_says_so_in_events_and_ledger(firing, rules):
    desk, beat = firing
    told = len(desk.shelves.facts.outbox())
    give(desk, *rules)
    (event,) = [each for each in beat.once(NOW).events if each.after is AlertState.RESOLVED]
    (alert,) = [each for each in desk.shelves.facts.alerts("daily") if each.id == event.alert]
    assert alert.state is AlertState.RESOLVED
    assert event.why == "The rule 'auc' is no longer one of the monitor 'daily'."
    assert desk.shelves.facts.events(alert.id)[-1] == event
    entries = [each.entry for each in desk.shelves.facts.ledger() if each.entry.action == "alert.resolved"]
    assert [each.reason for each in entries] == [event.why]
    assert len(desk.shelves.facts.outbox()) == told
    assert beat.once(NOW).events == ()


def test_a_deleted_monitor_closes_its_alerts_even_for_a_beat_that_has_just_begun(firing):
    desk, _ = firing
    desk.shelves.registry.delete_monitor("daily")
    (event,) = Beat(desk.shelves).once(NOW).events
    assert event.why == "The monitor 'daily' was deleted."
    assert desk.shelves.facts.alerts(open_only=True) == []


@pytest.mark.parametrize("changed", [AUC, replace(AUC, below=0.5), replace(AUC, for_windows=9)])
def test_a_rule_that_is_still_there_keeps_its_alert(firing, changed):
    desk, beat = firing
    give(desk, changed)
    assert [each for each in beat.once(NOW).events if "no longer" in each.why] == []
    assert len(desk.shelves.facts.alerts("daily", open_only=True)) == 1
