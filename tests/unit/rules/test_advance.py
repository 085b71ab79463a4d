"""The life of an alert, window by window."""

from datetime import UTC, datetime, timedelta

from holter.rules import AlertState, Level, Rule, advance
from holter.types import Measurement, Span, Verdict

START = datetime(2013, 4, 1, tzinfo=UTC)
DAY = timedelta(days=1)
NOW = datetime(2013, 7, 1, tzinfo=UTC)
BREAK, HOLD = 0.5, 0.9


def window(day):
    return Span(START + day * DAY, START + (day + 1) * DAY)


def auc(value, feature=None):
    if value is None:
        return Measurement.unanswered("performance", "roc_auc", Verdict.INSUFFICIENT, "two labels; 10 are needed")
    return Measurement("performance", "roc_auc", value, 100, feature=feature)


def run(rule, values, alert=None, first=0):
    """Lead a rule through windows; return its alerts by id, in order, and all events."""
    alerts, events = {}, []
    for day, value in enumerate(values, first):
        measurements = value if isinstance(value, list) else [auc(value)]
        alert, new = advance(rule, alert, measurements, monitor="m", window=window(day), now=NOW)
        if alert:
            alerts[alert.id] = alert
        events += new
    return list(alerts.values()), events


def rule(**more):
    return Rule("auc", "performance.roc_auc", below=0.65, **more)


def states(events):
    return [(event.before, event.after) for event in events]


P, F, A, R = AlertState.PENDING, AlertState.FIRING, AlertState.ACKNOWLEDGED, AlertState.RESOLVED


def test_nothing_happens_while_it_holds():
    assert run(rule(), [HOLD, HOLD, None]) == ([], [])


def test_fires_at_once_and_resolves():
    (alert,), events = run(rule(level=Level.PAGE), [HOLD, BREAK, HOLD])
    assert states(events) == [(None, F), (F, R)]
    assert (alert.state, alert.level, alert.opened, alert.judged) == (R, Level.PAGE, window(1), window(2))
    assert events[0].why.startswith("ROC AUC of the last day fell to 0.500, below 0.650")
    assert "is back at 0.900" in events[1].why
    assert {event.at for event in events} == {NOW}
    assert {event.actor for event in events} == {"rule:m/auc"}


def test_pending_first_when_it_must_last():
    (alert,), events = run(rule(for_windows=3), [BREAK, BREAK])
    assert (alert.state, alert.breaking) == (P, 2)
    (alert,), events = run(rule(for_windows=3), [BREAK, BREAK, BREAK])
    assert states(events) == [(None, P), (P, F)]
    assert alert.state is F


def test_pending_that_does_not_last_never_fires():
    alerts, events = run(rule(for_windows=2), [BREAK, HOLD, BREAK, HOLD])
    assert states(events) == [(None, P), (P, R)] * 2
    assert len(alerts) == 2


def test_unanswered_windows_neither_break_nor_hold():
    (alert,), events = run(rule(for_windows=2, clear_windows=2), [BREAK, None, BREAK, HOLD, None, HOLD])
    assert states(events) == [(None, P), (P, F), (F, R)]
    assert alert.judged == window(5)


def test_resolves_only_after_enough_holds_in_a_row():
    (alert,), events = run(rule(clear_windows=2), [BREAK, HOLD, BREAK, HOLD])
    assert states(events) == [(None, F)]
    assert (alert.state, alert.breaking, alert.holding) == (F, 0, 1)


def test_acknowledged_keeps_counting_and_resolves():
    (alert,), _ = run(rule(clear_windows=2), [BREAK])
    alert = alert.acknowledged()
    (alert,), events = run(rule(clear_windows=2), [BREAK, HOLD], alert, first=1)
    assert (alert.state, alert.holding, events) == (A, 1, [])
    (alert,), events = run(rule(clear_windows=2), [HOLD], alert, first=3)
    assert states(events) == [(A, R)]


def test_a_break_after_resolution_is_a_new_alert():
    alerts, events = run(rule(), [BREAK, HOLD, BREAK])
    assert [alert.state for alert in alerts] == [R, F]
    assert alerts[0].id != alerts[1].id
    assert [event.alert for event in events] == [alerts[0].id, alerts[0].id, alerts[1].id]


def test_a_window_judged_already_changes_nothing():
    (alert,), _ = run(rule(for_windows=2), [HOLD, BREAK])
    again = advance(rule(for_windows=2), alert, [auc(BREAK)], monitor="m", window=window(1), now=NOW)
    before = advance(rule(for_windows=2), alert, [auc(HOLD)], monitor="m", window=window(0), now=NOW)
    assert again == before == (alert, ())


def test_the_worst_feature_is_kept_whatever_the_order():
    measurements = [auc(0.6, "a"), auc(0.5, "b"), auc(0.5, "c"), auc(0.9, "d"), auc(None)]
    (forward,), _ = run(rule(), [measurements])
    (backward,), _ = run(rule(), [measurements[::-1]])
    assert forward == backward
    assert forward.measurement.feature == "b"


def test_one_broken_feature_is_enough_and_others_do_not_clear_it():
    (alert,), events = run(rule(), [[auc(BREAK, "a"), auc(HOLD, "b")], [auc(BREAK, "b"), auc(HOLD, "a")]])
    assert states(events) == [(None, F)]
    assert alert.measurement.feature == "b"


def test_what_the_rule_does_not_watch_is_ignored():
    other = Measurement("performance", "log_loss", 9.0, 100)
    assert advance(rule(), None, [other], monitor="m", window=window(0), now=NOW) == (None, ())


def test_names_cannot_be_confused():
    first, _ = advance(rule(), None, [auc(BREAK)], monitor="m1", window=window(0), now=NOW)
    second, _ = advance(rule(), None, [auc(BREAK)], monitor="m", window=window(0), now=NOW)
    assert first.id != second.id


def test_keys_are_the_same_on_every_run_and_differ_within_one():
    values = [BREAK, BREAK, HOLD, BREAK, BREAK, HOLD]
    _, first = run(rule(for_windows=2), values)
    _, second = run(rule(for_windows=2), values)
    assert first == second
    assert len({event.key for event in first}) == len(first) == 6


def test_an_alert_names_all_that_break_it_the_worst_first():
    (alert,), events = run(rule(), [[auc(0.6, "b"), auc(0.9, "c"), auc(0.4, "a")], [auc(0.5, "b"), auc(0.9, "a")]])
    assert events[0].why.startswith("ROC AUC of a of the last day fell to 0.400, below 0.650; so did b (0.600), on")
    assert alert.sentence.startswith("ROC AUC of b of the last day fell to 0.500, below 0.650, on")
