"""When rows happened, as whole microseconds since 1970 in UTC."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holter.errors import BadSetting, NaiveTime
from holter.profile.kinds import plain_values

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST: Final = (datetime(2, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
_LAST: Final = (datetime(9999, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1) - 1
"""The years 2 to 9998: whatever bucket such a moment lies in, a calendar can name where it begins and ends."""
_PER_UNIT: Final = {"s": 1_000_000, "ms": 1_000, "us": 1}
_DAY: Final = 86_400_000_000


def event_times(array: pa.Array, name: str, *, assume_utc: bool) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Return the microseconds of each row, and which rows have a time that a calendar can name.

    Raises
    ------
    BadSetting
        If the column holds no times.
    NaiveTime
        If its times have no zone (dates have none) and ``assume_utc`` is false.
    """
    plain = plain_values(array)
    types, dtype = pa.types, plain.type
    if not (types.is_timestamp(dtype) or types.is_date(dtype)):
        raise BadSetting("time", f"column {name!r} is of type {dtype} and holds no times")
    steps = _steps(plain, np.int32 if types.is_date32(dtype) else np.int64)
    present = _present(plain)
    unit = "ms" if types.is_date64(dtype) else None if types.is_date32(dtype) else dtype.unit
    if unit == "ns":
        micros, fits = steps // 1000, present
    else:
        factor = _DAY if unit is None else _PER_UNIT[unit]
        # beyond this, the product would leave 64 bits and come back as another day
        fits = present & (steps >= -(-_FIRST // factor)) & (steps <= _LAST // factor)
        micros = np.where(fits, steps, 0) * factor
    fits = fits & (micros >= _FIRST) & (micros <= _LAST)
    if not assume_utc and getattr(dtype, "tz", None) is None and fits.any():
        raise NaiveTime(moment_at(int(micros[fits][0])).replace(tzinfo=None))
    return micros, fits


def moment_at(micros: int) -> datetime:
    """Return the moment so many microseconds after 1970, in UTC."""
    return _EPOCH + timedelta(microseconds=micros)


def _steps(array: pa.Array, dtype: Any) -> npt.NDArray[np.int64]:
    if not len(array):
        return np.empty(0, np.int64)
    return np.frombuffer(array.buffers()[1], dtype)[array.offset : array.offset + len(array)].astype(np.int64)


def _present(array: pa.Array) -> npt.NDArray[np.bool_]:
    if not array.null_count:
        return np.ones(len(array), np.bool_)
    bits = np.unpackbits(np.frombuffer(array.buffers()[0], np.uint8), bitorder="little")
    return bits[array.offset : array.offset + len(array)].astype(np.bool_)
