"""Mean and spread, stable and merged."""

import math

import numpy as np
import pytest

from holter.profile.moments import Moments


def test_nothing_has_no_moments_and_changes_none():
    some = Moments.of(np.array([1.0, 3.0]))
    assert Moments.of(np.empty(0)) == Moments() == Moments.total([])
    assert some + Moments() == some == Moments() + some == Moments.total([some])


def test_a_constant_has_exactly_no_spread():
    assert Moments.of(np.full(1000, 0.1)) == Moments(1000, 0.1, 0.0)
    assert Moments.total([Moments.of(np.full(n, 0.1)) for n in (3, 5, 7)]) == Moments(15, 0.1, 0.0)


@pytest.mark.parametrize("shift", [0.0, 1e6, 1e9])
def test_parts_make_the_whole_far_from_zero_too(shift):
    values = np.random.default_rng(0).normal(shift, 1, 10_000)
    merged = Moments.total([Moments.of(part) for part in np.array_split(values, 13)])
    assert merged.mean == pytest.approx(math.fsum(values) / 10_000, rel=1e-14)
    assert merged.m2 == pytest.approx(np.sum((values - values.mean()) ** 2), rel=1e-7)


def test_whole_numbers_keep_their_last_digits():
    assert Moments.of(np.array([2**60 + step for step in (1, 2, 3)])).m2 == 2.0
    assert Moments.of(np.array([0, 2**64 - 1], np.uint64)).mean == pytest.approx(2**63)
    assert Moments.of(np.array([2**63, 2**63 + 2], np.uint64)).m2 == 2.0
    assert Moments.of(np.array([-(2**63), 2**63 - 1])).m2 == pytest.approx(2.0**127)


def test_sums_beyond_a_double_do_not_lose_the_mean():
    found = Moments.of(np.array([1.7e308, 1.7e308, 1.6e308]))
    assert found.mean == pytest.approx(1.6666666666666667e308)
    assert (found + found).mean == pytest.approx(1.6666666666666667e308)
    assert math.isinf(Moments.of(np.array([1e308, -1e308])).m2)
