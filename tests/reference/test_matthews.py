"""Agreement with scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import matthews_corrcoef

from holter.stats import matthews


@pytest.mark.parametrize("seed", range(10))
def test_it_agrees_with_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    truth = rng.random(200) < rng.uniform(0.1, 0.9)
    guesses = np.where(rng.random(200) < 0.7, truth, ~truth)
    assert matthews(guesses, truth) == pytest.approx(matthews_corrcoef(truth, guesses), abs=1e-12)


@pytest.mark.parametrize(("guesses", "truth"), [([], []), ([1, 1], [0, 1]), ([0, 1], [1, 1])])
def test_a_constant_goes_with_nothing(guesses, truth):
    assert matthews(guesses, truth) is None
