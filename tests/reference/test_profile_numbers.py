"""Numeric columns against numpy and scipy on the rows themselves."""

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from holter.profile import NumericColumn
from holter.profile.numeric import NumericReading

SHAPES = {
    "normal": lambda rng, n: rng.normal(5, 2, n),
    "heavy tail": lambda rng, n: rng.standard_t(2, n),
    "rounded": lambda rng, n: np.round(rng.gamma(2, 20, n), 1),
    "whole": lambda rng, n: rng.integers(-1000, 1_000_000, n),
}
N = 120_000


def column(values, k=512):
    reading = NumericReading(k)
    for part in np.array_split(values, 5):
        reading.add(pa.array(part))
    return reading.column()


def at(summary, probes):
    return np.concatenate(([0], np.cumsum(summary.weights)))[np.searchsorted(summary.values, probes, side="right")]


@pytest.mark.parametrize("shape", SHAPES)
def test_moments_agree_with_scipy(shape):
    values = SHAPES[shape](np.random.default_rng(1), N)
    found, known = column(values), stats.describe(values)
    assert (found.finite, (found.minimum, found.maximum)) == (known.nobs, known.minmax)
    assert found.mean == pytest.approx(known.mean, rel=1e-12)
    assert found.variance == pytest.approx(known.variance, rel=1e-10)


@pytest.mark.parametrize("shape", SHAPES)
def test_quantiles_of_numpy_lie_in_the_interval(shape):
    values = SHAPES[shape](np.random.default_rng(2), N)
    found = column(values)
    for share in (0.001, 0.1, 0.5, 0.9, 0.999):
        low, high = found.quantile_interval(share)
        assert low <= np.quantile(values, share, method="inverted_cdf") <= high
        between = np.count_nonzero((values > low) & (values < high))
        assert between <= 4 * found.ranks.error + 2 * found.ranks.weights.max()


@pytest.mark.parametrize("shape", SHAPES)
def test_distances_of_scipy_lie_within_the_stated_error(shape):
    a = SHAPES[shape](np.random.default_rng(3), N)
    b = SHAPES[shape](np.random.default_rng(4), N) * 1.05
    left, right = column(a).ranks, column(b).ranks
    probes = np.union1d(left.values, right.values)
    ks = np.abs(at(left, probes) / left.n - at(right, probes) / right.n).max()
    assert abs(ks - stats.ks_2samp(a, b).statistic) <= left.rank_error + right.rank_error < 5e-3
    moved = stats.wasserstein_distance(left.values, right.values, left.weights, right.weights)
    assert abs(moved - stats.wasserstein_distance(a, b)) <= left.mean_spread + right.mean_spread < 0.01 * np.std(a)


def test_different_values_agree_with_numpy():
    values = np.random.default_rng(5).integers(0, 40_000, N)
    found = column(values).distinct
    assert abs(found.estimate - len(np.unique(values))) < 3 * found.error
    assert NumericColumn.of(pa.array(values % 100)).distinct.estimate == 100
