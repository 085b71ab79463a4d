"""Bytes that are not what was written give an error of ours, or a profile: never a crash, never another error."""

import random
import struct
import zlib

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holter.errors import DamagedProfile, NewerFormat
from holter.profile import Profile

HEAD = struct.Struct("<4sHI")
MUTATIONS = 4000

rng = np.random.default_rng(0)
ROWS = 300
PROFILE = Profile.of(
    pa.table(
        {
            "float": rng.normal(size=ROWS),
            "integer": rng.integers(0, 2**60, ROWS),
            "big": pa.array([2**64 - 1 - n for n in range(ROWS)], pa.uint64()),
            "when": pa.array(range(ROWS), pa.timestamp("us", "UTC")),
            "text": [f"c{n % 7}" for n in range(ROWS)],
            "id": [f"an identifier that nobody shares {n}" for n in range(ROWS)],
            "vector": pa.array([[float(n), 1.0, 2.0] for n in range(ROWS)], pa.list_(pa.float32(), 3)),
            "other": [{"a": n} for n in range(ROWS)],
            "null": pa.nulls(ROWS),
        }
    ),
    joint=True,
    sample=20,
    k=64,
)
WHOLE = PROFILE.to_bytes()


def sealed(plain: bytes) -> bytes:
    """Give a body the head it needs to be looked into: a fuzzer cannot guess a checksum."""
    return HEAD.pack(WHOLE[:4], HEAD.unpack_from(WHOLE)[1], zlib.crc32(plain)) + plain


def told(data: bytes) -> Profile | None:
    """Read a profile and use it, or be told by an error of ours that it is damaged."""
    try:
        found = Profile.from_bytes(data)
    except (DamagedProfile, NewerFormat):
        return None
    again = Profile.from_bytes(found.to_bytes())
    assert again.rows == found.rows
    assert str(found) == str(again)
    return found


def test_every_cut_and_every_flipped_bit_of_the_whole_is_noticed():
    for end in range(len(WHOLE)):
        with pytest.raises(DamagedProfile):
            Profile.from_bytes(WHOLE[:end])
    for place in range(0, len(WHOLE), 7):
        bent = bytearray(WHOLE)
        bent[place] ^= 1 << (place % 8)
        with pytest.raises((DamagedProfile, NewerFormat)):
            Profile.from_bytes(bytes(bent))


@pytest.mark.parametrize("seed", range(4))
def test_bodies_changed_behind_a_right_checksum(seed):
    dice = random.Random(seed)
    plain = WHOLE[HEAD.size :]
    for _ in range(MUTATIONS // 4):
        bent = bytearray(plain)
        for _ in range(dice.choice((1, 1, 2, 8))):
            start = dice.randrange(len(bent))
            length = dice.choice((1, 1, 1, 4, 8, 64))
            match dice.randrange(4):
                case 0:
                    bent[start : start + length] = dice.randbytes(length)
                case 1:
                    del bent[start : start + length]
                case 2:
                    bent[start:start] = dice.choice((b"\\xc0", b"\\xff" * length, bent[start : start + length]))
                case _:
                    bent[start] = dice.choice((0, 0x7F, 0x80, 0x90, 0xC0, 0xC3, 0xCB, 0xCF, 0xD3, 0xFF))
        told(sealed(bytes(bent)))


ODD = st.sampled_from(
    [
        None,
        True,
        -1,
        0,
        1,
        2**63,
        2**64 - 1,
        -(2**63),
        1e308,
        float("nan"),
        float("inf"),
        "",
        "x",
        b"",
        b"x" * 8,
        [],
        {},
    ]
)


def places(value, path=()):
    """Yield the path of everything in a decoded body."""
    yield path
    if isinstance(value, list | dict):
        for key in range(len(value)) if isinstance(value, list) else list(value):
            yield from places(value[key], (*path, key))


BODY = msgspec.msgpack.decode(WHOLE[HEAD.size :])
PLACES = list(places(BODY))


@given(st.sampled_from(PLACES[1:]), ODD)
def test_a_field_of_another_kind_or_value(path, odd):
    body = msgspec.msgpack.decode(WHOLE[HEAD.size :])
    inside = body
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = odd
    told(sealed(msgspec.msgpack.encode(body)))


@given(st.binary(max_size=400))
def test_any_bytes(data):
    told(data)
    told(sealed(data))


def test_the_whole_comes_back():
    assert told(WHOLE).rows == ROWS
