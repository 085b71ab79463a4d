"""One record with a clock that was never set must not make decades of windows due."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from holter.monitor import Beat
from holter.monitor.beginning import GAP, after_silence, begins
from holter.registry import TableTarget
from holter.source import beginnings
from holter.types import Schema

DAY = timedelta(days=1)
FIRST = datetime(2026, 3, 1, tzinfo=UTC)
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
EPOCH_DAYS = (datetime(1970, 1, 1, tzinfo=UTC) - FIRST) // DAY


def test_a_record_of_1970_is_left_out_and_the_log_says_so(desk, caplog):
    desk.watch(signals=["data_quality"])
    desk.day(EPOCH_DAYS, 1)
    for number in range(3):
        desk.day(number)
    report = Beat(desk.shelves).once(NOW)
    assert (report.published, report.remaining, report.errors) == (2, False, ())
    assert [number for number, *_ in desk.published()] == [1, 2]
    assert "the oldest record is of 1970-01-01" in caplog.text


def test_one_that_comes_later_changes_nothing(desk):
    desk.watch(signals=["data_quality"])
    for number in range(2):
        desk.day(number)
    beat = Beat(desk.shelves)
    beat.once(NOW)
    desk.day(EPOCH_DAYS, 1)
    desk.day(2)
    assert beat.once(NOW).published == 1


@pytest.mark.parametrize(
    ("days", "begin"),
    [([0], 0), ([0, 1, 2], 0), ([0, 400, 401], 400), ([0, 400, 900, 901], 900), ([0, 366, 732], 0), ([0, 367], 367)],
)
def test_the_last_silence_of_more_than_a_year_counts(days, begin):
    assert after_silence([FIRST + day * DAY for day in days], GAP) == FIRST + begin * DAY


def test_no_moment_begins_nothing(desk):
    entry = desk.watch()
    assert after_silence([], GAP) is None
    assert begins(desk.shelves, entry, None, None) is None
    assert begins(desk.shelves, entry, FIRST, FIRST + GAP) == FIRST


def test_a_table_begins_after_its_silence_and_long_windows_wait_longer(desk, tmp_path):
    times = [datetime(1970, 1, 1, 5, tzinfo=UTC), FIRST, FIRST + DAY / 2, FIRST + DAY]
    path = tmp_path / "scores.parquet"
    pq.write_table(pa.table({"at": pa.array(times, pa.timestamp("us", "UTC")), "x": [1.0, 2, 3, 4]}), path)
    assert beginnings(path, "at") == [times[0], times[1], times[3]]
    entry = desk.watch("table", target=TableTarget(str(path), "at", Schema(())))
    assert begins(desk.shelves, entry, times[0], times[-1]) == FIRST
    slow = desk.watch("slow", target=TableTarget(str(path), "at", Schema(())), every=365 * DAY, over=365 * DAY)
    assert begins(desk.shelves, slow, times[0], times[-1]) == times[0]
