"""Drift of the inputs."""

import numpy as np
import pyarrow as pa
import pytest

from holter.profile import Profile, Window
from holter.rules import Calibration, decide
from holter.signals import named
from holter.types import Feature, Kind, Schema, Verdict

NUMBER, WORD, MOMENT, THING = (
    Feature("x", Kind.NUMERIC, "double"),
    Feature("c", Kind.CATEGORICAL, "string"),
    Feature("t", Kind.TIME, "timestamp[us]"),
    Feature("o", Kind.OTHER, "binary"),
)


def window(feature, values, k=4096):
    table = pa.table({feature.name: values})
    return Window(None, Schema((feature,)), Profile.of(table, kinds={feature.name: feature.kind}, k=k))


def drift(feature, target, baseline, **more):
    found = named("data_drift").measure(window(feature, target, **more), window(feature, baseline, **more))
    return {each.metric: each for each in decide(list(found), Calibration.iid())}


def normal(n, mean=0.0, seed=0):
    return pa.array(np.random.default_rng(seed).normal(mean, 1, n))


def test_a_shift_is_seen_by_all_distances_on_one_test():
    found = drift(NUMBER, normal(500, 1.0, 1), normal(2000))
    assert {each.verdict for each in found.values()} == {Verdict.ALARM}
    assert len({(each.evidence.p_value, each.evidence.test) for each in found.values()}) == 1
    assert found["normalized_wasserstein"].value == pytest.approx(1.0, abs=0.15)
    assert found["normalized_wasserstein"].interval.low < 1.0 < found["normalized_wasserstein"].interval.high


def test_nulls_elsewhere_do_not_drop_rows():
    half = pa.array([None, 1.0] * 500)
    table = pa.table({"x": normal(1000, 0.0, 1), "dead": pa.nulls(1000, pa.float64()), "y": half})
    schema = Schema(tuple(Feature(name, Kind.NUMERIC, "double") for name in ("x", "dead", "y")))
    side = Window(None, schema, Profile.of(table))
    found = {each.feature: each for each in named("data_drift").measure(side, side) if each.metric == "psi"}
    assert (found["x"].n, found["y"].n) == (1000, 500)
    assert found["dead"].verdict is Verdict.UNDEFINED
    assert "null" in found["dead"].reason


def test_a_constant_that_moves():
    found = drift(NUMBER, pa.array([3.0] * 200), pa.array([5.0] * 200))
    assert found["jensen_shannon"].value == 1.0
    assert found["jensen_shannon"].verdict is Verdict.ALARM
    assert found["normalized_wasserstein"].value == 2000.0  # by the floor of the standard deviation


def test_a_constant_that_stays():
    found = drift(NUMBER, pa.array([5.0] * 200), pa.array([5.0] * 200))
    assert (found["psi"].value, found["psi"].verdict) == (0.0, Verdict.OK)


def test_many_zeros_get_a_cell_of_their_own():
    sparse = pa.array([0.0] * 600 + list(np.linspace(0.1, 1, 400)))
    dense = pa.array([0.0] * 200 + list(np.linspace(0.1, 1, 800)))
    assert drift(NUMBER, dense, sparse)["jensen_shannon"].value > 0.2


def test_a_summary_is_no_surer_than_its_rows():
    full = drift(NUMBER, normal(20_000, 0.03, 1), normal(20_000))
    small = drift(NUMBER, normal(20_000, 0.03, 1), normal(20_000), k=64)
    assert small["psi"].evidence.p_value >= full["psi"].evidence.p_value


def test_categories():
    now, before = ["a"] * 50 + ["b"] * 50, ["a"] * 180 + ["b"] * 20
    found = drift(WORD, pa.array(now), pa.array(before))
    assert set(found) == {"jensen_shannon", "psi"}
    assert {each.verdict for each in found.values()} == {Verdict.ALARM}


def test_one_category_on_both_sides_is_no_difference():
    found = drift(WORD, pa.array(["a"] * 50), pa.array(["a"] * 80))
    assert (found["psi"].value, found["psi"].evidence.p_value) == (0.0, 1.0)


def test_only_new_categories():
    found = drift(WORD, pa.array(["b"] * 50), pa.array(["a"] * 80))
    assert (found["jensen_shannon"].value, found["jensen_shannon"].verdict) == (1.0, Verdict.ALARM)


def test_an_identifier_has_no_distribution():
    found = drift(WORD, pa.array([f"id{i}" for i in range(200)]), pa.array([f"id{i}" for i in range(500, 900)]))
    assert {each.verdict for each in found.values()} == {Verdict.UNDEFINED}
    assert "identifier" in found["psi"].reason


def test_a_long_tail_of_rare_categories_is_no_alarm():
    rng = np.random.default_rng(2)
    shares = 1 / np.arange(1, 201)
    sides = [pa.array([f"z{i}" for i in rng.choice(200, 1000, p=shares / shares.sum())]) for _ in range(2)]
    assert {each.verdict for each in drift(WORD, *sides).values()} == {Verdict.OK}


def test_too_few_values_say_how_many_it_takes():
    found = drift(NUMBER, normal(29), normal(500))
    assert {each.verdict for each in found.values()} == {Verdict.INSUFFICIENT}
    assert found["psi"].reason == "29 values in the target; 30 are needed"
    assert "in the baseline" in drift(WORD, pa.array(["a"] * 50), pa.array(["a"] * 5))["psi"].reason


def test_a_changed_type_is_named():
    found = named("data_drift").measure(window(WORD, pa.array(["a"] * 50)), window(NUMBER, normal(50)))
    assert {each.verdict for each in found} == {Verdict.UNDEFINED}
    changed = drift(NUMBER, pa.array([[1.0]] * 50), normal(50))
    assert changed["psi"].reason == "the type changed from double to list<item: double>"


def test_times_and_opaque_columns_are_left_to_others():
    times = pa.array(range(100), pa.timestamp("us"))
    assert "moves on by itself" in drift(MOMENT, times, times)["psi"].reason
    blobs = pa.array([b"1"] * 50)
    assert "no distribution" in drift(THING, blobs, blobs)["psi"].reason


def test_a_missing_column_is_undefined_on_the_side_it_is_missing():
    whole, none = window(NUMBER, normal(50)), Window(None, Schema((NUMBER,)), Profile.of(pa.table({"z": [1]})))
    for sides, side in (((none, whole), "target"), ((whole, none), "baseline")):
        assert {each.reason for each in named("data_drift").measure(*sides)} == {f"the {side} has no such column"}
