"""Tails of counts and of skewed means agree with scipy."""

import numpy as np
import pytest
from scipy import stats

from holter.stats.predictive_tails import count_tail, mixture_tail, skewed_tail


@pytest.mark.parametrize(
    ("count", "n", "p", "phi"), [(5, 100, 0.01, 0.01), (0, 900, 0.02, 1e-3), (40, 2000, 0.01, 1e-4)]
)
def test_counts_are_beta_binomial(count, n, p, phi):
    whole = 1 / phi - 1
    law = stats.betabinom(n, p * whole, (1 - p) * whole)
    tail = law.sf(count - 1) if count >= n * p else law.cdf(count)
    found = count_tail(
        np.array([float(count)]), np.array([float(n)]), np.array([p]), np.array([[phi]]), np.ones((1, 1))
    )
    assert found[0] == pytest.approx(min(2 * tail, 1), rel=1e-6)


def test_wide_counts_are_so_to_a_tenth():
    whole = 1e4 - 1
    law = stats.betabinom(20_000, 0.23 * whole, 0.77 * whole)
    found = count_tail(np.array([5000.0]), np.array([2e4]), np.array([0.23]), np.array([[1e-4]]), np.ones((1, 1)))
    assert found[0] == pytest.approx(2 * law.sf(4999), rel=0.1)


@pytest.mark.parametrize("skew", [-1.5, -0.3, 0.0, 0.4, 2.0])
@pytest.mark.parametrize("at", [-3.0, -0.5, 0.5, 4.0])
def test_skewed_means_are_of_pearsons_third_type(skew, at):
    law = stats.pearson3(skew)
    one_sided = law.sf(at) if at > 0 else law.cdf(at)
    found = skewed_tail(np.array([at]), np.ones((1, 1)), np.ones((1, 1)), np.array([skew]))
    assert found[0] == pytest.approx(min(2 * one_sided, 1), rel=1e-6, abs=1e-12)


def test_a_sum_of_normal_and_t_is_bounded_and_not_by_much():
    rng = np.random.default_rng(1)
    draws = rng.normal(0, np.sqrt(0.5), 1_000_000) + rng.standard_t(6, 1_000_000) * np.sqrt(0.5 / 1.5)
    for at in (3.0, 4.0, 5.0):
        true = (np.abs(draws) > at).mean()
        found = mixture_tail(np.array([at]), np.ones((1, 1)), np.full((1, 1), 0.5), np.ones((1, 1)), np.array([6.0]))
        assert 0.6 * true < found[0] < 3 * true
