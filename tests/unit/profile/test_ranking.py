"""Ranks of long columns without sorting: never wrong by more than they say, and what they say is little."""

import numpy as np
import pytest

from holter.profile.cells import CELLS
from holter.profile.ranking import FIRST, RankReading
from holter.profile.ranks import RankSummary

N = 150_000
K = 4096


def read(values, pieces=4, k=K, first=FIRST):
    reading = RankReading(k, first)
    for part in np.array_split(values, pieces):
        reading.add(part.astype(np.float64), whole=values.dtype.kind != "f") if len(part) else None
    return reading.summary()


def check(summary, values):
    """Compare with the truth: at values, just beside them, and by the way that every row was moved."""
    ordered = np.sort(values)
    assert summary.n == len(values)
    assert np.all(summary.values[1:] > summary.values[:-1])
    probes = np.concatenate((ordered[:50], ordered[:: max(len(ordered) // 5000, 1)], ordered[-50:]))
    if probes.dtype.kind == "f":
        probes = np.concatenate((probes, np.nextafter(probes, -np.inf), np.nextafter(probes, np.inf)))
    through = np.concatenate(([0], np.cumsum(summary.weights)))
    read_ranks = through[np.searchsorted(summary.values, probes, side="right")]
    true_ranks = np.searchsorted(ordered, probes, side="right")
    assert np.abs(read_ranks - true_ranks).max() <= summary.error
    if np.isfinite(summary.spread):
        moved = np.abs(np.repeat(summary.values, summary.weights) - ordered).sum()
        assert moved <= summary.spread * (1 + 1e-9)


def random(seed=0):
    return np.random.default_rng(seed)


SHAPES = {
    "normal": random().normal(size=N),
    "lognormal": random().lognormal(size=N),
    "exponential": random().exponential(size=N),
    "uniform": random().random(N),
    "pareto": random().pareto(1.5, N),
    "very heavy tail": random().pareto(0.5, N),
    "cauchy": random().standard_cauchy(N),
    "no finite density at 0": random().gamma(0.1, size=N),
    "no finite density at 0 and 1": random().beta(0.5, 0.5, N),
    "two far humps": np.concatenate((random().normal(size=N), random(1).normal(1e6, 1, N)))[
        random().permutation(2 * N)
    ],
    "mostly zero": np.where(random().random(N) < 0.7, 0.0, random(1).lognormal(size=N)),
    "signs of zero": np.where(random().random(N) < 0.5, -0.0, random(1).choice([0.0, 1.0, -1.0], N)),
    "cents": np.round(random().gamma(2, 20, N), 2),
    "outliers": np.where(random().random(N) < 1e-4, 1e300, random(1).normal(size=N)),
    "sentinel": np.where(random().random(N) < 0.3, -999999.0, random(1).normal(size=N)),
    "trend": np.arange(N) + random().normal(size=N),
    "steps of scale": np.concatenate([random(i).normal(size=N // 6) * 1000.0**i for i in range(6)]),
    "shrinking": np.concatenate([random(i).normal(size=N // 6) * 1e-3**i for i in range(6)]),
    "doubles are coarse": 1e9 + random().normal(size=N) * 1e-6,
    "far from zero": 1e9 + random().normal(size=N),
    "huge": random().normal(size=N) * 1e307,
    "overflowing range": random().uniform(-1, 1, N) * 1.7e308,
    "subnormal": random().integers(0, 10**6, N) * 5e-324,
    "tiny": random().normal(size=N) * 1e-300,
    "constant": np.full(N, 0.1),
    "constant, then not": np.concatenate((np.full(N, 0.1), random().normal(size=N))),
    "two values": random().choice([0.1, 0.2], N),
    "whole": random().integers(0, 10**9, N),
    "few wholes": random().poisson(3, N),
    "negative wholes": random().integers(-(2**53), 0, N),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_bounds_are_kept_and_small(shape):
    values = SHAPES[shape]
    summary = read(values)
    check(summary, values)
    assert summary.error <= 3e-4 * len(values) + 100
    final = summary.compressed(K)
    check(final, values)
    assert len(final.values) <= K
    assert final.rank_error <= 9e-4


@pytest.mark.parametrize("shape", ["constant", "two values", "few wholes", "cents", "signs of zero"])
def test_few_different_values_are_exact_however_long_the_column(shape):
    summary = read(SHAPES[shape])
    assert (summary.error, summary.spread) == (0, 0.0)
    assert len(summary.values) == len(np.unique(SHAPES[shape]))


def test_whole_numbers_stay_whole():
    assert read(SHAPES["whole"]).values.dtype == np.int64
    assert set(read(SHAPES["whole"]).values.tolist()) <= set(SHAPES["whole"].tolist())


def test_every_value_of_the_summary_occurred():
    for shape in ("normal", "mostly zero", "cauchy", "trend"):
        assert np.isin(read(SHAPES[shape]).compressed(K).values, SHAPES[shape]).all()


def test_a_short_column_is_exact():
    values = random().normal(size=FIRST)
    assert read(values) == RankSummary.of(values)
    assert RankReading(K).summary() == RankSummary.of(np.empty(0))


@pytest.mark.parametrize("pieces", [1, 2, 7, 60])
def test_bounds_are_kept_whatever_the_pieces(pieces):
    for shape in ("lognormal", "trend", "steps of scale", "mostly zero"):
        check(read(SHAPES[shape], pieces), SHAPES[shape])


def test_a_change_of_place_and_back_is_noticed():
    parts = [random(i).normal(100 * (i % 3), 1, 40_000) for i in range(9)]
    values = np.concatenate(parts)
    summary = read(values, 9)
    check(summary, values)
    assert summary.rank_error < 5e-4


def test_a_spike_that_comes_later_does_not_widen_the_error():
    values = np.concatenate((random().normal(size=100_000), random(1).normal(0.3, 1e-9, 100_000)))
    summary = read(values, 2)
    check(summary, values)
    assert summary.rank_error < 5e-4


def test_wholes_beyond_doubles_are_sorted_and_go_together_with_the_others():
    reading = RankReading(K)
    small, large = random().integers(0, 10**6, 60_000), random(1).integers(2**60, 2**62, 60_000)
    for part, whole in ((small.astype(float), True), (large, True), (small.astype(float), True)):
        reading.add(part, whole=whole)
    summary = reading.summary()
    assert (summary.values.dtype, summary.n) == (np.int64, 180_000)
    assert summary.rank_error < 5e-4
    reading.add(np.full(40_000, 2**64 - 1, np.uint64), whole=True)
    assert (reading.summary().values.dtype, reading.summary().values[-1]) == (np.uint64, 2**64 - 1)


def test_many_values_outside_of_the_cells_take_bounded_memory():
    reading = RankReading(64)
    reading.add(random().normal(size=FIRST + 1), whole=False)
    far = []
    for seed in range(60):
        chunk = random(seed).normal(size=100_000)
        chunk[:1500] = random(seed).normal(size=1500) * 1e6
        far.append(chunk)
        reading.add(chunk, whole=False)
    assert len(reading.summary().values) < 3 * CELLS
    check(reading.summary(), np.concatenate([random().normal(size=FIRST + 1), *far]))


def test_nothing_is_kept_of_the_arrays_that_were_shown():
    reading = RankReading(K)
    first, second = random().normal(size=100), random(1).normal(size=80_000)
    values = np.concatenate((first, second))
    for part in (first, second):
        reading.add(part, whole=False)
        part[:] = 1e9
    check(reading.summary(), values)


def test_asking_twice_gives_the_same():
    reading = RankReading(K)
    reading.add(random().normal(size=90_000), whole=False)
    assert reading.summary() == reading.summary()
