"""A stretch of time of a table that others write."""

from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from holter.errors import UnknownColumn, UnreadableTable
from holter.source import fingerprint, read_span, time_range
from holter.types import Span

START = datetime(2013, 1, 1, tzinfo=UTC)
HOURS = [START + timedelta(hours=hour) for hour in range(10)]
SPAN = Span(HOURS[3], HOURS[6])
UTC_US = pa.timestamp("us", "UTC")


def write(path, times, **options):
    pq.write_table(pa.table({"x": list(range(len(times))), "t": times}), path, **options)
    return path


def naive(moments):
    return [None if moment is None else moment.replace(tzinfo=None) for moment in moments]


@pytest.mark.parametrize(
    "times",
    [
        pa.array(HOURS, UTC_US),
        pa.array(HOURS, pa.timestamp("ns", "America/New_York")),
        pa.array(HOURS, pa.timestamp("ms", "+02:00")),
        pa.array(naive(HOURS), pa.timestamp("us")),
        pa.array(naive(HOURS), pa.timestamp("ns")),
        pa.array(naive(HOURS), pa.timestamp("s")),
    ],
    ids=lambda times: str(times.type),
)
def test_times_of_every_type_are_cut_half_open_in_utc(tmp_path, times):
    table = read_span(write(tmp_path / "t.parquet", times, row_group_size=4), "t", SPAN)
    assert table["x"].to_pylist() == [3, 4, 5]
    assert table["t"].type == UTC_US
    assert table["t"].to_pylist() == HOURS[3:6]
    assert time_range(tmp_path / "t.parquet", "t") == (HOURS[0], HOURS[9])


def test_dates_are_their_midnight_in_utc(tmp_path):
    path = write(tmp_path / "t.parquet", [date(2013, 1, 1), date(2013, 1, 2), None, date(2013, 1, 3)])
    span = Span(START, START + timedelta(days=2))
    assert read_span(path, "t", span)["x"].to_pylist() == [0, 1]
    assert read_span(path, "t", Span(HOURS[1], HOURS[9])).num_rows == 0
    assert time_range(path, "t") == (START, START + timedelta(days=2))


def test_times_in_text_files_are_read(tmp_path):
    (tmp_path / "t.csv").write_text("t,x\n2013-01-01 02:59:59,1\n2013-01-01 03:00:00,2\n,3\n")
    assert read_span(tmp_path / "t.csv", "t", SPAN)["x"].to_pylist() == [2]


def test_rows_without_a_time_belong_to_no_span(tmp_path):
    path = write(tmp_path / "t.parquet", pa.array([None, HOURS[4], None], UTC_US))
    assert read_span(path, "t", SPAN)["x"].to_pylist() == [1]
    assert read_span(path, "t", Span(datetime(1970, 1, 1, tzinfo=UTC), HOURS[9])).num_rows == 1
    assert time_range(path, "t") == (HOURS[4], HOURS[4])


@pytest.mark.parametrize("times", [pa.array([], UTC_US), pa.array([None, None], UTC_US)])
def test_a_table_without_times_has_no_range_and_keeps_its_columns(tmp_path, times):
    path = write(tmp_path / "t.parquet", times)
    assert time_range(path, "t") is None
    table = read_span(path, "t", SPAN)
    assert (table.num_rows, table.column_names) == (0, ["x", "t"])


def test_late_rows_anywhere_in_the_files_are_found(tmp_path):
    write(tmp_path / "1.parquet", pa.array([HOURS[4], HOURS[0]], UTC_US))
    write(tmp_path / "2.parquet", pa.array(naive([HOURS[9], HOURS[5]]), pa.timestamp("us")), compression="none")
    with pytest.raises(UnreadableTable, match=r"2\.parquet"):
        read_span(tmp_path, "t", SPAN)
    write(tmp_path / "2.parquet", pa.array([HOURS[9], HOURS[5]], UTC_US))
    assert read_span(str(tmp_path / "*.parquet"), "t", SPAN)["t"].to_pylist() == [HOURS[4], HOURS[5]]


def test_row_groups_outside_of_the_span_are_not_read(tmp_path):
    path = write(tmp_path / "t.parquet", pa.array(HOURS, UTC_US), row_group_size=2, compression="none")
    meta = pq.read_metadata(path)
    column = meta.row_group(0).column(0)
    data = bytearray(path.read_bytes())
    begin = column.dictionary_page_offset
    data[begin : begin + column.total_compressed_size] = b"\xff" * column.total_compressed_size
    path.write_bytes(data)
    assert read_span(path, "t", SPAN)["x"].to_pylist() == [3, 4, 5]
    with pytest.raises(UnreadableTable):
        read_span(path, "t", Span(HOURS[0], HOURS[6]))


def test_row_groups_without_statistics_are_read(tmp_path):
    path = write(tmp_path / "t.parquet", pa.array(HOURS, UTC_US), write_statistics=False)
    assert read_span(path, "t", SPAN).num_rows == 3


def test_a_column_that_is_no_time_or_not_there(tmp_path):
    path = write(tmp_path / "t.parquet", HOURS)
    with pytest.raises(UnreadableTable, match=r"column 'x' is int64 and no time"):
        read_span(path, "x", SPAN)
    with pytest.raises(UnreadableTable, match="no time"):
        time_range(path, "x")
    with pytest.raises(UnknownColumn):
        read_span(path, "time", SPAN)
    with pytest.raises(UnknownColumn):
        time_range(path, "time")


def test_the_fingerprint_follows_every_change_of_files(tmp_path):
    seen = set()
    write(tmp_path / "a.parquet", pa.array(HOURS, UTC_US))
    seen.add(fingerprint(tmp_path))
    assert fingerprint(tmp_path) in seen
    write(tmp_path / "b.parquet", pa.array(HOURS, UTC_US))
    seen.add(fingerprint(tmp_path))
    write(tmp_path / "b.parquet", pa.array(HOURS[:5], UTC_US))
    seen.add(fingerprint(tmp_path))
    (tmp_path / "a.parquet").unlink()
    seen.add(fingerprint(tmp_path))
    assert len(seen) == 4
    with pytest.raises(UnreadableTable):
        fingerprint(tmp_path / "nope")
