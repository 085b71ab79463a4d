"""The next of a few values."""

import numpy as np
import pytest

from holter.stats import next_value


def test_it_is_the_prediction_interval_of_the_text_book():
    from scipy import stats

    before, value = [9.0, 11.0, 10.5, 9.5, 10.0], 13.0
    mean, p = next_value(before, value)
    spread = np.std(before, ddof=1) * np.sqrt(1 + 1 / 5)
    assert mean == pytest.approx(10.0)
    assert p == pytest.approx(2 * stats.t(4).sf(3.0 / spread))


def test_p_values_of_nothing_are_uniform():
    rng = np.random.default_rng(1)
    found = np.array([next_value(each[:-1], each[-1])[1] for each in rng.normal(3, 2, (4000, 6))])
    for level in (0.01, 0.05, 0.5):
        assert np.mean(found <= level) == pytest.approx(level, abs=4 * np.sqrt(level / 4000))


def test_counting_noise_is_the_least_and_a_belief_steadies():
    same = [1.0] * 4
    assert next_value(same, 1.0) == (1.0, 1.0)
    assert next_value(same, 1.1) == (1.0, 0.0)
    assert next_value(same, 1.1, noise=0.01)[1] > 0.3
    assert 0.01 < next_value(same, 1.4, spread=0.2, weight=4)[1] < 0.2
    wild = [0.0, 2.0, -2.0, 1.0]
    assert next_value(wild, 6.0, spread=0.2, weight=4)[1] < next_value(wild, 6.0)[1]
    assert next_value(wild, 6.0, noise=100.0)[1] > next_value(wild, 6.0)[1]
