from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from holter.monitor import Beat
from holter.monitor.live import KEPT
from holter.rules import AlertState, Response, Rule
from holter.types import Series, SeriesKind, Traffic

START = datetime(2026, 5, 4, 12, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@pytest.fixture
def traffic(desk):
    def add(minute, **counts):
        with desk.shelves.facts.begin() as transaction:
            transaction.add_traffic("api", 1, START + minute * MINUTE, Traffic(**counts))

    return add


def errors(**given):
    options = {"above": 0.2, "sure": False, "responses": (Response("email", {"to": "a@example.com"}),)} | given
    return Rule("errors", "traffic.error_rate", **options)


def live(desk, *rules, every=5):
    desk.watch("live", signals=["traffic"], rules=rules, every=every * SECOND, over=5 * MINUTE, event_clock=False)


def passes(beat, start, seconds, every=5):
    """Beat every few seconds; return the events."""
    return [event for step in range(0, seconds, every) for event in beat.once(start + step * SECOND).events]


def test_quiet_traffic_is_written_down_once_a_minute(desk, traffic):
    live(desk, errors(), every=10)
    for minute in range(10):
        traffic(minute, requests=100)
    passes(Beat(desk.shelves), START + 6 * MINUTE, 120, 10)
    ends = [each.window.end for each in desk.shelves.facts.publications("live")]
    assert len(ends) == 2
    assert all(after - before == MINUTE for before, after in pairwise(ends))


def test_an_outage_fires_and_resolves_within_a_window(desk, traffic):
    live(desk, errors(), every=20)
    for minute in range(30):
        traffic(minute, requests=100, failed=90 if 8 <= minute < 12 else 0)
    beat = Beat(desk.shelves)
    events = passes(beat, START + 6 * MINUTE, 14 * 60, 20)
    assert [event.after for event in events] == [AlertState.FIRING, AlertState.RESOLVED]
    assert len(desk.shelves.facts.outbox()) == 2
    # Firing without news is no reason to write: about one publication a minute, and one for each change.
    assert len(desk.shelves.facts.publications("live")) < 20


def test_a_rule_that_must_last_counts_every_pass(desk, traffic):
    live(desk, errors(for_windows=3))
    for minute in range(10):
        traffic(minute, requests=100, failed=90)
    events = passes(Beat(desk.shelves), START + 6 * MINUTE, 15)
    assert [event.after for event in events] == [AlertState.PENDING, AlertState.FIRING]


def test_two_processes_share_it(desk, traffic):
    live(desk, errors(), every=20)
    for minute in range(20):
        traffic(minute, requests=100, failed=90 if minute > 7 else 0)
    one, two = Beat(desk.shelves), Beat(desk.shelves)
    for step in range(0, 400, 20):
        one.once(START + 6 * MINUTE + step * SECOND)
        two.once(START + 6 * MINUTE + step * SECOND)
    published = desk.shelves.facts.publications("live")
    assert len({each.window for each in published}) == len(published)
    assert len(desk.shelves.facts.alerts("live")) == 1
    assert len(desk.shelves.facts.outbox()) == 1


def test_hours_of_standing_still_are_not_made_up_for(desk, traffic):
    live(desk, errors())
    traffic(0, requests=100)
    beat = Beat(desk.shelves)
    beat.once(START + 6 * MINUTE)
    beat.once(START + timedelta(hours=9))
    assert len(desk.shelves.facts.publications("live")) == 2


def test_the_same_moment_twice_changes_nothing(desk, traffic):
    live(desk, errors())
    traffic(5, requests=100, failed=100)
    beat = Beat(desk.shelves)
    first, second = beat.once(START + 7 * MINUTE), beat.once(START + 7 * MINUTE)
    assert (first.published, second.published) == (1, 0)
    assert second.events == ()


def test_windows_of_a_week_are_kept_and_alerts_and_the_ledger_for_ever(desk, traffic):
    live(desk, errors())
    desk.watch("daily", signals=["traffic"])
    traffic(5, requests=100, failed=100)
    beat, facts = Beat(desk.shelves), desk.shelves.facts
    beat.once(START + 7 * MINUTE)
    (alert,) = facts.alerts("live")
    entries = len(list(facts.ledger()))
    first = facts.publications("live")[0].window
    beat.once(first.end + KEPT - SECOND)
    assert first in [each.window for each in facts.publications("live")]
    beat.once(first.end + KEPT + 2 * MINUTE)
    kept = [each.window for each in facts.publications("live")]
    assert len(kept) == 2
    assert all(window.end > first.end for window in kept)
    assert {each.window for each in facts.measurements("live")} == set(kept)
    assert facts.alert(alert.id).measurement == alert.measurement
    assert len(list(facts.ledger())) >= entries
    assert facts.verify_ledger() > 0


def test_history_does_not_grow_with_time(desk, traffic):
    live(desk, errors())
    traffic(0, requests=100)
    beat = Beat(desk.shelves)
    for hour in range(0, 24 * 30, 6):
        beat.once(START + timedelta(hours=hour))
    assert len(desk.shelves.facts.publications("live")) == KEPT / timedelta(hours=6)


def test_a_journal_that_falls_behind_is_an_alert_and_no_custom_metric(desk):
    rule = Rule("behind", "service.journal_lag_s", above=60.0, sure=False)
    desk.watch("live", signals=["service"], rules=(rule,), every=20 * SECOND, over=5 * MINUTE, event_clock=False)
    desk.watch("told", signals=["telemetry"], every=20 * SECOND, over=5 * MINUTE, event_clock=False)
    for minute in range(30):
        lag = Series.of(90.0 if 8 <= minute < 12 else 1.5)
        with desk.shelves.facts.begin() as transaction:
            transaction.add_series("api", SeriesKind.SERVICE, "journal_lag_s", START + minute * MINUTE, lag)
    events = passes(Beat(desk.shelves), START + 6 * MINUTE, 14 * 60, 20)
    assert [event.after for event in events] == [AlertState.FIRING, AlertState.RESOLVED]
    assert {each.metric for each in desk.shelves.facts.measurements("live") if each.value is not None} == {
        "journal_lag_s"
    }
    assert [each for each in desk.shelves.facts.measurements("told") if each.value is not None] == []
