"""Counts of categories, exact up to a cap, afterwards with the error they state."""

import pyarrow as pa
import pytest

from holter.profile import CategoricalColumn, Lengths
from holter.profile.texts import LONGEST


def test_counts_nulls_and_the_empty_string():
    column = CategoricalColumn.of(pa.array(["a", "", None, "a", "", "", "b"]))
    assert column.counts == {"a": 2, "": 3, "b": 1}
    assert (column.n, column.nulls, column.empty, column.other, column.present) == (7, 1, 3, 0, 6)
    assert (column.exact, column.error, column.most("a"), column.most("z")) == (True, 0, 2, 0)
    assert (column.lengths, column.distinct.estimate) == (Lengths(6, 0, 1, 3, 3, (3, 3)), 3)


@pytest.mark.parametrize(
    "dtype",
    [
        pa.string(),
        pa.large_string(),
        pa.string_view(),
        pa.dictionary(pa.int8(), pa.string()),
        pa.dictionary(pa.uint32(), pa.large_string()),
    ],
)
def test_the_layout_of_text_does_not_matter(dtype):
    column = CategoricalColumn.of(pa.array(["a", "b", "", None, "a"]).cast(dtype))
    assert column == CategoricalColumn.of(pa.array(["a", "b", "", None, "a"]))
    assert (column.counts, column.nulls, column.empty, column.dtype) == ({"a": 2, "b": 1, "": 1}, 1, 1, "string")


def test_numbers_and_booleans_are_named_alike_whatever_their_type():
    assert CategoricalColumn.of(pa.array([1, 2, 1])).counts == {"1": 2, "2": 1}
    assert CategoricalColumn.of(pa.array([1.0, 2.5, None, 1.0, -0.0, 0.0])).counts == {"1": 2, "2.5": 1, "0": 2}
    flags = CategoricalColumn.of(pa.array([True, False, True]))
    assert (flags.counts, flags.lengths, flags.empty, flags.dtype) == ({"true": 2, "false": 1}, Lengths(), 0, "bool")


def test_rare_categories_are_pooled_and_what_they_can_have_is_stated():
    column = CategoricalColumn.of(pa.array(["a"] * 5 + ["b"] * 3 + ["c", "d", "e"]), cap=2)
    assert (column.counts, column.other, column.exact, column.error) == ({"a": 5, "b": 3}, 3, False, 1)
    assert (column.most("a"), column.most("c"), column.distinct.estimate) == (5, 1, 5)


def test_categories_of_equal_count_stay_together_whatever_the_order():
    column = CategoricalColumn.of(pa.array(["a", "a", "b", "c"]), cap=2)
    assert (column.counts, column.other) == ({"a": 2}, 2)


def test_identifiers_are_not_stored_value_by_value():
    column = CategoricalColumn.of(pa.array([f"id-{n}" for n in range(1000)]), cap=100)
    assert (column.counts, column.other, column.error) == ({}, 1000, 1)
    assert 900 < column.distinct.estimate < 1100


def test_a_long_category_is_named_by_its_beginning_and_a_digest():
    long = ["x" * (LONGEST + 1), "x" * (LONGEST + 2), "y" * LONGEST]
    column = CategoricalColumn.of(pa.array([*long, long[0]]))
    assert (len(column.counts), column.other, column.lengths.maximum) == (3, 0, LONGEST + 2)
    assert {len(name) for name in column.counts} == {LONGEST}
    assert sorted(column.counts.values()) == [1, 1, 2]
    assert column.counts["y" * LONGEST] == 1


def test_a_value_counts_once_whether_it_was_forgotten_early_or_late():
    values = pa.array(["short", "long " * 100, "longer " * 100, "short"])
    early, late = CategoricalColumn.of(values, cap=0), CategoricalColumn.of(values).compressed(0)
    assert early == late
    assert CategoricalColumn.total([early, CategoricalColumn.of(values)]).distinct.estimate == 3


@pytest.mark.parametrize("values", [[], [None, None]])
def test_without_values_there_are_no_counts(values):
    column = CategoricalColumn.of(pa.array(values, pa.string()))
    assert (column.counts, column.n, column.nulls, column.empty) == ({}, len(values), len(values), 0)
    assert (column.lengths.mean, column.lengths.std, column.distinct.estimate) == (None, None, 0)


def test_bytes_that_are_no_text_are_counted_too():
    broken = pa.Array.from_buffers(
        pa.string(), 2, [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0\2\0\0\0"), pa.py_buffer(b"a\xe9")]
    )
    assert CategoricalColumn.of(broken).counts == {"a": 1, "\\xe9": 1}
    assert CategoricalColumn.of(broken, cap=0).distinct.estimate == 2


def test_compressing_pools_the_rare_and_keeps_the_total():
    column = CategoricalColumn.of(pa.array(["a"] * 3 + ["b"] * 2 + ["c"]))
    small = column.compressed(1)
    assert (small.counts, small.other, small.n, small.error) == ({"a": 3}, 3, 6, 2)
    assert column.compressed(3) is column


def test_a_count_states_what_the_parts_that_had_dropped_it_may_have_seen():
    ours = CategoricalColumn.of(pa.array(list("aaabb")), cap=1)
    theirs = CategoricalColumn.of(pa.array(list("bbbb")), cap=1)
    both = CategoricalColumn.total([ours, theirs])
    assert (both.counts, both.errors, both.error, both.other) == ({"a": 3, "b": 4}, {"b": 2}, 2, 2)
    assert (both.most("a"), both.most("b"), both.most("c")) == (3, 6, 2)
    # b can have six rows and a no more than three, so b is the one to keep.
    assert both.compressed(1).counts == {"b": 4}
    assert both.compressed(1).error == 3


def test_a_part_that_never_counted_lengths_or_different_values_leaves_them_unknown():
    by_hand, counted = CategoricalColumn(3, 0, {"a": 2}, other=1, error=1), CategoricalColumn.of(pa.array(["b"]))
    both = CategoricalColumn.total([by_hand, counted])
    assert (both.lengths, both.distinct, by_hand.distinct) == (None, None, None)
    assert both.compressed(1).distinct is None
    assert CategoricalColumn.total([CategoricalColumn(2, 2), counted]).lengths == counted.lengths


def test_what_cannot_be_counted_says_so():
    with pytest.raises(pa.ArrowException):
        CategoricalColumn.of(pa.array([{"a": 1}]))
