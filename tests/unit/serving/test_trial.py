"""Whether a version fails more often than the one before."""

import pytest
from scipy.stats import binom

from holter.serving.trial import DOUBT, Score, Trial, tail

CLEAN = Score(1_000, 0)


@pytest.mark.parametrize(("n", "least", "p"), [(10, 2, 0.5), (200, 15, 0.05), (1, 1, 0.01), (5_000, 300, 0.05)])
def test_the_tail_is_that_of_the_binomial(n, least, p):
    assert tail(n, least, p) == pytest.approx(binom.sf(least - 1, n, p), rel=1e-9)


@pytest.mark.parametrize(("n", "least", "p", "found"), [(9, 0, 0.1, 1.0), (9, 1, 0.0, 0.0), (9, 9, 1.0, 1.0)])
def test_the_tail_at_its_ends(n, least, p, found):
    assert tail(n, least, p) == found


@pytest.mark.parametrize(
    ("new", "old", "failed"),
    [
        (Score(0, 0), CLEAN, False),
        (Score(2, 2), CLEAN, False),
        (Score(3, 3), CLEAN, True),
        (Score(200, 10), CLEAN, False),
        (Score(200, 30), CLEAN, True),
        (Score(200, 30), Score(1_000, 100), False),
        (Score(200, 200), Score(50, 50), False),
        (Score(3, 3), Score(0, 0), True),
    ],
)
def test_a_version_fails_its_trial_by_more_than_chance_and_the_old_one_explain(new, old, failed):
    assert Trial().failed(new, old) is failed


def test_a_good_version_is_hardly_ever_taken_back_however_often_it_is_asked():
    trial, edge = Trial(excess=0.05), 0.05
    likely = [n for n in range(1, 201) if trial.failed(Score(n, int(n * edge) + 1), CLEAN)]
    assert likely == [], "one failure more than the share that is allowed is no evidence"
    assert DOUBT < 0.01


def test_no_trial_never_fails_and_a_trial_ends():
    assert not Trial(requests=0).failed(Score(9, 9), CLEAN)
    assert not Trial(requests=10).over(Score(9, 0))
    assert Trial(requests=10).over(Score(10, 0))


def test_scores_add_up_and_speak():
    assert Score(5, 1) + Score(1, 1) - Score(2, 1) == Score(4, 1)
    assert str(Score(1_000, 3)) == "3 of 1,000 requests"
