"""Rankings agree with scikit-learn, and with the plain definitions."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, ndcg_score

from holter.stats import rankings


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("k", [1, 3, 10])
def test_ndcg_with_ties(seed, k):
    rng = np.random.default_rng(seed)
    gains = rng.integers(0, 4, (30, 8)).astype(float)
    gains[:, 0] += 1  # scikit-learn gives 0 to a query without a relevant row; here it is left out
    scores = np.round(rng.normal(size=(30, 8)), seed)  # many ties in the first ones
    query = np.repeat(np.arange(30), 8)
    shuffled = rng.permutation(240)
    found = rankings(query[shuffled], scores.ravel()[shuffled], gains.ravel()[shuffled], k)
    assert found.ndcg.mean() == pytest.approx(ndcg_score(gains, scores, k=k))


def test_average_precision_of_whole_rankings():
    rng = np.random.default_rng(1)
    gains, scores = (rng.random((40, 9)) < 0.3).astype(float), rng.normal(size=(40, 9))
    gains[:, 0] = 1
    found = rankings(np.repeat(np.arange(40), 9), scores.ravel(), gains.ravel(), 9)
    expected = [average_precision_score(gain, score) for gain, score in zip(gains, scores, strict=True)]
    assert found.average_precision == pytest.approx(expected)


def test_the_first_relevant_row():
    rng = np.random.default_rng(2)
    gains, scores = (rng.random((40, 9)) < 0.2).astype(float), rng.normal(size=(40, 9))
    found = rankings(np.repeat(np.arange(40), 9), scores.ravel(), gains.ravel(), 3)
    ordered = [gain[np.argsort(-score)] for gain, score in zip(gains, scores, strict=True) if gain.any()]
    first = np.array([np.flatnonzero(each)[0] + 1 for each in ordered])
    assert found.reciprocal_rank == pytest.approx(1 / first)
    assert found.hit.tolist() == (first <= 3).astype(float).tolist()
    assert found.queries == 40


def test_no_rows():
    found = rankings([], [], [])
    assert found.queries == len(found.ndcg) == 0
