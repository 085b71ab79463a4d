"""A few labels and a guess for every row."""

import numpy as np
import pytest

from holter.stats.prediction_powered import labels_needed, prediction_powered, together


def test_a_guess_without_a_meaning_counts_nothing():
    rng = np.random.default_rng(0)
    label = rng.integers(0, 2, 4000).astype(float)
    assert prediction_powered(label, rng.random(4000), 0.25).share < 0.1
    assert prediction_powered(label, 1 - label, 0.25).share == 0.0
    assert prediction_powered(label, np.full(4000, 0.5), 0.25).share == 0.0


def test_a_perfect_guess_leaves_nothing_but_the_prior():
    label = np.array([0.0, 1.0] * 50)
    found = prediction_powered(label, label, 0.11)
    assert found.share == pytest.approx(1.0)
    assert found.variance == pytest.approx(0.11 * 10 / 110)


def test_it_is_never_less_sure_than_labels_alone():
    rng = np.random.default_rng(1)
    for _ in range(50):
        label = rng.normal(size=60)
        guess = rng.normal(size=60) + rng.normal() * label
        alone = float(np.var(label))
        assert prediction_powered(label, guess, 0.0).variance <= alone * 60 / 70 + 1e-12


def test_two_that_agree_are_surer_than_either():
    both = together(0.80, 0.0004, 0.82, 0.0001)
    assert both.value == pytest.approx(0.816)
    assert both.variance == pytest.approx(0.00008)
    assert not both.contradicted


def test_two_that_contradict_leave_what_was_found():
    both = together(0.9, 0.0001, 0.7, 0.0001)
    assert (both.value, both.variance, both.contradicted) == (0.7, 0.0001, True)


def test_what_is_known_exactly_stands():
    assert together(0.8, 0.01, 0.7, 0.0).value == 0.7
    assert together(0.7, 0.0, 0.7, 0.0).value == 0.7


def test_labels_that_settle_a_change_find_it_four_times_in_five():
    rng = np.random.default_rng(2)
    n = labels_needed(0.25, 0.1)
    assert n == 197
    means = rng.binomial(n, 0.6, 4000) / n
    found = np.abs(means - 0.5) > 1.96 * np.sqrt(0.25 / n)
    assert 0.77 < found.mean() < 0.83
    assert labels_needed(0.25, 0.0) is None
