"""What the values of a column are called where each stands for the rows that have it."""

from typing import Any

import pyarrow as pa


def value_names(values: pa.Array) -> list[str]:
    """Return the name of each value: ``true``, ``3`` for 3.0, text as it is; bytes that are no text are escaped.

    Examples
    --------
    >>> value_names(pa.array([3.0, 2.5])), value_names(pa.array([True]))
    (['3', '2.5'], ['true'])
    """
    try:
        found = values.to_pylist()
    except UnicodeDecodeError:  # Arrow does not check the bytes that others hand over as text
        found = [raw.decode("utf-8", "backslashreplace") for raw in values.cast(pa.large_binary()).to_pylist()]
    return [_name(value) for value in found]


def _name(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
