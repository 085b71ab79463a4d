"""Profiles by time and by segment."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest

from holter.errors import BadDuration, BadSetting, NaiveTime, UnknownColumn
from holter.profile import Profile, bucketing
from holter.profile.bucket import Buckets, Segment
from holter.profile.bucketing import BucketReading, buckets
from holter.types import Span

START = datetime(2013, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
ROWS = 3000


def at(*hours):
    return pa.array([None if hour is None else START + hour * HOUR for hour in hours], pa.timestamp("us", "UTC"))


@pytest.fixture(scope="module")
def table():
    """Return ten days of rows in disorder, in three countries and without one."""
    rng = np.random.default_rng(2)
    country = pa.array([["DE", "FR", "IT", None][n] for n in rng.integers(0, 4, ROWS)])
    return pa.table({"at": at(*(rng.random(ROWS) * 240)), "x": rng.normal(size=ROWS), "country": country})


def rows_of(table, start, length, country=...):
    column = table["at"].to_pylist()
    keep = [start <= moment < start + length for moment in column]
    if country is not ...:
        keep = [k and c == country for k, c in zip(keep, table["country"].to_pylist(), strict=True)]
    return table.filter(pa.array(keep))


def alike(a, b):
    """Tell whether profiles are equal but for the rounding of moments."""
    assert a.rows == b.rows
    assert a.columns["country"] == b.columns["country"]
    one, other = a.columns["x"], b.columns["x"]
    assert np.array_equal(one.ranks.values, other.ranks.values)
    assert (one.n, one.minimum, one.maximum) == (other.n, other.minimum, other.maximum)
    assert one.m2 == pytest.approx(other.m2)
    return True


def test_each_bucket_and_segment_is_the_profile_of_its_rows(table):
    found = buckets(table, time="at", width="1d", segments=["country"])
    assert found.starts == [START + timedelta(days=day) for day in range(10)]
    assert [str(segment) for segment in found.segments] == [
        "country without a value", "country=DE", "country=FR", "country=IT",
    ]  # fmt: skip
    for (start, segment), profile in found.profiles.items():
        wanted = ... if segment is None else segment.value
        assert alike(profile, Profile.of(rows_of(table, start, timedelta(days=1), wanted)))


def test_any_window_is_a_sum_of_buckets(table):
    found = buckets(table, time="at", width="1h")
    span = Span(START + 30 * HOUR, START + 101 * HOUR)
    assert alike(found.window(span), Profile.of(rows_of(table, span.start, span.length)))
    assert alike(found.window(), Profile.of(table))
    assert found.window(Span(START - 2 * HOUR, START - HOUR)) == Profile.empty()
    german = Segment("country", "DE")
    assert found.window(span, german) == Profile.empty()
    with pytest.raises(ValueError, match="inside a bucket"):
        found.window(Span(START, START + HOUR / 2))


@pytest.mark.parametrize("cuts", [[1], [700, 700, 2999], list(range(0, ROWS, 250))])
def test_parts_add_up_to_the_whole(table, cuts):
    whole = buckets(table, time="at", width="1d", segments=["country"])
    ends = [0, *cuts, ROWS]
    parts = [buckets(table.slice(a, b - a), time="at", width="1d", segments=["country"]) for a, b in pairwise(ends)]
    total = Buckets.total(parts[::-1])
    assert set(total.profiles) == set(whole.profiles)
    assert all(alike(total.profiles[place], whole.profiles[place]) for place in whole.profiles)
    assert (parts[0] + parts[1]).window().rows == sum(part.window().rows for part in parts[:2])


def test_a_late_row_touches_its_own_bucket_only(table):
    before = buckets(table, time="at", width="1d", segments=["country"])
    late = pa.table({"at": at(30), "x": [9.0], "country": ["DE"]})
    after = before + buckets(late, time="at", width="1d", segments=["country"], watermark=START + 200 * HOUR)
    second = START + timedelta(days=1)
    touched = {place for place in after.profiles if after.profiles[place] != before.profiles[place]}
    assert touched == {(second, None), (second, Segment("country", "DE"))}
    assert (before.late, after.late) == (0, 1)


def test_erased_rows_are_taken_out_of_their_bucket(table):
    found = buckets(table, time="at", width="1d")
    third = START + timedelta(days=2)
    left = rows_of(table, third, timedelta(days=1)).slice(1)
    again = found.without([third]) + buckets(left, time="at", width="1d")
    assert again.window().rows == ROWS - 1
    assert all(again.profiles[place] == found.profiles[place] for place in found.profiles if place[0] != third)


def test_rows_without_a_time_are_counted():
    table = pa.table({"at": at(1, None, 2, None), "x": [1, 2, 3, 4]})
    found = buckets(table, time="at", width="1d")
    assert (found.undated, found.window().rows, found.window().columns["x"].mean) == (2, 2, 2.0)
    assert buckets(table.slice(1, 1), time="at", width="1d").profiles == {}
    assert buckets(table.slice(0, 0), time="at", width="1d") == Buckets(timedelta(days=1))


def test_disorder_is_counted():
    table = pa.table({"at": at(1, 5, 4, 5, 3, 6)})
    assert buckets(table, time="at", width="1h").disordered == 2
    assert buckets(pa.table({"at": at(1, 1, 2)}), time="at", width="1h").disordered == 0


@pytest.mark.parametrize(
    "dtype", [pa.timestamp("s", "UTC"), pa.timestamp("ms", "Europe/Berlin"), pa.timestamp("ns", "UTC")]
)
def test_every_unit_and_zone_is_the_same_moment(dtype):
    moments = at(23, 25, None).cast(dtype)
    found = buckets(pa.table({"at": moments, "x": [1, 2, 3]}), time="at", width="1d")
    assert (found.starts, found.undated) == ([START, START + timedelta(days=1)], 1)


def test_times_before_1970_lie_in_the_bucket_that_begins_before_them():
    before = pa.array([-1, 0], pa.timestamp("us", "UTC"))
    found = buckets(pa.table({"at": before}), time="at", width="1d")
    assert [start.isoformat() for start in found.starts] == ["1969-12-31T00:00:00+00:00", "1970-01-01T00:00:00+00:00"]


@pytest.mark.parametrize("value", [2**62, -(2**62), 2**63 - 1, -(2**63)])
@pytest.mark.parametrize("unit", ["s", "ms", "us"])
def test_a_time_no_calendar_knows_is_undated(value, unit):
    moments = pa.array([value, 0], pa.int64()).cast(pa.timestamp(unit, "UTC"))
    found = buckets(pa.table({"at": moments}), time="at", width="1w")
    assert (found.undated, found.window().rows) == (1, 1)


@pytest.mark.parametrize("moment", [datetime(2, 1, 1, tzinfo=UTC), datetime(9998, 12, 31, 23, tzinfo=UTC)])
def test_the_first_and_the_last_year_have_buckets(moment):
    found = buckets(pa.table({"at": pa.array([moment], pa.timestamp("us", "UTC"))}), time="at", width="2w")
    assert found.starts[0] <= moment < found.starts[0] + timedelta(weeks=2)


def test_times_without_a_zone_are_refused_unless_declared():
    naive = pa.table({"at": at(1, 2).cast(pa.timestamp("us")), "day": pa.array([1, 2], pa.date32())})
    for name in ("at", "day"):
        with pytest.raises(NaiveTime, match="has no time zone"):
            buckets(naive, time=name, width="1d")
    assert buckets(naive, time="at", width="1d", assume_utc=True).starts == [START]
    days = pa.table({"at": pa.array([1, None], pa.date64())})
    assert buckets(days, time="at", width="1d", assume_utc=True).undated == 1


def test_what_cannot_be_a_time_or_a_column_is_named():
    table = pa.table({"x": [1], "at": at(1)})
    with pytest.raises(BadSetting, match="'x' is of type int64"):
        buckets(table, time="x", width="1d")
    with pytest.raises(UnknownColumn):
        buckets(table, time="when", width="1d")
    with pytest.raises(UnknownColumn):
        buckets(table, time="at", width="1d", segments=["country"])
    with pytest.raises(BadDuration):
        buckets(table, time="at", width="day")
    with pytest.raises(ValueError, match="different widths"):
        buckets(table, time="at", width="1d") + buckets(table, time="at", width="1h")


def test_segments_are_bounded(monkeypatch):
    monkeypatch.setattr(bucketing, "SEGMENTS", 2)
    table = pa.table({"at": at(*range(6)), "s": ["a", "b", "b", "c", "c", "c"]})
    found = buckets(table, time="at", width="1d", segments=["s"])
    sizes = {str(segment): found.window(segment=segment).rows for segment in found.segments}
    assert sizes == {"s=c": 3, "s=b": 2, "s of other values": 1}


def test_a_value_keeps_its_segment_through_the_stream(monkeypatch):
    monkeypatch.setattr(bucketing, "SEGMENTS", 1)
    table = pa.table({"at": at(1, 2, 3), "s": ["a", "b", "a"]})
    schema, sizes = table.schema, {}
    reading = BucketReading(schema, "at", HOUR, ["s"], {"k": 512})
    for start in range(3):
        reading.add(table.to_batches()[0].slice(start, 1))
    found = reading.buckets()
    for segment in found.segments:
        sizes[str(segment)] = found.window(segment=segment).rows
    assert sizes == {"s=a": 2, "s of other values": 1}


def test_segments_of_every_type_have_names():
    raw = pa.array([b"caf\xe9", b"u"], pa.binary())
    table = pa.table(
        {
            "at": at(1, 2),
            "flag": [True, None],
            "grade": pa.array([1.0, 2.5]),
            "code": pa.array(["u", "v"]).dictionary_encode(),
            "text": pa.Array.from_buffers(pa.string(), 2, raw.buffers()),
            "runs": pa.RunEndEncodedArray.from_arrays(pa.array([1, 2]), pa.array(["m", "n"])),
        }
    )
    names = ["flag", "grade", "code", "text", "runs"]
    found = buckets(table, time="at", width="1d", segments=names)
    assert [str(segment) for segment in found.segments] == [
        "code=u", "code=v", "flag without a value", "flag=true", "grade=1", "grade=2.5",
        "runs=m", "runs=n", "text=caf\\xe9", "text=u",
    ]  # fmt: skip


def test_complete_buckets_can_be_taken_out(table):
    reading = BucketReading(table.schema, "at", timedelta(days=1), [], {"k": 64})
    for batch in table.sort_by("at").to_batches(max_chunksize=500):
        reading.add(batch)
    taken = reading.closed(START + timedelta(days=3, hours=1))
    assert [place[0] for place in taken] == [START + timedelta(days=day) for day in range(3)]
    left = reading.buckets()
    assert len(left.profiles) == 7
    assert sum(profile.rows for profile in taken.values()) + left.window().rows == ROWS
    assert all(len(profile.columns["x"].ranks.values) <= 64 for profile in (*taken.values(), *left.profiles.values()))


def test_memory_is_bounded_by_compressing_what_was_touched_longest_ago(table, monkeypatch):
    whole = buckets(table, time="at", width="1d", k=32)
    monkeypatch.setattr(bucketing, "_LOOSE", 0)
    monkeypatch.setattr(bucketing, "_PIECES", 2)
    reading = BucketReading(table.schema, "at", timedelta(days=1), [], {"k": 32})
    for batch in table.to_batches(max_chunksize=400):
        reading.add(batch)
    tight = reading.buckets()
    values = np.array(table["x"])
    days = np.array([(moment - START) // timedelta(days=1) for moment in table["at"].to_pylist()])
    for place, profile in tight.profiles.items():
        column = profile.columns["x"]
        own = values[days == (place[0] - START).days]
        assert column.n == whole.profiles[place].columns["x"].n == len(own)
        assert all(abs(column.ranks.rank(x) - np.count_nonzero(own <= x)) <= column.ranks.error for x in own)


def test_columns_that_arrow_cannot_sort_come_along():
    union = pa.UnionArray.from_dense(
        pa.array([0, 1, 0], pa.int8()), pa.array([0, 0, 1], pa.int32()), [pa.array([1, 2]), pa.array(["x"])]
    )
    view = pa.array([b"a", None, b"b"], pa.binary_view())
    table = pa.table({"at": at(5, 1, 3), "u": union, "v": view, "x": [1.0, 2.0, 3.0]})
    found = buckets(table, time="at", width="1h")
    assert [found.profiles[(start, None)].columns["x"].mean for start in found.starts] == [2.0, 3.0, 1.0]
    assert (found.window().columns["u"].n, found.window().columns["v"].nulls) == (3, 1)


def test_what_was_asked_for_comes_with_each_bucket(table):
    found = buckets(table, time="at", width="1d", joint=True, sample=5, key=["at"], threads=2)
    assert all(profile.sample.rows.num_rows == 5 for profile in found.profiles.values())
    whole = Profile.of(table, joint=True, sample=5, key=["at"])
    assert found.window().sample == whole.sample
    assert found.window().joint.n.tolist() == whole.joint.n.tolist()
