"""Sums over pairs of columns."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from holter.profile import joint as room
from holter.profile.joint import Joint, JointReading, joint_columns
from holter.types import Kind


def correlations(table, a="x", b="y"):
    return Joint.of(table).correlation().of(a, b)


@pytest.fixture
def mixed():
    """Return five columns of 5,000 rows, three of them with values missing, in several ways."""
    rng = np.random.default_rng(3)
    data = rng.normal(size=(5, 5000)).cumsum(axis=0)
    data[1][rng.random(5000) < 0.3] = np.nan
    data[2][:7] = [np.inf, -np.inf, np.nan, 1.0, 1.0, 2.0, 2.0]
    data[4][10:] = np.nan
    nulls = pa.array(data[3], mask=rng.random(5000) < 0.1)
    table = pa.table({"a": data[0], "b": data[1], "c": data[2], "d": nulls, "e": data[4]})
    return table, np.array([data[0], data[1], data[2], nulls.to_numpy(zero_copy_only=False), data[4]])


def pairwise(data, i, j):
    both = np.isfinite(data[i]) & np.isfinite(data[j])
    return data[i][both], data[j][both]


def test_each_pair_rests_on_the_rows_that_have_both(mixed):
    table, data = mixed
    joint = Joint.of(table)
    covariance, correlation = joint.covariance(), joint.correlation()
    assert joint.names == ("a", "b", "c", "d", "e")
    for i in range(5):
        for j in range(5):
            x, y = pairwise(data, i, j)
            assert joint.n[i, j] == covariance.n[i, j] == len(x)
            assert joint.mean[i, j] == pytest.approx(x.mean())
            assert covariance.values[i, j] == pytest.approx(np.cov(x, y)[0, 1])
            assert correlation.values[i, j] == pytest.approx(np.corrcoef(x, y)[0, 1])


def test_a_large_mean_loses_nothing():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(2, 1000))
    table = pa.table({"x": noise[0], "y": noise[0] + noise[1]})
    far = pa.table({"x": 1e9 + noise[0], "y": 1e9 + noise[0] + noise[1]})
    assert correlations(far) == pytest.approx(correlations(table), abs=1e-7)
    parts = Joint.total([Joint.of(far.slice(start, 10)) for start in range(0, 1000, 10)])
    assert parts.correlation().of("x", "y") == pytest.approx(correlations(table), abs=1e-7)


def test_an_outlier_counts_only_where_its_partner_is_there():
    table = pa.table({"x": [1e100, 1.0, 2.0, 3.0], "y": [None, 1.0, 2.0, 3.5]})
    assert correlations(table) == pytest.approx(np.corrcoef([1, 2, 3], [1, 2, 3.5])[0, 1])


@pytest.mark.parametrize(
    ("x", "y", "n"),
    [
        ([], [], 0),
        ([1.0], [2.0], 1),
        ([None, None], [1.0, 2.0], 0),
        ([1.0, None], [None, 1.0], 0),
        ([3.3, 3.3, 3.3], [1.0, 2.0, 3.0], 3),
        ([1e308, -1e308], [1.0, 2.0], 2),
    ],
)
def test_what_is_undefined_is_none(x, y, n):
    joint = Joint.of(pa.table({"x": pa.array(x, pa.float64()), "y": pa.array(y, pa.float64())}))
    assert joint.correlation().of("x", "y") is None
    assert joint.n[0, 1] == n
    assert (joint.covariance().of("x", "y") is None) == (n < 2 or x[0] == 1e308)


def test_perfect_correlation_is_never_more_than_one():
    rng = np.random.default_rng(1)
    x = rng.normal(size=999)
    assert correlations(pa.table({"x": x, "y": -3 * x})) == pytest.approx(-1)
    assert correlations(pa.table({"x": x, "y": 1e-9 * x})) <= 1.0


def test_only_plain_numbers_take_part():
    types = {
        "f": pa.float32(), "i": pa.uint64(), "money": pa.decimal128(8, 2), "dict": pa.dictionary(pa.int8(), pa.int64()),
        "t": pa.timestamp("us"), "wait": pa.duration("s"), "s": pa.string(), "b": pa.bool_(), "l": pa.list_(pa.int8()),
        "text": pa.string(), "zip": pa.int64(),
    }  # fmt: skip
    kinds = {"text": Kind.NUMERIC, "zip": Kind.CATEGORICAL, "dict": Kind.NUMERIC}
    assert joint_columns(list(types), list(types.values()), kinds) == ["dict", "f", "i", "money"]


def test_every_way_to_store_a_number_is_read():
    values = [1, 2, None, 4]
    table = pa.table(
        {
            "x": pa.array(values, pa.int8()),
            "y": pa.array(values, pa.decimal128(5, 1)),
            "z": pa.array(values, pa.int64()).dictionary_encode(),
            "t": [datetime(2013, 1, 1, tzinfo=UTC)] * 4,
        }
    )
    joint = Joint.of(table.slice(1), {"z": Kind.NUMERIC})
    assert joint.names == ("x", "y", "z")
    assert joint.n.tolist() == [[2] * 3] * 3
    assert joint.correlation().values == pytest.approx(np.ones((3, 3)))


def test_a_slice_of_a_column_is_not_the_column():
    table = pa.table({"x": [9.0, None, 1.0, 2.0, 3.0], "y": [0.0, 1.0, 2.0, 4.0, None]})
    assert Joint.of(table.slice(1, 3)).n.tolist() == [[2, 2], [2, 3]]


def test_ten_thousand_columns_cost_no_more_than_the_first_64_by_name():
    names = [f"c{number:05}" for number in range(10_000)]
    chosen = joint_columns(names[::-1], [pa.float64()] * 10_000, {})
    assert chosen == names[: room.JOINT_COLUMNS]
    assert JointReading(chosen).joint().n.shape == (64, 64)


def test_the_same_columns_take_part_however_tables_are_added(monkeypatch):
    monkeypatch.setattr(room, "JOINT_COLUMNS", 2)
    one, two, three = (Joint.of(pa.table({name: [1.0, 2.0], "m": [2.0, 1.0]})) for name in ("z", "a", "k"))
    assert ((one + two) + three).names == (one + (two + three)).names == ("a", "k")
    assert (one + two).n.tolist() == [[2, 2], [2, 4]]


def test_a_column_that_a_part_does_not_have_is_missing_there():
    a, b = Joint.of(pa.table({"x": [1.0, 2.0]})), Joint.of(pa.table({"x": [4.0], "y": [1.0]}))
    both = a + b
    assert (both.names, both.n.tolist()) == (("x", "y"), [[3, 1], [1, 1]])
    assert both.mean[0].tolist() == pytest.approx([7 / 3, 4.0])
    assert both == b + a
    assert both != Joint.of(pa.table({"x": [1.0]}))
    assert both != "joint"


def test_no_numbers_make_an_empty_joint():
    joint = Joint.of(pa.table({"s": ["a"]}))
    assert (joint.names, joint.correlation().values.shape) == ((), (0, 0))
    assert joint + joint == joint


def test_blocks_of_any_size_add_up(mixed, monkeypatch):
    table, _ = mixed
    whole = Joint.of(table)
    monkeypatch.setattr(room, "_BLOCK", 7)
    monkeypatch.setattr(room, "_SMALL", 50)
    pieces = Joint.of(table)
    assert np.array_equal(pieces.n, whole.n)
    for name in ("mean", "m2", "cross"):
        assert np.allclose(getattr(pieces, name), getattr(whole, name), rtol=1e-9, atol=1e-9)
