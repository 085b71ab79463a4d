"""Numeric columns as bytes: of today, and of format 1, before spread and distinct were stored."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from holter.profile import Profile
from holter.profile.format.numeric import StoredNumeric
from holter.profile.numeric import NumericColumn

BLOB = Path(__file__).parent / "blobs" / "format_1.bin"
"""2,500 rows profiled with k=64 and written by the last version of format 1."""


@pytest.fixture(scope="module")
def old():
    return Profile.from_bytes(BLOB.read_bytes())


def test_numbers_of_format_1_are_read_and_say_what_they_do_not_know(old):
    x = old.columns["x"]
    assert (old.rows, x.n, x.negatives, x.minimum) == (2500, 2500, 1296, -3.899421730054339)
    assert (x.ranks.error, len(x.ranks.values), x.ranks.quantile(0.5)) == (20, 126, -0.050604063111342405)
    assert (x.ranks.spread, x.ranks.mean_spread, x.distinct) == (None, None, None)


def test_exact_ranks_of_format_1_moved_nothing(old):
    assert (old.columns["odd"].ranks.spread, old.columns["odd"].ranks.exact) == (0.0, True)
    assert old.columns["u"].maximum == 2**64 - 1
    assert old.columns["big"].m2 == float("inf")


def test_merging_with_format_1_keeps_what_is_not_known_unknown(old):
    new = Profile.of(pa.table({"x": np.arange(5.0)}))
    column = (old + new).columns["x"]
    assert (column.n, column.ranks.spread, column.distinct) == (2505, None, None)
    assert column.compressed(10).ranks.spread is None


@pytest.mark.parametrize("n", [1, 5_000, 300_000])
def test_a_column_of_a_stored_bucket_takes_6_kilobytes_at_most(n):
    column = NumericColumn.of(pa.array(np.random.default_rng(n).normal(size=n))).compressed(512)
    profile = Profile(n, {"x": column})
    assert len(profile.to_bytes()) <= 6 * 1024
    assert Profile.from_bytes(profile.to_bytes()) == profile


def test_damaged_distinct_is_refused():
    stored = StoredNumeric.of(NumericColumn.of(pa.array([1.0])))
    stored.distinct = b"r\0"
    with pytest.raises(ValueError, match="registers"):
        stored.column()


@pytest.mark.parametrize(
    "change",
    [
        {"values": np.array([1.0, 1.0]).tobytes()},
        {"values": np.array([2.0, 1.0]).tobytes()},
        {"values": np.array([1.0, np.nan]).tobytes()},
        {"values": np.array([-np.inf, 1.0]).tobytes()},
        {"weights": b"\1\0"},
        {"error": -1},
    ],
)
def test_ranks_that_make_no_sense_are_refused(change):
    stored = StoredNumeric.of(NumericColumn.of(pa.array([1.0, 2.0])))
    for name, value in change.items():
        setattr(stored.ranks, name, value)
    with pytest.raises(ValueError, match="ascend"):
        stored.column()
