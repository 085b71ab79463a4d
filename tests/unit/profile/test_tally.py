"""Counting a column while it is read."""

import numpy as np
import pyarrow as pa
import pytest

from holter.profile import CategoricalColumn, TextColumn
from holter.profile.tally import Tally


def tallied(arrays, **settings):
    tally = Tally(arrays[0].type, **settings)
    for array in arrays:
        tally.add(array)
    return tally.column()


def test_nothing_was_read():
    column = Tally(pa.string()).column()
    assert column == CategoricalColumn.of(pa.array([], pa.string()))


def test_a_dictionary_that_comes_again_is_not_gathered_again():
    words = pa.array(["a", "b"])
    parts = [pa.DictionaryArray.from_arrays(pa.array([0, 1, 1, None]), words) for _ in range(3)]
    tally = Tally(parts[0].type)
    for part in parts:
        tally.add(part)
    assert len(tally._waiting) == 1
    assert tally.column().counts == {"a": 3, "b": 6}


def test_chunks_with_dictionaries_of_their_own_are_one_column():
    parts = [pa.array(part).dictionary_encode() for part in (["a", "b"], ["b", "c", None], ["a"])]
    assert tallied(parts).counts == {"a": 2, "b": 2, "c": 1}
    assert tallied(parts) == CategoricalColumn.of(pa.array(["a", "b", "b", "c", None, "a"]))


def test_the_waiting_values_stay_few():
    tally = Tally(pa.string(), cap=50)
    for start in range(0, 100_000, 10_000):
        tally.add(pa.array([f"rare-{n // 2}" for n in range(start, start + 10_000)] + ["often"] * 10_000))
        assert sum(len(each.values) for each in tally._waiting) <= 50_000
    column = tally.column()
    assert column.n == 200_000
    assert column.counts == {"often": 100_000}
    assert 0 < column.error <= 200_000 / 51
    assert column.distinct.interval[0] < 50_001 < column.distinct.interval[1]


def test_long_values_do_not_wait_for_others():
    tally = Tally(pa.string())
    for digit in "0123456789":
        tally.add(pa.array([digit * 1_000_000]))
        assert sum(each.size for each in tally._waiting) <= 5_000_000
    column = tally.column()
    assert column.lengths.maximum == 1_000_000
    assert (len(column.counts), column.exact) == (10, True)


def test_exact_up_to_the_cap_whatever_was_pooled_on_the_way():
    rng = np.random.default_rng(0)
    names = np.array([f"n{n}" for n in range(9_000)])
    parts = [pa.array(names[rng.permutation(9_000)].tolist()) for _ in range(12)]
    column = tallied(parts)
    assert column.exact
    assert set(column.counts.values()) == {12}


def test_declared_text_keeps_no_value_from_the_first_row():
    column = tallied([pa.array(["a", "a", None, ""])], text=True)
    assert isinstance(column, TextColumn)
    assert (column.n, column.nulls, column.empty, column.distinct.estimate) == (4, 1, 1, 2)


def test_declared_text_is_the_same_however_it_is_stored():
    rows = pa.array(["a", "a", None, "", "b@c.org"] * 3)
    plain, coded = (
        tallied([rows, rows.slice(1, 5)], text=True),
        tallied([rows.dictionary_encode(), rows.slice(1, 5)], text=True),
    )
    assert plain == coded == TextColumn.of_categories(CategoricalColumn.of(pa.concat_arrays([rows, rows.slice(1, 5)])))


def test_low_cardinality_whole_numbers_by_declared_role():
    column = tallied([pa.array([404, 200, 200]), pa.array([200, None])])
    assert (column.counts, column.nulls, column.dtype) == ({"404": 1, "200": 3}, 1, "int64")


def test_a_type_that_cannot_be_counted_is_refused_at_once():
    with pytest.raises(pa.ArrowException):
        Tally(pa.struct([])).add(pa.array([{}], pa.struct([])))
