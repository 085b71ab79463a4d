"""A profile as bytes: magic, format version, checksum, then msgpack with the arrays as raw little-endian bytes."""

import struct
import zlib
from collections.abc import Mapping
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from holter.errors import DamagedProfile, NewerFormat
from holter.profile.categorical import CategoricalColumn
from holter.profile.column import Column
from holter.profile.numeric import NumericColumn
from holter.profile.opaque import OpaqueColumn
from holter.profile.ranks import RankSummary

MAGIC: Final = b"HLTP"
FORMAT: Final = 1
_HEAD: Final = struct.Struct("<4sHI")
_VALUES: Final = frozenset({"<f8", "<i8", "<u8"})
_WEIGHTS: Final = ("<u1", "<u2", "<u4", "<i8")


class _Ranks(msgspec.Struct, array_like=True):
    dtype: str
    values: bytes
    weight_dtype: str
    weights: bytes
    error: int


class _Numeric(msgspec.Struct, array_like=True, tag="n"):
    counts: list[int]
    minimum: int | float | None
    maximum: int | float | None
    mean: float
    m2: float
    ranks: _Ranks
    dtype: str
    unit: str
    rounded: bool


class _Categorical(msgspec.Struct, array_like=True, tag="c"):
    n: int
    nulls: int
    counts: dict[str, int]
    other: int
    empty: int
    dtype: str


class _Opaque(msgspec.Struct, array_like=True, tag="o"):
    n: int
    nulls: int
    dtype: str


class _Body(msgspec.Struct, array_like=True):
    rows: int
    columns: dict[str, _Numeric | _Categorical | _Opaque]


_COUNTS: Final = ("n", "nulls", "nan", "positive_infinite", "negative_infinite", "unreadable", "zeros", "negatives")


def encode(rows: int, columns: Mapping[str, Column]) -> bytes:
    """Return a profile as bytes."""
    body = msgspec.msgpack.encode(_Body(rows, {name: _plain(column) for name, column in columns.items()}))
    return _HEAD.pack(MAGIC, FORMAT, zlib.crc32(body)) + body


def decode(data: bytes) -> tuple[int, dict[str, Column]]:
    """Return the rows and columns that :func:`encode` wrote.

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
        body = msgspec.msgpack.decode(data[_HEAD.size :], type=_Body)
        return body.rows, {name: _column(column) for name, column in body.columns.items()}
    except (msgspec.MsgspecError, ValueError, TypeError) as error:
        raise DamagedProfile(str(error)) from error


def _plain(column: Column) -> _Numeric | _Categorical | _Opaque:
    if isinstance(column, OpaqueColumn):
        return _Opaque(column.n, column.nulls, column.dtype)
    if isinstance(column, CategoricalColumn):
        counts = dict(column.counts)
        return _Categorical(column.n, column.nulls, counts, column.other, column.empty, column.dtype)
    return _Numeric(
        [getattr(column, name) for name in _COUNTS],
        column.minimum,
        column.maximum,
        column.mean,
        column.m2,
        _plain_ranks(column.ranks),
        column.dtype,
        column.unit,
        column.rounded,
    )


def _plain_ranks(ranks: RankSummary) -> _Ranks:
    values = ranks.values.astype(ranks.values.dtype.newbyteorder("<"))
    largest = int(ranks.weights.max(initial=0))
    dtype = next(name for name in _WEIGHTS if largest <= np.iinfo(name).max)
    return _Ranks(values.dtype.str, values.tobytes(), dtype, ranks.weights.astype(dtype).tobytes(), ranks.error)


def _column(plain: _Numeric | _Categorical | _Opaque) -> Column:
    if isinstance(plain, _Opaque):
        return OpaqueColumn(plain.n, plain.nulls, plain.dtype)
    if isinstance(plain, _Categorical):
        return CategoricalColumn(plain.n, plain.nulls, plain.counts, plain.other, plain.empty, plain.dtype)
    return NumericColumn(
        **dict(zip(_COUNTS, plain.counts, strict=True)),
        minimum=plain.minimum,
        maximum=plain.maximum,
        mean=plain.mean,
        m2=plain.m2,
        ranks=_ranks(plain.ranks),
        dtype=plain.dtype,
        unit=plain.unit,
        rounded=plain.rounded,
    )


def _ranks(plain: _Ranks) -> RankSummary:
    if plain.dtype not in _VALUES or plain.weight_dtype not in _WEIGHTS:
        raise ValueError(f"arrays of {plain.dtype} and {plain.weight_dtype}")
    values = _array(plain.values, plain.dtype)
    weights = _array(plain.weights, plain.weight_dtype).astype(np.int64)
    if len(values) != len(weights):
        raise ValueError("values and weights differ in number")
    return RankSummary(values, weights, plain.error)


def _array(raw: bytes, dtype: str) -> npt.NDArray[Any]:
    return np.frombuffer(raw, dtype).astype(np.dtype(dtype).newbyteorder("="))
