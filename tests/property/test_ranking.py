"""Ranks told in one pass are never wrong by more than they say, whatever comes in whatever pieces."""

from itertools import chain

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from holter.profile.distinct import Distinct
from holter.profile.hashing import hash_numbers
from holter.profile.numeric import NumericColumn, NumericReading
from holter.profile.ranking import RankReading
from holter.profile.ranks import RankSummary

values = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(-1e3, 1e3),
    st.sampled_from([0.0, -0.0, 0.1, 5e-324, -5e-324, 1.7e308, -1.7e308]),
)
chunks = st.lists(st.lists(values, min_size=1, max_size=60), min_size=1, max_size=8)


def worst(summary, every):
    with np.errstate(over="ignore"):
        probes = np.concatenate((every, np.nextafter(every, -np.inf), np.nextafter(every, np.inf)))
    return max(abs(summary.rank(x) - np.count_nonzero(every <= x)) for x in probes)


def moved(summary, every):
    with np.errstate(over="ignore"):
        return np.abs(np.repeat(summary.values, summary.weights) - np.sort(every)).sum()


@settings(max_examples=200)
@given(chunks, st.integers(1, 40), st.integers(1, 50))
def test_ranks_and_ways_are_within_their_bounds(parts, first, k):
    reading = RankReading(k, first)
    for part in parts:
        reading.add(np.array(part), whole=False)
    every = np.concatenate(parts)
    for summary in (reading.summary(), reading.summary().compressed(k)):
        assert summary.n == len(every)
        assert np.all(summary.values[1:] > summary.values[:-1])
        assert worst(summary, every) <= summary.error
        assert moved(summary, every) <= summary.spread * (1 + 1e-9)


@settings(max_examples=100)
@given(chunks, st.integers(1, 30), st.floats(0, 1), st.randoms(use_true_random=False))
def test_the_true_quantile_lies_in_the_interval(parts, k, share, random):
    random.shuffle(parts)
    column = NumericColumn.total([NumericColumn.of(pa.array(part), k) for part in parts]).compressed(k)
    every = np.sort(np.concatenate(parts))
    true = every[max(int(np.ceil(share * len(every))) - 1, 0)]
    low, high = column.quantile_interval(share)
    # share * n rounds: the true quantile is one of two neighbours there
    assert low <= every[min(int(np.ceil(share * len(every) + 1e-9)), len(every) - 1)]
    assert high >= every[max(int(np.ceil(share * len(every) - 1e-9)) - 1, 0)]
    assert low <= true <= high or np.isclose(share * len(every), round(share * len(every)))


@given(chunks, st.integers(0, 7))
def test_one_reading_and_merged_columns_agree(parts, cut):
    cut = min(cut, len(parts))
    reading = NumericReading()
    for part in parts:
        reading.add(pa.array(part))
    merged = NumericColumn.total(
        [NumericColumn.of(pa.array(list(chain(*some)), pa.float64())) for some in (parts[:cut], parts[cut:])]
    )
    whole = reading.column()
    for name in ("n", "zeros", "negatives", "minimum", "maximum", "ranks", "distinct", "rounded"):
        assert getattr(merged, name) == getattr(whole, name)


@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=300), st.lists(st.integers(0, 2**64 - 1), max_size=300))
def test_distinct_is_the_same_for_any_way_of_adding_up(signed, unsigned):
    a, b = np.array(signed, np.int64), np.array(unsigned, np.uint64)
    both = Distinct.of_hashes(hash_numbers(a)) + Distinct.of_hashes(hash_numbers(b))
    different = {*signed, *unsigned}
    assert both == Distinct.of_hashes(np.concatenate((hash_numbers(b), hash_numbers(a))))
    assert both.estimate == len(different) or (not both.exact and abs(both.estimate - len(different)) < 6 * both.error)


@given(st.lists(st.lists(st.floats(-100, 100), min_size=1, max_size=50), min_size=3, max_size=3), st.integers(1, 9))
def test_merging_is_associative_and_commutative_in_error_and_spread(parts, k):
    a, b, c = (RankSummary.of(np.array(part), k) for part in parts)
    left, right = (a + b) + c, a + (b + c)
    assert (left.error, left.values.tolist(), left.weights.tolist()) == (
        right.error,
        right.values.tolist(),
        right.weights.tolist(),
    )
    assert np.isclose(left.spread, right.spread, rtol=1e-12)
    assert a + b == b + a
