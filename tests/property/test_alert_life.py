"""Any history of windows keeps the life of an alert legal."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from holter.rules import AlertState, Rule, advance
from holter.types import Measurement, Span, Verdict

START = datetime(2013, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
P, F, A, R = AlertState.PENDING, AlertState.FIRING, AlertState.ACKNOWLEDGED, AlertState.RESOLVED
LEGAL = {(None, P), (None, F), (P, F), (P, R), (F, R), (A, R)}
HISTORY = st.lists(st.sampled_from(["break", "hold", "unanswered", "nothing", "acknowledge"]), max_size=60)


def measurements(kind):
    match kind:
        case "break":
            return [Measurement("performance", "accuracy", 0.1, 9)]
        case "hold":
            return [Measurement("performance", "accuracy", 0.9, 9)]
        case "unanswered":
            return [Measurement.unanswered("performance", "accuracy", Verdict.ERROR, "broken")]
        case _:
            return []


def live(rule, history):
    """Return (what the window was, alert before, alert after, events) for each window."""
    alert, steps = None, []
    for hour, kind in enumerate(history):
        if kind == "acknowledge" and alert is not None and alert.state is F:
            alert = alert.acknowledged()
        window = Span(START + hour * HOUR, START + (hour + 1) * HOUR)
        after, events = advance(rule, alert, measurements(kind), monitor="m", window=window, now=window.end)
        steps.append((kind, alert, after, events))
        alert = after
    return steps


def rules():
    whole = st.integers(1, 4)
    return st.builds(
        lambda n, k: Rule("r", "performance.accuracy", below=0.5, for_windows=n, clear_windows=k), whole, whole
    )


@given(rules(), HISTORY)
def test_every_change_is_legal_and_told_once(rule, history):
    steps = live(rule, history)
    events = [event for *_, new in steps for event in new]
    assert {(event.before, event.after) for event in events} <= LEGAL
    assert len({event.key for event in events}) == len(events)
    for _, before, after, new in steps:
        opened = after is not None and (before is None or before.id != after.id)
        changed = after is not None and (opened or before.state is not after.state)
        assert len(new) == int(changed)
        if opened:
            assert before is None or before.state is R


@given(rules(), HISTORY)
def test_states_are_what_the_counts_say(rule, history):
    for _, _, alert, _ in live(rule, history):
        if alert is None:
            continue
        assert alert.breaking == 0 or alert.holding == 0
        if alert.state is P:
            assert 1 <= alert.breaking < rule.for_windows
        elif alert.state is R:
            assert alert.holding >= 1
        else:
            assert alert.holding < rule.clear_windows


@given(rules(), HISTORY)
def test_firing_needs_enough_breaks_in_a_row(rule, history):
    answered = []
    for kind, before, after, events in live(rule, history):
        if kind in {"break", "hold"}:
            answered.append(kind)
        if kind in {"unanswered", "nothing", "acknowledge"}:
            assert after == before
        if any(event.after is F for event in events):
            assert answered[-rule.for_windows :] == ["break"] * rule.for_windows
        if any(event.after is R and event.before is not P for event in events):
            assert answered[-rule.clear_windows :] == ["hold"] * rule.clear_windows


@given(rules(), HISTORY)
def test_the_same_history_gives_the_same_alerts(rule, history):
    assert live(rule, history) == live(rule, history)
