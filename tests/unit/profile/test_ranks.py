"""Quantile summaries: exact while small, and never wrong by more than they say."""

import numpy as np
import pytest

from holter.profile import RankSummary


def true_rank(values, x):
    return int(np.count_nonzero(values <= x))


def worst(summary, values):
    probes = np.concatenate((values, np.nextafter(values, -np.inf)))
    return max(abs(summary.rank(x) - true_rank(values, x)) for x in probes)


def test_everything_is_kept_while_it_fits():
    values = np.repeat(np.arange(50.0), 100)
    summary = RankSummary.of(values, 50)
    assert summary.exact
    assert summary.n == 5000
    assert summary.weights.tolist() == [100] * 50


@pytest.mark.parametrize("k", [1, 2, 7, 64])
def test_the_error_is_kept_and_is_near_two_thirds_of_a_row_in_k(k):
    values = np.random.default_rng(3).normal(size=1000)
    summary = RankSummary.of(values, k)
    assert len(summary.values) <= k
    assert summary.n == 1000
    assert worst(summary, values) <= summary.error <= 2000 // (3 * k) + 1


def test_the_stated_error_is_attained():
    values = np.arange(10.0)
    summary = RankSummary.of(values, 1)
    assert worst(summary, values) == summary.error == 5
    assert summary.spread == pytest.approx(25)


def test_heavy_values_keep_their_weight():
    values = np.concatenate((np.zeros(9_000), np.arange(1.0, 1001.0)))
    summary = RankSummary.of(values, 100)
    assert summary.weights.max() >= 9_000
    assert worst(summary, values) <= summary.error <= 100


def test_errors_add_up_on_merging_and_on_compressing_again():
    rng = np.random.default_rng(5)
    parts = [rng.exponential(size=500) for _ in range(8)]
    merged = RankSummary.total([RankSummary.of(part, 20) for part in parts])
    again = merged.compressed(20)
    values = np.concatenate(parts)
    assert worst(merged, values) <= merged.error == 8 * RankSummary.of(parts[0], 20).error
    assert worst(again, values) <= again.error
    assert again.error > merged.error


def test_merging_keeps_distinct_values_sorted():
    a, b = RankSummary.of(np.array([1, 3, 5])), RankSummary.of(np.array([3, 4]))
    merged = a + b
    assert merged.values.tolist() == [1, 3, 4, 5]
    assert merged.weights.tolist() == [1, 2, 1, 1]
    assert merged == b + a


def test_empty_is_neutral_and_keeps_the_type_of_the_other():
    empty, some = RankSummary.of(np.empty(0)), RankSummary.of(np.array([2**60 + 1]))
    assert (empty + some).values.dtype == np.int64
    assert empty + some == some == some + empty
    assert (empty + empty).n == 0


def test_quantiles_are_values_of_the_column():
    summary = RankSummary.of(np.array([1.0, 2.0, 3.0, 4.0]))
    assert [summary.quantile(q) for q in (0, 0.25, 0.26, 0.5, 1)] == [1.0, 1.0, 2.0, 2.0, 4.0]


def test_comparison_with_something_else_is_not_an_answer():
    assert RankSummary.of(np.array([1.0])) != 1
