"""The same cells for two columns."""

import numpy as np
import pyarrow as pa

from holter.profile import CategoricalColumn, RankSummary
from holter.signals.binning import CELLS, count_categories, count_numbers


def numbers(values):
    return RankSummary.of(np.asarray(values, np.float64))


def test_deciles_of_the_baseline_hold_a_tenth_each():
    target, baseline = count_numbers(numbers(range(500, 1500)), numbers(range(1000)))
    assert baseline.tolist() == [100.0] * CELLS
    assert (target.sum(), target[-1], target[0]) == (1000, 600, 0)


def test_zero_and_one_are_two_cells():
    target, baseline = count_numbers(numbers([0, 1, 1, 1]), numbers([0, 0, 1, 1]))
    assert [(a, b) for a, b in zip(target, baseline, strict=True) if a or b] == [(1, 2), (3, 2)]


def test_whole_numbers_beyond_the_doubles_do_not_break():
    large = RankSummary.of(np.array([2**62, 2**62 + 1, 5], np.int64))
    assert [counts.sum() for counts in count_numbers(large, large)] == [3, 3]


def column(counts, other=0):
    present = sum(counts.values()) + other
    return CategoricalColumn(present, 0, counts, other)


def test_what_a_side_pooled_is_pooled_on_both():
    target, baseline = count_categories(column({"a": 5, "b": 1}), column({"a": 7}, other=3))
    assert (target.tolist(), baseline.tolist()) == ([5.0, 1.0], [7.0, 3.0])
    target, baseline = count_categories(column({"a": 5}, other=2), column({"a": 7, "b": 3}))
    assert (target.tolist(), baseline.tolist()) == ([5.0, 2.0], [7.0, 3.0])


def test_rows_are_never_lost():
    real = CategoricalColumn.of(pa.array(["a", "b", None, "c"]))
    for counts in count_categories(real, real):
        assert counts.sum() == 3
