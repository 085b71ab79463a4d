"""A profile of parts is the profile of the whole, whatever the partition and the order."""

import math
from functools import reduce
from itertools import pairwise

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from holter.errors import DamagedState
from holter.profile import CategoricalColumn, Column, NumericColumn, Profile

numbers = st.lists(st.one_of(st.none(), st.floats(width=64), st.sampled_from([0.0, -0.0, 1.0, 2.0])), max_size=60)
wholes = st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)), max_size=40)
texts = st.lists(st.one_of(st.none(), st.sampled_from(["", "a", "b"]), st.text(max_size=4)), max_size=60)
cuts = st.lists(st.integers(0, 60), max_size=5)

COUNTS = ("n", "nulls", "nan", "positive_infinite", "negative_infinite", "zeros", "negatives", "minimum", "maximum")


def split(values, places):
    ends = [0, *sorted(min(place, len(values)) for place in places), len(values)]
    return [values[a:b] for a, b in pairwise(ends)]


def close(a, b, scale):
    return a == b or not (math.isfinite(a) and math.isfinite(b)) or abs(a - b) <= 1e-9 * max(scale, 1e-300)


def same_numbers(a: NumericColumn, b: NumericColumn) -> None:
    assert all(getattr(a, name) == getattr(b, name) for name in COUNTS)
    size = max((abs(bound) for bound in (a.minimum, a.maximum) if bound is not None), default=0)
    assert close(a.mean, b.mean, size)
    assert close(a.m2, b.m2, min(float(size), 1e150) ** 2 * max(a.n, 1))


@given(numbers, cuts, st.randoms(use_true_random=False))
def test_numbers_do_not_depend_on_the_partition_or_the_order(values, places, random):
    whole = Profile.of(pa.table({"x": pa.array(values, pa.float64())}))
    random.shuffle(values)
    parts = [Profile.of(pa.table({"x": pa.array(part, pa.float64())})) for part in split(values, places)]
    merged = reduce(lambda a, b: a + b, parts)
    assert merged.rows == whole.rows
    same_numbers(merged.columns["x"], whole.columns["x"])
    assert merged.columns["x"].ranks == whole.columns["x"].ranks


@given(wholes, cuts)
def test_whole_numbers_are_exact_at_any_size(values, places):
    parts = [Profile.of(pa.table({"x": pa.array(part, pa.int64())})) for part in split(values, places)]
    column = Profile.total(parts).columns["x"]
    present = [value for value in values if value is not None]
    assert column.ranks.values.tolist() == sorted(set(present))
    assert (column.minimum, column.maximum) == (min(present, default=None), max(present, default=None))
    assert not column.rounded


@given(texts, cuts, st.randoms(use_true_random=False))
def test_categories_are_exact_whatever_the_partition_or_the_order(values, places, random):
    whole = Profile.of(pa.table({"s": pa.array(values, pa.string())}))
    random.shuffle(values)
    parts = [Profile.of(pa.table({"s": pa.array(part, pa.string())})) for part in split(values, places)]
    assert Profile.total(parts) == whole
    column = whole.columns["s"]
    assert sum(column.counts.values()) + column.other + column.nulls == len(values)


@given(texts, st.integers(1, 5))
def test_pooling_never_loses_a_row_and_states_what_a_count_may_miss(values, cap):
    exact = CategoricalColumn.of(pa.array(values, pa.string()))
    small = exact.compressed(cap)
    assert len(small.counts) <= cap
    assert sum(small.counts.values()) + small.other == exact.present
    assert all(small.counts.get(name, 0) <= count <= small.counts.get(name, 0) + small.other
               for name, count in exact.counts.items())  # fmt: skip


@settings(max_examples=200)
@given(
    st.lists(st.lists(st.floats(-100, 100), min_size=1, max_size=80), min_size=1, max_size=5),
    st.integers(1, 16),
    st.integers(1, 16),
)
def test_ranks_are_never_wrong_by_more_than_they_say(parts, k, final):
    columns = [NumericColumn.of(pa.array(part), k) for part in parts]
    values = np.concatenate(parts)
    for ranks in (NumericColumn.total(columns).ranks, NumericColumn.total(columns).compressed(final).ranks):
        assert ranks.n == len(values)
        for x in (*values, *np.nextafter(values, -np.inf), *np.nextafter(values, np.inf)):
            assert abs(ranks.rank(x) - np.count_nonzero(values <= x)) <= ranks.error


MAKERS = {
    "double": lambda: pa.array([1.0, None]),
    "whole": lambda: pa.array([1, 2]),
    "text": lambda: pa.array(["a", None]),
    "time": lambda: pa.array([1], pa.timestamp("us")),
    "date": lambda: pa.array([1], pa.date32()),
    "list": lambda: pa.array([[1], None]),
    "blank": lambda: pa.nulls(2),
    "nothing": lambda: pa.array([], pa.float64()),
}
pieces = st.sampled_from(sorted(MAKERS)).map(lambda name: Profile.of(pa.table({"x": MAKERS[name]()})))


def outline(profile):
    """Return what must be equal to the last bit: all but the moments."""
    column = profile.columns["x"]
    if isinstance(column, NumericColumn):
        return (*(getattr(column, name) for name in COUNTS), column.dtype, column.unit, column.ranks)
    return column


@given(pieces, pieces, pieces)
def test_merging_is_associative_and_commutative_for_every_mix_of_types(a, b, c):
    assert outline((a + b) + c) == outline(a + (b + c)) == outline(Profile.total([a, b, c]))
    assert a + b == b + a
    assert a + Profile.empty() == a == Profile.empty() + a


@given(pieces, pieces)
def test_bytes_hold_everything(a, b):
    assert Profile.from_bytes((a + b).to_bytes()) == a + b


@settings(max_examples=300)
@given(st.binary(max_size=200), st.integers(0, 300), st.integers(0, 255))
def test_no_bytes_bring_anything_but_a_clear_error(noise, place, value):
    good = bytearray(Profile.of(pa.table({"x": [1.0, 2.0], "s": ["a", "b"], "l": [[1], [2]]})).to_bytes())
    good[place % len(good)] = value
    for data in (noise, bytes(good), bytes(good[: place % len(good)])):
        try:
            columns = Profile.from_bytes(data).columns
        except DamagedState as error:
            assert str(error).endswith(("from the records.", "Update Holter."))  # noqa: PT017
        else:
            assert all(isinstance(each, Column) for each in columns.values())
