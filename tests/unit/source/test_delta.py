"""Delta tables, also those that Arrow alone cannot read."""

import json
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from holter.errors import UnreadableTable
from holter.source import fingerprint, read_span, schema_of, stream
from holter.types import Span

START = datetime(2013, 1, 1, tzinfo=UTC)


def days(path, count, **options):
    for day in range(count):
        times = pa.array([START + timedelta(days=day, hours=hour) for hour in range(24)], pa.timestamp("us", "UTC"))
        table = pa.table({"t": times, "x": [day] * 24, "part": [str(day)] * 24})
        write_deltalake(path, table, mode="append", **options)


def test_a_new_column_and_partitions_keep_their_types(tmp_path):
    days(tmp_path, 2, partition_by=["part"])
    more = pa.table({"t": pa.array([START], pa.timestamp("us", "UTC")), "x": [9], "part": ["2"], "new": ["n"]})
    write_deltalake(tmp_path, more, mode="append", schema_mode="merge")
    table = stream(tmp_path).read_all()
    assert table.num_rows == 49
    assert set(table["part"].to_pylist()) == {"0", "1", "2"}
    assert sorted(set(table["new"].to_pylist()), key=str) == [None, "n"]
    assert stream(tmp_path, columns=["x"]).read_all().column_names == ["x"]


def test_a_span_reads_its_files_only(tmp_path):
    days(tmp_path, 3)
    span = Span(START + timedelta(days=1, hours=2), START + timedelta(days=1, hours=5))
    for file in DeltaTable(tmp_path).file_uris():  # the files of other days may be gone for all it matters
        if stream(file, columns=["x"]).read_all()["x"][0].as_py() != 1:
            open(file, "wb").close()  # noqa: PTH123
    assert read_span(tmp_path, "t", span)["x"].to_pylist() == [1, 1, 1]


def test_deleted_rows_are_gone(tmp_path):
    days(tmp_path, 1)
    DeltaTable(tmp_path).delete("x = 0")
    assert stream(tmp_path).read_all().num_rows == 0


def test_a_table_that_arrow_cannot_read_is_read_by_its_own_engine(tmp_path):
    days(tmp_path, 2)
    ask_for(tmp_path, "deletionVectors")
    assert sorted(set(stream(tmp_path, columns=["x"]).read_all()["x"].to_pylist())) == [0, 1]
    assert stream(tmp_path).schema.field("part").type == pa.string()
    span = Span(START + timedelta(hours=22), START + timedelta(hours=25))
    assert sorted(read_span(tmp_path, "t", span)["x"].to_pylist()) == [0, 0, 1]


def ask_for(path, feature):
    """Make the table demand a reader feature, the way other writers do."""
    log = min((path / "_delta_log").glob("*.json"))
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    for line in lines:
        if "protocol" in line:
            line["protocol"] = {
                "minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": [feature], "writerFeatures": [feature],
            }  # fmt: skip
    log.write_text("\n".join(json.dumps(line) for line in lines))


def test_a_table_that_nobody_here_can_read_says_so(tmp_path):
    days(tmp_path, 1)
    ask_for(tmp_path, "fromTheFuture")
    with pytest.raises(UnreadableTable, match="fromTheFuture"):
        stream(tmp_path).read_all()


def test_every_commit_changes_the_fingerprint(tmp_path):
    days(tmp_path, 1)
    before = fingerprint(tmp_path)
    assert fingerprint(tmp_path) == before
    days(tmp_path, 1)
    assert fingerprint(tmp_path) != before


def test_a_log_that_makes_no_sense_is_named(tmp_path):
    days(tmp_path, 1)
    next((tmp_path / "_delta_log").glob("*.json")).write_text("{")
    with pytest.raises(UnreadableTable, match=str(tmp_path)):
        schema_of(tmp_path)


def test_a_file_that_is_gone_is_named(tmp_path):
    days(tmp_path, 1)
    next(tmp_path.glob("*.parquet")).unlink()
    with pytest.raises(UnreadableTable, match=str(tmp_path)):
        stream(tmp_path).read_all()
