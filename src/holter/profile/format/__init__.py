"""A profile as bytes: magic, format version, checksum, then msgpack with the arrays as raw little-endian bytes.

One file for each kind of column holds how that kind is stored. A field that a later version needs is appended with a
default, which is how what an older version wrote stays readable.
"""

import struct
import zlib
from collections.abc import Mapping
from typing import Final

import msgspec
import pyarrow as pa

from holter.errors import DamagedProfile, NewerFormat
from holter.profile.categorical import CategoricalColumn
from holter.profile.column import Column
from holter.profile.format.categorical import StoredCategorical
from holter.profile.format.joint import StoredJoint
from holter.profile.format.numeric import StoredNumeric
from holter.profile.format.opaque import StoredOpaque
from holter.profile.format.sample import StoredSample
from holter.profile.format.text import StoredText
from holter.profile.format.vector import StoredVector
from holter.profile.joint import Joint
from holter.profile.numeric import NumericColumn
from holter.profile.sample import Sample
from holter.profile.text import TextColumn
from holter.profile.vector import VectorColumn

MAGIC: Final = b"HLTP"
FORMAT: Final = 2
_HEAD: Final = struct.Struct("<4sHI")

_Stored = StoredNumeric | StoredCategorical | StoredText | StoredVector | StoredOpaque


class _Body(msgspec.Struct, array_like=True):
    rows: int
    columns: dict[str, _Stored]
    joint: StoredJoint | None = None
    sample: StoredSample | None = None


def encode(rows: int, columns: Mapping[str, Column], joint: Joint | None = None, sample: Sample | None = None) -> bytes:
    """Return a profile as bytes."""
    body = _Body(
        rows,
        {name: _stored(column) for name, column in columns.items()},
        None if joint is None else StoredJoint.of(joint),
        None if sample is None else StoredSample.of(sample),
    )
    plain = msgspec.msgpack.encode(body)
    return _HEAD.pack(MAGIC, FORMAT, zlib.crc32(plain)) + plain


def decode(data: bytes) -> tuple[int, dict[str, Column], Joint | None, Sample | None]:
    """Return what :func:`encode` was given, written in this version or an older one.

    Raises
    ------
    DamagedProfile
        If the bytes are not what was written.
    NewerFormat
        If a newer Holter wrote them.
    """
    if len(data) < _HEAD.size:
        raise DamagedProfile(f"{len(data)} bytes are too few")
    magic, version, checksum = _HEAD.unpack_from(data)
    if magic != MAGIC:
        raise DamagedProfile("it does not begin like a profile")
    if version > FORMAT:
        raise NewerFormat("profile", version, FORMAT)
    if zlib.crc32(data[_HEAD.size :]) != checksum:
        raise DamagedProfile("the checksum does not match")
    try:
        return _parts(msgspec.msgpack.decode(data[_HEAD.size :], type=_Body))
    except (msgspec.MsgspecError, pa.ArrowException, OSError, ValueError, TypeError, OverflowError) as error:
        raise DamagedProfile(str(error)) from error


def _parts(body: _Body) -> tuple[int, dict[str, Column], Joint | None, Sample | None]:
    return (
        body.rows,
        {name: stored.column() for name, stored in body.columns.items()},
        None if body.joint is None else body.joint.joint(),
        None if body.sample is None else body.sample.sample(),
    )


def _stored(column: Column) -> _Stored:
    if isinstance(column, NumericColumn):
        return StoredNumeric.of(column)
    if isinstance(column, CategoricalColumn):
        return StoredCategorical.of(column)
    if isinstance(column, TextColumn):
        return StoredText.of(column)
    return StoredVector.of(column) if isinstance(column, VectorColumn) else StoredOpaque.of(column)
