"""A person may say that a change is the new normal; nobody else can, and the ledger knows."""

from datetime import UTC, datetime, timedelta

import pytest

from holter.errors import InputError, NotFound
from holter.monitor import Beat
from holter.monitor.accepting import accept
from holter.monitor.deciding import decide_on
from holter.monitor.parts import Part
from holter.monitor.watch import Watch
from holter.types import Span

DAY = timedelta(days=1)
FIRST = datetime(2026, 3, 1, tzinfo=UTC)
NOW = FIRST + 400 * DAY


@pytest.fixture
def changed(desk):
    """Six days as always, then x is higher for good."""
    desk.watch(signals=("data_drift", "performance"))
    for day in range(6):
        desk.day(day)
    for day in range(6, 12):
        desk.day(day, shift=1.5)
    assert Beat(desk.shelves, "test").once(NOW).errors == ()
    return desk


def judgement(desk, day):
    watch = Watch.of(desk.shelves, desk.shelves.registry.monitor("daily"), NOW)
    return decide_on(watch, Span(FIRST + day * DAY, FIRST + (day + 1) * DAY), Part.DATA).judgement


def test_what_is_accepted_is_normal_from_then_on_and_the_old_level_is_a_change(changed):
    found = accept(changed.shelves, "daily", "the new sensor reads higher", NOW, actor="ann")
    assert found.since == FIRST + 6 * DAY
    assert found.windows == 5
    assert found.alarm.startswith("x rose (by ")
    assert "new normal" in str(found)
    (entry,) = [each.entry for each in changed.shelves.facts.ledger() if each.entry.action == "monitor.accept"]
    assert (entry.actor, entry.reason, entry.subject) == ("ann", "the new sensor reads higher", "monitor:daily")
    assert entry.facts["since"] == found.since.isoformat()
    for day in range(12, 16):
        changed.day(day, shift=1.5)
    for day in range(16, 18):
        changed.day(day)
    assert Beat(changed.shelves, "test").once(NOW + DAY).errors == ()
    null = changed.shelves.facts.null("daily")
    assert null.since == found.since
    drift = changed.shelves.facts.measurements("daily", metric="data_drift.psi", feature="x")
    verdicts = {(each.window.start - FIRST) // DAY: str(each.verdict) for each in drift}
    assert verdicts[10] == "alarm"
    assert [verdicts[day] for day in range(11, 16)] == ["ok"] * 5
    assert verdicts[16] == "alarm"


def test_it_needs_a_reason_and_something_to_accept(changed):
    with pytest.raises(InputError, match="--reason"):
        accept(changed.shelves, "daily", "  ", NOW, actor="ann")
    with pytest.raises(NotFound):
        accept(changed.shelves, "nobody", "why not", NOW, actor="ann")
    accept(changed.shelves, "daily", "once", NOW, actor="ann")
    with pytest.raises(InputError, match="no alarm of daily is on"):
        accept(changed.shelves, "daily", "twice", NOW, actor="ann")
    again = accept(changed.shelves, "daily", "it began later", NOW, actor="ann", since=FIRST + 9 * DAY)
    assert again.windows == 2
    assert again.alarm == ""


def test_a_monitor_that_has_learned_nothing_cannot_accept(desk):
    desk.watch()
    with pytest.raises(InputError, match="learned nothing yet"):
        accept(desk.shelves, "daily", "why", NOW, actor="ann")
