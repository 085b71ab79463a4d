"""Every distance of a summary tells the truth within the error that it states."""

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holter.profile import CategoricalColumn, NumericColumn, OpaqueColumn, Profile, TextColumn
from holter.signals.binning import Cells, Side, count_numbers
from holter.signals.comparable import Laid, paired, refusal
from holter.signals.distances import all_distances, distances
from holter.signals.pairing import Pair
from holter.types import Verdict

EXACT = {"kolmogorov_smirnov", "wasserstein", "normalized_wasserstein", "energy"}
SHAPES = {"jensen_shannon", "psi", "hellinger", "total_variation", "l_infinity", "cramers_v", "chi_squared", "g"}


def holds(told, truth):
    """Whether the true value lies within what was told; rounding apart."""
    return abs(told.value - truth.value) <= told.error * (1 + 1e-9) + 1e-12


def numbers(seed, n=600):
    rng = np.random.default_rng(seed)
    kinds = (
        lambda: rng.normal(rng.uniform(-1, 1), rng.uniform(0.5, 2), n),
        lambda: rng.standard_cauchy(n),
        lambda: rng.integers(0, rng.integers(2, 200), n).astype(float),
        lambda: np.exp(rng.normal(0, 2, n)),
    )
    return kinds[rng.integers(len(kinds))]()


def by_metric(pair):
    return {each.metric: each for each in pair.distances()}


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(12, 200))
def test_numbers(seed_a, seed_b, k):
    full = [NumericColumn.of(pa.array(numbers(seed))) for seed in (seed_a, seed_b)]
    short = [each.compressed(k) for each in full]
    told, truth = by_metric(paired(*short)), by_metric(paired(*full))
    assert all(holds(told[metric], truth[metric]) for metric in EXACT)
    assert {each.error for each in truth.values()} <= {0.0, None}
    # distances of shares are about cells: count the rows themselves in the cells that the summary laid
    rows = count_numbers(full[0].ranks, short[1].ranks).target.counts
    edges_of_baseline = count_numbers(full[1].ranks, short[1].ranks).target.counts
    exact = by_metric(Pair(Cells(Side(rows, rows, rows), Side(*(edges_of_baseline,) * 3))))
    # pooling for the tests may differ with the counts
    assert all(holds(told[metric], exact[metric]) for metric in SHAPES - {"chi_squared", "g"})
    assert told["kolmogorov_smirnov"].p_value >= truth["kolmogorov_smirnov"].p_value - 1e-12


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(3, 60))
def test_categories(seed, cap):
    rng = np.random.default_rng(seed)
    sides = []
    for _ in range(2):
        shares = rng.dirichlet(np.full(80, 0.2))
        sides.append(pa.array([f"c{i}" for i in rng.choice(80, 3000, p=shares)]))
    full = [CategoricalColumn.of(each) for each in sides]
    # counted in pieces, so that counts of kept names miss rows
    short = []
    for each in sides:
        parts = [CategoricalColumn.of(each.slice(at, 500), cap) for at in range(0, 3000, 500)]
        short.append(CategoricalColumn.total(parts).compressed(cap))
    told, truth = by_metric(paired(*short)), by_metric(paired(*full))
    assert all(holds(told[metric], truth[metric]) for metric in SHAPES - {"chi_squared", "g"}), (told, truth)


def test_what_is_exact_says_so():
    columns = [NumericColumn.of(pa.array(numbers(seed))) for seed in (1, 2)]
    assert {each.error for each in all_distances(Laid(*columns))} == {0.0}
    words = [CategoricalColumn.of(pa.array(["a", "b", other] * 30)) for other in "cd"]
    assert {each.error for each in all_distances(Laid(*words))} == {0.0}


def test_a_bound_that_is_not_known_is_none_and_not_zero():
    old = NumericColumn.of(pa.array(np.arange(10_000.0)))
    ranks = old.ranks.compressed(100)
    unknown = type(ranks)(ranks.values, ranks.weights, ranks.error, None)
    column = NumericColumn(**{**vars(old), "ranks": unknown})
    found = {each.metric: each for each in all_distances(Laid(column, old))}
    assert found["wasserstein"].error is found["energy"].error is found["normalized_wasserstein"].error is None
    assert found["kolmogorov_smirnov"].error > 0


def profiled(values, **more):
    return Profile.of(pa.table({"x": values}), **more).columns["x"]


def test_text_is_compared_by_length():
    short = profiled(pa.array([f"id {n}" for n in range(2000)]))
    long = profiled(pa.array([f"{'much ' * 20}longer {n}" for n in range(2000)]))
    assert isinstance(short, TextColumn)
    pair = paired(long, short)
    assert (pair.of, pair.test) == ("length", "two-sample chi-squared of the length")
    assert by_metric(pair)["jensen_shannon"].value == pytest.approx(1, abs=0.01)
    assert all_distances(Laid(short, short))[0].value == 0
    few = profiled(pa.array(["id 1", "id 2"] * 50))
    assert isinstance(few, CategoricalColumn)
    assert paired(few, short).of == "length"


def test_text_that_nobody_measured_is_undefined():
    column = TextColumn(100, 0)
    assert all_distances(Laid(column, column)) == ()
    found = distances("data_drift", Laid(column, column))
    assert {(each.verdict, each.reason) for each in found} == {
        (Verdict.UNDEFINED, "neither its values nor their lengths are known")
    }


def test_vectors_are_compared_where_they_moved_most():
    rng = np.random.default_rng(3)
    before, same = rng.normal(size=(2000, 6)), rng.normal(size=(2000, 6))
    turned = before * np.array([-1, 1, 1, 1, 1, 1]) + np.array([2, 0, 0, 0, 0, 0])
    columns = [profiled(pa.array(each.tolist())) for each in (before, same, turned)]
    calm, moved = paired(columns[1], columns[0]), paired(columns[2], columns[0])
    assert calm.p_value > 0.01
    assert moved.p_value < 1e-9
    assert moved.test.startswith("two-sample Kolmogorov-Smirnov of the ")
    metrics = {each.metric for each in distances("data_drift", Laid(columns[2], columns[0]))}
    assert metrics == {"jensen_shannon", "psi", "normalized_wasserstein"}


def test_choosing_among_nine_is_answered_for():
    rng = np.random.default_rng(4)
    p_values = []
    for _ in range(60):
        sides = [profiled(pa.array(rng.normal(size=(80, 4)).tolist())) for _ in range(2)]
        p_values.append(paired(*sides).p_value)
    assert np.mean(np.array(p_values) < 0.05) < 0.15


def test_lists_of_words_are_compared_by_how_many():
    one, three = (profiled(pa.array([["a"] * n] * 100)) for n in (1, 3))
    pair = paired(three, one)
    assert pair.of == "length"
    assert by_metric(pair)["total_variation"].value == 1


def test_a_time_of_day_is_compared_and_a_point_in_time_is_not():
    clock = profiled(pa.array(range(0, 60_000_000, 100_000), pa.time64("us")))
    assert refusal(clock, clock) is None
    moment = profiled(pa.array(range(600), pa.timestamp("us")))
    assert refusal(moment, moment)[0] is Verdict.UNDEFINED
    assert refusal(clock, moment)[0] is Verdict.UNDEFINED


def test_what_cannot_be_compared_has_no_distances():
    number = profiled(pa.array(np.arange(100.0)))
    assert all_distances(Laid(None, number)) == all_distances(Laid(number, None)) == ()
    assert all_distances(Laid(OpaqueColumn(100, 0, "binary"), OpaqueColumn(100, 0, "binary"))) == ()
    assert all_distances(Laid(number, profiled(pa.array(["a", "b"] * 50)))) == ()


def test_values_too_large_to_square_have_ranks_all_the_same():
    huge = profiled(pa.array([1e308, -1e308] * 50))
    found = {each.metric: each.value for each in all_distances(Laid(huge, huge))}
    assert found["kolmogorov_smirnov"] == 0
    assert found["normalized_wasserstein"] is None
    assert all(value is None or math.isfinite(value) for value in found.values())
