"""Agreement with scipy, scikit-learn and statsmodels, and with numbers printed in papers."""

import numpy as np
import pytest
import scipy.stats as ss
import sklearn.metrics as sk
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import chebyshev, jensenshannon
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from holter import stats

RNG = np.random.default_rng(2026)
P = [0.1, 0.2, 0.3, 0.4, 0.0]
Q = [0.4, 0.3, 0.2, 0.0, 0.1]


def samples(n, m, shift=0.3):
    return RNG.normal(size=n).round(2), RNG.normal(shift, 1.2, m).round(2)


def test_jensen_shannon():
    assert stats.jensen_shannon(P, Q) == pytest.approx(jensenshannon(P, Q, base=2))


def test_psi_is_the_symmetric_divergence():
    p, q = np.array([0.2, 0.3, 0.5]), np.array([0.4, 0.4, 0.2])
    assert stats.population_stability_index(p, q) == pytest.approx(ss.entropy(p, q) + ss.entropy(q, p))


def test_hellinger_and_total_variation_by_their_definitions():
    p, q = np.array(P), np.array(Q)
    assert stats.hellinger(P, Q) == pytest.approx(np.sqrt(1 - np.sqrt(p * q).sum()))
    assert stats.total_variation(P, Q) == pytest.approx(np.maximum(p - q, 0).sum())


@pytest.mark.parametrize(("n", "m"), [(300, 500), (2000, 1500), (1, 3), (40, 40)])
def test_kolmogorov_smirnov(n, m):
    a, b = samples(n, m)
    statistic, p = stats.kolmogorov_smirnov(stats.steps(a, np.ones(n), b, np.ones(m)))
    expected = ss.ks_2samp(a, b)
    assert statistic == pytest.approx(expected.statistic)
    assert p == pytest.approx(ss.kstwobign.sf(statistic * np.sqrt(n * m / (n + m))))
    if min(n, m) >= 300:
        assert p == pytest.approx(expected.pvalue, rel=0.1)


@pytest.mark.parametrize(("n", "steps"), [(8, 6), (20, 9), (50, 15), (100, 20), (300, 36)])
def test_the_limit_of_kolmogorov_smirnov_errs_towards_silence(n, steps):
    a = np.arange(n)
    b = a + steps - 0.5
    statistic, p = stats.kolmogorov_smirnov(stats.steps(a, np.ones(n), b, np.ones(n)))
    exact = ss.ks_2samp(a, b, method="exact")
    assert statistic == pytest.approx(exact.statistic)
    assert exact.pvalue <= p <= exact.pvalue * 1.25


def test_wasserstein_with_weights():
    a, b = samples(200, 300)
    u, w = RNG.integers(1, 9, 200), RNG.integers(1, 9, 300)
    both = stats.steps(a, u, b, w)
    assert stats.wasserstein(both) == pytest.approx(ss.wasserstein_distance(a, b, u, w))
    assert stats.normalized_wasserstein(both, 2.0) == pytest.approx(ss.wasserstein_distance(a, b, u, w) / 2)


def test_energy_distance_with_weights():
    a, b = samples(200, 300)
    u, w = RNG.integers(1, 9, 200), RNG.integers(1, 9, 300)
    assert stats.energy_distance(stats.steps(a, u, b, w)) == pytest.approx(ss.energy_distance(a, b, u, w))


def test_energy_distance_by_its_expectations():
    """Szekely and Rizzo (2013), equation 2.5: pair by pair."""
    a, b = samples(80, 120)
    mean = [np.abs(x[:, None] - y[None, :]).mean() for x, y in ((a, b), (a, a), (b, b))]
    found = stats.energy_distance(stats.steps(a, np.ones(80), b, np.ones(120)))
    assert found**2 == pytest.approx(2 * mean[0] - mean[1] - mean[2])


def test_l_infinity_is_the_chebyshev_distance():
    assert stats.l_infinity(P, Q) == pytest.approx(chebyshev(P, Q))


def test_cramers_v():
    a, b = [30, 40, 3, 20], [45, 35, 1, 40]
    expected = ss.contingency.association(np.array([a, b]), method="cramer", correction=False)
    assert stats.cramers_v(a, b) == pytest.approx(expected)
    assert stats.cramers_v([*a, 0], [*b, 0]) == pytest.approx(expected)


def test_g_test():
    a, b = [30, 40, 50, 20], [45, 35, 60, 40]
    expected = ss.chi2_contingency([a, b], correction=False, lambda_="log-likelihood")
    assert stats.g_test(a, b) == pytest.approx((expected.statistic, expected.pvalue, expected.dof))


def test_g_is_the_jensen_shannon_divergence_where_sizes_are_equal():
    a, b = [30, 40, 50], [50, 30, 40]
    divergence = stats.jensen_shannon(a, b) ** 2 * np.log(2)
    assert stats.g_test(a, b)[0] == pytest.approx(4 * 120 * divergence)


def test_chi_squared_where_nothing_is_rare():
    a, b = [30, 40, 50, 20], [45, 35, 60, 40]
    expected = ss.chi2_contingency([a, b], correction=False)
    assert stats.chi_squared(a, b) == pytest.approx((expected.statistic, expected.pvalue, expected.dof))


def test_chi_squared_pools_the_rare():
    a, b = [30, 40, 3, 0, 2, 1], [45, 35, 1, 4, 0, 2]
    expected = ss.chi2_contingency([[30, 40, 6], [45, 35, 7]], correction=False)
    assert stats.chi_squared(a, b) == pytest.approx((expected.statistic, expected.pvalue, expected.dof))


def test_chi_squared_keeps_its_level_on_a_long_tail():
    """200 Zipf categories, 1000 rows against 1000: a test that treats the baseline as exact rejects every time."""
    shares = 1 / np.arange(1, 201)
    draws = RNG.multinomial(1000, shares / shares.sum(), size=(400, 2))
    rejected = sum(stats.chi_squared(a, b)[1] < 0.05 for a, b in draws)
    assert ss.binomtest(rejected, 400, 0.05).pvalue > 0.001


@pytest.mark.parametrize(("k", "n"), [(0, 10), (1, 10), (5, 10), (10, 10), (37, 1000)])
@pytest.mark.parametrize("level", [0.95, 0.99])
def test_wilson(k, n, level):
    interval = stats.wilson(k, n, level)
    assert (interval.low, interval.high) == pytest.approx(proportion_confint(k, n, 1 - level, "wilson"), abs=1e-12)


def test_wilson_as_printed_by_newcombe():
    """Newcombe, Two-sided confidence intervals for the single proportion, Stat. Med. 17 (1998), table I: 81 of 263."""
    interval = stats.wilson(81, 263)
    assert (round(interval.low, 4), round(interval.high, 4)) == (0.2553, 0.3662)


def test_normal_interval_and_mean_with_error():
    values = RNG.exponential(size=50)
    mean, se = stats.mean_with_error(values)
    assert (mean, se) == pytest.approx((values.mean(), ss.sem(values)))
    interval = stats.normal_interval(mean, se, 0.9)
    assert (interval.low, interval.high) == pytest.approx(ss.norm.interval(0.9, mean, se))


def placements(scores, labels):
    """DeLong's structural components by their definition, pair by pair."""
    x, y = scores[labels == 1], scores[labels == 0]
    kernel = (x[:, None] > y[None, :]) + 0.5 * (x[:, None] == y[None, :])
    return kernel.mean(axis=1), kernel.mean(axis=0)


@pytest.mark.parametrize("digits", [1, 8])
def test_roc_auc_and_its_standard_error(digits):
    labels = RNG.integers(0, 2, 400)
    scores = (labels + RNG.normal(size=400)).round(digits)
    area, se = stats.roc_auc(scores, labels)
    v10, v01 = placements(scores, labels)
    assert area == pytest.approx(sk.roc_auc_score(labels, scores))
    assert se == pytest.approx(np.sqrt(v10.var(ddof=1) / len(v10) + v01.var(ddof=1) / len(v01)))


def test_paired_roc_auc_with_the_covariances_of_the_paper():
    labels = RNG.integers(0, 2, 300)
    a, b = (labels + RNG.normal(size=300)).round(1), (labels + RNG.normal(0, 2, 300)).round(1)
    (a10, a01), (b10, b01) = placements(a, labels), placements(b, labels)
    covariance = np.cov(a10, b10) / len(a10) + np.cov(a01, b01) / len(a01)
    contrast = np.array([1, -1])
    difference, se = stats.paired_roc_auc(a, b, labels)
    assert difference == pytest.approx(sk.roc_auc_score(labels, a) - sk.roc_auc_score(labels, b))
    assert se == pytest.approx(np.sqrt(contrast @ covariance @ contrast))


def test_losses():
    labels = RNG.integers(0, 2, 200)
    scores = RNG.uniform(size=200)
    scores[:2] = 0, 1
    assert stats.log_loss(scores, labels) == pytest.approx(sk.log_loss(labels, scores))
    assert stats.brier(scores, labels) == pytest.approx(sk.brier_score_loss(labels, scores))


def test_calibration_error_against_bins_of_equal_mass():
    labels, scores = RNG.integers(0, 2, 1000), RNG.uniform(size=1000)
    order = np.argsort(scores)
    bins = zip(np.split(scores[order], 10), np.split(labels[order], 10), strict=True)
    expected = sum(abs(score.mean() - label.mean()) for score, label in bins) / 10
    assert stats.calibration_error(scores, labels) == pytest.approx(expected)


def test_calibration_error_of_a_perfect_model_is_what_the_docstring_says():
    scores = RNG.uniform(0.2, 0.6, (200, 1000))
    labels = RNG.uniform(size=scores.shape) < scores
    found = np.mean([stats.calibration_error(s, y) for s, y in zip(scores, labels, strict=True)])
    p = 0.4
    assert found == pytest.approx(np.sqrt(2 * p * (1 - p) * 10 / (np.pi * 1000)), rel=0.1)


@settings(max_examples=50)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_multiple_tests(p_values):
    assert stats.bonferroni(p_values) == pytest.approx(multipletests(p_values, method="bonferroni")[1])
    assert stats.holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1])


def test_holm_as_printed_by_r():
    """``p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), "holm")`` in R prints 0.05 0.08 0.09 0.09 0.09."""
    assert stats.holm([0.05, 0.01, 0.04, 0.02, 0.03]) == pytest.approx([0.09, 0.05, 0.09, 0.08, 0.09])
