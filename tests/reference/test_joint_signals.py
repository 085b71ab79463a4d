"""Joint signals agree with scikit-learn and scipy."""

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats as scipy_stats
from sklearn.decomposition import PCA
from sklearn.metrics.pairwise import rbf_kernel

from holter.profile import Window
from holter.signals.correlation_drift import CorrelationDrift
from holter.signals.mmd import MaximumMeanDiscrepancy
from holter.signals.reconstruction import Reconstruction
from holter.types import Feature, Kind, Schema


def data(n, width, seed):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, width)) @ np.random.default_rng(width).normal(size=(width, width))


def sides(now, before):
    names = [f"x{place}" for place in range(now.shape[1])]
    schema = Schema(tuple(Feature(name, Kind.NUMERIC, "double") for name in names))
    return [
        Window(None, schema, rows=pa.table({name: each[:, place] for place, name in enumerate(names)}))
        for each in (now, before)
    ]


@pytest.mark.parametrize("width", [2, 5, 12])
@pytest.mark.parametrize("kept", [0.5, 0.65, 0.9])
def test_the_error_is_that_of_projecting_rows_with_scikit_learn(width, kept):
    now, before = data(300, width, 1) + 0.3, data(900, width, 2)
    scaled = [(each - before.mean(axis=0)) / before.std(axis=0) for each in (now, before)]
    model = PCA(n_components=kept, svd_solver="full").fit(scaled[1])
    if model.n_components_ == width:
        model = PCA(n_components=width - 1).fit(scaled[1])
    (found,) = Reconstruction(kept=kept).measure(*sides(now, before))
    for value, rows in ((found.value, scaled[0]), (found.evidence.baseline, scaled[1])):
        lost = rows - model.inverse_transform(model.transform(rows))
        assert value == pytest.approx(np.sqrt(np.mean(lost**2)), rel=1e-9)


def test_correlations_are_those_of_scipy():
    now, before = data(200, 4, 1), data(500, 4, 3)[:, ::-1]
    for place, found in enumerate(CorrelationDrift().measure(*sides(now, before))):
        changes = [
            abs(
                scipy_stats.pearsonr(now[:, place], now[:, each])[0]
                - scipy_stats.pearsonr(before[:, place], before[:, each])[0]
            )
            for each in range(4)
            if each != place
        ]
        assert min(abs(found.value - change) for change in changes) < 1e-12


def test_random_features_stand_for_the_kernel():
    now, before = data(1500, 3, 1) + np.array([0.8, 0, 0]), data(1500, 3, 2)
    quartiles = np.quantile(before, [0.25, 0.75], axis=0)
    scaled = [
        np.clip((each - np.median(before, axis=0)) / (np.diff(quartiles, axis=0)[0] / 1.349), -4, 4)
        for each in (now, before)
    ]
    (found,) = MaximumMeanDiscrepancy(frequencies=2000).measure(*sides(now, before))
    few = scaled[1][:300]
    width = np.mean([((few[:, None, place] - few[None, :, place]) ** 2).mean() for place in range(3)]) * 3
    kernels = [rbf_kernel(a, b, gamma=1 / (2 * width)) for a, b in ((scaled[0],) * 2, (scaled[1],) * 2, scaled)]
    n = 1500
    within = sum((kernel.sum() - n) / (n * (n - 1)) for kernel in kernels[:2])
    assert found.value == pytest.approx(np.sqrt(within - 2 * kernels[2].mean()), rel=0.1)
