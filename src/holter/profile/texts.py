"""Text in Arrow's layout, in and out, without what converts it row by row."""

import re
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from holter.profile.hashing import hash_text

LONGEST: Final = 256
"""Characters of the longest category kept whole; a longer one is named by its beginning and a digest."""
_DIGITS: Final = 16
"""Hexadecimal digits of the digest: two of a million long categories collide with a chance of 3e-8."""
_DIGEST: Final = re.compile(rf"~([0-9a-f]{{{_DIGITS}}})$")


def text_of(names: Sequence[str]) -> pa.Array:
    """Return names as an Arrow array. (``pa.array`` would import pandas.)

    Examples
    --------
    >>> text_of(["a", "", "é"]).to_pylist()
    ['a', '', 'é']
    """
    encoded = [name.encode("utf-8", "surrogatepass") for name in names]
    offsets = np.zeros(len(encoded) + 1, np.int64)
    np.cumsum([len(each) for each in encoded], out=offsets[1:])
    return pa.Array.from_buffers(
        pa.large_string(), len(encoded), [None, pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded))]
    )


def text_buffers(values: pa.Array) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """Return where each text begins, with the end of the last, and the bytes from the first on.

    Examples
    --------
    >>> offsets, data = text_buffers(pa.array(["never", "a", "bc"]).slice(1))
    >>> (offsets - offsets[0]).tolist(), data.tobytes()
    ([0, 1, 3], b'abc')
    """
    wide = pc.cast(values, pa.large_string())
    if not len(wide):
        return np.zeros(1, np.int64), np.empty(0, np.uint8)
    _, starts, words = wide.buffers()
    offsets = np.frombuffer(starts, np.int64)[wide.offset : wide.offset + len(wide) + 1]
    return offsets, np.frombuffer(words or b"", np.uint8)[offsets[0] : offsets[-1]]


def taken(values: pa.Array, keep: npt.NDArray[np.int64]) -> pa.Array:
    """Return the values at some positions, in that order."""
    if len(keep) == len(values):
        return values
    return values.take(pa.Array.from_buffers(pa.int64(), len(keep), [None, pa.py_buffer(keep)]))


def lengths_of(values: pa.Array) -> npt.NDArray[Any]:
    """Return the number of characters of each text (code points; of bytes that are no text, about as many)."""
    return numbers_in(pc.utf8_length(values))


def numbers_in(array: pa.Array) -> npt.NDArray[Any]:
    """Return the values of an array of numbers without nulls, uncopied."""
    dtype = np.dtype(str(array.type))
    if not len(array):
        return np.empty(0, dtype)
    return np.frombuffer(array.buffers()[1], dtype)[array.offset : array.offset + len(array)]


def sum_where(sizes: npt.NDArray[np.int64], where: pa.Array) -> int:
    """Return the sum of the sizes where a boolean array without nulls is true."""
    if not len(sizes):
        return 0
    bits = np.frombuffer(where.buffers()[1], np.uint8)
    flags = np.unpackbits(bits, count=where.offset + len(where), bitorder="little")[where.offset :]
    return int(sizes[flags.astype(bool)].sum())


def names_of(values: pa.Array, lengths: npt.NDArray[Any]) -> list[str]:
    r"""Return the name of each text: itself, or its beginning and a digest where it is longer than :data:`LONGEST`.

    Bytes that are no UTF-8 are written as ``\xe9``: Arrow does not check the text that others hand over.

    Examples
    --------
    >>> values = pa.array(["short", "long " * 100])
    >>> [len(name) for name in names_of(values, lengths_of(values))]
    [5, 256]
    """
    is_long = lengths > LONGEST
    if not is_long.any():
        return _decoded(values)
    short, long = np.flatnonzero(~is_long), np.flatnonzero(is_long)
    names = dict(zip(short.tolist(), _decoded(taken(values, short)), strict=True))
    cut = taken(values, long)
    for place, value, digest in zip(long.tolist(), _raw(cut), hash_text(cut).tolist(), strict=True):
        names[place] = _shortened(value, digest)
    return [names[place] for place in range(len(values))]


def _decoded(values: pa.Array) -> list[str]:
    try:
        return values.to_pylist()  # type: ignore[no-any-return]
    except UnicodeDecodeError:
        return [value.decode("utf-8", "backslashreplace") for value in _raw(values)]


def _raw(values: pa.Array) -> list[bytes]:
    return values.cast(pa.large_binary() if pa.types.is_large_string(values.type) else pa.binary()).to_pylist()  # type: ignore[no-any-return]


def _shortened(value: bytes, digest: int) -> str:
    # Four bytes are the most a character of UTF-8 takes, so this many hold the beginning.
    beginning = value[: 4 * LONGEST].decode("utf-8", "backslashreplace")
    return f"{beginning[: LONGEST - _DIGITS - 1]}~{digest:0{_DIGITS}x}"


def digests_of(names: Sequence[str], hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return the hashes of the values behind names: of a shortened one the digest it carries, else that of the name.

    Examples
    --------
    >>> value = pa.array(["long " * 100])
    >>> digests_of(names_of(value, lengths_of(value)), np.zeros(1, np.uint64)) == hash_text(value)
    array([ True])
    """
    found = hashes.copy()
    for place, name in enumerate(names):
        if len(name) == LONGEST and (match := _DIGEST.search(name)):
            found[place] = int(match[1], 16)
    return found
