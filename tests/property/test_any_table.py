"""Any table at all, through any door: every column is there, its rows add up, and what is exact is right."""

import math
import tempfile
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from holter.profile import NumericColumn, Profile
from holter.source import stream

FLOATS = st.floats(width=64) | st.sampled_from(
    [0.0, -0.0, 5e-324, -5e-324, 1e308, -1e308, math.inf, -math.inf, math.nan]
)
VALUES = {
    pa.float64(): FLOATS,
    pa.float32(): st.floats(width=32),
    pa.float16(): st.floats(width=16),
    pa.int8(): st.integers(-128, 127),
    pa.int64(): st.integers(-(2**63), 2**63 - 1),
    pa.uint64(): st.integers(0, 2**64 - 1),
    pa.bool_(): st.booleans(),
    pa.string(): st.text(max_size=20) | st.just("x" * 1000),
    pa.large_string(): st.text(max_size=5),
    pa.binary(): st.binary(max_size=5),
    pa.decimal128(20, 3): st.integers(-(10**12), 10**12).map(lambda n: Decimal(n) / 1000),
    pa.date32(): st.dates(),
    pa.timestamp("us", "UTC"): st.datetimes().map(lambda moment: moment.replace(tzinfo=None)),
    pa.timestamp("ns"): st.integers(-(2**62), 2**62),
    pa.duration("s"): st.integers(-(2**40), 2**40),
    pa.list_(pa.float64()): st.lists(FLOATS, max_size=3),
    pa.list_(pa.float32(), 2): st.lists(st.floats(width=32), min_size=2, max_size=2),
    pa.struct([("a", pa.int64())]): st.fixed_dictionaries({"a": st.integers(0, 9)}),
    pa.null(): st.none(),
}
"""Values of each type."""
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@st.composite
def tables(draw, unique: bool = True) -> pa.Table:
    """Draw a table of any width and height, columns of any type, any of them null."""
    rows = draw(st.integers(0, 12))
    names = draw(st.lists(NAMES, max_size=5, unique=unique))
    columns = []
    for _ in names:
        dtype = draw(st.sampled_from(list(VALUES)))
        values = draw(st.lists(st.none() | VALUES[dtype], min_size=rows, max_size=rows))
        columns.append(pa.array(values, dtype))
    if not names:
        return pa.table({"x": pa.nulls(rows)}).select([])
    return pa.Table.from_arrays(columns, names)


def check(table: pa.Table, found: Profile) -> None:
    """Compare what a profile says of a table with what plain Python says."""
    assert found.rows == table.num_rows
    assert len(found.columns) == table.num_columns
    for column, array in zip(found.columns.values(), table.columns, strict=True):
        assert (column.n, column.nulls) == (table.num_rows, array.null_count)
        if isinstance(column, NumericColumn) and pa.types.is_floating(array.type):
            there = [value for value in array.to_pylist() if value is not None]
            finite = [value for value in there if math.isfinite(value)]
            assert column.nan == sum(map(math.isnan, there))
            assert (column.minimum, column.maximum) == (min(finite, default=None), max(finite, default=None))
        if isinstance(column, NumericColumn) and pa.types.is_integer(array.type):
            there = [value for value in array.to_pylist() if value is not None]
            assert (column.minimum, column.maximum) == (min(there, default=None), max(there, default=None))
    again = Profile.from_bytes(found.to_bytes())
    assert list(again.columns) == list(found.columns)
    assert str(again) == str(found)


@given(tables(unique=False))
def test_a_table_in_memory(table):
    check(table, Profile.of(stream(table), threads=2))


@given(tables(), st.integers(1, 5), st.booleans())
def test_a_parquet_file(table, group, dictionaries):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.parquet"
        pq.write_table(table, path, row_group_size=group)
        # without columns a Parquet file keeps no rows
        kept = table if table.num_columns else table.slice(0, 0)
        check(kept, Profile.of(stream(path, dictionaries=dictionaries)))


@given(tables(), st.booleans())
def test_an_arrow_file(table, as_stream):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.arrow"
        with (pa.ipc.new_stream if as_stream else pa.ipc.new_file)(path, table.schema) as writer:
            writer.write_table(table, max_chunksize=5)
        check(table, Profile.of(stream(path)))


@given(st.lists(st.one_of(st.none(), st.integers(), st.floats(), st.text(max_size=5), st.booleans()), max_size=8))
def test_a_column_of_anything_beside_a_sound_one(values):
    import pandas as pd

    frame = pd.DataFrame({"any": pd.Series(values, dtype=object), "sound": range(len(values))})
    found = Profile.of(stream(frame))
    assert found.rows == found.columns["any"].n == found.columns["sound"].n == len(values)
    assert found.columns["sound"].maximum == (len(values) - 1 if values else None)


@given(st.lists(st.floats(allow_nan=False) | st.none(), max_size=10))
def test_frames_agree(values):
    table = pa.table({"x": pa.array(values, pa.float64())})
    frame = pl.DataFrame(table)
    assert Profile.of(stream(frame)).columns["x"] == Profile.of(stream(frame.lazy())).columns["x"]
    assert Profile.of(stream(table)).columns["x"] == Profile.of(stream(frame)).columns["x"]
