"""What the values of a text column look like, told without keeping any of them."""

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from holter.profile.texts import sum_where, taken, text_buffers

_SHAPES: Final = (
    # RFC 9562, section 4: 8-4-4-4-12 hexadecimal digits.
    ("uuid", r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", "-", (36,)),
    # Hexadecimal digits of 128, 160, 224, 256, 384 and 512 bits: MD5, SHA-1, SHA-2 (RFC 1321, FIPS 180-4).
    ("hash", r"^[0-9a-fA-F]+$", "", (32, 40, 56, 64, 96, 128)),
    # The pattern of HTML's <input type=email>, made shorter: something, one @, a name with a dot.
    ("email", r"^[^@\s]+@[^@\s]+\.[^@\s.]+$", "@", ()),
    ("url", r"^[a-z][a-z0-9+.-]*://", ":", ()),
)
"""Shapes of identifiers: a pattern, a character no such value is without, and the lengths it can have (none: any)."""

_LENGTHS: Final = frozenset(length for _, _, _, possible in _SHAPES for length in possible)


def may_be_identifier(name: str) -> bool:
    """Tell quickly whether a value can have one of the shapes; most cannot.

    Examples
    --------
    >>> [may_be_identifier(name) for name in ("blue", "a@b.org", "s3://bucket", "f" * 32)]
    [False, True, True, True]
    """
    return "@" in name or "://" in name or len(name) in _LENGTHS


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
    offsets, data = text_buffers(values)
    lengths = np.diff(offsets)
    for name, pattern, sign, possible in _SHAPES:
        # A pattern costs most, so it is tried only on values that can match: these are plain ASCII of such a length.
        some = np.isin(lengths, possible) if possible else np.ones(len(values), bool)
        if sign:
            some &= _having(sign, offsets, data)
        rows = _matching(values, sizes, np.flatnonzero(some), pattern)
        if rows:
            found[name] = rows
    return found


def _having(sign: str, offsets: npt.NDArray[np.int64], data: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Tell for each text whether it has a character."""
    places = np.flatnonzero(data == ord(sign)) + offsets[0]
    return np.asarray(np.searchsorted(places, offsets[1:]) > np.searchsorted(places, offsets[:-1]))


def _matching(values: pa.Array, sizes: npt.NDArray[np.int64], some: npt.NDArray[np.int64], pattern: str) -> int:
    if not len(some):
        return 0
    return sum_where(sizes[some], pc.match_substring_regex(taken(values, some), pattern))
