"""Sums of custom metrics: whatever is merged, in whatever order, is what the values say."""

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holter.types import Series

VALUES = st.lists(st.floats(-1e6, 1e6), max_size=30)


def merged(values):
    total = Series()
    for value in values:
        total = total + Series.of(value)
    return total


@given(VALUES, VALUES)
def test_a_merge_is_what_all_values_say(one, other):
    both = merged(one) + merged(other)
    values = one + other
    assert both.count == len(values)
    assert both.minimum == min(values, default=None)
    assert both.maximum == max(values, default=None)
    assert both.total == pytest.approx(math.fsum(values), rel=1e-9, abs=1e-3)
    if len(values) > 1:
        assert both.variance == pytest.approx(statistics.variance(values), rel=1e-6, abs=1e-3)


def test_nothing_added_to_nothing_is_nothing():
    assert Series() + Series() == Series()
    assert Series().variance is None
    assert Series().total == 0.0


def test_values_that_were_added_up_before_they_were_sent_keep_their_spread():
    series = Series.of(30.0, 3, minimum=8.0, maximum=12.0, deviation=2.0)
    assert (series.count, series.mean, series.minimum, series.maximum) == (3, 10.0, 8.0, 12.0)
    assert series.variance == pytest.approx(6.0)


def test_one_value_has_no_variance():
    assert Series.of(4.0).variance is None
    assert Series.of(-0.5).minimum == Series.of(-0.5).maximum == -0.5


def test_a_spread_beyond_a_double_is_unknown_and_not_infinite():
    both = Series.of(1e200) + Series.of(-1e200)
    assert both.variance is None
