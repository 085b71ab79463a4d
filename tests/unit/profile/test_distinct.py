"""The number of different values: exact to 128, then within what it says."""

import zlib

import numpy as np
import pytest

from holter.profile.distinct import EXACT, Distinct, DistinctReading
from holter.profile.hashing import hash_numbers


def of(values):
    return Distinct.of_hashes(hash_numbers(np.asarray(values)))


def test_nothing_is_no_value():
    assert (Distinct().estimate, Distinct().error, Distinct().interval) == (0.0, 0.0, (0.0, 0.0))
    assert Distinct.total([]) == Distinct() + Distinct() == Distinct.total([Distinct()]) == of([])


def test_few_are_counted_one_by_one():
    found = of([*range(EXACT), 5, 5.0])
    assert (found.exact, found.estimate, found.error, found.interval) == (True, 128.0, 0.0, (128.0, 128.0))
    assert not of(range(EXACT + 1)).exact


SHAPES = {
    "wholes": np.arange,
    "negative": lambda n: -np.arange(n),
    "steps": lambda n: np.arange(n) * 1_000_003,
    "cents": lambda n: np.arange(n) / 100,
    "fractions": lambda n: np.arange(n) * 2.0**-20,
    "times": lambda n: 1.7e15 + np.arange(n) * 1e6,
    "beyond doubles": lambda n: 2**60 + np.arange(n),
    "normal": lambda n: np.random.default_rng(n).normal(size=n),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_many_are_estimated_within_the_stated_error(shape):
    off = []
    for n in (300, 1_000, 3_000, 10_000, 60_000):
        found = of(SHAPES[shape](n))
        off.append((found.estimate - n) / found.error)
    assert max(map(abs, off)) < 3.5
    assert np.sqrt(np.mean(np.square(off))) < 1.6


def test_state_depends_on_the_set_of_values_only():
    values = np.random.default_rng(1).permutation(5000)
    parts = [of(values[:70]), of(values[50:3000]), of(values[2000:]), Distinct()]
    whole = of(np.arange(5000))
    assert Distinct.total(parts) == whole == Distinct.total(parts[::-1]) == whole + whole == whole + of([3])
    assert (parts[0] + parts[1]) + parts[2] == parts[0] + (parts[1] + parts[2])
    assert of(range(5)) + of(range(3, 8)) == of(range(8))


def test_reading_in_pieces_is_the_same_as_reading_at_once():
    values = np.random.default_rng(2).integers(0, 50_000, 200_000)
    reading = DistinctReading()
    for part in np.array_split(values, 9):
        reading.add(hash_numbers(part))
    assert reading.distinct() == of(values)
    before = reading.distinct()
    reading.add(hash_numbers(np.arange(10**6, 10**6 + 50_000)))
    assert before == of(values)


@pytest.mark.parametrize("size", [130, 200, 500, 5_000])
def test_registers_that_are_still_empty_take_whatever_comes(size):
    values = np.arange(1.0, 20_001.0)
    hashed, doubles = DistinctReading(), DistinctReading()
    for start in range(0, len(values), size):
        hashed.add(hash_numbers(values[start : start + size]))
        doubles.add_doubles(values[start : start + size])
    assert hashed.distinct() == doubles.distinct() == of(values)


def test_doubles_are_hashed_like_all_numbers_when_even_the_upper_half_says_too_little():
    high = Distinct(registers=np.full(1024, 40, np.uint8))
    reading = DistinctReading()
    reading.add(hash_numbers(np.arange(1.0, 1000.0)))
    reading._found = high
    reading.add_doubles(np.arange(1.0, 50_000.0))
    reading.add_doubles(np.arange(1.0, 50_000.0))
    assert reading.distinct() == high + of(np.arange(1.0, 50_000.0))


def test_zero_is_a_value_that_comes_late_as_well():
    reading = DistinctReading()
    for value in (1.0, 2.0, 0.0, 2.0):
        reading.add(hash_numbers(np.array([value])))
    assert reading.distinct().estimate == 3.0


@pytest.mark.parametrize("n", [0, 1, 128, 129, 5_000, 200_000])
def test_bytes_hold_everything_in_a_kilobyte(n):
    found = of(np.arange(n))
    assert Distinct.from_bytes(found.to_bytes()) == found
    assert len(found.to_bytes()) <= 1 + 1024


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x",
        b"h\0",
        b"h" + b"\0" * 16,
        b"h" + np.arange(129, dtype="<u8").tobytes(),
        b"r",
        b"r\0\1",
        b"r" + zlib.compress(b"\0" * 5),
        b"r" + zlib.compress(b"\0" * 10**7),
        b"r" + zlib.compress(b"\xff" * 1024),
    ],
)
def test_damaged_bytes_are_refused(data):
    with pytest.raises(ValueError, match=r".+"):
        Distinct.from_bytes(data)


def test_full_and_empty_registers_do_not_break_the_estimate():
    assert Distinct(registers=np.zeros(1024, np.uint8)).estimate == 0.0
    assert Distinct(registers=np.full(1024, 54, np.uint8)).estimate == 2.0**64


def test_comparison_with_something_else_is_not_an_answer():
    assert of([1]) != 1
    assert of(range(200)) != of(range(5))
