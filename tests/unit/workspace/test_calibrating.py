"""The alarm engine by its public door."""

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest

import holter
from holter.errors import BadDuration, UnknownColumn
from holter.rules import Budget, Level
from holter.workspace.calibrating import Watcher

START = datetime(2026, 1, 5, tzinfo=UTC)


def rows(rng, day, n=150, shift=0.0, label_shift=0.0):
    score = rng.random(n)
    return pa.table({
        "at": [START + timedelta(days=day, seconds=int(s)) for s in rng.integers(0, 86_400, n)],
        "x": rng.normal(shift, 1, n),
        "c": rng.choice(["de", "de", "fr"], n),
        "score": score,
        "late": (rng.random(n) < np.clip(score + label_shift, 0, 1)).astype(float),
    })  # fmt: skip


def calibrated(**options):
    rng = np.random.default_rng(1)
    table = pa.concat_tables([rows(rng, day) for day in range(35)])
    named = {"time": "at", "score": "score", "label": "late"} | options
    return holter.calibrate(table, budget=Budget(0.001, "window"), **named)


@pytest.fixture(scope="module")
def state():
    return json.loads(json.dumps(calibrated(segments=["c"]).state()))


@pytest.fixture
def watcher(state):
    return Watcher.from_state(state)


def quiet(watcher, days=3, first=35):
    rng = np.random.default_rng(2)
    return [watcher.see(rows(rng, day)) for day in range(first, first + days)]


def test_windows_as_usual_pass_and_changed_ones_do_not(watcher):
    assert [each.level for each in quiet(watcher)] == [None] * 3
    judged = watcher.see(rows(np.random.default_rng(3), 38, shift=1.0))
    assert (judged.level, judged.began) == (Level.WARNING, True)
    assert judged.window.start == START + timedelta(days=38)
    assert {finding.feature for finding in judged.findings} == {"x"}
    assert {finding.segment for finding in judged.findings} >= {None, "c=de"}


def test_a_model_that_errs_pages(watcher):
    quiet(watcher)
    judged = watcher.see(rows(np.random.default_rng(4), 38, label_shift=-0.5))
    assert judged.level is Level.PAGE
    assert any(finding.name == "loss" for finding in judged.findings)


def test_late_labels_are_judged_when_they_come(watcher):
    rng = np.random.default_rng(5)
    for day in range(35, 39):
        late = rows(rng, day, label_shift=-0.5)
        assert not watcher.see(late.drop_columns(["late"])).alarm
        judged = watcher.labels(late)
    assert judged.level is Level.PAGE
    assert {finding.family for finding in judged.findings} == {"label"}


def test_accepting_ends_an_alarm(watcher):
    quiet(watcher)
    assert watcher.see(rows(np.random.default_rng(6), 38, shift=1.0)).alarm
    watcher.accept()
    assert not watcher.see(rows(np.random.default_rng(7), 39)).alarm


def test_the_state_goes_on_where_it_left_off(watcher):
    quiet(watcher)
    again = Watcher.from_state(json.loads(json.dumps(watcher.state())))
    same = rows(np.random.default_rng(8), 38, shift=0.4)
    assert again.see(same) == watcher.see(same)
    assert again.explain() == watcher.explain()


def test_power_is_stated_and_true(watcher):
    power = watcher.power()
    assert power.rows == pytest.approx(150, abs=10)
    location = next(each for each in power.visible if (each.family, each.name) == ("numeric", "location"))
    weekly = [each for each in power.visible if each.scale > 1 and each.name == "location"]
    assert 0.3 < location.smallest < 0.9
    assert weekly[0].smallest < location.smallest
    assert "in one window" in str(power)
    assert json.loads(json.dumps(power.to_dict()))["rows"] == power.rows
    assert watcher.power(1500).visible[0].smallest < location.smallest


def test_without_time_nothing_alarms_until_it_was_learned():
    rng = np.random.default_rng(9)
    watcher = holter.calibrate(rows(rng, 0, 4000).drop_columns(["at"]))
    found = [watcher.see(rows(rng, 0, shift=2.0).drop_columns(["at"])) for _ in range(4)]
    assert not any(each.alarm or each.calibrated for each in found)
    assert "no time" in found[0].why
    assert [b.window.start - a.window.end for a, b in pairwise(found)] == [timedelta(0)] * 3
    assert watcher.explain()[-1].startswith("Not calibrated")


def test_a_short_baseline_says_what_is_missing():
    watcher = holter.calibrate(rows(np.random.default_rng(10), 0), time="at")
    assert "3 more weeks" in watcher.see(rows(np.random.default_rng(11), 1)).why


def test_odd_windows_are_borne(watcher):
    quiet(watcher)
    rng = np.random.default_rng(12)
    assert watcher.see(rows(rng, 38).slice(0, 0)).level is None
    assert watcher.see(rows(rng, 39).slice(0, 1)).level is None
    extra = rows(rng, 40).append_column("new", pa.array([1.0] * 150)).drop_columns(["c"])
    assert watcher.see(extra).level is None
    nulls = rows(rng, 41).set_column(1, "x", pa.nulls(150, pa.float64()))
    assert watcher.see(nulls).findings[0].name == "missing"


def test_what_cannot_be_used_is_refused():
    table = rows(np.random.default_rng(13), 0)
    with pytest.raises(UnknownColumn):
        holter.calibrate(table, time="when")
    with pytest.raises(UnknownColumn):
        holter.calibrate(table, time="at", segments=["land"])
    with pytest.raises(BadDuration):
        holter.calibrate(table, time="at", every="often")
