"""Columns of every type and of bad values: counted, named, never fatal, and never the loss of the others."""

import numpy as np
import pyarrow as pa
import pytest

from holter.profile import CategoricalColumn, NumericColumn, OpaqueColumn, Profile, TextColumn, VectorColumn
from holter.types import Kind


def beside(array, kind=None):
    """Return the summary of a column that has a sound neighbour, and see that the neighbour is well."""
    table = pa.table({"odd": array, "sound": np.arange(len(array))})
    profile = Profile.of(table, kinds={"odd": kind} if kind else None)
    sound = profile.columns["sound"]
    assert isinstance(sound, NumericColumn)
    assert sound.finite == profile.rows == len(array)
    assert Profile.from_bytes(profile.to_bytes()) == profile
    return profile.columns["odd"]


UNKNOWN = {
    "struct": pa.array([{"a": 1}, None]),
    "map": pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int8())),
    "binary": pa.array([b"\xff", None]),
    "fixed binary": pa.array([b"ab", None], pa.binary(2)),
    "null": pa.nulls(2),
    "interval": pa.array([(1, 2, 3), None], pa.month_day_nano_interval()),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_an_unknown_type_is_counted_and_named(name):
    array = UNKNOWN[name]
    assert beside(array) == OpaqueColumn(2, array.null_count, str(array.type))


def test_a_union_is_counted_and_named():
    union = pa.UnionArray.from_sparse(pa.array([0, 1], pa.int8()), [pa.array([1, 2]), pa.array(["a", "b"])])
    found = beside(union)
    assert isinstance(found, OpaqueColumn)
    assert (found.n, found.dtype) == (2, str(union.type))


@pytest.mark.parametrize(
    ("array", "kind"),
    [
        (pa.array([1, 2]), Kind.VECTOR),
        (pa.array([[1], [2]]), Kind.CATEGORICAL),
        (pa.array([[1], [2]]), Kind.NUMERIC),
        (pa.array([{"a": 1}, None]), Kind.TEXT),
        (pa.array([["a"], None]), Kind.OTHER),
    ],
)
def test_a_kind_that_does_not_fit_the_type_costs_only_its_column(array, kind):
    assert beside(array, kind) == OpaqueColumn(2, array.null_count, str(array.type))


def test_an_index_that_points_outside_of_its_dictionary_costs_only_its_column():
    wild = pa.DictionaryArray.from_arrays(pa.array([0, 9], pa.int8()), pa.array(["a"]), safe=False)
    assert beside(wild) == OpaqueColumn(2, 0, "string")


def test_one_value_of_100_megabytes():
    found = beside(pa.array(["x" * 100_000_000, "y", None]))
    assert isinstance(found, CategoricalColumn)
    assert (found.lengths.maximum, found.nulls, len(found.counts)) == (100_000_000, 1, 2)
    assert max(len(name) for name in found.counts) == 256


def test_a_list_of_a_million_elements_beside_short_ones():
    found = beside(pa.array([[1.0] * 1_000_000, [1.0], None]))
    assert isinstance(found, VectorColumn)
    assert (found.lengths.maximum, found.norm.maximum) == (1_000_000, 1000.0)


def test_text_that_is_no_utf_8():
    data, offsets = b"ok\xff\xfe\xe9", np.array([0, 2, 4, 5], np.int32)
    broken = pa.Array.from_buffers(pa.string(), 3, [None, pa.py_buffer(offsets), pa.py_buffer(data)])
    found = beside(broken)
    assert found.counts == {"ok": 1, "\\xff\\xfe": 1, "\\xe9": 1}
    assert beside(broken, Kind.TEXT).distinct.estimate == 3
    assert beside(pa.array([b"ok", b"\xff"]), Kind.CATEGORICAL).counts == {"ok": 1, "\\xff": 1}


def test_whole_numbers_declared_text_leave_no_value():
    found = beside(pa.array([1, 2, 2, None]), Kind.TEXT)
    assert isinstance(found, TextColumn)
    assert (found.distinct.estimate, found.nulls, found.dtype) == (2, 1, "int64")


def test_a_column_that_changes_its_type_between_files_is_named_by_both():
    parts = [pa.array(["a"]), pa.array([1.0]), pa.array([[1.0]]), pa.nulls(1)]
    whole = Profile.total([Profile.of(pa.table({"x": part})) for part in parts])
    assert whole.columns["x"] == OpaqueColumn(4, 1, "double | list<item: double> | string")


def test_no_rows_of_any_type():
    for array in (*UNKNOWN.values(), pa.array([[1.0]]), pa.array(["a"]), pa.array(["a"]).dictionary_encode()):
        found = Profile.of(pa.table({"x": array.slice(0, 0)})).columns["x"]
        assert (found.n, found.nulls) == (0, 0)
