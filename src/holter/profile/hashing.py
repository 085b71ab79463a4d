"""The same value, the same 64 bits: on every machine, in every process, whatever type carries it."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from holter.profile.scratch import scratch

Hashes = npt.NDArray[np.uint64]

_FIRST: Final = np.uint64(0x9E3779B97F4A7C15)
"""2**64 divided by the golden ratio, made odd (Knuth, The Art of Computer Programming 3, section 6.4)."""
_SECOND: Final = np.uint64(0xC4CEB9FE1A85EC53)
"""Of the finaliser of MurmurHash3 (Appleby)."""
_HALF: Final = np.uint64(32)
_NO_DOUBLE: Final = np.uint64(0xD6E8FEB86659FD93)
"""Sets whole numbers that no double equals apart from the bits of doubles (any odd pattern serves)."""
_WORD: Final = 8
_LONG: Final = 512
"""Bytes up to which text is hashed side by side; longer text one by one, or one value of 100 MB would need room for
as many rounds over all the others."""


def scramble(bits: npt.NDArray[Any]) -> Hashes:
    """Return 64 well-mixed bits for each of 64 bits; different stay different (each step can be undone)."""
    # small whole numbers as doubles have all their bits in the upper half, where a product would lose them
    mixed = bits >> _HALF
    mixed ^= bits
    mixed *= _FIRST
    mixed ^= mixed >> _HALF
    mixed *= _SECOND
    mixed ^= mixed >> _HALF
    return mixed


def hash_doubles(values: npt.NDArray[np.float64]) -> Hashes:
    """Return what :func:`hash_numbers` returns for doubles without zeros and NaN, in memory for this call only."""
    hashes = almost_hash_doubles(values)
    half = np.right_shift(hashes, _HALF, out=scratch("half", len(values), np.uint64))
    np.bitwise_xor(hashes, half, out=hashes)
    return hashes


def almost_hash_doubles(values: npt.NDArray[np.float64]) -> Hashes:
    """Return the same without the last step, see :func:`finish_hashes`: the upper half of the bits is right already."""
    bits, mixed, half = values.view(np.uint64), *(scratch(use, len(values), np.uint64) for use in ("mixed", "half"))
    np.right_shift(bits, _HALF, out=mixed)
    np.bitwise_xor(mixed, bits, out=mixed)
    np.multiply(mixed, _FIRST, out=mixed)
    np.right_shift(mixed, _HALF, out=half)
    np.bitwise_xor(mixed, half, out=mixed)
    np.multiply(mixed, _SECOND, out=mixed)
    return mixed


def finish_hashes(almost: Hashes) -> Hashes:
    """Return the hashes of what :func:`almost_hash_doubles` returned, or of some of them."""
    return almost ^ (almost >> _HALF)


def hash_numbers(values: npt.NDArray[Any]) -> Hashes:
    """Hash numbers so that equal numbers have equal hashes: 3 and 3.0, 0.0 and -0.0; every NaN is one value.

    Parameters
    ----------
    values
        Booleans, whole numbers or floats of any width.

    Examples
    --------
    >>> hash_numbers(np.array([3])) == hash_numbers(np.array([3.0], np.float32))
    array([ True])
    """
    if values.dtype.kind == "f":
        plain = values.astype(np.float64) + 0.0  # turns -0.0 into 0.0
        odd = np.isnan(plain)
        if odd.any():
            plain[odd] = np.nan
        return scramble(plain.view(np.uint64))
    if values.dtype.kind == "b" or values.dtype.itemsize < _WORD:
        return scramble(values.astype(np.float64).view(np.uint64))
    doubles = values.astype(np.float64)
    # the largest whole numbers round up to a power of two that their own type does not hold
    inside = doubles < float(np.iinfo(values.dtype).max)
    same = inside & (np.where(inside, doubles, 0.0).astype(values.dtype) == values)
    bits = np.where(same, doubles.view(np.uint64), values.view(np.uint64) ^ _NO_DOUBLE)
    return scramble(bits)


def hash_text(array: pa.Array) -> Hashes:
    """Hash the values of an array of text or bytes without nulls, by their bytes and length.

    Dictionaries, views and offsets of either width give the same hashes. Hash what is distinct, not every row: this
    costs some 30 ns a value.

    Raises
    ------
    pyarrow.ArrowInvalid
        If the array holds no text or bytes.
    """
    if pa.types.is_dictionary(array.type):
        indices = pc.cast(array.indices, pa.int64())
        return hash_text(array.dictionary)[
            np.frombuffer(indices.buffers()[1], np.int64)[indices.offset :][: len(array)]
        ]
    plain = pc.cast(array, pa.large_binary())
    if not len(plain):
        return np.empty(0, np.uint64)
    offsets = np.frombuffer(plain.buffers()[1], np.int64)[plain.offset : plain.offset + len(plain) + 1]
    data = np.frombuffer(plain.buffers()[2] or b"", np.uint8)[offsets[0] : offsets[-1]]
    return _hash_bytes(data, offsets - offsets[0])


def _hash_bytes(data: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64]) -> Hashes:
    starts, lengths = offsets[:-1], np.diff(offsets)
    padded = np.concatenate((data, np.zeros(_WORD, np.uint8)))
    words = np.lib.stride_tricks.sliding_window_view(padded, _WORD)
    state = scramble(lengths.astype(np.uint64))
    short = np.flatnonzero((lengths > 0) & (lengths <= _LONG))
    step = 0
    while len(short):
        state[short] = scramble(state[short] ^ _words(words, starts[short] + step, lengths[short] - step))
        step += _WORD
        short = short[lengths[short] > step]
    for row in np.flatnonzero(lengths > _LONG):
        state[row] = _hash_long(padded[starts[row] : starts[row] + lengths[row]], state[row])
    return state


def _words(words: npt.NDArray[np.uint8], at: npt.NDArray[np.int64], left: npt.NDArray[np.int64]) -> Hashes:
    """Return eight bytes from each place, those beyond the end as zeros."""
    taken = np.ascontiguousarray(words[at]).view("<u8").ravel().astype(np.uint64)
    spare = np.uint64(8) * np.maximum(_WORD - left, 0).astype(np.uint64)
    kept: Hashes = (taken << spare) >> spare
    return kept


def _hash_long(value: npt.NDArray[np.uint8], seed: np.uint64) -> np.uint64:
    """Add up the scrambled words of one long value, each with its place in it."""
    words = np.concatenate((value, np.zeros(-len(value) % _WORD, np.uint8))).view("<u8").astype(np.uint64)
    placed = scramble(words ^ scramble(np.arange(len(words), dtype=np.uint64) + seed))
    folded: Hashes = np.bitwise_xor.reduce(placed, keepdims=True)
    return np.uint64(scramble(folded).item())
