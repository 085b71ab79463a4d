"""Between-day variance, its prior, the calendar, tails and the end of an alarm."""

import numpy as np
import pytest

from holter.stats.all_clear import all_clear
from holter.stats.between_variance import LARGEST, RHO, mean_square_likelihood, restricted_likelihood
from holter.stats.calendar_means import phase_means
from holter.stats.mixing_prior import mixing_prior, posterior
from holter.stats.predictive_tails import count_tail, mixture_tail, skewed_tail
from holter.stats.rank_scores import rank_scores

ONE = np.ones(1)


def rho_of(likelihood):
    return posterior(likelihood, np.full(len(RHO), 1 / len(RHO))) @ RHO


@pytest.mark.parametrize("true", [0.0, 1.0, 10.0, 1000.0])
def test_the_likelihood_finds_the_variance_between_days_of_any_size(true):
    rng = np.random.default_rng(1)
    rows = rng.integers(50, 500, (80, 40)).astype(float)
    days = rng.normal(0, np.sqrt(4.0 * (1 / rows + true / 200.0)))
    found = rho_of(restricted_likelihood(days, rows, np.full(40, 4.0), np.full(40, 200.0)))
    assert np.median(found) == pytest.approx(true, rel=0.3, abs=0.12)


def test_days_without_rows_tell_nothing():
    days, rows = np.array([[0.1], [9.9], [-0.1]]), np.array([[100.0], [0.0], [100.0]])
    without = restricted_likelihood(days[[0, 2]], rows[[0, 2]], ONE, 100 * ONE)
    assert restricted_likelihood(days, rows, ONE, 100 * ONE) == pytest.approx(without)
    none = restricted_likelihood(days, 0 * rows, ONE, 100 * ONE)
    assert np.ptp(none) == 0
    assert RHO[0] == 0
    assert RHO[-1] == pytest.approx(LARGEST)


def test_few_degrees_of_freedom_leave_a_wide_posterior():
    few, many = (rho_of(mean_square_likelihood([1.0], [nu]))[0] for nu in (3.0, 300.0))
    assert many < 0.1 < few
    assert np.ptp(mean_square_likelihood([1.0], [0.0])) == 0


def test_the_company_of_a_kind_draws_a_mean_to_it():
    rng = np.random.default_rng(2)
    calm = mean_square_likelihood(rng.chisquare(20, 200) / 20, np.full(200, 20.0))
    prior = mixing_prior(calm, np.full(len(RHO), 1 / len(RHO)), 1.0)
    assert prior.sum() == pytest.approx(1)
    assert prior.min() > 0
    odd = mean_square_likelihood([1.4], [20.0])
    assert posterior(odd, prior) @ RHO < rho_of(odd)
    sure = mean_square_likelihood([50.0], [20.0])
    assert posterior(sure, prior) @ RHO == pytest.approx(rho_of(sure), rel=0.3)
    assert posterior(np.empty((0, len(RHO))), prior).shape == (0, len(RHO))


def test_phases_that_do_not_differ_are_left_alone():
    rng = np.random.default_rng(3)
    found = phase_means(rng.normal(size=(56, 300)), np.full((56, 300), 9.0), np.arange(56) % 7, 7)
    assert (np.abs(found.offset).max(0) == 0).mean() > 0.85
    empty = phase_means(np.zeros((3, 1)), np.zeros((3, 1)), np.arange(3), 7)
    assert np.isfinite(empty.offset).all()
    assert np.isfinite(empty.variance).all()


def test_a_phase_that_was_never_seen_stays_where_the_others_are():
    days = np.tile([1.0, -1.0, 0.0, 0.0, 0.0, 0.0], 6)[:, None] + np.random.default_rng(4).normal(0, 0.1, (36, 1))
    found = phase_means(days, np.full((36, 1), 9.0), np.tile(np.arange(6), 6), 7)
    assert found.offset[6, 0] == 0
    assert found.offset[0, 0] == pytest.approx(1, abs=0.15)


def test_heavy_tails_between_days_matter_as_far_as_days_do():
    within = mixture_tail(6 * ONE, np.array([[1.0]]), np.array([[0.0]]), ONE[:, None], 4 * ONE)
    between = mixture_tail(6 * ONE, np.array([[1.0]]), np.array([[1.0]]), ONE[:, None], 4 * ONE)
    assert within[0] == pytest.approx(1.97e-9, rel=0.01)
    assert between[0] > 1e-4
    assert mixture_tail(0 * ONE, np.array([[1.0]]), np.array([[0.5]]), ONE[:, None], 4 * ONE)[0] == 1


def test_scores_are_orthonormal_whatever_the_cells_hold():
    counts = np.array([500, 1, 20, 30, 7])
    scores = rank_scores(counts)
    share = counts / counts.sum()
    assert (share @ scores) == pytest.approx(np.zeros(4), abs=1e-9)
    assert (scores.T * share) @ scores == pytest.approx(np.eye(4), abs=1e-9)
    assert rank_scores([5]).shape == (1, 0)
    assert rank_scores([]).shape == (0, 0)


def test_an_alarm_ends_by_evidence_and_not_without_rows():
    evidence, over = all_clear(np.array([np.nan]), np.array([3.0]), ONE, np.zeros(1))
    assert (evidence[0], over) == (0.0, False)
    evidence, over = all_clear(np.array([3.0]), np.array([3.0]), ONE, np.array([4.0]))
    assert (evidence[0], over) == (0.0, False)
    assert all_clear(np.array([-1.0, 3.0]), np.array([3.0, 3.0]), np.ones(2), np.zeros(2))[1] is False


def test_impossible_counts_have_no_chance():
    assert count_tail(90 * ONE, 100 * ONE, 0.01 * ONE, 1e-6 * ONE[:, None], ONE[:, None])[0] < 1e-100
    assert count_tail(0 * ONE, 100 * ONE, 1e-6 * ONE, 1e-6 * ONE[:, None], ONE[:, None])[0] == pytest.approx(1)
    assert skewed_tail(-9 * ONE, ONE[:, None], ONE[:, None], ONE)[0] == 0
