import threading
from datetime import UTC, datetime, timedelta

import pytest

from holter.errors import LeaseLost, NotFound
from holter.monitor import Beat, backfill, evaluate, history, replay, run
from holter.rules import AlertState, Rule
from holter.types import Span

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
FIRST = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def values(measurements, metric="roc_auc"):
    return [round(each.value, 6) for each in measurements if each.metric == metric and each.value is not None]


def test_run_judges_the_newest_closed_window(desk, auc_rule):
    desk.watch(rules=[auc_rule])
    for number in range(4):
        desk.day(number, 400, honest=number != 2)
    measured = run(desk.shelves, "daily", NOW)
    assert {each.window for each in measured} == {Span(FIRST + 2 * DAY, FIRST + 3 * DAY)}
    assert desk.published() == [(3, "performance", 0)]
    assert len(desk.shelves.facts.alerts("daily")) == 1
    assert len(desk.shelves.facts.jobs()) == 2
    assert run(desk.shelves, "daily", NOW) == measured
    assert desk.published() == [(3, "performance", 0)]
    # The beat fills what lies before; that moves nothing any more.
    Beat(desk.shelves).once(NOW)
    assert [day for day, _, _ in desk.published()] == [1, 2, 3]
    assert len(desk.shelves.facts.alerts("daily")) == 1


def test_run_of_a_monitor_on_the_wall_clock_looks_at_the_newest_records(desk):
    desk.watch(signals=["data_drift"], event_clock=False, created_at=NOW)
    desk.day(0)
    desk.day(1)
    measured = run(desk.shelves, "daily", NOW)
    assert {each.window for each in measured} == {Span(FIRST + DAY, FIRST + 2 * DAY)}


def test_run_gives_each_signal_its_own_newest_window(desk):
    desk.watch(signals=["data_drift", "performance"], label_delay=DAY)
    for number in range(4):
        desk.day(number)
    days = {each.signal: (each.window.end - FIRST) // DAY for each in run(desk.shelves, "daily", NOW)}
    assert days == {"data_drift": 3, "performance": 2}


def test_run_revises_what_has_changed(desk):
    desk.watch()
    desk.day(0, labels=False)
    late = desk.waiting
    desk.day(1)
    assert values(run(desk.shelves, "daily", NOW)) == []
    desk.shelves.records("api").append_labels(late)
    assert len(values(run(desk.shelves, "daily", NOW))) == 1
    assert desk.published() == [(1, "performance", 1)]


def test_run_without_records_or_monitor(desk):
    desk.watch()
    assert run(desk.shelves, "daily", NOW) == []
    with pytest.raises(NotFound):
        run(desk.shelves, "nobody", NOW)


def test_run_waits_for_a_beat_but_not_for_ever(desk, monkeypatch):
    desk.watch()
    desk.day(0)
    desk.day(1)
    lease = desk.shelves.facts.acquire("monitor:daily", "other", timedelta(minutes=9), NOW)
    timer = threading.Timer(0.3, desk.shelves.facts.release, [lease])
    timer.start()
    assert run(desk.shelves, "daily", NOW)
    timer.join()
    desk.shelves.facts.acquire("monitor:daily", "other", timedelta(minutes=9), NOW)
    monkeypatch.setattr(history, "_PATIENCE_S", 0.2)
    with pytest.raises(LeaseLost):
        run(desk.shelves, "daily", NOW)


def test_backfill_writes_alerts_down_and_wakes_nobody(desk, auc_rule):
    desk.watch(rules=[auc_rule], event_clock=False, created_at=NOW)
    for number in range(5):
        desk.day(number, 400, honest=number != 2)
    measured = backfill(desk.shelves, "daily", Span(FIRST, FIRST + 5 * DAY), NOW)
    assert len(values(measured)) == 5
    assert desk.published() == [(day, "performance", 0) for day in range(1, 6)]
    (alert,) = desk.shelves.facts.alerts("daily")
    assert alert.state is AlertState.RESOLVED
    assert desk.shelves.facts.outbox() == []
    assert desk.shelves.facts.jobs() == []
    assert desk.actions()[-2:] == ["alert.firing", "alert.resolved"]
    assert backfill(desk.shelves, "daily", Span(FIRST, FIRST + 5 * DAY), NOW) == []


def test_backfill_answers_when_it_is_told_to(desk, auc_rule):
    desk.watch(rules=[auc_rule], event_clock=False, created_at=NOW)
    desk.day(0, 400, honest=False)
    backfill(desk.shelves, "daily", Span(FIRST, FIRST + DAY), NOW, answer=True)
    assert len(desk.shelves.facts.outbox()) == 3
    assert len(desk.shelves.facts.jobs()) == 2


def test_replay_tells_what_other_rules_would_have_done(desk):
    desk.watch()
    for number in range(8):
        desk.day(number, 400, honest=number not in (2, 3, 6))
    Beat(desk.shelves).once(NOW)
    before = (desk.actions(), desk.shelves.facts.alerts("daily"))
    once = Rule("once", "performance.roc_auc", below=0.65)
    twice = Rule("twice", "performance.roc_auc", below=0.65, for_windows=2)
    never = Rule("never", "performance.roc_auc", below=0.1)
    alerts = replay(desk.shelves, "daily", [once, twice, never])
    told = [(alert.rule, (alert.opened.end - FIRST) // DAY, str(alert.state)) for alert in alerts]
    assert told == [("once", 3, "resolved"), ("twice", 3, "resolved"), ("once", 7, "firing")]
    assert (desk.actions(), desk.shelves.facts.alerts("daily")) == before


def test_replay_is_what_the_beat_did(desk, auc_rule):
    desk.watch(rules=[auc_rule])
    for number in range(7):
        desk.day(number, 400, honest=number not in (1, 2, 4))
    Beat(desk.shelves).once(NOW)
    beaten = sorted(desk.shelves.facts.alerts("daily"), key=lambda alert: alert.opened)
    assert replay(desk.shelves, "daily", [auc_rule]) == beaten


def test_evaluate_publishes_nothing(desk):
    entry = desk.watch()
    desk.day(0)
    assert len(values(evaluate(desk.shelves, entry, Span(FIRST, FIRST + DAY)))) == 1
    assert desk.published() == []


def test_a_record_near_the_end_of_time_hides_no_window(desk):
    week = 7 * DAY
    desk.watch(signals=["prediction_drift"], every=week, over=week)
    for number in (0, 7, (datetime(9999, 12, 30, tzinfo=UTC) - FIRST) // DAY):
        desk.day(number, labels=False)
    measured = run(desk.shelves, "daily", FIRST + 12 * DAY)
    assert {each.window.end for each in measured} == {datetime(2026, 3, 12, tzinfo=UTC)}
