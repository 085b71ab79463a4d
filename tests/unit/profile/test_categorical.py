"""Counts of categories, exact up to a cap."""

import pyarrow as pa
import pytest

from holter.profile import CategoricalColumn
from holter.profile.categorical import LONGEST


def test_counts_nulls_and_the_empty_string():
    column = CategoricalColumn.of(pa.array(["a", "", None, "a", "", "", "b"]))
    assert column.counts == {"a": 2, "": 3, "b": 1}
    assert (column.n, column.nulls, column.empty, column.other, column.present) == (7, 1, 3, 0, 6)
    assert column.exact


@pytest.mark.parametrize(
    "dtype", [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())]
)
def test_the_layout_of_text_does_not_matter(dtype):
    column = CategoricalColumn.of(pa.array(["a", "b", "", None, "a"]).cast(dtype))
    assert (column.counts, column.nulls, column.empty, column.dtype) == ({"a": 2, "b": 1, "": 1}, 1, 1, "string")


def test_numbers_and_booleans_are_named_alike_whatever_their_type():
    assert CategoricalColumn.of(pa.array([1, 2, 1])).counts == {"1": 2, "2": 1}
    assert CategoricalColumn.of(pa.array([1.0, 2.5, None, 1.0])).counts == {"1": 2, "2.5": 1}
    assert CategoricalColumn.of(pa.array([True, False, True])).counts == {"true": 2, "false": 1}


def test_rare_categories_are_pooled_and_counted():
    column = CategoricalColumn.of(pa.array(["a"] * 5 + ["b"] * 3 + ["c", "d", "e"]), cap=2)
    assert (column.counts, column.other, column.exact) == ({"a": 5, "b": 3}, 3, False)


def test_categories_of_equal_count_stay_together_whatever_the_order():
    column = CategoricalColumn.of(pa.array(["a", "a", "b", "c"]), cap=2)
    assert (column.counts, column.other) == ({"a": 2}, 2)


def test_identifiers_are_not_stored_value_by_value():
    column = CategoricalColumn.of(pa.array([f"id-{n}" for n in range(1000)]), cap=100)
    assert (column.counts, column.other) == ({}, 1000)


def test_long_text_is_no_category():
    column = CategoricalColumn.of(pa.array(["x" * (LONGEST + 1), "y" * LONGEST]))
    assert (column.counts, column.other) == ({"y" * LONGEST: 1}, 1)


@pytest.mark.parametrize("values", [[], [None, None]])
def test_without_values_there_are_no_counts(values):
    column = CategoricalColumn.of(pa.array(values, pa.string()))
    assert (column.counts, column.n, column.nulls, column.empty) == ({}, len(values), len(values), 0)


def test_bytes_that_are_no_text_are_counted_too():
    broken = pa.Array.from_buffers(
        pa.string(), 2, [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0\2\0\0\0"), pa.py_buffer(b"a\xe9")]
    )
    assert CategoricalColumn.of(broken).counts == {"a": 1, "\\xe9": 1}


def test_compressing_pools_the_rare_and_keeps_the_total():
    column = CategoricalColumn.of(pa.array(["a"] * 3 + ["b"] * 2 + ["c"]))
    small = column.compressed(1)
    assert (small.counts, small.other, small.n) == ({"a": 3}, 3, 6)
    assert column.compressed(3) is column
