"""Whatever is given is read right, or refused in words that name it and the remedy: never by a library's traceback."""

import gzip
import subprocess
import sys

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake

from holter.errors import InputError
from holter.profile import Profile
from holter.source import stream

BIG = 100_000_000
"""Bytes of one value: more than a block of CSV, and more than a page of Parquet."""


def arrow(kind):
    """Return the bytes of an Arrow IPC file or stream."""
    sink = pa.BufferOutputStream()
    table = pa.table({"x": [1, 2], "s": ["a", "b"]})
    with (pa.ipc.new_file if kind == "file" else pa.ipc.new_stream)(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def crooked():
    """Return an Arrow stream whose offsets point outside of the text."""
    whole = arrow("stream")
    return whole.replace(np.array([0, 1, 2], np.int32).tobytes(), np.array([0, 2**30, 2], np.int32).tobytes())


FILES = {
    "empty.parquet": (b"", "write it again"),
    "empty.csv": (b"", "names of its columns"),
    "blank.csv": (b"\n\n", "names of its columns"),
    "empty.arrow": (b"", "write it again"),
    "noise.arrow": (bytes(range(256)) * 4, "write it again"),
    "cut.arrow": (arrow("file")[:300], "write it again"),
    "cut.arrows": (arrow("stream")[:-100], "write it again"),
    "crooked.arrow": (crooked(), "column 's'"),
    "latin.csv": ("größe,b\n1,1\n".encode("latin1"), "iconv -f latin1"),
    "wide.csv": ("a,b\nß,1\n".encode("utf16"), "iconv -f utf-16"),
    "ragged.csv": (b"a,b\n1,2\n1\n", "as many fields"),
    "twice.csv": (b"x,x\n1,2\n", "two columns 'x'"),
    "quote.csv": (b'a,b\n"never closed,1\n', "as many fields"),
    "cut.csv.gz": (gzip.compress(b"a\n" + bytes(str(list(range(99_999))), "ascii"))[:-500], "write it again"),
    "plain.csv.gz": (b"a,b\n1,2\n", "write it again"),
    "table.xlsx": (b"", "Rename or convert it"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_cannot_be_read_is_named_with_the_remedy(tmp_path, name):
    data, words = FILES[name]
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError) as caught:
        stream(tmp_path / name).read_all()
    assert name in str(caught.value)
    assert words in str(caught.value)


PATHS = {
    "": "the path is empty",
    "no*.parquet": "Check the path",
    "x" * 5000: "too long",
    "a\0b": "a\0b",
    "s3://bucket/x.parquet": "polars.scan_parquet",
    "abfss://c@a.dfs.core.windows.net/x": "not on this machine",
    "azureml://datastores/x": "Copy or mount",
    "/dev/null": "no such file",
}


@pytest.mark.parametrize("path", PATHS)
def test_a_path_that_leads_nowhere_is_refused(path):
    with pytest.raises(InputError) as caught:
        stream(path)
    assert PATHS[path] in str(caught.value)


def test_the_address_of_a_local_file_is_its_path(tmp_path):
    (tmp_path / "a b.csv").write_text("x\n1\n")
    assert stream((tmp_path / "a b.csv").as_uri()).read_all().to_pydict() == {"x": [1]}


class Broken:
    """Something whose stream fails in its own way."""

    def __arrow_c_stream__(self, requested_schema=None):
        raise RuntimeError("out of order")


class Halfway:
    """Something whose stream fails after its first batch."""

    def __arrow_c_stream__(self, requested_schema=None):
        def batches():
            yield pa.record_batch({"x": [1]})
            raise RuntimeError("out of order")

        reader = pa.RecordBatchReader.from_batches(pa.schema([("x", pa.int64())]), batches())
        return reader.__arrow_c_stream__(requested_schema)


QUERIES = {
    "polars cast": (lambda: pl.LazyFrame({"s": ["1", "a"]}).select(pl.col("s").cast(pl.Int64)), "polars query"),
    "polars name": (lambda: pl.LazyFrame({"s": ["1"]}).select("t"), "valid columns"),
    "polars file": (lambda: pl.scan_parquet("no.parquet"), "no.parquet"),
    "duckdb": (lambda: duckdb.sql("select cast(s as int) from (values ('1'), ('a')) t(s)"), "DuckDB relation"),
    "dataset": (lambda: ds.dataset(pa.table([pa.array([1]), pa.array([2])], names=["x", "x"])), "two columns 'x'"),
    "capsule": (Broken, "Broken cannot be read as a table: out of order"),
    "halfway": (Halfway, "out of order"),
}


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_that_fails_says_whose_it_is(name):
    make, words = QUERIES[name]
    with pytest.raises(InputError, match=words):
        stream(make()).read_all()


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_one_value_of_a_hundred_megabytes(tmp_path, kind):
    path = tmp_path / f"t.{kind}"
    if kind == "csv":
        path.write_bytes(b"s,y\n" + b"a,1\n" * 3_000_000 + b"x" * BIG + b",2\n")
    else:
        pq.write_table(pa.table({"s": ["a"] * 3_000_000 + ["x" * BIG], "y": [1] * 3_000_000 + [2]}), path)
    found = Profile.of(stream(path, dictionaries=True))
    assert found.rows == found.columns["s"].n == found.columns["y"].n == 3_000_001
    assert found.columns["y"].maximum == 2
    assert len(found.to_bytes()) < 100_000


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_ten_thousand_columns(tmp_path, kind):
    names = [f"c{number}" for number in range(10_000)]
    path = tmp_path / f"t.{kind}"
    if kind == "csv":
        path.write_text(",".join(names) + "\n" + (",".join(["1"] * 10_000) + "\n") * 3)
    else:
        pq.write_table(pa.table({name: [1, 1, 1] for name in names}), path)
    found = Profile.of(stream(path, dictionaries=True))
    assert found.rows == 3
    assert {column.n for column in found.columns.values()} == {3}
    assert list(found.columns) == names


def test_rows_without_columns_are_counted():
    assert Profile.of(stream(pd.DataFrame(index=range(3)))).rows == 3
    assert Profile.of(stream(pa.table({"x": [1, 2]}).select([]))).rows == 2


def test_a_bad_column_costs_the_others_nothing():
    frame = pd.DataFrame(
        {"mixed": [1, "a", None], "objects": [object(), 1, [2]], "complex": [1j, 2j, 3j], "y": [1, 2, 3]}
    )
    found = Profile.of(stream(frame))
    assert found.columns["mixed"].nulls == 1
    assert [column.n for column in found.columns.values()] == [3, 3, 3, 3]
    assert found.columns["y"].maximum == 3


def test_a_delta_table_with_a_broken_log_is_refused(tmp_path):
    write_deltalake(tmp_path / "t", pa.table({"x": [1]}))
    next((tmp_path / "t" / "_delta_log").glob("*.json")).write_text("{not json")
    with pytest.raises(InputError, match=r"t cannot be read as a table: .*restore"):
        stream(tmp_path / "t").read_all()


def test_a_delta_table_that_lost_a_file_is_refused(tmp_path):
    write_deltalake(tmp_path / "t", pa.table({"x": [1]}))
    next((tmp_path / "t").glob("*.parquet")).unlink()
    with pytest.raises(InputError, match="t cannot be read as a table"):
        stream(tmp_path / "t").read_all()


def test_compare_ends_with_a_sentence_and_no_traceback(tmp_path):
    good, bad = tmp_path / "good.csv", tmp_path / "bad.parquet"
    good.write_text("x\n1\n")
    bad.write_bytes(b"PAR1")
    command = [sys.executable, "-m", "holter", "compare", str(good), str(bad)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "bad.parquet cannot be read as a table" in ended.stderr
    assert "Traceback" not in ended.stderr
