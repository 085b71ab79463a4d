import numpy as np
import pytest
from scipy.stats import norm

from holter.errors import NotFound
from holter.respond.gate import METRICS, SMALLEST, Answers, compare
from holter.stats import paired_roc_auc


def answers(scores):
    return Answers((scores > 0.5).astype(float), scores)


def binary(n=2000, noise=1.0, seed=7):
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=n)
    labels = (truth + rng.normal(size=n) > 0).astype(float)
    better = norm.cdf(truth)
    worse = norm.cdf(truth + noise * rng.normal(size=n))
    return labels, better, worse


@pytest.mark.parametrize("metric", ["roc_auc", "log_loss", "brier", "accuracy"])
def test_the_better_one_wins_and_the_worse_one_does_not(metric):
    labels, better, worse = binary()
    won = compare(answers(worse), answers(better), labels, metric=metric, confidence=0.95)
    lost = compare(answers(better), answers(worse), labels, metric=metric, confidence=0.95)
    same = compare(answers(better), answers(better), labels, metric=metric, confidence=0.95)
    assert won.better
    assert not lost.better
    assert not same.better
    assert same.gain == 0
    assert won.gain == pytest.approx(-lost.gain)
    low, high = won.interval.low, won.interval.high
    assert str(won).endswith(f"rows: better by {won.gain:.4f} ({low:.4f} to {high:.4f})")
    assert str(lost).endswith(f"rows: worse by {won.gain:.4f} ({low:.4f} to {high:.4f})")
    assert str(same).endswith("rows: better or worse by 0.0000 (0.0000 to 0.0000)")


@pytest.mark.parametrize("metric", ["mae", "rmse"])
def test_regression(metric):
    rng = np.random.default_rng(3)
    labels = rng.normal(size=400)
    near, far = labels + 0.1 * rng.normal(size=400), labels + rng.normal(size=400)
    blank = np.full(400, np.nan)
    result = compare(Answers(far, blank), Answers(near, blank), labels, metric=metric, confidence=0.95)
    assert result.better
    assert result.candidate < result.champion
    if metric == "rmse":
        assert result.candidate == pytest.approx(np.sqrt(np.mean((near - labels) ** 2)))


def test_the_interval_is_that_of_delong():
    labels, better, worse = binary(500)
    result = compare(answers(worse), answers(better), labels, metric="roc_auc", confidence=0.9)
    gain, error = paired_roc_auc(better, worse, labels)
    assert result.gain == gain
    assert result.interval.low == pytest.approx(gain - norm.ppf(0.95) * error)
    assert result.to_dict()["confidence"] == 0.9


def test_more_confidence_promotes_less():
    labels, better, worse = binary(300, noise=0.35, seed=1)
    widths = [
        compare(answers(worse), answers(better), labels, metric="roc_auc", confidence=each).interval.low
        for each in (0.5, 0.9, 0.999)
    ]
    assert widths == sorted(widths, reverse=True)


def test_chance_is_rarely_promoted():
    rng, promoted = np.random.default_rng(11), 0
    for _ in range(300):
        truth = rng.normal(size=300)
        labels = (truth + rng.normal(size=300) > 0).astype(float)
        one, two = norm.cdf(truth + rng.normal(size=300)), norm.cdf(truth + rng.normal(size=300))
        promoted += compare(answers(one), answers(two), labels, metric="roc_auc", confidence=0.95).better
    assert promoted <= 18  # 2.5 % expected, 6 % is more than four standard deviations off


def test_rows_without_answer_or_label_are_left_out():
    labels, better, worse = binary(200)
    labels[:10], better[10:20], worse[20:30] = np.nan, np.nan, np.inf
    assert compare(answers(worse), answers(better), labels, metric="log_loss", confidence=0.95).n == 170


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("n", [0, 1, SMALLEST - 1])
def test_too_few_rows_are_no_comparison(metric, n):
    labels, better, worse = binary(max(n, 2))
    result = compare(answers(worse[:n]), answers(better[:n]), labels[:n], metric=metric, confidence=0.95)
    assert result.gain is None
    assert not result.better
    assert "50 are needed" in str(result)


@pytest.mark.parametrize(("positive", "negative"), [(0, 100), (1, 99), (99, 1), (100, 0)])
def test_fewer_than_two_of_a_class_have_no_area_but_a_loss(positive, negative):
    _, better, worse = binary(100)
    labels = np.repeat([1.0, 0.0], [positive, negative])
    refused = compare(answers(worse), answers(better), labels, metric="roc_auc", confidence=0.95)
    assert not refused.better
    assert refused.to_dict()["gain"] is None
    assert f"{positive} of 100 labelled rows are positive and {negative} are not" in str(refused)
    assert compare(answers(worse), answers(better), labels, metric="brier", confidence=0.95).gain is not None


def test_two_of_a_class_have_an_area():
    _, better, worse = binary(100)
    labels = np.repeat([1.0, 0.0], [2, 98])
    assert compare(answers(worse), answers(better), labels, metric="roc_auc", confidence=0.95).interval is not None


def test_certain_mistakes_cost_a_finite_loss():
    labels = np.tile([0.0, 1.0], 50)
    result = compare(answers(1 - labels), answers(labels), labels, metric="log_loss", confidence=0.95)
    assert np.isfinite(result.champion)
    assert result.better


def test_unknown_metrics_are_named():
    with pytest.raises(NotFound, match="roc_auc"):
        compare(answers(np.ones(60)), answers(np.ones(60)), np.ones(60), metric="auc", confidence=0.95)
