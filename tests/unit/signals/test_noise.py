"""Intervals of distances hold the truth as often as they say."""

import numpy as np
import pytest

from holter.signals.noise import jensen_shannon_interval, stability_interval, wasserstein_interval
from holter.stats import jensen_shannon, population_stability_index

BOTH = [(jensen_shannon_interval, jensen_shannon), (stability_interval, population_stability_index)]


@pytest.mark.parametrize(("interval", "distance"), BOTH)
@pytest.mark.parametrize("cells", [2, 10, 40])
@pytest.mark.parametrize("change", [0.0, 0.3, 0.9])
def test_coverage(interval, distance, cells, change):
    rng = np.random.default_rng(cells)
    p = np.full(cells, 1 / cells)
    q = p * (1 + change * np.where(np.arange(cells) % 2, 1, -1))
    truth = distance(p, q)
    found = [
        interval(rng.multinomial(500, p).astype(float), rng.multinomial(1000, q).astype(float)) for _ in range(300)
    ]
    assert np.mean([each.low - 1e-12 <= truth <= each.high for each in found]) >= 0.9


@pytest.mark.parametrize(("interval", "distance"), BOTH)
@pytest.mark.parametrize("counts", [([5.0, 0.0], [0.0, 5.0]), ([1.0], [1.0]), ([9.0, 0.0, 0.0], [9.0, 1.0, 0.0])])
def test_the_value_is_inside_and_finite(interval, distance, counts):
    sides = [np.array(side) for side in counts]
    found = interval(*sides)
    assert np.isfinite([found.low, found.high]).all()
    assert 0 <= found.low <= distance(*sides) <= found.high


def test_wasserstein_covers_a_shift():
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(300):
        a, b = np.sort(rng.normal(0.5, 1, 200)), np.sort(rng.normal(0, 1, 200))
        found = wasserstein_interval(float(np.abs(a - b).mean()), a.var(ddof=1), 200, b.var(ddof=1), 200)
        hits += found.low <= 0.5 <= found.high
    assert hits / 300 >= 0.9
    assert wasserstein_interval(0.0, 1.0, 10, 1.0, 10).low == 0.0
