"""Equal values have equal hashes, whatever carries them."""

import numpy as np
import pyarrow as pa
import pytest

from holter.profile.hashing import hash_numbers, hash_text, scramble

TEXTS = ["", "a", "a\0", "ab", "12345678", "123456789", "é" * 9, "x" * 600, "x" * 601, "\0", "\0\0"]
NUMBER = 11495606091780655542
TEXT = 4523662589383251570


@pytest.mark.parametrize("dtype", [np.int8, np.uint16, np.int32, np.int64, np.uint64, np.float16, np.float32])
def test_the_same_number_has_the_same_hash_in_every_type(dtype):
    numbers = [0, 1, 3, 100]
    assert np.array_equal(hash_numbers(np.array(numbers, dtype)), hash_numbers(np.array(numbers, np.float64)))


def test_zeros_are_one_value_and_so_are_nans_and_booleans_are_numbers():
    nan = np.array([0x7FF8000000000000, 0xFFF8000000000001], np.uint64).view(np.float64)
    assert len(set(hash_numbers(nan).tolist())) == 1
    assert hash_numbers(np.array([-0.0])) == hash_numbers(np.array([0.0])) == hash_numbers(np.array([False]))
    assert hash_numbers(np.array([True])) == hash_numbers(np.array([1]))


def test_whole_numbers_beyond_doubles_differ_and_agree_between_signed_and_unsigned():
    wholes = np.array([2**53, 2**53 + 1, 2**62 + 1, 2**63 - 1], np.int64)
    assert len(set(hash_numbers(wholes).tolist())) == 4
    assert np.array_equal(hash_numbers(wholes), hash_numbers(wholes.astype(np.uint64)))
    assert hash_numbers(np.array([2**64 - 1], np.uint64)) != hash_numbers(np.array([2.0**64]))
    assert hash_numbers(np.array([2**63], np.uint64)) == hash_numbers(np.array([2.0**63]))


@pytest.mark.parametrize(
    "array",
    [
        pa.array(TEXTS, pa.large_string()),
        pa.array(TEXTS).dictionary_encode(),
        pa.array(TEXTS, pa.string_view()),
        pa.array(TEXTS, pa.binary()),
        pa.array(["before", *TEXTS, "after"]).slice(1, len(TEXTS)),
        pa.array(["before", *TEXTS, "after"]).dictionary_encode().slice(1, len(TEXTS)),
    ],
    ids=["large", "dictionary", "view", "bytes", "slice", "slice of dictionary"],
)
def test_the_same_text_has_the_same_hash_in_every_type(array):
    hashes = hash_text(pa.array(TEXTS))
    assert np.array_equal(hash_text(array), hashes)
    assert len(set(hashes.tolist())) == len(TEXTS)


def test_hashes_stay_the_same_for_ever():
    """They are stored in profiles, whose numbers of different values are merged with those of today."""
    assert hash_numbers(np.array([1.5])).tolist() == [NUMBER]
    assert hash_text(pa.array(["abc"])).tolist() == [TEXT]


def test_bytes_that_are_no_utf_8_have_a_hash_and_nothing_has_none():
    assert len(hash_text(pa.array([b"\xff\xfe"], pa.binary()))) == 1
    assert len(hash_text(pa.array([], pa.string()))) == 0
    with pytest.raises(pa.ArrowException):
        hash_text(pa.array([[1]]))


def test_one_changed_bit_changes_half_of_the_hash():
    bits = np.random.default_rng(0).integers(0, 2**63, 2000).astype(np.uint64)
    for place in range(64):
        changed = scramble(bits) ^ scramble(bits ^ np.uint64(1 << place))
        share = np.unpackbits(changed.view(np.uint8)).mean()
        assert 0.3 < share < 0.7
