"""Categories, text and lists: exact where it is promised, within what is stated elsewhere, whatever the partition."""

import math
from collections import Counter
from functools import reduce
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holter.profile import CategoricalColumn, Lengths, Profile, TextColumn, VectorColumn
from holter.profile.column import compressed, merged
from holter.profile.counting import count_values, gathered
from holter.profile.tally import Tally
from holter.types import Kind

words = st.lists(st.one_of(st.none(), st.sampled_from(["", "a", "b", "x" * 300]), st.text(max_size=5)), max_size=50)
letters = st.lists(st.sampled_from("aaaabbbccdefghij"), max_size=60)
lists = st.lists(st.one_of(st.none(), st.lists(st.one_of(st.none(), st.floats(width=32)), max_size=4)), max_size=30)
cuts = st.lists(st.integers(0, 60), max_size=5)
layouts = st.sampled_from([pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())])


def split(values, places):
    ends = [0, *sorted(min(place, len(values)) for place in places), len(values)]
    return [values[a:b] for a, b in pairwise(ends)]


def column(values, cap=10_000):
    return CategoricalColumn.of(pa.array(values, pa.string()), cap)


@given(words, cuts, layouts, st.randoms(use_true_random=False))
def test_a_tally_is_the_column_of_all_rows_whatever_the_chunks(values, places, layout, random):
    whole = column(values)
    random.shuffle(values)
    tally = Tally(layout)
    for part in split(values, places):
        tally.add(pa.array(part, pa.string()).cast(layout))
    assert tally.column() == whole
    assert whole.counts.keys() == CategoricalColumn.of(pa.array(values, pa.string()).cast(layout)).counts.keys()


@given(words)
def test_lengths_and_empties_are_those_of_the_rows(values):
    there = [value for value in values if value is not None]
    found = column(values)
    assert found.lengths == Lengths.of(np.array([len(value) for value in there], np.int64))
    assert found.empty == there.count("")
    assert sorted(found.counts.values()) == sorted(Counter(there).values())


@settings(max_examples=300)
@given(letters, cuts, st.integers(1, 6), st.integers(1, 6), st.randoms(use_true_random=False))
def test_no_count_misses_more_than_is_stated_in_any_order_of_merging(values, places, cap, last, random):
    parts = [column(part, cap) for part in split(values, places)]
    while len(parts) > 1:
        a, b = (parts.pop(random.randrange(len(parts))) for _ in range(2))
        both = CategoricalColumn.total([a, b])
        parts.append(both.compressed(cap) if random.random() < 0.5 else both)
    found, true = parts[0].compressed(min(last, cap)), Counter(values)
    assert sum(found.counts.values()) + found.other == found.present == len(values)
    assert len(found.counts) <= min(last, cap)
    # One more time is cut to fewer names than before, so the bound of the smaller number holds.
    assert found.error <= len(values) / (min(last, cap) + 1)
    for name in {*values, "never"}:
        assert found.counts.get(name, 0) <= true[name] <= found.most(name)
        assert found.most(name) - found.counts.get(name, 0) <= found.error


@given(letters, cuts, st.integers(1, 4), st.randoms(use_true_random=False))
def test_adding_pooled_columns_is_associative_and_commutative(values, places, cap, random):
    parts = [column(part, cap) for part in split(values, places)]
    one = reduce(lambda a, b: CategoricalColumn.total([a, b]), parts)
    random.shuffle(parts)
    assert CategoricalColumn.total(parts) == one
    assert reduce(lambda a, b: CategoricalColumn.total([b, a]), parts) == one


@given(words, words, words)
def test_text_wins_in_any_order_and_its_counts_stay_right(first, second, third):
    parts = [column(first), TextColumn.of_categories(column(second)), column(third, 2)]
    whole = TextColumn.of_categories(column(first + second + third))
    assert merged(parts) == merged(parts[::-1]) == merged([merged(parts[:2]), parts[2]]) == whole
    assert merged([parts[0], merged(parts[1:])]) == whole


@given(words, cuts)
def test_text_does_not_depend_on_the_partition(values, places):
    kinds = {"t": Kind.TEXT}
    parts = [Profile.of(pa.table({"t": pa.array(part, pa.string())}), kinds=kinds) for part in split(values, places)]
    whole = Profile.of(pa.table({"t": pa.array(values, pa.string())}), kinds=kinds)
    assert Profile.total(parts).columns == whole.columns
    assert Profile.from_bytes(whole.to_bytes()).columns == whole.columns


def outline(found: VectorColumn) -> tuple[object, ...]:
    """Return what must be equal to the last bit; sums of products depend on the machine's way to add."""
    counts = (found.n, found.nulls, found.null_elements, found.nan_elements, found.infinite_elements, found.broken)
    return (*counts, found.lengths, found.dimension, found.norm.n, [each.n for each in found.projections], found.dtype)


@given(lists, cuts, st.randoms(use_true_random=False))
def test_lists_do_not_depend_on_the_partition_or_the_order(values, places, random):
    whole = VectorColumn.of(pa.array(values, pa.list_(pa.float32())))
    random.shuffle(values)
    parts = [VectorColumn.of(pa.array(part, pa.list_(pa.float32()))) for part in split(values, places)]
    total = VectorColumn.total(parts)
    assert outline(total) == outline(whole)
    assert total.norm.ranks.values.tolist() == whole.norm.ranks.values.tolist()
    assert compressed(total, 64, 9).lengths == whole.lengths


@given(lists)
def test_the_norm_is_that_of_the_list(values):
    found = VectorColumn.of(pa.array(values, pa.list_(pa.float64())))
    sound = [row for row in values if row and all(x is not None and math.isfinite(x) for x in row)]
    assert found.norm.n == len(sound)
    expected = sorted({math.hypot(*row) for row in sound})
    assert found.norm.minimum == pytest.approx(expected[0] if expected else None)
    assert found.norm.maximum == pytest.approx(expected[-1] if expected else None)


@given(
    st.lists(st.one_of(st.none(), st.integers(0, 3)), max_size=20),
    st.lists(st.sampled_from([None, "a", "b"]), min_size=4, max_size=4),
)
def test_dictionaries_with_duplicates_nulls_and_unused_entries(indices, entries):
    coded = pa.DictionaryArray.from_arrays(pa.array(indices, pa.int16()), pa.array(entries, pa.string()))
    found = gathered([count_values(coded)])
    rows = [None if place is None else entries[place] for place in indices]
    assert dict(zip(found.values.to_pylist(), found.sizes.tolist(), strict=True)) == Counter(
        row for row in rows if row is not None
    )
    assert found.nulls == rows.count(None)
