"""Sixty-four bits for each row, the same however the row is stored."""

import zlib
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from holter.profile.hashing import Hashes, hash_numbers, hash_text, scramble
from holter.profile.kinds import is_text, plain_values

_NULL: Final = np.uint64(0)
_PLACE: Final = np.uint64(0xD1342543DE82EF95)
"""Tells the places of a list apart (a multiplier of Steele and Vigna, arXiv 2001.05304, table 3)."""
_FEW: Final = 256
"""Texts up to which it is not worth looking for equal ones."""
_DAY: Final = 86_400_000_000
_MICROSECONDS: Final = {"s": 1_000_000, "ms": 1_000, "us": 1}


def hash_rows(columns: Mapping[str, pa.Array], rows: int) -> Hashes:
    """Return a hash for each row: the same for the same values under the same names.

    Neither the order of the columns counts nor how Arrow stores them: dictionaries and plain values, int32 and int64, 3
    and 3.0, a time in seconds and in microseconds hash alike. A null hashes like a column that is not there. Decimals
    hash as the double next to them.

    Examples
    --------
    >>> a = hash_rows({"x": pa.array([1, 2]), "s": pa.array(["u", "u"])}, 2)
    >>> b = hash_rows({"s": pa.array(["u", "u"]).dictionary_encode(), "x": pa.array([2.0, 1.0])}, 2)
    >>> (a == b[::-1]).tolist()
    [True, True]
    """
    total = np.zeros(rows, np.uint64)
    for name, array in columns.items():
        place = scramble(np.array([zlib.crc32(name.encode("utf-8", "surrogatepass"))], np.uint64))
        values = hash_values(array)
        # a sum, so that the order of columns does not count; scrambled, so that the values of two cannot be swapped
        total += np.where(values == _NULL, _NULL, scramble(values ^ place))
    return scramble(total)


def hash_values(array: pa.Array) -> Hashes:
    """Return a hash for each value of a column; 0 for a null, and only for a null."""
    if pa.types.is_dictionary(array.type):
        return _taken(hash_values(array.dictionary), array.indices)
    whole = plain_values(array)
    if pa.types.is_binary_view(whole.type):
        whole = pc.cast(whole, pa.large_binary())
    present = whole.drop_null() if whole.null_count else whole
    hashes = np.maximum(_hash_present(present, whole.type), np.uint64(1))
    if len(present) == len(whole):
        return hashes
    spread = np.zeros(len(whole), np.uint64)
    spread[_bits(whole.is_valid())] = hashes
    return spread


def _taken(hashes: Hashes, indices: pa.Array) -> Hashes:
    if not len(indices):
        return np.empty(0, np.uint64)
    places = pc.fill_null(pc.cast(indices, pa.int64()), len(hashes))
    return np.take(np.append(hashes, _NULL), _buffer(places, np.dtype(np.int64)))


def _bits(array: pa.Array) -> npt.NDArray[np.bool_]:
    if not len(array):
        return np.empty(0, np.bool_)
    packed = np.frombuffer(array.buffers()[1], np.uint8)
    return np.unpackbits(packed, bitorder="little")[array.offset : array.offset + len(array)].astype(np.bool_)


def _hash_present(array: pa.Array, plain: pa.DataType) -> Hashes:
    types = pa.types
    if types.is_temporal(plain) and not types.is_interval(plain):
        return _hash_times(array, plain)
    if types.is_boolean(plain):
        return hash_numbers(_bits(array))
    if types.is_integer(plain) or types.is_floating(plain):
        return hash_numbers(_buffer(array, np.dtype(plain.to_pandas_dtype())))
    if types.is_decimal(plain):
        return hash_numbers(_buffer(pc.cast(array, pa.float64(), safe=False), np.dtype(np.float64)))
    return _hash_nested(array, plain) if types.is_nested(plain) else _hash_bytes(array, plain)


def _hash_bytes(array: pa.Array, plain: pa.DataType) -> Hashes:
    types = pa.types
    if is_text(plain) or types.is_binary(plain) or types.is_large_binary(plain):
        if len(array) <= _FEW:
            return hash_text(array)
        encoded = array.dictionary_encode()  # what is distinct is hashed, and not every row
        return _taken(hash_text(encoded.dictionary), encoded.indices)
    if types.is_fixed_size_binary(plain):
        return hash_text(pc.cast(array, pa.large_binary()))
    return hash_text(pa.array([repr(value) for value in array.to_pylist()], pa.large_string()))


def _hash_nested(array: pa.Array, plain: pa.DataType) -> Hashes:
    types = pa.types
    if types.is_struct(plain):
        fields = {plain.field(place).name: part for place, part in enumerate(array.flatten())}
        return hash_rows(fields, len(array))
    if types.is_list(plain) or types.is_large_list(plain):
        return _hash_lists(array)
    if types.is_fixed_size_list(plain):
        return _hash_lists(pc.cast(array, pa.list_(plain.value_type)))
    return hash_text(pa.array([repr(value) for value in array.to_pylist()], pa.large_string()))


def _buffer(array: pa.Array, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    return np.frombuffer(array.buffers()[1], dtype)[array.offset :][: len(array)] if len(array) else np.empty(0, dtype)


def _hash_times(array: pa.Array, plain: pa.DataType) -> Hashes:
    """Hash the microseconds; a part of one changes the hash, so that nanoseconds are told apart."""
    types = pa.types
    narrow = types.is_date32(plain) or types.is_time32(plain)
    steps = _buffer(array, np.dtype(np.int32 if narrow else np.int64)).astype(np.int64)
    if types.is_date32(plain):
        return hash_numbers(steps * _DAY)
    unit = "ms" if types.is_date64(plain) else plain.unit
    if unit == "ns":
        return hash_numbers(steps // 1000) ^ ((steps % 1000).astype(np.uint64) * _PLACE)
    return hash_numbers(steps * _MICROSECONDS[unit])


def _hash_lists(array: pa.Array) -> Hashes:
    """Add up the values of each list, each scrambled with its place in it."""
    wide = pa.types.is_large_list(array.type)
    ends = _buffer(array.offsets, np.dtype(np.int64 if wide else np.int32)).astype(np.int64)
    if not len(array):
        return np.empty(0, np.uint64)
    lengths = np.diff(ends)
    inner = hash_values(array.values.slice(ends[0], ends[-1] - ends[0]))
    place = np.arange(len(inner)) - np.repeat(ends[:-1] - ends[0], lengths)
    mixed = scramble(inner + (place + 1).astype(np.uint64) * _PLACE)
    through = np.concatenate((np.zeros(1, np.uint64), np.cumsum(mixed, dtype=np.uint64)))[ends - ends[0]]
    return scramble((through[1:] - through[:-1]) ^ lengths.astype(np.uint64))
