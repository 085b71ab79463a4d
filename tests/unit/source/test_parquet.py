"""Parquet is read column by column, in dictionaries where they are asked for, and never otherwise."""

import os
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake

from holter.errors import UnreadableTable
from holter.source import column_blocks, schema_of, stream
from holter.source import parquet as reader

CODED = pa.dictionary(pa.int32(), pa.string())
ROWS = 1000
TABLE = pa.table(
    {
        "x": np.arange(ROWS, dtype=float),
        "s": [None if n % 7 == 0 else f"c{n % 5}" for n in range(ROWS)],
        "id": [f"a long identifier that nobody shares, number {n}" for n in range(ROWS)],
        "large": pa.array([f"d{n % 3}" for n in range(ROWS)], pa.large_string()),
        "a.b": ["dot"] * ROWS,
        "list": [[n, n] for n in range(ROWS)],
    }
)


@pytest.fixture
def path(tmp_path) -> Path:
    pq.write_table(TABLE, tmp_path / "t.parquet", row_group_size=300)
    return tmp_path / "t.parquet"


def test_text_is_plain_unless_dictionaries_are_asked_for(path):
    assert stream(path).schema == schema_of(path) == TABLE.schema
    assert stream(path).read_all().equals(TABLE)


def test_dictionaries_hold_the_same_values(path):
    read = stream(path, dictionaries=True)
    types = {field.name: field.type for field in read.schema}
    assert {name for name, dtype in types.items() if dtype == CODED} == {"s", "large", "a.b"}
    assert types["id"] == pa.string()  # read as codes, identifiers take longer
    assert read.read_all().to_pydict() == TABLE.to_pydict()


def test_columns_come_in_the_order_asked_for(path):
    read = stream(path, columns=["large", "x"], dictionaries=True).read_all()
    assert read.column_names == ["large", "x"]
    assert read["large"].to_pylist() == TABLE["large"].to_pylist()
    assert stream(path, columns=[]).read_all().num_rows == ROWS


def test_a_row_group_too_large_to_hold_is_read_in_pieces(path, monkeypatch):
    monkeypatch.setattr(reader, "CELLS", 600)
    batches = list(stream(path, dictionaries=True))
    assert max(batch.num_rows for batch in batches) == 100
    assert pa.Table.from_batches(batches).to_pydict() == TABLE.to_pydict()


def test_files_that_store_a_column_in_different_ways_are_one_table(tmp_path):
    pq.write_table(pa.table({"s": ["a", "b"] * 50}), tmp_path / "1.parquet")
    pq.write_table(pa.table({"s": ["c", None]}), tmp_path / "2.parquet", use_dictionary=False)
    pq.write_table(pa.table({"s": pa.array(["d", "e"]).dictionary_encode()}), tmp_path / "3.parquet")
    (tmp_path / "4.csv").write_text("s\nf\n")
    pq.write_table(pa.table({"x": [1]}), tmp_path / "5.parquet")
    expected = ["a", "b"] * 50 + ["c", None, "d", "e", "f", None]
    for dictionaries, dtype in ((False, pa.string()), (True, CODED)):
        read = stream(tmp_path, dictionaries=dictionaries).read_all()
        assert read.schema.field("s").type == dtype
        assert read["s"].to_pylist() == expected


@pytest.mark.parametrize("table", [TABLE.slice(0, 0), pa.table({}), TABLE.slice(0, 1)], ids=["rows", "columns", "one"])
def test_files_without_rows_or_columns(tmp_path, table):
    pq.write_table(table, tmp_path / "t.parquet")
    assert stream(tmp_path / "t.parquet", dictionaries=True).read_all().to_pydict() == table.to_pydict()


def test_a_file_without_row_groups(tmp_path):
    pq.ParquetWriter(tmp_path / "t.parquet", TABLE.schema).close()
    assert stream(tmp_path / "t.parquet", dictionaries=True).read_all().num_rows == 0


def test_the_damaged_column_is_named(tmp_path):
    path = tmp_path / "t.parquet"
    values = np.random.default_rng(0).normal(size=ROWS)
    pq.write_table(pa.table({"good": values, "bad": values}), path, write_page_checksum=True, compression="none")
    start = pq.ParquetFile(path).metadata.row_group(0).column(1).data_page_offset
    whole = bytearray(path.read_bytes())
    whole[start + 200] ^= 0xFF
    path.write_bytes(whole)
    with pytest.raises(UnreadableTable, match=r"t\.parquet.*column 'bad', row group 0.*CRC"):
        stream(path).read_all()
    assert stream(path, columns=["good"]).read_all().num_rows == ROWS


def written_over(path: Path, **change):
    """Read one batch, let somebody change the file, read on."""
    batches = stream(path, columns=["x"])
    batches.read_next_batch()
    if "moved" in change:
        change["moved"].replace(path)
    else:
        path.write_bytes(change["data"])
        os.utime(path, ns=(1, 1))
    return batches.read_all()


def test_a_file_that_is_written_over_while_it_is_read_is_refused(path):
    whole = path.read_bytes()
    with pytest.raises(UnreadableTable, match=r"written to while it was read.*by renaming"):
        written_over(path, data=whole)
    with pytest.raises(UnreadableTable, match="written to while it was read"):
        written_over(path, data=whole[:100])


def test_a_file_that_is_replaced_while_it_is_read_is_read_to_its_end(path, tmp_path):
    pq.write_table(pa.table({"other": [1]}), tmp_path / "new")
    assert written_over(path, moved=tmp_path / "new").num_rows == ROWS - 300


def test_a_file_that_changes_before_its_turn_is_refused(path):
    for change in (lambda: pq.write_table(TABLE, path), path.unlink):
        waiting = stream(path)
        change()
        with pytest.raises(UnreadableTable, match=r"while it was read|no such file any more"):
            waiting.read_all()


def test_text_may_grow_while_it_is_read(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("x\n1\n2\n")
    reading = stream(path)
    with path.open("a") as file:
        file.write("3\n")
    assert reading.read_all()["x"].to_pylist() == [1, 2, 3]
    reading = stream(path)
    path.write_text("x\n7\n")
    with pytest.raises(UnreadableTable, match="while it was read"):
        reading.read_all()


def test_very_many_columns_are_read_in_parts_where_that_costs_nothing(tmp_path, monkeypatch):
    names = [f"c{number}" for number in range(250)]
    pq.write_table(pa.table({name: [1, 2] for name in names}), tmp_path / "t.parquet")
    monkeypatch.setattr(sys.modules["holter.source.stream"], "CELLS", 240)
    parts = column_blocks(tmp_path / "t.parquet", names)
    assert [len(part) for part in parts] == [120, 120, 10]
    assert [name for part in parts for name in part] == names
    assert column_blocks(tmp_path / "t.parquet", names[:100]) == [names[:100]]
    (tmp_path / "u.csv").write_text(",".join(names) + "\n")
    assert column_blocks(tmp_path, names) == [names]  # a line of text is read as a whole
    write_deltalake(tmp_path / "delta", pa.table({name: [1] for name in names}))
    assert column_blocks(tmp_path / "delta", names) == [names]
