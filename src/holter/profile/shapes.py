"""What the values of a text column look like, told without keeping any of them."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from holter.profile.texts import lengths_of, sum_where

_SHAPES: Final[dict[str, tuple[str, frozenset[int]]]] = {
    # RFC 9562, section 4: 8-4-4-4-12 hexadecimal digits.
    "uuid": (r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", frozenset({36})),
    # Hexadecimal digits of 128, 160, 224, 256, 384 and 512 bits: MD5, SHA-1, SHA-2 (RFC 1321, FIPS 180-4).
    "hash": (r"^[0-9a-fA-F]+$", frozenset({32, 40, 56, 64, 96, 128})),
    # The pattern of HTML's <input type=email>, made shorter: something, one @, a name with a dot.
    "email": (r"^[^@\s]+@[^@\s]+\.[^@\s.]+$", frozenset()),
    "url": (r"^[a-z][a-z0-9+.-]*://", frozenset()),
}
"""Shapes of identifiers: a pattern, and the lengths in characters a value of that shape can have (none: any)."""


def count_shapes(values: pa.Array, sizes: npt.NDArray[np.int64]) -> dict[str, int]:
    """Return the rows whose value looks like an identifier, by shape; shapes without rows are left out.

    Parameters
    ----------
    values
        Text without nulls, each value once.
    sizes
        Rows of each value.

    Examples
    --------
    >>> count_shapes(pa.array(["a@b.org", "none", "", "https://b.org"]), np.array([5, 1, 1, 2]))
    {'email': 5, 'url': 2}
    """
    found = {}
    lengths = lengths_of(values)
    for name, (pattern, possible) in _SHAPES.items():
        rows = _rows(values, sizes, lengths, pattern, possible)
        if rows:
            found[name] = rows
    return found


def _rows(
    values: pa.Array, sizes: npt.NDArray[np.int64], lengths: npt.NDArray[Any], pattern: str, possible: frozenset[int]
) -> int:
    """Count the rows of a shape; a pattern is tried only where the length allows it, since it costs most."""
    if possible:
        fitting = np.isin(lengths, list(possible))
        if not fitting.any():
            return 0
        where = pc.and_(_mask(fitting), pc.match_substring_regex(values, pattern))
        return sum_where(sizes, where)
    return sum_where(sizes, pc.match_substring_regex(values, pattern))


def _mask(flags: npt.NDArray[np.bool_]) -> pa.Array:
    bits = np.packbits(flags, bitorder="little")
    return pa.Array.from_buffers(pa.bool_(), len(flags), [None, pa.py_buffer(bits)])
