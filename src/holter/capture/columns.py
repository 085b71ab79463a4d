"""How values from JSON become a typed column.

The fast way is tried first and takes a column of what it should be made of; only a column with a misfit is looked at
value by value. What fits: any number or boolean a number column; booleans, 0 and 1 a boolean one; ISO 8601 text a time;
everything a text column, as JSON where it is no text.
"""

import json
from array import array
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

import pyarrow as pa

INSTANT: Final = pa.timestamp("us", "UTC")
"""Type of every time in a record."""
_NUMBERS: Final = ("int", "uint", "double", "float", "halffloat", "decimal", "duration")


def column_type(dtype: str) -> pa.DataType:
    """Return the type in which a feature of an Arrow type (as text) is recorded.

    Every number is floating, so that 1.5 in a column that was whole in the baseline is seen instead of lost; times
    without a zone are taken as UTC, since the model was told none; what a table cannot hold is JSON text.

    Examples
    --------
    >>> column_type("int8"), column_type("decimal128(5, 2)"), column_type("timestamp[ns]")
    (DataType(double), DataType(double), TimestampType(timestamp[us, tz=UTC]))
    """
    if dtype.startswith(_NUMBERS):
        return pa.float64()
    if dtype.startswith("timestamp"):
        return INSTANT
    if dtype.startswith("date"):
        return pa.date32()
    return pa.bool_() if dtype.startswith("bool") else pa.string()


def guess_type(values: Sequence[Any]) -> pa.DataType | None:
    """Return the type of a column that nobody declared, by its first value: number or text; None while it has none."""
    first = next((value for value in values if value is not None), None)
    if first is None:
        return None
    return pa.float64() if isinstance(first, int | float) else pa.string()


def build(values: Sequence[Any], dtype: pa.DataType) -> tuple[pa.Array, int]:
    """Return a column, and how many values did not fit and became null.

    Parameters
    ----------
    values
        What JSON can hold, and None for what was missing.
    dtype
        As :func:`column_type` gives it.

    Examples
    --------
    >>> column, misfits = build([1, None, "x"], pa.float64())
    >>> column.to_pylist(), misfits
    ([1.0, None, None], 1)
    """
    if dtype == pa.float64():
        try:
            return pa.Array.from_buffers(dtype, len(values), [None, pa.py_buffer(array("d", values))]), 0
        except (TypeError, OverflowError):
            pass
    if dtype in (pa.float64(), pa.string()):
        try:
            return pa.array(values, dtype), 0
        except (pa.ArrowException, TypeError, ValueError, OverflowError):
            pass
    return _build_slowly(values, dtype)


def _build_slowly(values: Sequence[Any], dtype: pa.DataType) -> tuple[pa.Array, int]:
    fit = _FITS[dtype]
    kept = [None if value is None else fit(value) for value in values]
    misfits = sum(new is None and old is not None for new, old in zip(kept, values, strict=True))
    return pa.array(kept, dtype), misfits


def _as_double(value: Any) -> float | None:
    try:
        return float(value) if isinstance(value, int | float) else None
    except OverflowError:
        return None


def _as_boolean(value: Any) -> bool | None:
    return bool(value) if isinstance(value, int | float) and value in (0, 1) else None


def _as_text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.encode(errors="replace").decode()  # half a surrogate pair is JSON, and no text


def _as_instant(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def _as_date(value: Any) -> date | None:
    try:
        return date.fromisoformat(value[:10])
    except (TypeError, ValueError):
        return None


_FITS: Final[dict[pa.DataType, Callable[[Any], Any]]] = {
    pa.float64(): _as_double,
    pa.bool_(): _as_boolean,
    pa.string(): _as_text,
    pa.date32(): _as_date,
    INSTANT: _as_instant,
}
