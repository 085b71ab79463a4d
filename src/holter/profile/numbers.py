"""Reading the numbers out of an Arrow array, by type, with nothing lost unnoticed."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from holter.profile.kinds import is_text, plain_type, type_name

SINCE_1970: Final = "us since 1970-01-01"
SINCE_MIDNIGHT: Final = "us since midnight"
LENGTH: Final = "us"

_DECIMAL_DIGITS: Final = 15
"""Decimal digits every float64 keeps (IEEE 754: DBL_DIG)."""
_PER_UNIT: Final = {"s": 1_000_000, "ms": 1_000, "us": 1}
_DAY: Final = 86_400_000_000
_NUMBER: Final = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$|^[+-]?(inf|infinity|nan)$"


@dataclass(frozen=True)
class Numbers:
    """The values of an array that are there, and what the others were."""

    values: npt.NDArray[Any]
    nulls: int
    dtype: str
    unit: str = ""
    unreadable: int = 0
    rounded: bool = False


def read_numbers(array: pa.Array) -> Numbers:
    """Return the numbers of an array in the order of its rows, nulls left out.

    Integers come as int64 (uint64 where they need it), floats and decimals as float64, booleans as 0 and 1, times as
    microseconds. Text is read as numbers where it is one.

    Raises
    ------
    pyarrow.ArrowInvalid
        If the type has no numbers, or a time does not fit.
    """
    plain = plain_type(array.type)
    whole = array if array.type == plain else pc.cast(array, plain)
    if pa.types.is_float64(plain):
        return Numbers(_doubles(whole), whole.null_count, type_name(plain))
    present = whole.drop_null() if whole.null_count else whole
    nulls, name = len(array) - len(present), type_name(plain)
    if pa.types.is_null(plain):
        return Numbers(np.empty(0), len(array), name)
    if is_text(plain):
        return _from_text(present, nulls, name)
    if pa.types.is_temporal(plain):
        values, unit, rounded = _microseconds(present, plain)
        return Numbers(values, nulls, name, unit, rounded=rounded)
    if pa.types.is_decimal(plain):
        return _from_decimals(present, nulls, name)
    return Numbers(_plain_values(present, plain), nulls, name)


def _buffer(array: pa.Array, dtype: Any) -> npt.NDArray[Any]:
    """Return the values of an array without nulls, uncopied (``to_numpy`` would import pandas)."""
    if not len(array):
        return np.empty(0, dtype)
    return np.frombuffer(array.buffers()[1], dtype)[array.offset : array.offset + len(array)]


def _doubles(array: pa.Array) -> npt.NDArray[np.float64]:
    """Return the doubles of an array that are there (``drop_null`` takes three times as long)."""
    values = _buffer(array, np.float64)
    if not array.null_count:
        return values
    bits = np.unpackbits(
        np.frombuffer(array.buffers()[0], np.uint8), count=array.offset + len(array), bitorder="little"
    )
    return values[bits[array.offset :].view(np.bool_)]


def _from_decimals(array: pa.Array, nulls: int, name: str) -> Numbers:
    """Read decimals as doubles, and say so where one of them is not the same number in its last place.

    Those without decimal places are whole numbers, and stay so where 64 bits hold them.
    """
    if array.type.scale == 0:
        try:
            return Numbers(_buffer(pc.cast(array, pa.int64()), np.int64), nulls, name)
        except pa.ArrowInvalid:
            pass
    values = pc.cast(array, pa.float64(), safe=False)
    rounded = False
    if array.type.precision > _DECIMAL_DIGITS:
        try:
            back = pc.cast(values, array.type)
            rounded = not pc.all(pc.equal(back, array)).as_py() if len(array) else False
        except pa.ArrowInvalid:
            rounded = True
    return Numbers(_buffer(values, np.float64), nulls, name, rounded=rounded)


def _plain_values(array: pa.Array, plain: pa.DataType) -> npt.NDArray[Any]:
    if pa.types.is_uint64(plain):
        values = _buffer(array, np.uint64)
        fits = not len(values) or int(values.max()) < 2**63
        return values.astype(np.int64) if fits else values
    if pa.types.is_float16(plain):
        return _buffer(array, np.float16).astype(np.float64)
    if pa.types.is_float32(plain):
        return _buffer(array, np.float32).astype(np.float64)
    if pa.types.is_integer(plain) or pa.types.is_boolean(plain):
        return _buffer(pc.cast(array, pa.int64()), np.int64)
    raise pa.ArrowInvalid(f"{plain} has no numbers")


def _microseconds(array: pa.Array, plain: pa.DataType) -> tuple[npt.NDArray[Any], str, bool]:
    types = pa.types
    if types.is_interval(plain):
        raise pa.ArrowInvalid(f"{plain} has no fixed length")
    unit = LENGTH if types.is_duration(plain) else SINCE_MIDNIGHT if types.is_time(plain) else SINCE_1970
    narrow = types.is_date32(plain) or types.is_time32(plain)
    steps = _buffer(array, np.int32 if narrow else np.int64).astype(np.int64)
    if types.is_date32(plain):
        return steps * _DAY, unit, False
    step = "ms" if types.is_date64(plain) else plain.unit
    if step == "ns":
        return np.floor_divide(steps, 1000), unit, bool(np.any(steps % 1000))
    if len(steps) and max(abs(int(steps.min())), abs(int(steps.max()))) >= 2**63 // _PER_UNIT[step]:
        raise pa.ArrowInvalid(f"a {plain} does not fit into microseconds")
    return steps * _PER_UNIT[step], unit, False


def _from_text(array: pa.Array, nulls: int, name: str) -> Numbers:
    trimmed = pc.utf8_trim_whitespace(array.cast(pa.large_string()))
    readable = trimmed.filter(pc.match_substring_regex(trimmed, _NUMBER, ignore_case=True))
    values = _buffer(pc.cast(readable, pa.float64()), np.float64)
    return Numbers(values, nulls, name, unreadable=len(array) - len(values))
