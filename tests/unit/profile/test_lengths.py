"""Lengths: exact, whatever their size and order."""

import statistics

import numpy as np
import pytest

from holter.profile import Lengths


def test_no_length_at_all():
    empty = Lengths.of(np.empty(0, np.int32))
    assert empty == Lengths()
    assert (empty.mean, empty.std, empty.minimum) == (None, None, None)
    assert Lengths.of(np.array([5])).std is None


def test_mean_and_spread_are_those_of_the_values():
    values = [0, 1, 7, 8, 8, 1000]
    lengths = Lengths.of(np.array(values, np.int32))
    assert lengths.mean == pytest.approx(statistics.mean(values))
    assert lengths.std == pytest.approx(statistics.stdev(values))
    assert lengths.powers == (1, 1, 0, 1, 2, 0, 0, 0, 0, 0, 1)


def test_values_as_often_as_they_occur():
    assert Lengths.of(np.array([2, 3]), np.array([2, 1])) == Lengths.of(np.array([3, 2, 2]))


def test_squares_beyond_64_bits_are_exact():
    lengths = Lengths.of(np.array([2_000_000_000, 1], np.int32), np.array([5, 1]))
    assert lengths.squares == 5 * 2_000_000_000**2 + 1
    assert lengths.squares > 2**64
    assert Lengths.of(np.full(9, 10**9)).std == 0.0


def test_adding_is_the_same_as_counting_together():
    a, b = np.array([0, 4]), np.array([100, 1, 1])
    assert Lengths.of(a) + Lengths.of(b) == Lengths.of(np.concatenate([a, b]))
    assert Lengths() + Lengths() == Lengths()
