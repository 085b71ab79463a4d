"""What the numbers of a column are like, by type and at the edges."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from holter.profile import NumericColumn, Profile, RankSummary
from holter.profile.numeric import NumericReading

INF = float("inf")


def of(values, dtype=None, k=4096):
    return NumericColumn.of(pa.array(values, dtype), k)


def test_null_nan_and_infinities_are_different_things():
    column = of([None, float("nan"), float("nan"), INF, -INF, -INF, -INF, 0.0, -0.0, -2.0, 5.0], pa.float64())
    assert (column.n, column.nulls, column.nan) == (11, 1, 2)
    assert (column.positive_infinite, column.negative_infinite) == (1, 3)
    assert (column.zeros, column.negatives, column.finite, column.present) == (2, 1, 4, 10)
    assert (column.minimum, column.maximum, column.mean) == (-2.0, 5.0, 0.75)
    assert column.variance == pytest.approx(np.var([0, 0, -2, 5], ddof=1))


@pytest.mark.parametrize("values", [[], [None, None], [float("nan")], [INF, -INF]])
def test_without_finite_values_there_is_nothing_to_say(values):
    column = of(values, pa.float64())
    assert (column.finite, column.minimum, column.maximum, column.mean, column.m2) == (0, None, None, 0.0, 0.0)
    assert (column.variance, column.std, column.ranks.quantile(0.5)) == (None, None, None)


def test_one_row_has_a_mean_and_no_variance():
    column = of([3], pa.int32())
    assert (column.mean, column.variance, column.ranks.quantile(0.5)) == (3.0, None, 3.0)


def test_whole_numbers_beyond_2_to_the_53_stay_exact():
    column = of([2**60 + 1, 2**60 + 3, -(2**62)], pa.int64())
    assert (column.minimum, column.maximum) == (-(2**62), 2**60 + 3)
    assert column.ranks.values.tolist() == [-(2**62), 2**60 + 1, 2**60 + 3]
    assert not column.rounded


def test_moments_of_large_whole_numbers_do_not_lose_their_digits():
    column = of([2**60 + step for step in (1, 2, 3)], pa.int64())
    assert column.m2 == 2.0


def test_unsigned_numbers_beyond_int64_stay_exact():
    column = of([0, 2**64 - 1], pa.uint64())
    assert (column.maximum, column.ranks.values.dtype) == (2**64 - 1, np.uint64)
    assert of([0, 7], pa.uint64()).ranks.values.dtype == np.int64


def test_the_whole_range_of_int64_does_not_overflow():
    column = of([-(2**63), 2**63 - 1], pa.int64())
    assert column.mean == pytest.approx(-0.5, abs=1e4)
    assert column.variance > 0


def test_mixing_large_whole_numbers_with_floats_is_owned_up_to():
    large, small, floats = of([2**53 + 1], pa.int64()), of([7], pa.int64()), of([0.5])
    assert NumericColumn.total([large, floats]).rounded
    assert not NumericColumn.total([small, floats]).rounded
    assert not NumericColumn.total([large, small]).rounded


def test_decimals_say_when_they_were_rounded():
    column = of([Decimal("1.50"), Decimal("-2.25"), None], pa.decimal128(10, 2))
    assert (column.minimum, column.maximum, column.nulls, column.rounded) == (-2.25, 1.5, 1, False)
    assert not of([Decimal("1.50")], pa.decimal128(30, 2)).rounded
    assert of([Decimal("12345678901234567.89")], pa.decimal128(30, 2)).rounded
    assert of([Decimal(1), Decimal(10**50 + 1)], pa.decimal256(60, 0)).rounded
    assert of([Decimal(10**75)], pa.decimal256(76, 0)).rounded
    assert not of([None], pa.decimal128(30, 2)).rounded


@pytest.mark.parametrize("dtype", [pa.float16(), pa.float32(), pa.int8(), pa.uint8(), pa.int16(), pa.uint32()])
def test_narrow_numbers_are_read_as_they_are(dtype):
    column = NumericColumn.of(pa.array([1, None, 3], pa.int64()).cast(dtype, safe=False))
    assert (column.minimum, column.maximum, column.mean, column.nulls) == (1, 3, 2.0, 1)


def test_huge_and_tiny_values_neither_overflow_nor_vanish():
    column = of([1e308, 1e308, -1e308])
    assert column.mean == pytest.approx(1e308 / 3)
    assert column.variance is None
    assert of([5e-324, 5e-324]).minimum == 5e-324
    both = NumericColumn.total([of([1.7e308] * 2), of([1.7e308] * 2)])
    assert both.mean == pytest.approx(1.7e308)


def test_negative_zero_is_zero():
    column = of([-0.0, 0.0, 0.0])
    assert (column.zeros, column.negatives, column.ranks.weights.tolist()) == (3, 0, [3])


def test_times_are_microseconds():
    moment = datetime(2013, 4, 1, 7, tzinfo=UTC)
    steps = int(moment.timestamp()) * 1_000_000
    for unit in ("s", "ms", "us", "ns"):
        column = of([moment], pa.timestamp(unit, "UTC"))
        assert (column.minimum, column.unit, column.rounded) == (steps, "us since 1970-01-01", False)
    assert of([date(1970, 1, 2)], pa.date32()).minimum == 86_400_000_000
    assert of([date(1970, 1, 2)], pa.date64()).minimum == 86_400_000_000
    midnight = of([time(0, 0, 1)], pa.time32("s"))
    assert (midnight.minimum, midnight.unit) == (1_000_000, "us since midnight")
    length = of([timedelta(seconds=2)], pa.duration("ms"))
    assert (length.minimum, length.unit) == (2_000_000, "us")


def test_nanoseconds_that_are_cut_off_are_owned_up_to():
    column = of([-1], pa.timestamp("ns"))
    assert (column.minimum, column.rounded) == (-1, True)


def test_text_declared_numeric_is_read_where_it_is_a_number():
    column = of(["1", " 2.5 ", "-3e2", "nan", "Infinity", "n/a", "", None, "0x10"])
    assert (column.unreadable, column.nulls, column.nan, column.positive_infinite) == (3, 1, 1, 1)
    assert (column.minimum, column.maximum, column.finite) == (-300.0, 2.5, 3)


def test_a_slice_is_read_from_its_offset():
    array = pa.array([9.0, 1.0, None, 3.0, 9.0])
    column = NumericColumn.of(array.slice(1, 3))
    assert (column.minimum, column.maximum, column.nulls, column.n) == (1.0, 3.0, 1, 3)
    assert NumericColumn.of(pa.array([1, 2, 3]).slice(2)).minimum == 3


def test_booleans_declared_numeric_are_0_and_1():
    column = of([True, False, True, None])
    assert (column.mean, column.zeros, column.nulls) == (pytest.approx(2 / 3), 1, 1)


def test_dictionaries_are_read_through():
    column = NumericColumn.of(pa.array([1.5, None, 1.5]).dictionary_encode())
    assert (column.mean, column.nulls, column.dtype) == (1.5, 1, "double")


@pytest.mark.parametrize("array", [pa.array([[1.0]]), pa.array([2**62], pa.timestamp("s")), pa.array([b"x"])])
def test_what_has_no_numbers_is_refused(array):
    with pytest.raises(pa.ArrowException):
        NumericColumn.of(array)


def test_constant_column_has_no_variance():
    column = Profile.of(pa.table({"x": [0.1] * 1000})).columns["x"]
    assert column.variance == 0.0
    assert column.mean == 0.1


def test_signed_and_unsigned_parts_stay_whole_where_one_type_holds_both():
    small, large, negative = of([1, 2], pa.int64()), of([2**64 - 1], pa.uint64()), of([-1], pa.int64())
    both = NumericColumn.total([small, large])
    assert (both.ranks.values.tolist(), both.rounded) == ([1, 2, 2**64 - 1], False)
    mixed = NumericColumn.total([negative, large])
    assert (mixed.ranks.values.dtype, mixed.rounded, mixed.minimum, mixed.maximum) == (np.float64, True, -1, 2**64 - 1)


def test_the_same_numbers_in_other_types_are_not_different_values():
    parts = [
        of([1, 2, 3], dtype) for dtype in (pa.int8(), pa.float32(), pa.float64(), pa.uint64(), pa.decimal128(5, 1))
    ]
    merged = NumericColumn.total(parts)
    assert (merged.distinct.estimate, merged.distinct.exact, len(merged.ranks.values)) == (3.0, True, 3)


@pytest.mark.parametrize("dtype", [pa.float16(), pa.float32(), pa.float64()])
def test_floats_of_every_width_have_nan_and_infinities(dtype):
    column = NumericColumn.of(pa.array([float("nan"), INF, -INF, 1.5, None], pa.float64()).cast(dtype))
    assert (column.nan, column.positive_infinite, column.negative_infinite, column.nulls) == (1, 1, 1, 1)
    assert (column.minimum, column.maximum, column.distinct.estimate) == (1.5, 1.5, 1.0)


def test_a_sum_beyond_a_double_is_not_taken_for_an_infinity():
    column = of([1.7e308] * 3)
    assert (column.positive_infinite, column.finite, column.mean) == (0, 3, 1.7e308)
    assert of([1.7e308, -1.7e308, 1e308]).variance is None


def test_subnormals_are_counted_as_what_they_are():
    column = of([5e-324, -5e-324, 0.0, 1e-310])
    assert (column.zeros, column.negatives, column.minimum, column.distinct.estimate) == (1, 1, -5e-324, 4.0)


def test_a_long_column_in_many_chunks_is_the_same_as_its_parts_added():
    values = np.random.default_rng(0).normal(size=200_000)
    values[::7] = np.nan
    reading = NumericReading(512)
    for part in np.array_split(values, 9):
        reading.add(pa.array(part, from_pandas=True))
    column = reading.column()
    finite = values[~np.isnan(values)]
    assert (column.n, column.nulls, column.negatives) == (200_000, 200_000 - len(finite), np.count_nonzero(finite < 0))
    assert (column.minimum, column.maximum) == (finite.min(), finite.max())
    assert column.mean == pytest.approx(finite.mean(), abs=1e-12)
    assert column.std == pytest.approx(finite.std(ddof=1), rel=1e-12)
    assert column.distinct.interval[0] < len(finite) < column.distinct.interval[1]
    assert len(column.ranks.values) <= 512
    low, high = column.quantile_interval(0.5)
    assert low <= np.quantile(finite, 0.5, method="inverted_cdf") <= high


def test_a_refused_chunk_leaves_the_reading_as_it_was():
    reading = NumericReading(16)
    reading.add(pa.array([1], pa.timestamp("s")))
    with pytest.raises(pa.ArrowException):
        reading.add(pa.array([2**62], pa.timestamp("s")))
    assert (reading.column().n, reading.column().maximum) == (1, 1_000_000)


def test_quantile_intervals_end_at_minimum_and_maximum():
    column = of(list(range(1000)), pa.int64(), k=4)
    assert column.quantile_interval(0) == (0.0, column.quantile_interval(0)[1])
    assert column.quantile_interval(1)[1] == 999.0
    assert of([], pa.float64()).quantile_interval(0.5) is None
    assert of([1.0, 2.0, 3.0]).quantile_interval(0.5) == (2.0, 2.0)


def test_the_error_of_a_distance_is_what_both_sides_may_be_wrong_by():
    rng = np.random.default_rng(0)
    a, b = rng.pareto(1.2, 20_000), rng.pareto(1.2, 20_000) * 1.3
    small = [RankSummary.of(values, 128) for values in (a, b)]
    exact = [RankSummary.of(values) for values in (a, b)]
    for metric, bound in (
        (kolmogorov, sum(side.rank_error for side in small)),
        (wasserstein, sum(side.mean_spread for side in small)),
    ):
        assert abs(metric(*small) - metric(*exact)) <= bound


def kolmogorov(a, b):
    at = np.union1d(a.values, b.values)
    return max(abs(a.rank(x) / a.n - b.rank(x) / b.n) for x in at)


def wasserstein(a, b):
    full = [np.repeat(side.values, side.weights) for side in (a, b)]
    return np.abs(full[0] - full[1]).mean()


def test_decimals_without_places_are_whole_numbers():
    column = of([Decimal(2**60 + 1), Decimal(-3), None], pa.decimal128(30, 0))
    assert (column.maximum, column.minimum, column.nulls, column.rounded) == (2**60 + 1, -3, 1, False)
    assert column.ranks.values.tolist() == [-3, 2**60 + 1]


def test_whole_numbers_and_fractions_in_one_column_are_fractions():
    reading = NumericReading(64)
    reading.add(pa.array([Decimal(10**30)], pa.decimal128(38, 0)))
    reading.add(pa.array([Decimal(7)] * 40_000, pa.decimal128(38, 0)))
    reading.add(pa.array(np.arange(50_000) + 0.5))
    column = reading.column()
    assert (column.maximum, column.minimum, column.ranks.n) == (1e30, 0.5, 90_001)
    assert column.ranks.values[-1] == 1e30
    assert column.ranks.values.dtype == np.float64
