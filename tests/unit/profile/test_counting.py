"""Counting where Arrow has the values once already."""

import numpy as np
import pyarrow as pa
import pytest

from holter.profile.counting import count_values, gathered


def counts(array):
    found = gathered([count_values(array)])
    return dict(zip(found.values.to_pylist(), found.sizes.tolist(), strict=True)), found.nulls


def dictionary(indices, values, dtype=None):
    words = pa.array(indices, dtype or pa.int8())
    return pa.DictionaryArray.from_arrays(words, values if isinstance(values, pa.Array) else pa.array(values))


def test_a_value_that_stands_twice_in_a_dictionary_is_one_and_an_unused_one_is_none():
    assert counts(dictionary([0, 1, 2, 2], ["a", "a", "b", "never"])) == ({"a": 2, "b": 2}, 0)


def test_a_null_in_a_dictionary_is_a_null_row():
    assert counts(dictionary([0, 1, 1, None], ["a", None])) == ({"a": 1}, 3)
    assert counts(dictionary([0, 0], pa.array([None, 1], pa.int64()))) == ({}, 2)


def test_a_slice_of_a_dictionary_is_counted_and_not_the_whole():
    assert counts(dictionary([0, 1, 0, None, 1], ["a", "b"]).slice(2, 2)) == ({"a": 1}, 1)


def test_a_dictionary_much_larger_than_its_rows_is_not_counted_entry_by_entry():
    values = [str(n) for n in range(1000)]
    found = count_values(dictionary([7, 999, 7], values, pa.int32()))
    assert len(found.values) == 2
    assert counts(dictionary([7, 999, 7], values, pa.int32())) == ({"7": 2, "999": 1}, 0)


@pytest.mark.parametrize("indices", [[0, 2], [-1, 0]])
def test_an_index_outside_of_its_dictionary_is_an_error_and_not_another_value(indices):
    wild = pa.DictionaryArray.from_arrays(pa.array(indices, pa.int8()), pa.array(["a", "b"]), safe=False)
    with pytest.raises(pa.ArrowException, match="points outside"):
        count_values(wild)


def test_an_index_below_a_null_is_not_looked_at():
    wild = pa.Array.from_buffers(pa.int8(), 2, [pa.py_buffer(b"\1"), pa.py_buffer(b"\0\x7f")])
    assert counts(pa.DictionaryArray.from_arrays(wild, pa.array(["a"]), safe=False)) == ({"a": 1}, 1)


@pytest.mark.parametrize(
    "values",
    [
        pa.array(["a", "b", "a", None], pa.string_view()),
        dictionary([0, 1, 0, None], pa.array(["a", "b"], pa.string_view())),
        pa.RunEndEncodedArray.from_arrays([1, 2, 3, 4], pa.array(["a", "b", "a", None])),
        pa.array([b"a", b"b", b"a", None]),
        pa.ExtensionArray.from_storage(pa.json_(), pa.array(["a", "b", "a", None])),
    ],
    ids=["view", "dictionary of views", "run ends", "binary", "extension"],
)
def test_every_way_of_storing_words(values):
    assert counts(values) == ({"a": 2, "b": 1}, 1)


def test_parts_of_several_types_are_gathered():
    parts = [count_values(pa.array(["1", "x"])), count_values(pa.array([1, 1])), count_values(pa.array([1.0, np.nan]))]
    found = gathered(parts)
    assert dict(zip(found.values.to_pylist(), found.sizes.tolist(), strict=True)) == {"1": 4, "x": 1, "nan": 1}


def test_nothing_is_nothing():
    assert counts(pa.array([], pa.string())) == ({}, 0)
    assert counts(dictionary([], pa.array([], pa.string()))) == ({}, 0)
    assert counts(pa.nulls(3, pa.dictionary(pa.int32(), pa.string()))) == ({}, 3)
