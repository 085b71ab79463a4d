"""Many windows against one baseline, all at once."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holter.profile import Profile
from holter.signals.comparable import Laid
from holter.signals.distances import DISTANCES, distances
from holter.signals.history import drift_history


def agree(targets, baseline):
    """Hold every number against the one that is measured window by window."""
    history = drift_history(targets, baseline)
    for name, before in baseline.columns.items():
        for place, target in enumerate(targets):
            single = {each.metric: each.value for each in distances("s", Laid(target.columns.get(name), before))}
            for metric in DISTANCES:
                value, expected = history.of(name, metric)[place], single.get(metric)
                assert (value is None) == (expected is None), (name, metric, value, expected)
                assert value is None or value == pytest.approx(expected, rel=1e-7, abs=1e-7)
    return history


def shapes(seed, rows):
    rng = np.random.default_rng(seed)
    return {
        "normal": rng.normal(seed, 1 + seed / 5, rows),
        "tail": rng.lognormal(0, 2, rows),
        "whole": rng.integers(0, 4 + seed, rows),
        "zeros": np.where(rng.random(rows) < 0.7, 0.0, rng.normal(size=rows)),
        "constant": np.full(rows, 5.0 + (seed == 3)),
        "far": rng.normal(1e9, 1, rows),
        "large": rng.integers(2**60, 2**60 + 10**9, rows),
        "category": pa.array([f"c{n}" for n in rng.zipf(1.5, rows) % (20 + seed)]),
        "flag": pa.array(rng.random(rows) < 0.1 * (seed + 1)),
        "text": pa.array([f"a long sentence number {n} of {seed}" * (1 + seed % 2) for n in range(rows)]),
        "vector": pa.array(list(rng.normal(seed, 1, (rows, 3))), pa.list_(pa.float64(), 3)),
        "list": pa.array([[1] * int(n) for n in rng.integers(0, 4 + seed, rows)], pa.list_(pa.int64())),
        "moment": pa.array(range(rows), pa.timestamp("us", "UTC")),
        "blank": pa.nulls(rows, pa.float64()),
    }


@pytest.mark.parametrize("k", [64, 4096])
def test_it_is_what_is_measured_window_by_window(k):
    targets = [Profile.of(pa.table(shapes(seed, 700 - 100 * seed)), k=k) for seed in range(1, 6)]
    history = agree(targets, Profile.of(pa.table(shapes(0, 2000)), k=k))
    answered = {name for name in history.features if history.of(name, "jensen_shannon")[0] is not None}
    assert answered >= {"normal", "tail", "whole", "zeros", "constant", "far", "large", "category", "flag"}


def test_windows_that_cannot_be_compared_have_no_distance():
    baseline = Profile.of(pa.table({"x": list(range(100)), "s": ["a", "b"] * 50}))
    targets = [
        Profile.empty(),
        Profile.of(pa.table({"x": list(range(100)), "s": ["a", "c"] * 50})),
        Profile.of(pa.table({"x": ["a"] * 100, "s": list(range(100))})),
        Profile.of(pa.table({"x": [1] * 5, "s": ["a"] * 5})),
        Profile.of(pa.table({"x": pa.nulls(50, pa.int64()), "s": pa.nulls(50, pa.string())})),
    ]
    history = agree(targets, baseline)
    assert [value is None for value in history.of("x", "psi")] == [True, False, True, True, True]
    assert history.of("s", "jensen_shannon")[1] == pytest.approx(0.5**0.5)


def test_no_windows_and_no_columns():
    baseline = Profile.of(pa.table({"x": list(range(100))}))
    assert drift_history([], baseline).of("x", "psi") == []
    assert drift_history([baseline], Profile.empty()).features == ()


def test_values_at_the_end_of_a_double_have_no_wasserstein_distance():
    baseline = Profile.of(pa.table({"x": [1e308, -1e308] * 50}))
    history = agree([baseline], baseline)
    assert history.of("x", "jensen_shannon") == [0.0]
    assert history.of("x", "normalized_wasserstein") == [None]


values = st.lists(st.sampled_from([-3.0, -1.0, 0.0, 0.5, 1.0, 2.0, 40.0]), min_size=30, max_size=60)


@given(st.lists(values, min_size=1, max_size=4), values)
def test_distances_of_few_values_agree_too(windows, before):
    targets = [Profile.of(pa.table({"x": window, "s": [str(value) for value in window]})) for window in windows]
    agree(targets, Profile.of(pa.table({"x": before, "s": [str(value) for value in before]})))


def test_categories_beyond_the_bound_are_compared_one_by_one():
    rng = np.random.default_rng(0)
    tables = [pa.table({"s": [f"c{n}" for n in rng.integers(0, 300, 900)]}) for _ in range(3)]
    exact, *pooled = (Profile.of(table) for table in tables)
    agree([exact, pooled[0].compressed(64, 40), pooled[1]], exact)
    agree([exact, pooled[0]], pooled[1].compressed(64, 40))
