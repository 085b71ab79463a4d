"""Upper tails agree with scipy."""

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.special import chdtrc, kolmogorov

from holter.stats.tails import chi_squared_tail, kolmogorov_tail


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 9, 10, 99, 100, 1000, 4999, 10_000])
def test_the_tail_of_chi_squared(freedom):
    spread = math.sqrt(2 * freedom)
    for x in [1e-12, 1e-3, *np.clip(freedom + spread * np.linspace(-8, 12, 81), 1e-9, None)]:
        assert chi_squared_tail(freedom, x) == pytest.approx(chdtrc(freedom, x), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(("freedom", "x", "tail"), [(1, 0.0, 1.0), (7, math.inf, 0.0), (1, 1e4, 0.0), (3, -1.0, 1.0)])
def test_the_ends_of_chi_squared(freedom, x, tail):
    assert chi_squared_tail(freedom, x) == tail


def test_the_tail_far_out_keeps_its_digits():
    assert chi_squared_tail(1, 600.0) == pytest.approx(chdtrc(1, 600.0), rel=1e-9)
    assert chi_squared_tail(50, 900.0) == pytest.approx(chdtrc(50, 900.0), rel=1e-9)


def test_the_tail_of_kolmogorov():
    for x in [0.0, 0.01, 0.05, 0.1, 0.3, 0.7, 0.99, 0.999999, 1.0, 1.000001, 1.3, 2.0, 5.0, 10.0, 18.0, 40.0]:
        assert kolmogorov_tail(x) == pytest.approx(kolmogorov(x), rel=1e-12, abs=1e-15)


def test_the_tail_of_kolmogorov_falls():
    tails = [kolmogorov_tail(x) for x in np.linspace(0, 4, 4001)]
    assert all(a >= b for a, b in pairwise(tails))
