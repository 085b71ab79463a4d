"""The same cells for two columns."""

import numpy as np
import pyarrow as pa
import pytest

from holter.profile import CategoricalColumn, RankSummary
from holter.signals.binning import CELLS, count_categories, count_numbers


def numbers(values):
    return RankSummary.of(np.asarray(values, np.float64))


def both(cells):
    return cells.target.counts, cells.baseline.counts


def test_deciles_of_the_baseline_hold_a_tenth_each():
    target, baseline = both(count_numbers(numbers(range(500, 1500)), numbers(range(1000))))
    assert baseline.tolist() == [100.0] * CELLS
    assert (target.sum(), target[-1], target[0]) == (1000, 600, 0)


def test_zero_and_one_are_two_cells():
    target, baseline = both(count_numbers(numbers([0, 1, 1, 1]), numbers([0, 0, 1, 1])))
    assert [(a, b) for a, b in zip(target, baseline, strict=True) if a or b] == [(1, 2), (3, 2)]


def test_whole_numbers_beyond_the_doubles_do_not_break():
    large = RankSummary.of(np.array([2**62, 2**62 + 1, 5], np.int64))
    assert [counts.sum() for counts in both(count_numbers(large, large))] == [3, 3]


@pytest.mark.parametrize("k", [16, 100, 1000])
def test_the_count_of_a_summary_is_within_its_bounds(k):
    values = np.random.default_rng(4).normal(size=(2, 5000))
    short, full = [RankSummary.of(each, k) for each in values], [RankSummary.of(each) for each in values]
    found = count_numbers(*short)
    edges = short[1]  # cells are laid by the summary; count the rows themselves in the same ones
    assert not found.exact
    exact = count_numbers(full[0], edges).target.counts
    assert (found.target.low <= exact).all()
    assert (exact <= found.target.high).all()


def column(counts, other=0):
    present = sum(counts.values()) + other
    return CategoricalColumn(present, 0, counts, other, error=other)


def test_what_a_side_pooled_is_pooled_on_both():
    target, baseline = both(count_categories(column({"a": 5, "b": 1}), column({"a": 7}, other=3)))
    assert (target.tolist(), baseline.tolist()) == ([5.0, 1.0], [7.0, 3.0])
    target, baseline = both(count_categories(column({"a": 5}, other=2), column({"a": 7, "b": 3})))
    assert (target.tolist(), baseline.tolist()) == ([5.0, 2.0], [7.0, 3.0])


def test_what_is_not_kept_by_name_may_belong_to_any_name():
    target = CategoricalColumn(7, 0, {"a": 5}, 2, error=2, errors={"a": 2})
    cells = count_categories(target, column({"a": 7}))
    assert (cells.target.low.tolist(), cells.target.high.tolist()) == ([5.0, 0.0], [7.0, 2.0])
    assert cells.baseline.exact
    assert not cells.exact


def test_a_category_that_one_side_can_have_only_rarely_has_a_cell():
    target = CategoricalColumn(1000, 0, {"a": 900}, 100, error=5)
    cells = count_categories(target, column({"a": 900, "b": 90, "c": 10}))
    assert cells.target.counts.tolist() == [900.0, 0.0, 100.0]  # b is told from absent, c is not
    assert cells.target.high.tolist() == [900.0, 5.0, 100.0]
    assert cells.baseline.counts.tolist() == [900.0, 90.0, 10.0]


def test_rows_are_never_lost():
    real = CategoricalColumn.of(pa.array(["a", "b", None, "c"]))
    cells = count_categories(real, real)
    assert cells.exact
    assert [counts.sum() for counts in both(cells)] == [3, 3]
