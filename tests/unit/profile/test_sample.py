"""Rows chosen by the hash of their key."""

from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest

from holter.errors import UnknownColumn
from holter.profile import sample as room
from holter.profile.kept_rows import LONGEST, kept_type, stacked
from holter.profile.sample import Sample

ROWS = 2000


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(5)
    ids = pa.array([f"r{number}" for number in range(ROWS)])
    text = pa.array([None if n % 7 == 0 else f"t{n % 50}" for n in range(ROWS)])
    return pa.table({"id": ids, "x": rng.normal(size=ROWS), "n": pa.array(range(ROWS), pa.int32()), "s": text})


def parts_of(table, cuts, size=20, key=()):
    ends = [0, *cuts, table.num_rows]
    return [Sample.of(table.slice(a, b - a), size, key) for a, b in pairwise(ends)]


@pytest.mark.parametrize("key", [(), ("id",), ("id", "n")])
@pytest.mark.parametrize("cuts", [(1,), (500, 500, 501), (19, 1900), tuple(range(100, 2000, 100))])
def test_neither_partition_nor_order_counts(table, key, cuts):
    whole = Sample.of(table, 20, key)
    shuffled = table.take(pa.array(np.random.default_rng(1).permutation(ROWS)))
    assert Sample.total(parts_of(shuffled, cuts, 20, key)[::-1]) == whole
    assert (whole.rows.num_rows, whole.counts.tolist(), whole.exact) == (20, [1] * 20, False)


def test_how_arrow_stores_a_row_does_not_count(table):
    other = pa.table(
        {
            "s": table["s"].dictionary_encode(),
            "n": table["n"].cast(pa.float64()),
            "id": table["id"].cast(pa.large_string()),
            "x": pa.chunked_array([table["x"].combine_chunks().slice(0, 77), table["x"].combine_chunks().slice(77)]),
        }
    )
    a, b = Sample.of(table, 20), Sample.of(other, 20)
    assert a.hashes.tolist() == b.hashes.tolist()
    assert a.rows["id"].to_pylist() == b.rows["id"].to_pylist()
    assert b.rows.schema.field("s").type == pa.string()
    same = Sample.of(other.set_column(1, "n", table["n"].cast(pa.int64()).combine_chunks()), 20)
    assert same == a


def test_it_is_uniform(table):
    """Of 2,000 rows 200 are chosen; how many of them lie in a tenth of the rows is hypergeometric (sd 4.0)."""
    numbers = Sample.of(table, 200, ["id"]).rows["n"].to_pylist()
    tenths = np.bincount(np.array(numbers) // 200, minlength=10)
    assert all(abs(size - 20) <= 4 * 4.0 for size in tenths)


def test_rows_that_are_equal_count_as_one_and_how_often_is_known():
    table = pa.table({"x": [1, 1, 2, 1], "s": ["a", "a", None, "a"]})
    sample = Sample.of(table, 10)
    assert sample.exact
    assert dict(zip(sample.rows["x"].to_pylist(), sample.counts.tolist(), strict=True)) == {1: 3, 2: 1}
    assert dict(zip((sample + sample).rows["x"].to_pylist(), (sample + sample).counts.tolist(), strict=True)) == {
        1: 6,
        2: 2,
    }


def test_counts_of_the_rows_that_stay_are_exact(table):
    doubled = pa.concat_tables([table, table.slice(0, 500), table.slice(0, 100)])
    sample = Sample.total(parts_of(doubled, range(100, 2600, 100), 50, ("id",)))
    expected = [1 + (n < 500) + (n < 100) for n in sample.rows["n"].to_pylist()]
    assert sample.counts.tolist() == expected


def test_of_rows_with_the_same_key_the_same_one_is_kept():
    rows = [{"id": "a", "x": number, "s": str(number)} for number in range(9)]
    kept = {
        Sample.of(pa.Table.from_pylist(rows[start:] + rows[:start]), 5, ["id"]).rows["x"].to_pylist()[0]
        for start in range(9)
    }
    assert len(kept) == 1
    halves = [Sample.of(pa.Table.from_pylist(half), 5, ["id"]) for half in (rows[:4], rows[4:])]
    assert (halves[0] + halves[1]).rows["x"].to_pylist() == list(kept)
    assert halves[0] + halves[1] == halves[1] + halves[0]


def test_a_null_and_a_column_that_is_not_there_are_the_same():
    a = Sample.of(pa.table({"x": [1], "y": pa.array([None], pa.string())}), 3)
    b = Sample.of(pa.table({"x": [1]}), 3)
    assert a.hashes.tolist() == b.hashes.tolist()
    assert (a + b).counts.tolist() == [2]
    assert (a + b).rows.to_pylist() == [{"x": 1, "y": None}] == (b + a).rows.to_pylist()


def test_values_do_not_swap_columns():
    samples = [Sample.of(pa.table({"x": [x], "y": [y]}), 1).hashes[0] for x, y in ((1, 2), (2, 1), (0, 3), (3, None))]
    assert len(set(samples)) == 4


def test_the_smaller_size_counts(table):
    a, b = Sample.of(table.slice(0, 900), 30), Sample.of(table.slice(900), 10)
    assert (a + b) == (b + a)
    assert ((a + b).size, (a + b).rows.num_rows) == (10, 10)
    assert Sample.of(table, 10) == a + b


def test_erased_keys_leave_an_empty_place(table):
    whole = Sample.of(table, 20, ["id"])
    gone = whole.rows.slice(0, 5).select(["id"])
    left = whole.without(gone)
    assert left.rows.num_rows == 15
    assert not set(gone["id"].to_pylist()) & set(left.rows["id"].to_pylist())
    assert left.limit == whole.limit
    # what is added later is judged by the same limit, so that the sample stays uniform
    more = table.set_column(0, "id", pa.array([f"later-{n}" for n in range(ROWS)]))
    both = left + Sample.of(more, 20, ["id"])
    assert both == Sample.of(pa.concat_tables([table, more]), 20, ["id"]).without(gone) or both.limit < whole.limit
    assert left.without(pa.table({"id": ["unknown"]})) == left
    with pytest.raises(UnknownColumn, match="table of keys"):
        left.without(pa.table({"x": [1]}))


def test_erasing_by_the_whole_row(table):
    whole = Sample.of(table, 20)
    wanted = table.filter(pa.compute.equal(table["id"], whole.rows["id"][3]))
    assert whole.without(wanted).rows.num_rows == 19


def test_a_key_must_be_a_column(table):
    with pytest.raises(UnknownColumn, match="Did you mean 'id'"):
        Sample.of(table, 5, ["idd"])


@pytest.mark.parametrize("rows", [0, 1])
def test_tables_with_hardly_any_rows(rows, table):
    sample = Sample.of(table.slice(0, rows), 5)
    assert (sample.rows.num_rows, sample.exact) == (rows, True)
    assert sample + Sample.of(table, 5) == Sample.of(table, 5)


def test_a_table_without_columns_has_no_sample():
    assert Sample.of(pa.table({}), 5) == Sample.of(pa.table({}), 5)
    assert Sample.of(pa.table({"x": [1, 2]}).select([]), 5).rows.num_rows == 0


EVERY_TYPE = {
    "bool": pa.array([True, None, False]),
    "half": pa.array([1.5, None, float("nan")], pa.float16()),
    "decimal": pa.array([1, None, 3], pa.decimal128(5, 2)),
    "date": pa.array([1, None, 3], pa.date32()),
    "date64": pa.array([86_400_000, None, 0], pa.date64()),
    "seconds": pa.array([1, None, 3], pa.time32("s")),
    "nanoseconds": pa.array([1, None, 3], pa.timestamp("ns")),
    "zoned": pa.array([datetime(2013, 1, 1, tzinfo=UTC), None, datetime(2013, 1, 2, tzinfo=UTC)]),
    "wait": pa.array([1, None, 3], pa.duration("ms")),
    "interval": pa.array([(1, 2, 3), None, (1, 2, 4)], pa.month_day_nano_interval()),
    "view": pa.array(["a", None, "b"], pa.string_view()),
    "bytes": pa.array([b"a", None, b"\xff"], pa.binary()),
    "bytes view": pa.array([b"a", None, b"\xff"], pa.binary_view()),
    "fixed": pa.array([b"ab", None, b"cd"], pa.binary(2)),
    "list": pa.array([[1, 2], None, [2, 1]]),
    "empty lists": pa.array([[], None, [None]], pa.list_(pa.int8())),
    "large list": pa.array([["a"], None, ["a", "b"]], pa.large_list(pa.string())),
    "vector": pa.array([[1.0, 2.0], None, [2.0, 1.0]], pa.list_(pa.float32(), 2)),
    "struct": pa.array([{"a": 1, "b": "x"}, None, {"a": 1, "b": "y"}]),
    "map": pa.array([[("a", 1)], None, [("a", 2)]], pa.map_(pa.string(), pa.int8())),
    "union": pa.UnionArray.from_dense(
        pa.array([0, 1, 0], pa.int8()), pa.array([0, 0, 1], pa.int32()), [pa.array([1, 2]), pa.array(["x"])]
    ),
    "run ends": pa.RunEndEncodedArray.from_arrays(pa.array([1, 2, 3]), pa.array(["a", None, "b"])),
    "blank": pa.nulls(3),
}


@pytest.mark.parametrize("name", sorted(EVERY_TYPE))
def test_every_type_is_told_apart_and_kept(name):
    array = EVERY_TYPE[name]
    sample = Sample.of(pa.table({"v": array}), 5)
    assert sample.counts.sum() == 3
    assert len(sample.hashes) == (1 if name == "blank" else 3)
    whole = Sample.total([Sample.of(pa.table({"v": array.slice(start, 1)}), 5) for start in range(3)])
    assert whole.hashes.tolist() == sample.hashes.tolist()
    assert whole.counts.tolist() == sample.counts.tolist()


def test_times_of_different_units_and_whole_numbers_of_different_width_hash_alike():
    moments = pa.table({"v": pa.array([1, 2], pa.timestamp("s"))})
    finer = pa.table({"v": pa.array([1_000_000_000, 2_000_000_000], pa.timestamp("ns"))})
    assert Sample.of(moments, 2) == Sample.of(finer, 2)
    lists = [pa.table({"v": pa.array([[1, 2], []], pa.list_(dtype))}) for dtype in (pa.int8(), pa.float64())]
    assert Sample.of(lists[0], 2).hashes.tolist() == Sample.of(lists[1], 2).hashes.tolist()


def test_long_text_is_cut_but_told_apart():
    texts = ["a" * 5000 + end for end in "xy"]
    sample = Sample.of(pa.table({"s": texts}), 2)
    assert [len(text) for text in sample.rows["s"].to_pylist()] == [LONGEST, LONGEST]
    assert len(sample.hashes) == 2


def test_text_that_is_no_utf8_is_kept_readable():
    raw = pa.array([b"caf\xe9", None], pa.binary())
    text = pa.Array.from_buffers(pa.string(), 2, raw.buffers())
    assert sorted(map(str, Sample.of(pa.table({"s": text}), 2).rows["s"].to_pylist())) == ["None", "caf\\xe9"]


def test_types_that_disagree_become_doubles_or_text():
    whole, real, text, none = (
        pa.table({"v": pa.array([value], dtype)})
        for value, dtype in ((3, pa.int64()), (0.5, pa.float64()), ("u", pa.string()), (None, pa.null()))
    )
    assert stacked([whole, real])["v"].to_pylist() == [3.0, 0.5]
    assert stacked([whole, real, text, none])["v"].to_pylist() == ["3", "0.5", "u", None]
    assert stacked([stacked([whole, real]), text])["v"].to_pylist() == ["3", "0.5", "u"]
    assert stacked([none, none])["v"].type == pa.null()
    assert kept_type(pa.uint64()) == pa.uint64()


def test_only_rows_that_may_stay_are_copied(table, monkeypatch):
    taken = []
    copied = room.kept
    monkeypatch.setattr(room, "kept", lambda columns, places: taken.append(len(places)) or copied(columns, places))
    reading = room.SampleReading(table.column_names, 10, ["id"])
    for start in range(0, ROWS, 500):
        reading.add({name: table[name].combine_chunks().slice(start, 500) for name in table.column_names}, 500)
    assert reading.sample() == Sample.of(table, 10, ["id"])
    assert max(taken) <= 10


def test_nan_equals_nan_when_samples_are_compared():
    a = Sample.of(pa.table({"x": [float("nan"), 1.0]}), 2)
    assert a == Sample.of(pa.table({"x": [1.0, float("nan")]}), 2)
    assert a != Sample.of(pa.table({"x": [1.0]}), 2)
    assert a != "sample"
