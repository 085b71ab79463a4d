from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holter.monitor.schedule import Due, Timetable
from holter.types import Span

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
FIRST = datetime(2026, 3, 1, 7, 30, tzinfo=UTC)
MIDNIGHT = FIRST.replace(hour=0, minute=0)


def table(every=DAY, over=DAY, **delays):
    return Timetable(every, over, delays or {"drift": timedelta(0)})


def span(day, over=DAY):
    end = MIDNIGHT + (day + 1) * DAY
    return Span(end - over, end)


def test_a_window_is_due_when_its_end_has_passed():
    assert table().due(FIRST, MIDNIGHT + DAY - timedelta(microseconds=1), (), 9) == []
    assert table().due(FIRST, MIDNIGHT + DAY, (), 9) == [Due(span(0), ("drift",))]


def test_lateness_and_labels_wait_longer():
    times = table(drift=HOUR, performance=HOUR + 2 * DAY)
    assert times.due(FIRST, MIDNIGHT + DAY, (), 9) == []
    assert times.due(FIRST, MIDNIGHT + DAY + HOUR, (), 9) == [Due(span(0), ("drift",))]
    assert times.due(FIRST, MIDNIGHT + 3 * DAY + HOUR, (), 9) == [
        Due(span(0), ("drift", "performance")),
        Due(span(1), ("drift",)),
        Due(span(2), ("drift",)),
    ]


def test_windows_reach_back_and_come_oldest_first_and_bounded():
    times = table(over=7 * DAY)
    found = times.due(FIRST, MIDNIGHT + 30 * DAY, {(span(1, 7 * DAY), "drift")}, 3)
    assert [each.window for each in found] == [span(0, 7 * DAY), span(2, 7 * DAY), span(3, 7 * DAY)]
    assert all(each.window.length == 7 * DAY for each in found)


@pytest.mark.parametrize("clock", [FIRST - 9 * DAY, FIRST])
def test_nothing_is_due_before_the_first_window_closes(clock):
    assert table().due(FIRST, clock, (), 9) == []
    assert table().recent(FIRST, clock, 9) == []


def test_a_monitor_without_signals_is_never_due():
    assert Timetable(DAY, DAY, {}).due(FIRST, FIRST + 9 * DAY, (), 9) == []


def test_newest_is_the_last_closed_window():
    times = table(drift=HOUR)
    assert times.newest(MIDNIGHT + 2 * DAY, "drift") == span(0)
    assert times.newest(MIDNIGHT + 2 * DAY + HOUR, "drift") == span(1)


def test_recent_windows_are_bounded_on_both_sides():
    assert table().recent(FIRST, MIDNIGHT + 2 * DAY, 9) == [span(0), span(1)]
    assert table().recent(FIRST, MIDNIGHT + 30 * DAY, 2) == [span(28), span(29)]


def test_recent_windows_are_those_of_each_signal():
    times = table(drift=timedelta(0), labelled=20 * DAY)
    assert times.recent(FIRST, MIDNIGHT + 30 * DAY, 2) == [span(8), span(9), span(28), span(29)]
    assert times.recent(FIRST, MIDNIGHT + 21 * DAY, 2) == [span(0), span(19), span(20)]


@given(
    st.integers(0, 40),
    st.integers(1, 7),
    st.sets(st.tuples(st.integers(0, 40), st.sampled_from("ab"))),
    st.integers(0, 5),
)
def test_working_off_what_is_due_ends_and_judges_all_once(clock_days, limit, done, delay):
    times = table(a=timedelta(0), b=delay * DAY)
    clock = MIDNIGHT + clock_days * DAY
    published = {(span(day), signal) for day, signal in done}
    judged = []
    while due := times.due(FIRST, clock, published, limit):
        assert len(due) <= limit
        for each in due:
            judged += [(each.window, signal) for signal in each.signals]
            published |= {(each.window, signal) for signal in each.signals}
    assert len(judged) == len(set(judged))
    wanted = {(span(day), "a") for day in range(clock_days)} | {(span(day), "b") for day in range(clock_days - delay)}
    assert wanted <= published
    for signal in "ab":
        ends = [window.end for window, name in judged if name == signal]
        assert ends == sorted(ends)
    # Nothing before the frontier is ever due again, and starting there loses nothing.
    frontier = times.frontier(FIRST, clock, published)
    assert times.due(frontier, clock, published, 99) == []
    later = clock + 3 * DAY
    assert times.due(frontier, later, published, 99) == times.due(FIRST, later, published, 99)
