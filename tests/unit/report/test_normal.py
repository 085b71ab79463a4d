"""What a monitor has learned is said in words and numbers, on the page and for programs."""

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from holter.monitor import Beat
from holter.registry import MonitorEntry, Shelves, TableTarget
from holter.report import monitor_page
from holter.report.normal import normal_of
from holter.types import Feature, Kind, Schema

DAY = timedelta(days=1)
FIRST = datetime(2026, 3, 2, tzinfo=UTC)
NOW = FIRST + 400 * DAY
SCHEMA = Schema((Feature("age", Kind.NUMERIC, "double"), Feature("country", Kind.CATEGORICAL, "string")))


def rows(days, start, *, shift=0.0, time="_event_time", n=200):
    rng = np.random.default_rng(days)
    at = [start + DAY * i / n for i in range(days * n)]
    return pa.table({
        time: pa.array(at, pa.timestamp("us", "UTC")),
        "age": rng.normal(40 + shift, 5, days * n),
        "country": rng.choice(["DE", "FR"], days * n),
    })  # fmt: skip


@pytest.fixture
def watched(tmp_path):
    """Return a function that watches a table of five calm days and some days that are not."""

    def watch(*, days=40, timed=True, changed=0):
        shelves = Shelves.open(tmp_path / "ws", create=True)
        baseline = rows(days, FIRST - days * DAY)
        pq.write_table(baseline if timed else baseline.drop_columns(["_event_time"]), tmp_path / "baseline.parquet")
        after = rows(changed + 1, FIRST + 5 * DAY, shift=5.0, time="at")
        pq.write_table(pa.concat_tables([rows(5, FIRST, time="at"), after]), tmp_path / "scored.parquet")
        target = TableTarget(str(tmp_path / "scored.parquet"), "at", SCHEMA)
        entry = MonitorEntry(
            "ages", target, ("data_drift",), (), DAY, DAY, event_clock=True, baseline=tmp_path / "baseline.parquet"
        )
        shelves.registry.add_monitor(entry)
        return shelves, shelves.registry.monitor("ages")

    return watch


def beat(shelves):
    assert Beat(shelves, "test").once(NOW).errors == ()


def test_before_the_first_window_nothing_is_known(watched):
    shelves, entry = watched()
    assert normal_of(shelves, entry) is None
    assert "Nothing was learned yet" in monitor_page(shelves, "ages", NOW)


def test_a_calibrated_monitor_says_what_it_learned_and_what_it_would_see(watched):
    shelves, entry = watched()
    beat(shelves)
    found = normal_of(shelves, entry)
    assert found.calibrated
    assert (found.missing, found.alarm, found.alarm_since, found.slots) == ("", "", None, 0)
    assert "Learned from 40 windows" in found.sentences[0]
    assert {each.scale for each in found.power.visible} == {1, 4}
    assert found.headline == "Calibrated: pages falsely no more often than 1 false page per quarter for the model."
    assert "seen nine times in ten" in str(found)
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["budget"] == "1 false page per quarter"
    page = monitor_page(shelves, "ages", NOW, lambda what: f"token-of-{what}")
    assert "calibrated</span>" in page
    assert "The smallest changes that would be seen" in page
    assert ">learned</td>" in page
    assert "token-of-accept" not in page


def test_a_baseline_without_times_says_what_is_missing(watched):
    shelves, entry = watched(timed=False)
    beat(shelves)
    found = normal_of(shelves, entry)
    assert not found.calibrated
    assert "no event times" in found.missing
    assert found.headline.startswith("Not calibrated, so drift raises no alarm: the baseline has no event times")
    assert "not calibrated</span>" in monitor_page(shelves, "ages", NOW)


def test_an_alarm_that_is_on_can_be_accepted_from_the_page(watched):
    shelves, entry = watched(changed=2)
    beat(shelves)
    found = normal_of(shelves, entry)
    assert found.alarm_since == FIRST + 5 * DAY
    assert found.alarm.startswith("age rose")
    assert "An alarm is on since 2026-03-07" in found.headline
    page = monitor_page(shelves, "ages", NOW, lambda what: f"token-of-{what}")
    assert 'value="token-of-accept:ages"' in page
    assert 'action="/monitors/ages/accept"' in page
    assert "token-of" not in monitor_page(shelves, "ages", NOW)
