"""When a message about an alert is sent, held back or dropped."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from holter.errors import BadRule, InputError
from holter.rules import Alert, AlertEvent, AlertState, Level, Silence
from holter.rules.holding import AGAIN, SEND, Quiet, Standing, fate
from holter.types import Measurement, Span

NOW = datetime(2026, 5, 4, 23, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = Span(datetime(2026, 5, 3, tzinfo=UTC), datetime(2026, 5, 4, tzinfo=UTC))


def alert(**changes):
    drift = Measurement("data_drift", "psi", 0.4, 900, feature="age", window=DAY)
    whole = Alert("a1", "churn", "drift", Level.WARNING, AlertState.FIRING, DAY, DAY, 1, 0, drift, "Age drifted.")
    return replace(whole, **changes)


def event(after=AlertState.FIRING, at=NOW):
    return AlertEvent("e", "a1", None, after, at, "rule", "why")


def standing(**changes):
    return replace(Standing(alert(), event()), **changes)


def silence(**changes):
    fields = {"starts": NOW - HOUR, "ends": NOW + HOUR, "reason": "moving house", "actor": "user:ann"}
    return Silence("s1", **{**fields, **changes})


def test_without_a_reason_to_wait_it_goes():
    assert fate(standing(), NOW) == SEND


def test_a_silence_holds_back_and_says_whose_it_is():
    found = fate(standing(silences=[silence()]), NOW)
    assert found.until == NOW + AGAIN
    assert "user:ann: moving house" in found.why
    soon = silence(ends=NOW + timedelta(seconds=5))
    assert fate(standing(silences=[soon]), NOW).until == soon.ends


@pytest.mark.parametrize(
    "other",
    [
        {"monitor": "fraud*"},
        {"rule": "auc"},
        {"feature": "income"},
        {"starts": NOW + HOUR / 2},
        {"ends": NOW},
    ],
)
def test_a_silence_about_something_else_or_at_another_time_holds_nothing(other):
    assert fate(standing(silences=[silence(**other)]), NOW) == SEND


@pytest.mark.parametrize("same", [{"monitor": "chu*"}, {"rule": "drift"}, {"feature": "a?e"}])
def test_a_silence_by_pattern(same):
    assert fate(standing(silences=[silence(**same)]), NOW).until is not None


def test_an_alert_without_a_feature_is_covered_by_silences_of_everything_only():
    bare = alert(measurement=Measurement("performance", "roc_auc", 0.6, 9))
    assert silence().covers(bare)
    assert not silence(feature="age").covers(bare)


def test_what_was_held_back_and_is_over_is_dropped():
    over = standing(alert=alert(state=AlertState.RESOLVED), held=True)
    assert fate(over, NOW).dropped


def test_what_was_never_held_back_is_sent_however_late():
    assert fate(standing(alert=alert(state=AlertState.RESOLVED)), NOW) == SEND


def test_the_end_is_told_where_the_beginning_was():
    end = event(AlertState.RESOLVED)
    assert fate(standing(event=end, silences=[silence()]), NOW) == SEND
    assert fate(standing(event=end, unsaid=True), NOW).dropped
    later = NOW + timedelta(minutes=3)
    assert fate(standing(event=end, waits=later), NOW).until == later


@pytest.mark.parametrize("state", [AlertState.ACKNOWLEDGED, AlertState.RESOLVED])
def test_an_escalation_that_somebody_was_faster_than_is_dropped(state):
    found = fate(standing(alert=alert(state=state), escalates=True), NOW)
    assert found.dropped
    assert str(state) in found.why


def test_an_escalation_that_nobody_took_goes():
    assert fate(standing(escalates=True), NOW) == SEND


def dead(**changes):
    nulls = Measurement("data_quality", "null_rate", 1.0, 900, feature="age", window=DAY)
    fields = {"id": "a2", "rule": "nulls", "measurement": nulls, "sentence": "Age is all null."}
    return alert(**{**fields, **changes})


def test_a_dead_feature_explains_its_drift():
    found = fate(standing(beside=[dead()]), NOW)
    assert found.until == NOW + AGAIN
    assert "Age is all null." in found.why


@pytest.mark.parametrize(
    "changes",
    [
        {"state": AlertState.PENDING},
        {"measurement": Measurement("data_quality", "null_rate", 1.0, 9, feature="income")},
        {"measurement": Measurement("performance", "roc_auc", 0.5, 9, feature="age")},
        {"measurement": Measurement("data_quality", "null_rate", 1.0, 9, feature="age", segment="country=DE")},
    ],
)
def test_another_alert_explains_nothing(changes):
    assert fate(standing(beside=[dead(**changes)]), NOW) == SEND


def test_a_page_is_explained_by_nothing():
    assert fate(standing(alert=alert(level=Level.PAGE), beside=[dead()]), NOW) == SEND


@pytest.mark.parametrize(
    ("hours", "until"),
    [
        ("22:00-07:00", datetime(2026, 5, 5, 7, tzinfo=UTC)),
        ("23:00-23:45", datetime(2026, 5, 4, 23, 45, tzinfo=UTC)),
        ("07:00-22:00", None),
        ("23:45-23:15", None),
        ("23:30-00:00", datetime(2026, 5, 5, tzinfo=UTC)),
    ],
)
def test_quiet_hours(hours, until):
    assert Quiet.of("r", hours).until(NOW) == until
    assert fate(standing(quiet=Quiet.of("r", hours)), NOW).until == until
    assert fate(standing(alert=alert(level=Level.PAGE), quiet=Quiet.of("r", hours)), NOW) == SEND


def test_quiet_hours_just_after_midnight():
    assert Quiet.of("r", "22:00-07:00").until(datetime(2026, 5, 5, 0, 1, tzinfo=UTC)).day == 5


@pytest.mark.parametrize("text", ["", "22", "22:00", "22:00-25:00", "a-b", "07:00-07:00", "1-2-3"])
def test_no_quiet_hours(text):
    with pytest.raises(BadRule, match="quiet"):
        Quiet.of("r", text)


def test_what_flaps_waits_for_the_hour_once():
    often = [DAY.end - HOUR * back for back in (0, 1, 2, 3)]
    found = fate(standing(openings=often), NOW)
    assert found.until == NOW + HOUR
    assert "4 times" in found.why
    assert fate(standing(openings=often, held=True), NOW) == SEND
    assert fate(standing(openings=often[:3]), NOW) == SEND
    assert fate(standing(openings=[*often[:3], DAY.end - 25 * HOUR]), NOW) == SEND
    assert fate(standing(openings=often, alert=alert(level=Level.PAGE)), NOW) == SEND


def test_a_silence_has_a_reason_and_an_end_after_its_beginning():
    with pytest.raises(InputError, match="why"):
        silence(reason=" ")
    with pytest.raises(InputError, match="cannot end"):
        silence(ends=NOW - 2 * HOUR)


def test_a_silence_that_is_ended_early():
    assert not silence().ended(NOW).holds(NOW)
    ahead = silence(starts=NOW + HOUR / 2)
    assert not any(ahead.ended(NOW).holds(NOW + HOUR * part / 4) for part in range(5))
