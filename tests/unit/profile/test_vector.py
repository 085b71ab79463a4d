"""Lists of every layout: counted, measured where they are numbers, never fatal."""

import math

import numpy as np
import pyarrow as pa
import pytest

from holter.profile import Lengths, OpaqueColumn, Profile, VectorColumn
from holter.profile.projection import DIRECTIONS, norms, project, signs

FLOATS = [[3.0, 4.0], None, [0.0, 1.0], []]


@pytest.mark.parametrize(
    "dtype",
    [pa.list_(pa.float32()), pa.large_list(pa.float64()), pa.list_view(pa.float64()), pa.large_list_view(pa.int16())],
)
def test_the_layout_of_lists_does_not_matter(dtype):
    found = VectorColumn.of(pa.array(FLOATS, dtype))
    assert (found.n, found.nulls, found.present) == (4, 1, 3)
    assert found.lengths == Lengths(3, 0, 2, 4, 8, (1, 0, 2))
    assert found.norm.ranks.values.tolist() == [1.0, 5.0]


def test_embeddings_have_a_dimension():
    found = VectorColumn.of(pa.array([[3.0, 4.0], None, [0.0, 1.0]], pa.list_(pa.float64(), 2)))
    assert (found.dimension, found.nulls, found.broken) == (2, 1, 0)
    assert VectorColumn.of(pa.array(FLOATS)).dimension is None
    assert VectorColumn.of(pa.array([], pa.list_(pa.float32()))).dimension is None


def test_tensors_are_vectors():
    storage = pa.array([[3.0, 4.0], [6.0, 8.0]], pa.list_(pa.float64(), 2))
    tensors = pa.ExtensionArray.from_storage(pa.fixed_shape_tensor(pa.float64(), [2]), storage)
    assert Profile.of(pa.table({"v": tensors})).columns["v"].norm.mean == 7.5


def test_nulls_nan_and_infinities_within_lists_are_three_things():
    values = [[1.0, None], [math.nan, 1.0], [math.inf, -math.inf], [2.0, 0.0], [None, None]]
    found = VectorColumn.of(pa.array(values))
    assert (found.null_elements, found.nan_elements, found.infinite_elements, found.broken) == (3, 1, 2, 4)
    assert found.norm.ranks.values.tolist() == [2.0]
    assert [each.finite for each in found.projections] == [1] * DIRECTIONS


@pytest.mark.parametrize(
    "values",
    [
        pa.array([["a", None], None, []]),
        pa.array([[[1], [2, 3]], None, []]),
        pa.array([[{"a": 1}, None], None, []]),
        pa.array([[None, None], None, []], pa.list_(pa.null())),
    ],
    ids=["words", "nested", "structs", "nulls"],
)
def test_elements_that_are_no_numbers_are_counted(values):
    found = Profile.of(pa.table({"l": values})).columns["l"]
    assert isinstance(found, VectorColumn)
    assert (found.lengths.total, found.nulls, found.norm.n) == (2, 1, 0)


@pytest.mark.parametrize(
    "values",
    [
        pa.array([[True, False]]),
        pa.array([[1]], pa.list_(pa.decimal128(5, 1))),
        pa.array([[1]], pa.list_(pa.float16())),
        pa.array([[1]], pa.list_(pa.uint64())),
        pa.ListArray.from_arrays([0, 1], pa.array([1]).dictionary_encode()),
    ],
)
def test_every_number_has_a_norm(values):
    assert VectorColumn.of(values).norm.mean == 1.0


def test_long_and_ragged_lists_in_one_column():
    rng = np.random.default_rng(0)
    rows = [rng.normal(size=size) for size in (1, 10_000, 0, 7, 384)]
    found = VectorColumn.of(pa.array([row.tolist() for row in rows]))
    assert (found.lengths.maximum, found.lengths.minimum, found.broken) == (10_000, 0, 0)
    there = [row for row in rows if len(row)]
    assert found.norm.ranks.values == pytest.approx(sorted(np.linalg.norm(row) for row in there))
    first = sorted((signs(len(row))[0] @ row) / math.sqrt(len(row)) for row in there)
    assert found.projections[0].ranks.values == pytest.approx(first)


def test_more_elements_than_are_looked_at_together(monkeypatch):
    monkeypatch.setattr("holter.profile.vector._AT_A_TIME", 10)
    rng = np.random.default_rng(0)
    rows = [None if n % 7 == 0 else rng.normal(size=n % 5).tolist() for n in range(60)]
    pieces = VectorColumn.of(pa.array(rows, pa.list_(pa.float64())))
    monkeypatch.undo()
    whole = VectorColumn.of(pa.array(rows, pa.list_(pa.float64())))
    assert pieces.lengths == whole.lengths
    assert pieces.norm.ranks.values == pytest.approx(whole.norm.ranks.values)


def test_a_slice_is_looked_at_and_not_the_whole():
    found = VectorColumn.of(pa.array([[9.0], None, [3.0, 4.0], [math.nan]]).slice(1, 2))
    assert (found.n, found.nulls, found.norm.ranks.values.tolist(), found.broken) == (2, 1, [5.0], 0)


def test_norms_beyond_a_double_are_infinite_and_no_error():
    found = VectorColumn.of(pa.array([[1e308, 1e308], [1.7e308] * 4, [5e-324, 0.0]]))
    assert found.norm.positive_infinite == 1
    assert found.norm.minimum == 5e-324
    assert found.broken == 0


def test_parts_add_up_and_shrink():
    rng = np.random.default_rng(0)
    parts = [VectorColumn.of(pa.array(rng.normal(size=(200, 3)).tolist())) for _ in range(3)]
    both = VectorColumn.total(parts)
    assert (both.n, both.dimension, both.norm.n) == (600, 3, 600)
    small = both.compressed(64)
    assert (len(small.norm.ranks.values), [len(each.ranks.values) for each in small.projections]) == (64, [8] * 8)
    assert small.lengths == both.lengths


def test_lists_and_something_else_under_one_name_are_counted():
    lists, numbers = Profile.of(pa.table({"v": [[1.0]]})), Profile.of(pa.table({"v": [1.0]}))
    assert (lists + numbers).columns["v"] == OpaqueColumn(2, 0, "double | list<item: double>")
    blank = Profile.of(pa.table({"v": pa.nulls(2)}))
    assert (lists + blank).columns["v"].nulls == 2


def test_directions_are_the_same_for_ever():
    """The first signs as they were when profiles were first stored with them: others could not be compared."""
    assert "".join("+" if sign > 0 else "-" for sign in signs(4).T.ravel()) == "-+-+-+-+-+-+-----+++--++--++++--"
    assert project(np.empty(0), np.empty(0, np.int64)).shape == (DIRECTIONS, 0)
    assert len(norms(np.empty(0), np.empty(0, np.int64))) == 0
