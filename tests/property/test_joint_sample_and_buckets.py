"""Joint sums, samples and buckets of parts are those of the whole, in any partition and order."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from holter.profile import Buckets, Profile, buckets

START = datetime(2013, 1, 1, tzinfo=UTC)
value = st.one_of(st.none(), st.integers(-5, 5).map(float), st.floats(-1e6, 1e6), st.just(float("nan")))
row = st.tuples(value, value, st.integers(0, 12), st.one_of(st.none(), st.sampled_from("abc")), st.integers(0, 50))
rows = st.lists(row, max_size=40)
cuts = st.lists(st.integers(0, 40), max_size=4)


def table(found):
    columns = list(zip(*found, strict=True)) or [[]] * 5
    times = [START + timedelta(hours=hour) for hour in columns[4]]
    return pa.table(
        {
            "x": pa.array(columns[0], pa.float64()),
            "y": pa.array(columns[1], pa.float64()),
            "id": pa.array(columns[2], pa.int64()),
            "s": pa.array(columns[3], pa.string()),
            "at": pa.array(times, pa.timestamp("us", "UTC")),
        }
    )


def split(found, places):
    ends = [0, *sorted(min(place, len(found)) for place in places), len(found)]
    return [table(found[a:b]) for a, b in pairwise(ends)]


def same_joint(a, b):
    assert a.names == b.names
    assert np.array_equal(a.n, b.n)
    size = max(float(np.abs(b.mean).max(initial=0)), 1.0)
    assert np.allclose(a.mean, b.mean, rtol=1e-9, atol=1e-9 * size)
    spread = max(float(np.abs(b.m2).max(initial=0)), 1.0)
    assert np.allclose(a.m2, b.m2, rtol=1e-7, atol=1e-9 * spread)
    assert np.allclose(a.cross, b.cross, rtol=1e-7, atol=1e-9 * spread)


@given(rows, cuts, st.integers(1, 8), st.sampled_from([(), ("id",), ("id", "s")]), st.randoms(use_true_random=False))
def test_joint_sums_and_samples_of_parts_are_those_of_the_whole(found, places, size, key, random):
    whole = Profile.of(table(found), joint=True, sample=size, key=key)
    random.shuffle(found)
    parts = [Profile.of(part, joint=True, sample=size, key=key) for part in split(found, places)]
    random.shuffle(parts)
    merged = Profile.total(parts)
    same_joint(merged.joint, whole.joint)
    assert merged.sample == whole.sample
    assert int(whole.sample.counts.sum()) <= len(found)
    assert Profile.from_bytes(merged.to_bytes()) == merged


@given(st.lists(rows, min_size=3, max_size=3), st.integers(1, 5))
def test_adding_is_associative_and_commutative(found, size):
    a, b, c = (Profile.of(table(part), joint=True, sample=size, key=["id"]) for part in found)
    assert ((a + b) + c).sample == (a + (b + c)).sample
    assert (a + b).sample == (b + a).sample
    same_joint(((a + b) + c).joint, (a + (b + c)).joint)
    assert (a + b).joint == (b + a).joint
    assert (a + Profile.empty()).joint == a.joint
    assert (Profile.empty() + a).sample == a.sample


@given(st.permutations([(True, 1), (True, 0), (False, 1), (False, 0)]))
def test_what_covers_some_of_the_rows_only_is_not_passed_off_for_all(kinds):
    full = table([(1.0, 2.0, 3, "a", 4)])
    parts = [Profile.of(full.slice(0, rows), joint=asked, sample=int(asked)) for asked, rows in kinds]
    one = ((parts[0] + parts[1]) + parts[2]) + parts[3]
    other = parts[0] + (parts[1] + (parts[2] + parts[3]))
    assert one.joint is other.joint is one.sample is other.sample is None
    asked = [part for part, (wanted, rows) in zip(parts, kinds, strict=True) if wanted or not rows]
    assert Profile.total(asked).joint.n[0, 0] == 1
    assert Profile.total(asked).sample.rows.num_rows == 1


def test_samples_by_different_keys_do_not_add_up():
    full = table([(1.0, 2.0, 3, "a", 4)])
    a, b = (Profile.of(full, sample=2, key=key) for key in ((), ("id",)))
    assert (a + b).sample is None


@settings(max_examples=40)
@given(rows, st.lists(row, max_size=6), cuts, st.randoms(use_true_random=False))
def test_buckets_of_parts_are_those_of_the_whole_and_others_stay_as_they_are(found, more, places, random):
    asked = {"time": "at", "width": "12h", "segments": ["s"], "sample": 3, "key": ["id"]}
    whole = buckets(table(found), **asked)
    shuffled = random.sample(found, len(found))
    merged = Buckets.total([buckets(part, **asked) for part in split(shuffled, places)])
    assert set(merged.profiles) == set(whole.profiles)
    for place, profile in whole.profiles.items():
        other = merged.profiles[place]
        assert (profile.rows, profile.sample, profile.columns["s"]) == (other.rows, other.sample, other.columns["s"])
        assert profile.columns["x"].ranks == other.columns["x"].ranks
    after = whole + buckets(table(more), **asked)
    touched = {START + timedelta(hours=each[4] // 12 * 12) for each in more}
    for place, profile in whole.profiles.items():
        assert place[0] in touched or after.profiles[place] == profile
    assert after.window().rows == len(found) + len(more)
