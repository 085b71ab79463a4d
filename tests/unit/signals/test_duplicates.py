"""Copies of rows, and keys that come twice."""

from math import comb

import numpy as np
import pyarrow as pa
import pytest

from holter.profile import Window
from holter.rules import Calibration, decide
from holter.signals.duplicates import Duplicates, different
from holter.types import REQUEST_ID, ROW, Feature, Kind, Schema, Verdict

SCHEMA = Schema((Feature("x", Kind.NUMERIC, "double"), Feature("c", Kind.CATEGORICAL, "string")))


def window(table, schema=SCHEMA):
    return Window(None, schema, rows=None if table is None else pa.table(table))


def ask(now, before, **options):
    found = decide(list(Duplicates(**options).measure(window(now), window(before))), Calibration.iid())
    return {each.metric: each for each in found}


def rows(n, seed=0, copies=0):
    rng = np.random.default_rng(seed)
    x, c = rng.normal(size=n), rng.choice(["a", "b"], n)
    place = np.concatenate((np.arange(n), np.arange(copies)))
    return {
        "x": x[place],
        "c": c[place],
        REQUEST_ID: [f"{seed}-{i}" for i in range(n + copies)],
        ROW: [0] * (n + copies),
    }


def test_copies_alarm_and_their_absence_does_not():
    assert ask(rows(500, 1), rows(2000))["duplicate_rate"].verdict is Verdict.OK
    found = ask(rows(500, 1, copies=50), rows(2000))["duplicate_rate"]
    assert found.value == 50 / 550
    assert found.verdict is Verdict.ALARM
    assert ask(rows(500, 1, copies=50), rows(2000, 2, copies=200))["duplicate_rate"].verdict is Verdict.OK


def test_few_categories_repeat_by_necessity_and_more_so_in_a_larger_window():
    few = {"c": ["a", "b"] * 5000, "x": [float(n % 50) for n in range(10_000)]}
    small = {"c": ["b", "a"] * 50, "x": [float(n % 50) for n in range(100)]}
    for now, before in ((few, small), (small, few)):
        found = ask(now, before)["duplicate_rate"]
        assert found.verdict is Verdict.OK
        assert abs(found.evidence.effect) < 0.1
    assert ask(few, small)["duplicate_rate"].value == 1 - 50 / 10_000


def test_samples_of_one_law_do_not_alarm():
    rng = np.random.default_rng(2)
    before = {"x": rng.poisson(300, 5000) * 1.0, "c": rng.choice(["a", "b", "c"], 5000)}
    for _ in range(60):
        now = {"x": rng.poisson(300, 400) * 1.0, "c": rng.choice(["a", "b", "c"], 400)}
        assert ask(now, before)["duplicate_rate"].verdict is Verdict.OK


@pytest.mark.parametrize("n", [1, 3, 7, 12])
def test_rarefaction_is_what_counting_every_draw_gives(n):
    counts = np.array([5, 3, 2, 1, 1])
    expected = sum(1 - comb(12 - size, n) / comb(12, n) for size in counts.tolist())
    assert different(counts, n) == pytest.approx(expected, rel=1e-12)


def test_a_key_that_repeats_is_a_broken_promise_whatever_the_baseline_has():
    now = rows(400, 1) | {REQUEST_ID: ["same"] * 14 + [f"{i}" for i in range(386)]}
    for before in (rows(2000), {"x": [1.0] * 2000}):
        found = ask(now, before)["key_rate"]
        assert (found.value, found.verdict) == (13 / 400, Verdict.ALARM)
    assert ask(rows(400, 1), rows(2000))["key_rate"].verdict is Verdict.OK
    one_request = rows(400, 1) | {REQUEST_ID: ["same"] * 400, ROW: list(range(400))}
    assert ask(one_request, rows(2000))["key_rate"].value == 0


def test_a_declared_key_takes_the_place_of_the_identity():
    found = ask({"x": [1.0, 1.0, 2.0], "c": ["a", "b", "b"]}, rows(100), key=["x", "c"])
    assert found["key_rate"].value == 0
    twice = ask({"x": [1.0, 1.0, 2.0]}, rows(100), key=["x"])["key_rate"]
    assert (twice.value, twice.verdict) == (pytest.approx(1 / 3), Verdict.ALARM)
    missing = ask({"x": [1.0]}, rows(100), key=["x", "nowhere"])["key_rate"]
    assert (missing.verdict, "nowhere" in missing.reason) == (Verdict.UNDEFINED, True)


def test_what_cannot_be_answered_says_why():
    assert {each.verdict for each in ask(None, None).values()} == {Verdict.UNDEFINED}
    no_key = ask({"x": [1.0, 2.0], REQUEST_ID: pa.array([None, None], pa.string())}, None)["key_rate"]
    assert (no_key.verdict, no_key.reason) == (Verdict.UNDEFINED, "no row has a key")
    assert ask({"z": [1.0]}, rows(10))["duplicate_rate"].verdict is Verdict.UNDEFINED
    alone = ask({"x": [1.0, 1.0]}, None)["duplicate_rate"]
    assert (alone.value, alone.evidence) == (0.5, None)


def test_a_column_that_cannot_be_hashed_tells_no_rows_apart():
    odd = pa.array([{"a": 1}, {"a": 2}, {"a": 2}])
    found = ask({"x": odd, "c": ["a", "b", "b"]}, None)["duplicate_rate"]
    assert found.value == pytest.approx(1 / 3)
