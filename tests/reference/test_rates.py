"""Exact tests of rates agree with scipy."""

import numpy as np
import pytest
from scipy import stats

from holter.signals.rates import outside_p_value, rates_p_value


@pytest.mark.parametrize(
    ("hits", "n", "other_hits", "other_n"),
    [(2, 200, 0, 20_000), (0, 50, 3, 60), (30, 100, 50, 1000), (1, 1, 0, 1), (499, 500, 900, 1000), (7, 9, 2, 11)],
)
def test_tails_are_those_of_fisher(hits, n, other_hits, other_n):
    table = [[hits, n - hits], [other_hits, other_n - other_hits]]
    tails = [stats.fisher_exact(table, alternative=side).pvalue for side in ("less", "greater")]
    assert rates_p_value(hits, n, other_hits, other_n) == pytest.approx(min(1, 2 * min(tails)), rel=1e-6)


def test_beyond_the_exact_part_the_normal_one_takes_over_smoothly():
    exact = rates_p_value(5_000, 50_000, 4_700, 50_000)
    normal = rates_p_value(5_200, 50_000, 4_890, 50_000)
    assert 0.1 < normal / exact < 10
    assert rates_p_value(60_000, 100_000, 50_000, 100_000) < 1e-300


@pytest.mark.parametrize(("outside", "n", "baseline"), [(1, 100, 300), (3, 100, 1000), (10, 50, 30), (50, 50, 2)])
def test_rows_outside_are_beta_binomial(outside, n, baseline):
    expected = stats.betabinom(n, 2, baseline - 1).sf(outside - 1)
    assert outside_p_value(outside, n, baseline) == pytest.approx(expected, rel=1e-6, abs=1e-12)


def test_rows_outside_as_simulated():
    rng = np.random.default_rng(4)
    counts = []
    for _ in range(4000):
        before, now = rng.random(300), rng.random(100)
        counts.append(int(((now < before.min()) | (now > before.max())).sum()))
    assert np.mean(np.array(counts) >= 2) == pytest.approx(outside_p_value(2, 100, 300), abs=0.02)
