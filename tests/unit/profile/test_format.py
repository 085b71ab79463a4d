"""Profiles as bytes."""

import math
import struct
import zlib
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from holter.errors import DamagedProfile, NewerFormat
from holter.profile import OpaqueColumn, Profile, RankSummary
from holter.profile.format import FORMAT, MAGIC
from holter.profile.format.sample import StoredSample
from holter.profile.sample import Sample


@pytest.fixture(scope="module")
def profile():
    rng = np.random.default_rng(0)
    columns = {"x": rng.normal(size=5000), "i": rng.integers(0, 2**62, 5000), "s": ["a", ""] * 2500, "l": [[1]] * 5000}
    table = pa.table(columns | {"u": pa.array([2**64 - 1] * 5000, pa.uint64()), "n": pa.nulls(5000)})
    return Profile.of(table, k=512)


def seal(body: bytes, version: int = FORMAT) -> bytes:
    return struct.pack("<4sHI", MAGIC, version, zlib.crc32(body)) + body


def test_what_was_written_is_read(profile):
    read = Profile.from_bytes(profile.to_bytes())
    assert read == profile
    assert read.columns["u"].ranks.values.dtype == np.uint64
    assert read.columns["x"].ranks.weights.dtype == np.int64


def test_a_merged_profile_round_trips_too(profile):
    assert Profile.from_bytes((profile + profile).to_bytes()) == profile + profile
    assert Profile.from_bytes(Profile.empty().to_bytes()) == Profile.empty()


def test_a_stored_bucket_is_small(profile):
    one = Profile(profile.rows, {"x": profile.columns["x"]})
    assert len(one.to_bytes()) <= 6 * 1024


def test_infinite_moments_survive():
    profile = Profile.of(pa.table({"x": [1e308, -1e308]}))
    assert Profile.from_bytes(profile.to_bytes()).columns["x"].m2 == float("inf")


@pytest.mark.parametrize("cut", [0, 3, 9, 10, 40, -1])
def test_cut_off_bytes_are_refused(profile, cut):
    with pytest.raises(DamagedProfile):
        Profile.from_bytes(profile.to_bytes()[:cut])


def test_a_changed_byte_is_noticed(profile):
    data = bytearray(profile.to_bytes())
    data[len(data) // 2] ^= 1
    with pytest.raises(DamagedProfile, match="checksum"):
        Profile.from_bytes(bytes(data))


def test_something_else_is_named(profile):
    with pytest.raises(DamagedProfile, match="does not begin like a profile"):
        Profile.from_bytes(b"PAR1" + profile.to_bytes()[4:])


def test_a_newer_format_asks_for_an_update():
    with pytest.raises(NewerFormat, match="Update Holter"):
        Profile.from_bytes(seal(b"whatever", FORMAT + 1))


NUMERIC = ["n", [1, 0, 0, 0, 0, 0, 0, 0], 1, 1, 1.0, 0.0, ["<f8", b"\0" * 8, "<u1", b"\1", 0], "double", "", False]


def with_part(position: int, value: object) -> list[object]:
    return [value if place == position else part for place, part in enumerate(NUMERIC)]


@pytest.mark.parametrize(
    "body",
    [
        b"\xc1",
        msgspec.msgpack.encode({"rows": 1}),
        msgspec.msgpack.encode([1, {"x": ["z", 1, 1]}]),
        msgspec.msgpack.encode([1, {"x": with_part(1, [1, 2])}]),
        msgspec.msgpack.encode([1, {"x": with_part(6, ["|O", b"\0" * 8, "<u1", b"\1", 0])}]),
        msgspec.msgpack.encode([1, {"x": with_part(6, ["<f8", b"\0" * 7, "<u1", b"\1", 0])}]),
        msgspec.msgpack.encode([1, {"x": with_part(6, ["<f8", b"\0" * 8, "<u1", b"\1\1", 0])}]),
    ],
)
def test_a_body_that_checks_out_but_makes_no_sense_is_damaged(body):
    with pytest.raises(DamagedProfile):
        Profile.from_bytes(seal(body))


def test_bytes_of_format_1_stay_readable():
    """Bytes as the first version wrote them: every kind of column, at k = 4."""
    written = bytes.fromhex(Path(__file__).with_name("format_1.hex").read_text())
    assert struct.unpack_from("<4sH", written) == (MAGIC, 1)
    profile = Profile.from_bytes(written)
    columns = profile.columns
    assert (profile.rows, list(columns)) == (8, ["x", "ranks", "i", "u", "t", "s", "b", "l", "n"])
    x = columns["x"]
    assert (x.n, x.nulls, x.nan, x.positive_infinite, x.zeros, x.minimum, x.m2) == (8, 1, 1, 1, 1, -1e308, math.inf)
    assert columns["ranks"].ranks == RankSummary(np.array([-0.891, -0.274, 0.06, 1.34]), np.full(4, 2), 1, spread=None)
    assert (columns["i"].maximum, columns["i"].ranks.values.dtype) == (2**62 + 1, np.int64)
    assert columns["u"].ranks.values.tolist() == [2**64 - 1]
    assert (columns["t"].unit, columns["t"].minimum) == ("us since 1970-01-01", 1356998400000000)
    assert (columns["s"].counts, columns["s"].other, columns["s"].empty) == ({"a": 2, "": 1, "é": 1, "c": 2}, 1, 1)
    assert (columns["b"].counts, columns["b"].nulls, columns["b"].dtype) == ({"true": 4}, 4, "bool")
    assert columns["l"] == OpaqueColumn(8, 4, "list<item: int64>")
    assert columns["n"] == OpaqueColumn(8, 8, "null")
    assert Profile.from_bytes((profile + profile).to_bytes()) == profile + profile


JOINT = [["x"], b"\0" * 8, b"\0" * 8, b"\0" * 8, b"\0" * 8]
ROWS = StoredSample.of(Sample.of(pa.table({"x": [1, 2]}), 2)).rows
SAMPLE = [2, [], b"\1" + b"\0" * 7 + b"\2" + b"\0" * 7, b"\1" + b"\0" * 15, ROWS, 2**64 - 1]


def test_joint_sums_and_sample_are_read_back():
    table = pa.table({"x": [1.0, 2.0, None], "y": [1, 5, 7], "s": ["a", None, "b"]})
    profile = Profile.of(table, joint=True, sample=2, key=["y"])
    assert Profile.from_bytes(profile.to_bytes()) == profile
    read = Profile.from_bytes(seal(msgspec.msgpack.encode([1, {}, JOINT, SAMPLE])))
    assert (read.joint.names, read.sample.rows.num_rows) == (("x",), 2)


@pytest.mark.parametrize(
    ("joint", "sample"),
    [
        ([["x"] * 2, *JOINT[1:]], None),
        ([["y", "x"], *JOINT[1:]], None),
        ([[f"x{n:03}" for n in range(65)], *JOINT[1:]], None),
        ([["x"], b"", *JOINT[2:]], None),
        ([["x"], b"\0" * 16, *JOINT[2:]], None),
        (None, [1, *SAMPLE[1:]]),
        (None, [*SAMPLE[:2], SAMPLE[2][:8], *SAMPLE[3:]]),
        (None, [*SAMPLE[:2], SAMPLE[2][8:] * 2, *SAMPLE[3:]]),
        (None, [*SAMPLE[:4], ROWS[:-40], SAMPLE[5]]),
        (None, [*SAMPLE[:4], b"no stream of Arrow", SAMPLE[5]]),
        (None, [*SAMPLE[:5], -1]),
        (None, [*SAMPLE[:3], b"odd", *SAMPLE[4:]]),
    ],
)
def test_joint_sums_and_samples_that_make_no_sense_are_damaged(joint, sample):
    with pytest.raises(DamagedProfile):
        Profile.from_bytes(seal(msgspec.msgpack.encode([1, {}, joint, sample])))
