"""Anything tabular becomes the same stream, or an error that says what to do."""

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake
from pyarrow import csv, feather

from holter.errors import UnknownColumn, UnreadableTable, UnsupportedTable
from holter.source import schema_of, size_of, stream
from holter.source.part import reading

TABLE = pa.table({"x": [1, 2, 3], "s": ["a", None, "c"]})
ROWS = TABLE.to_pydict()


def written(folder: Path, kind: str) -> object:
    """Write the table in some form and return what a user would hand over."""
    path = folder / f"t.{kind}"
    match kind:
        case "parquet":
            pq.write_table(TABLE, path, row_group_size=2)
        case "feather":
            feather.write_feather(TABLE, path)
        case "arrow" | "arrows":
            make = pa.ipc.new_file if kind == "arrow" else pa.ipc.new_stream
            with make(path, TABLE.schema) as writer:
                writer.write_table(TABLE, max_chunksize=2)
        case "delta":
            write_deltalake(path, TABLE)
    return path


@pytest.mark.parametrize("kind", ["parquet", "feather", "arrow", "arrows", "delta"])
@pytest.mark.parametrize("as_type", [str, Path])
def test_files_of_every_format(tmp_path, kind, as_type):
    path = as_type(written(tmp_path, kind))
    assert stream(path).read_all().to_pydict() == ROWS
    assert stream(path, columns=["s"]).read_all().to_pydict() == {"s": ROWS["s"]}
    assert schema_of(path).names == ["x", "s"]


OBJECTS = {
    "table": lambda: TABLE,
    "batch": lambda: TABLE.to_batches()[0],
    "reader": TABLE.to_reader,
    "dataset": lambda: ds.dataset(TABLE),
    "pandas": TABLE.to_pandas,
    "polars": lambda: pl.from_arrow(TABLE),
    "lazy": lambda: pl.from_arrow(TABLE).lazy(),
    "duckdb": lambda: duckdb.connect().sql("from (values (1, 'a'), (2, null), (3, 'c')) t(x, s)"),
}


@pytest.mark.parametrize("make", OBJECTS.values(), ids=OBJECTS)
def test_objects_of_every_library(make):
    assert stream(make()).read_all().to_pydict() == ROWS
    assert stream(make(), columns=["s"]).read_all().to_pydict() == {"s": ROWS["s"]}
    assert schema_of(make()).names == ["x", "s"]


def test_a_reader_is_not_used_up_by_asking_for_its_schema():
    reader = TABLE.to_reader()
    schema_of(reader)
    assert stream(reader).read_all().num_rows == 3


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.tsv"])
def test_text_files(tmp_path, name):
    delimiter = "\t" if name.endswith("tsv") else ","
    with pa.output_stream(tmp_path / name) as sink:
        csv.write_csv(TABLE, sink, csv.WriteOptions(delimiter=delimiter))
    read = stream(tmp_path / name).read_all()
    assert read.schema.types == [pa.int64(), pa.string()]
    assert read["x"].to_pylist() == [1, 2, 3]
    assert stream(tmp_path / name, columns=["s", "x"]).read_all().column_names == ["s", "x"]


def test_a_quoted_line_break_is_part_of_the_value(tmp_path):
    (tmp_path / "t.csv").write_text('a,b\n1,"two\nlines"\n')
    assert stream(tmp_path / "t.csv").read_all().to_pydict() == {"a": [1], "b": ["two\nlines"]}


def test_a_csv_with_a_head_only_has_no_rows(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n")
    assert stream(tmp_path / "t.csv").read_all().to_pydict() == {"a": [], "b": []}


def test_a_folder_and_a_glob_are_all_their_files_in_order_of_name(tmp_path):
    (tmp_path / "day=1").mkdir()
    pq.write_table(pa.table({"x": [1]}), tmp_path / "day=1" / "a.parquet")
    pq.write_table(pa.table({"x": [2], "y": [0.5]}), tmp_path / "b.parquet")
    (tmp_path / "_SUCCESS").touch()
    (tmp_path / "_temporary").mkdir()
    (tmp_path / "_temporary" / "c.parquet").write_text("half")
    (tmp_path / "notes.txt").touch()
    expected = {"x": [2, 1], "y": [0.5, None]}
    assert stream(tmp_path).read_all().to_pydict() == expected
    rows = stream(str(tmp_path / "**" / "*a.parquet")).read_all().to_pydict()
    assert rows == {"x": [1]}


def test_files_of_different_formats_make_one_table(tmp_path):
    pq.write_table(pa.table({"x": pa.array([1], pa.int32())}), tmp_path / "a.parquet")
    (tmp_path / "b.csv").write_text("x\n2.5\n")
    assert stream(tmp_path).read_all().to_pydict() == {"x": [1.0, 2.5]}


def test_text_files_take_the_types_of_each_other(tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,\n")
    (tmp_path / "b.csv").write_text("x,y\n2.5,u\n")
    read = stream(str(tmp_path / "*.csv")).read_all()
    assert read.schema.types == [pa.float64(), pa.string()]
    assert read["x"].to_pylist() == [1.0, 2.5]


def refused(path, *words):
    with pytest.raises(UnreadableTable) as caught:
        stream(path).read_all()
    for word in words:
        assert word in str(caught.value)


def test_missing_files_are_named(tmp_path):
    refused(tmp_path / "nope.parquet", "nope.parquet", "no such file", "Check the path")
    refused(str(tmp_path / "*.parquet"), "*.parquet", "no such file")
    refused(tmp_path, str(tmp_path), "no file ending in .parquet")


def test_an_unknown_ending_is_named(tmp_path):
    (tmp_path / "t.xlsx").touch()
    refused(tmp_path / "t.xlsx", "t.xlsx", "ends in none of .parquet", "convert it")


def test_truncated_and_overwritten_parquet(tmp_path):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"x": np.random.default_rng(0).normal(size=10_000)}), path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    refused(path, str(path), "write it again")
    path.write_bytes(b"")
    refused(path, str(path))
    path.write_bytes(whole[:4] + b"\xff" * 10_000 + whole[10_004:])
    refused(path, str(path), "damaged")


def test_truncated_arrow_files(tmp_path):
    path = Path(written(tmp_path, "arrows"))
    path.write_bytes(path.read_bytes()[:-40])
    refused(path, str(path), "write it again")
    path.write_bytes(b"")
    refused(path, str(path))


@pytest.mark.parametrize("text", ["n,c\n1,café\n", "n,café\n1,2\n", "c\n" + "a\n" * 5_000_000 + "é\n"])
def test_text_that_is_not_utf_8(tmp_path, text):
    (tmp_path / "t.csv").write_bytes(text.encode("latin1"))
    refused(tmp_path / "t.csv", "t.csv", "not UTF-8", "iconv")


def test_ragged_and_empty_csv(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,2\n3\n")
    refused(tmp_path / "t.csv", "Expected 2 columns, got 1", "as many fields")
    (tmp_path / "t.csv").write_text("")
    refused(tmp_path / "t.csv", "it is empty", "names of its columns")


def test_a_csv_column_that_changes_its_mind_is_named(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n" + "0,1\n" * 2_500_000 + "0,x\n")
    refused(tmp_path / "t.csv", "t.csv", "column 'b'", "'x'", "several types")


def test_files_that_disagree_name_file_and_column(tmp_path):
    pq.write_table(pa.table({"z": [1], "a": [1]}), tmp_path / "1.parquet")
    pq.write_table(pa.table({"new": [1], "z": [2], "a": ["x"]}), tmp_path / "2.parquet")
    refused(tmp_path, "2.parquet", "column 'a' is string, but int64 in", "1.parquet", "same type")


def test_no_number_is_changed_to_make_files_agree(tmp_path):
    pq.write_table(pa.table({"a": [2**53 + 1]}), tmp_path / "1.parquet")
    pq.write_table(pa.table({"a": [0.5]}), tmp_path / "2.parquet")
    refused(tmp_path, "1.parquet", "9007199254740993", "write one type")


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_files_with_a_name_twice_are_refused(tmp_path, kind):
    path = tmp_path / f"t.{kind}"
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], ["x", "x"])
    (csv.write_csv if kind == "csv" else pq.write_table)(table, path)
    refused(path, str(path), "two columns 'x'", "Rename")


def test_objects_with_a_name_twice_lose_no_column():
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], ["x", "x"])
    assert stream(table).read_all().to_pydict() == {"x": [1], "x.2": [2]}
    assert stream(table, columns=["x.2"]).read_all().to_pydict() == {"x.2": [2]}
    assert schema_of(table).names == ["x", "x.2"]
    frame = pd.DataFrame([[1, 2]], columns=["x", "x"])
    assert stream(frame).read_all().to_pydict() == {"x": [1], "x.2": [2]}


def test_a_file_that_may_not_be_read_says_so():
    with pytest.raises(UnreadableTable, match=r"t\.csv.*Change its permissions"), reading("t.csv"):
        raise PermissionError(13, "Permission denied")


def test_a_dataset_with_a_damaged_file_is_refused_while_reading(tmp_path):
    pq.write_table(TABLE, tmp_path / "a.parquet")
    dataset = ds.dataset(tmp_path / "a.parquet")
    (tmp_path / "a.parquet").write_bytes(b"PAR1 no longer")
    refused(dataset, "the dataset", "damaged")


def test_unknown_columns_get_a_hint(tmp_path):
    path = written(tmp_path, "parquet")
    for source in (path, TABLE):
        with pytest.raises(UnknownColumn, match="Did you mean 's'"):
            stream(source, columns=["sz"])


class Broken:
    """Something that promises a stream and has none."""

    def __arrow_c_stream__(self, requested_schema=None):
        raise ValueError("no")


@pytest.mark.parametrize("thing", [object(), [1], {"x": [1]}, None, pa.array([1]), Broken()])
def test_what_is_no_table_is_named(thing):
    with pytest.raises(UnsupportedTable, match=type(thing).__name__):
        stream(thing)


def test_a_pandas_column_of_mixed_types_is_text_and_costs_the_others_nothing():
    frame = pd.DataFrame({"m": [1, "x", None], "f": [0.5, np.nan, 1.5], 7: [1, 2, 3]}, index=["a", "b", "c"])
    frame["huge"] = pd.Series([2**70, 1, -(2**70)], frame.index, dtype=object)
    frame["complex"] = [1j, 2j, 3j]
    read = stream(frame).read_all()
    assert read["huge"].to_pylist()[0] == str(2**70)
    assert read["complex"].to_pylist() == ["1j", "2j", "3j"]
    read = read.drop_columns(["huge", "complex"])
    assert read.to_pydict() == {"m": ["1", "x", None], "f": [0.5, None, 1.5], "7": [1, 2, 3]}


def test_frames_without_rows_or_columns():
    assert stream(pd.DataFrame()).read_all().num_columns == 0
    assert stream(pl.DataFrame({"x": []}, schema={"x": pl.Int8}).lazy()).read_all().to_pydict() == {"x": []}
    assert stream(pa.table({"x": pa.array([], pa.int8())})).read_all().to_pydict() == {"x": []}


def test_naive_times_stay_naive(tmp_path):
    pq.write_table(pa.table({"t": pa.array([1], pa.timestamp("us"))}), tmp_path / "t.parquet")
    assert stream(tmp_path / "t.parquet").schema.field("t").type == pa.timestamp("us")


def test_reading_does_not_hold_the_whole_file(tmp_path):
    path = tmp_path / "t.parquet"
    schema = pa.schema([("x", pa.float64())])
    with pq.ParquetWriter(path, schema) as writer:
        for seed in range(40):
            writer.write_table(pa.table({"x": np.random.default_rng(seed).normal(size=131_072)}))
    before, rows = pa.total_allocated_bytes(), 0
    most = 0
    for batch in stream(path):
        rows += batch.num_rows
        most = max(most, pa.total_allocated_bytes() - before)
    assert rows == 40 * 131_072
    assert most < rows * 8 / 4


def test_a_polars_query_runs_in_batches():
    batches = list(stream(pl.LazyFrame({"x": range(400_000)}).with_columns(y=pl.col("x") * 2)))
    assert len(batches) > 1
    assert sum(batch.num_rows for batch in batches) == 400_000


def test_the_size_of_a_table_is_that_of_its_files(tmp_path):
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("x\n1\n")
    assert size_of(tmp_path) == 8
    assert size_of(str(tmp_path / "a.*")) == 4
    write_deltalake(tmp_path / "delta", TABLE)
    assert size_of(tmp_path / "delta") > 100
    with pytest.raises(UnreadableTable):
        size_of(tmp_path / "nope")
