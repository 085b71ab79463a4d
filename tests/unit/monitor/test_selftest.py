"""Changes that are put into windows nothing was learned from are found, the large ones at least."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from holter.errors import InputError
from holter.monitor.selftest import SIZES, Found, SelfTest, selftest
from holter.monitor.watch import Watch

DAY = timedelta(days=1)
FIRST = datetime(2026, 3, 1, tzinfo=UTC)
NOW = datetime(2026, 5, 4, tzinfo=UTC)


def watched(desk, days, n):
    path = desk.shelves.root / "baseline.parquet"
    pq.write_table(pa.table({**desk.made(n), "_event_time": desk.moments(n, FIRST - days * DAY, days * DAY)}), path)
    desk.watch(signals=("data_drift",), baseline=path)
    desk.day(0)
    return Watch.of(desk.shelves, desk.shelves.registry.monitor("daily"), NOW)


def test_large_changes_are_found_smaller_ones_in_a_week_and_nothing_in_calm_windows(desk):
    found = selftest(watched(desk, 40, 16_000))
    assert (found.monitor, found.windows, found.rows, found.alarms) == ("daily", 30, 400, 0)
    kinds = {each.kind: each for each in found.found}
    assert set(kinds) == {"shift of a number", "move to the most frequent category", "missing values"}
    for each in kinds.values():
        assert each.window in SIZES
        assert each.week <= each.window
    assert kinds["shift of a number"].window <= 1.0
    assert kinds["missing values"].columns == 2
    assert "no alarms in them as they are" in str(found)
    assert "sd in one window" in str(found)
    assert found.to_dict()["found"][0]["unit"] == "sd"


def test_a_baseline_of_few_windows_cannot_be_asked(desk):
    with pytest.raises(InputError, match="baseline of 31 windows with event times; there are 12"):
        selftest(watched(desk, 12, 600))


def test_a_kind_that_was_not_found_says_so():
    told = str(SelfTest("m", 30, 9, 1, (Found("missing values", "share", None, 0.5, 2),)))
    assert "1 alarm in them" in told
    assert "nothing up to the largest size in one window, 50 % of the rows in seven" in told
