"""Every stretch of time is decided on once, and a baseline is cut the way windows are."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from holter.monitor.slots import slot_of, slots
from holter.registry.entries import MonitorEntry
from holter.types import Span

FIRST = datetime(2026, 3, 1, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def table(*moments, kind=None):
    return pa.table({
        "_event_time": pa.array(moments, kind or pa.timestamp("us", "UTC")), "x": list(range(len(moments)))
    })  # fmt: skip


@pytest.mark.parametrize(
    ("every", "over", "length"), [(DAY, DAY, DAY), (DAY, 7 * DAY, DAY), (7 * DAY, DAY, DAY), (HOUR, DAY, HOUR)]
)
def test_a_window_brings_one_new_slot(every, over, length):
    entry = MonitorEntry("m", "api", (), (), every, over)
    window = Span(FIRST, FIRST + 7 * DAY).reaching_back(over)
    assert slot_of(entry, window) == Span(window.end - length, window.end)


def test_rows_are_cut_at_every_edge_of_the_grid_whatever_their_order():
    rows = table(
        FIRST + DAY, FIRST, FIRST + 3 * DAY - timedelta(microseconds=1), None, FIRST + DAY - timedelta(seconds=1)
    )
    found = [(span, part["x"].to_pylist()) for span, part in slots(rows, DAY)]
    assert found == [
        (Span(FIRST, FIRST + DAY), [1, 4]),
        (Span(FIRST + DAY, FIRST + 2 * DAY), [0]),
        (Span(FIRST + 2 * DAY, FIRST + 3 * DAY), [2]),
    ]


def test_times_of_any_unit_and_before_1970_are_cut():
    before = datetime(1969, 12, 31, 23, tzinfo=UTC)
    (span, part), _ = slots(table(before, FIRST, kind=pa.timestamp("s", "Europe/Berlin")), DAY)
    assert (span.end, part.num_rows) == (datetime(1970, 1, 1, tzinfo=UTC), 1)


def test_only_the_newest_slots_are_cut():
    rows = table(*(FIRST + day * DAY for day in range(10)))
    assert [span.start for span, _ in slots(rows, DAY, most=3)] == [FIRST + day * DAY for day in (7, 8, 9)]


@pytest.mark.parametrize("rows", [pa.table({"x": [1.0]}), table(), table(None, None)])
def test_rows_without_a_time_have_no_slot(rows):
    assert list(slots(rows, DAY)) == []
