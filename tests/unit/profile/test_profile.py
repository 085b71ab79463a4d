"""The mergeable summary of a table."""

import subprocess
import sys
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from holter.errors import UnreadableTable, UnsupportedTable
from holter.profile import CategoricalColumn, NumericColumn, OpaqueColumn, Profile, Window, kind_of, type_name
from holter.profile import chunks as room
from holter.types import Kind, Schema, Span


def test_every_type_is_summarised_by_its_kind():
    moment = datetime(2013, 1, 1, tzinfo=UTC)
    table = pa.table(
        {
            "f": [1.5], "i": [2], "s": ["x"], "b": [True], "t": pa.array([moment], pa.timestamp("us", "UTC")),
            "l": [[1, 2]], "r": [{"a": 1}], "raw": [b"x"], "n": pa.nulls(1), "d": pa.array(["x"]).dictionary_encode(),
        }
    )  # fmt: skip
    columns = Profile.of(table).columns
    kinds = {name: type(column) for name, column in columns.items()}
    assert [name for name, kind in kinds.items() if kind is NumericColumn] == ["f", "i", "t"]
    assert [name for name, kind in kinds.items() if kind is CategoricalColumn] == ["s", "b", "d"]
    assert columns["l"] == OpaqueColumn(1, 0, "list<item: int64>") or columns["l"].dtype.startswith("list<")
    assert columns["n"] == OpaqueColumn(1, 1, "null")
    assert columns["n"].is_blank
    assert columns["raw"].dtype == "binary"


@pytest.mark.parametrize(
    ("dtype", "kind", "name"),
    [
        (pa.duration("us"), Kind.NUMERIC, "duration[us]"),
        (pa.decimal128(5, 2), Kind.NUMERIC, "decimal128(5, 2)"),
        (pa.date32(), Kind.TIME, "date32[day]"),
        (pa.dictionary(pa.int8(), pa.int64()), Kind.CATEGORICAL, "int64"),
        (pa.dictionary(pa.int8(), pa.float64()), Kind.NUMERIC, "double"),
        (pa.list_view(pa.float32()), Kind.VECTOR, "list_view<item: float>"),
        (pa.map_(pa.string(), pa.int8()), Kind.OTHER, "map<string, int8>"),
        (pa.run_end_encoded(pa.int32(), pa.string()), Kind.CATEGORICAL, "string"),
        (pa.uuid(), Kind.OTHER, "fixed_size_binary[16]"),
        (pa.null(), Kind.OTHER, "null"),
    ],
)
def test_kinds_and_names_look_through_the_way_values_are_stored(dtype, kind, name):
    assert (kind_of(dtype), type_name(dtype)) == (kind, name)


def test_kinds_can_be_declared():
    table = pa.table({"zip": [1, 2, 1], "price": ["3", "x", None], "blob": [1, 2, 3], "gone": pa.nulls(3)})
    kinds = {"zip": Kind.CATEGORICAL, "price": Kind.NUMERIC, "blob": Kind.OTHER, "gone": Kind.NUMERIC}
    columns = Profile.of(table, kinds=kinds).columns
    assert columns["zip"].counts == {"1": 2, "2": 1}
    assert (columns["price"].unreadable, columns["price"].nulls) == (1, 1)
    assert isinstance(columns["blob"], OpaqueColumn)
    assert (columns["gone"].n, columns["gone"].nulls) == (3, 3)


def test_empty_tables_keep_their_columns():
    profile = Profile.of(pa.table({"x": pa.array([], pa.float64()), "s": pa.array([], pa.string())}))
    assert profile.rows == 0
    assert [type(column) for column in profile.columns.values()] == [NumericColumn, CategoricalColumn]
    assert Profile.of(pa.table({})) == Profile.empty() == Profile()


def test_rows_are_counted_without_columns():
    batch = pa.RecordBatch.from_pydict({"x": [1, 2]}).select([])
    assert Profile.of(batch).rows == batch.num_rows


def test_one_bad_column_costs_the_others_nothing():
    far = pa.array([2**62], pa.timestamp("s"))
    columns = Profile.of(pa.table({"far": far, "x": [1.0]})).columns
    assert (columns["far"], columns["x"].mean) == (OpaqueColumn(1, 0, "timestamp[s]"), 1.0)


def test_a_name_that_stands_twice_loses_no_column():
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2]), pa.array([3])], ["x", "x", "x.2"])
    assert {name: column.mean for name, column in Profile.of(table).columns.items()} == {"x": 1, "x.3": 2, "x.2": 3}


def test_anything_with_an_arrow_stream_is_a_table():
    expected = Profile.of(pa.table({"x": [1, 2]}))
    assert Profile.of(pl.DataFrame({"x": [1, 2]})) == expected
    reader = pa.table({"x": [1, 2]}).to_reader()
    assert Profile.of(reader) == expected
    with pytest.raises(UnsupportedTable, match=r"builtins\.list"):
        Profile.of([1, 2])


def test_columns_that_only_one_table_has_are_kept():
    both = Profile.of(pa.table({"x": [1.0], "y": [2.0]})) + Profile.of(pa.table({"x": [3.0, None]}))
    assert (both.rows, both.columns["x"].n, both.columns["y"].n) == (3, 3, 1)


def test_types_that_disagree_are_counted_and_named():
    a, b = Profile.of(pa.table({"x": [1.0, None]})), Profile.of(pa.table({"x": ["u"]}))
    assert (a + b).columns["x"] == OpaqueColumn(3, 1, "double | string") == (b + a).columns["x"]
    time, number = pa.table({"x": pa.array([1], pa.timestamp("s"))}), pa.table({"x": [1]})
    assert (Profile.of(time) + Profile.of(number)).columns["x"] == OpaqueColumn(2, 0, "int64 | timestamp[s]")


def test_a_column_without_a_type_agrees_with_every_other():
    blank = Profile.of(pa.table({"x": pa.nulls(2)}))
    for values in ([1.0], ["u"], [[1]]):
        column = (blank + Profile.of(pa.table({"x": values}))).columns["x"]
        assert (column.n, column.nulls) == (3, 2)
        assert "null" not in column.dtype
    assert (blank + blank).columns["x"] == OpaqueColumn(4, 4, "null")


def test_a_long_stream_is_read_in_pieces_of_bounded_size():
    rng = np.random.default_rng(1)
    batches = [pa.record_batch({"x": rng.normal(size=30_000)}) for _ in range(60)]
    values = np.sort(np.concatenate([batch.column(0).to_numpy() for batch in batches]))
    column = Profile.of(pa.RecordBatchReader.from_batches(batches[0].schema, batches), k=256).columns["x"]
    assert len(column.ranks.values) <= 256
    assert column.ranks.n == column.n == 1_800_000
    probes = values[:: 1_800_000 // 1000]
    off = max(abs(column.ranks.rank(x) - int(np.searchsorted(values, x, "right"))) for x in probes)
    assert off <= column.ranks.error <= 1_800_000 / 256 * 1.5
    assert column.mean == pytest.approx(values.mean())


@pytest.mark.parametrize("threads", [2, 3, 8])
def test_threads_change_nothing(threads):
    rng = np.random.default_rng(4)
    names = [f"c{number}" for number in range(20)]
    batches = [pa.record_batch({name: rng.normal(size=40_000) for name in names}) for _ in range(4)]
    batches = [batch.append_column("s", pa.array(["a", "b", None, ""] * 10_000)) for batch in batches]
    asked = {"joint": True, "sample": 50, "key": ["c0"], "k": 128}
    one = Profile.of(pa.Table.from_batches(batches), **asked)
    many = Profile.of(pa.RecordBatchReader.from_batches(batches[0].schema, batches), threads=threads, **asked)
    assert many == one
    assert list(many.columns) == [*names, "s"]


@pytest.mark.parametrize("threads", [1, 2])
def test_what_a_reader_raises_is_raised_as_it_is(threads):
    batch = pa.record_batch({"x": np.arange(40_000.0)})

    def batches():
        yield batch
        yield batch
        raise UnreadableTable("part-3.parquet", "it ends early")

    reader = pa.RecordBatchReader.from_batches(batch.schema, batches())
    with pytest.raises(UnreadableTable, match=r"part-3\.parquet"):
        Profile.of(reader, threads=threads)


def test_small_batches_are_joined_and_wide_tables_come_few_rows_at_a_time(monkeypatch):
    batch = pa.record_batch({"x": [1, 2], "y": [3, 4]})
    monkeypatch.setattr(room, "LEAST_ROWS", 6)
    monkeypatch.setattr(room, "CHUNK_ROWS", 7)
    reader = pa.RecordBatchReader.from_batches(batch.schema, [batch] * 5)
    assert [chunk.num_rows for chunk in room.chunks(reader)] == [6, 4]
    large = pa.record_batch({"x": list(range(5)), "y": list(range(5))})
    reader = pa.RecordBatchReader.from_batches(batch.schema, [batch, batch, large])
    assert [chunk.num_rows for chunk in room.chunks(reader)] == [4, 5]
    monkeypatch.setattr(room, "CHUNK_CELLS", 6)
    assert [chunk.num_rows for chunk in room.chunks(pa.Table.from_batches([large]).to_reader())] == [3, 2]


def test_runs_are_read_like_the_values_they_stand_for():
    runs = pa.RunEndEncodedArray.from_arrays(pa.array([2, 3]), pa.array([1.5, None]))
    words = pa.RunEndEncodedArray.from_arrays(pa.array([1, 3]), pa.array(["a", "b"]))
    columns = Profile.of(pa.table({"x": runs, "s": words})).columns
    assert (columns["x"].mean, columns["x"].nulls, columns["s"].counts) == (1.5, 1, {"a": 1, "b": 2})


def test_batches_larger_than_a_chunk_are_cut(monkeypatch):
    monkeypatch.setattr(room, "CHUNK_ROWS", 10)
    table = pa.table({"x": list(range(95))})
    assert Profile.of(table.to_batches()[0]) == Profile.of(table)
    assert Profile.of(table).columns["x"].ranks.exact


def test_compressed_bounds_every_column():
    profile = Profile.of(pa.table({"x": list(range(1000)), "s": [str(n // 2) for n in range(1000)], "l": [[1]] * 1000}))
    small = profile.compressed(10, categories=5)
    assert len(small.columns["x"].ranks.values) == 10
    assert (small.columns["s"].counts, small.columns["s"].other) == ({}, 1000)
    assert small.columns["l"] == profile.columns["l"]


def test_a_window_knows_how_many_rows_it_holds():
    schema, rows = Schema(()), pa.table({"x": [1, 2, 3]})
    span = Span(datetime(2013, 1, 1, tzinfo=UTC), datetime(2013, 1, 2, tzinfo=UTC))
    assert Window(span, schema).n == 0
    assert Window(span, schema, rows=rows).n == 3
    assert Window(None, schema, profile=Profile.of(rows)).n == 3


def test_neither_pandas_nor_scipy_stats_are_imported_on_the_way(tmp_path):
    import pyarrow.parquet as pq

    table = pa.table({"x": [1.0, None, 2.0], "s": ["a", "", None], "b": [True, None, False], "t": ["1", "u", None]})
    pq.write_table(table.append_column("d", pa.array([1, 2, 3], pa.timestamp("us"))), tmp_path / "t.parquet")
    script = (
        "import sys, holter.stats\n"
        "from holter.profile import Profile\n"
        "from holter.source import infer_schema, read_span, schema_of, stream, time_range\n"
        "from holter.types import Kind, Span\n"
        "from datetime import datetime, UTC\n"
        "path = sys.argv[1]\n"
        "infer_schema(schema_of(path))\n"
        "profile = Profile.of(stream(path), kinds={'t': Kind.NUMERIC})\n"
        "Profile.from_bytes((profile + profile).to_bytes())\n"
        "time_range(path, 'd')\n"
        "span = Span(datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, 0, 0, 0, 3, tzinfo=UTC))\n"
        "assert read_span(path, 'd', span).num_rows == 2\n"
        "print([name for name in ('pandas', 'scipy.stats') if name in sys.modules])\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "t.parquet")], capture_output=True, text=True, check=False
    )
    assert (ran.stdout.strip(), ran.stderr) == ("[]", "")
