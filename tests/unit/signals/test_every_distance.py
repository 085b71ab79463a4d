"""Every distance by name: as measurements, with intervals that hold the truth."""

import math

import numpy as np
import pyarrow as pa
import pytest

from holter.errors import BadSetting
from holter.profile import Profile, Window
from holter.rules import Calibration, decide
from holter.signals import named
from holter.signals.comparable import Laid
from holter.signals.distances import DISTANCES, all_distances
from holter.signals.every_distance import EVERY, OF_NUMBERS, chosen, distance_interval, wanted_distances
from holter.types import Feature, Kind, Schema, Verdict

SCHEMA = Schema((Feature("x", Kind.NUMERIC, "double"), Feature("c", Kind.CATEGORICAL, "string")))


def profile(rng, n, shift=0.0, k=4096):
    weights = np.array([0.5, 0.3, 0.2]) + shift * np.array([-0.1, 0.05, 0.05])
    table = {"x": rng.normal(shift, 1, n), "c": rng.choice(["a", "b", "c"], n, p=weights)}
    return Profile.of(pa.table(table), k=k)


def laid(name, shift=0.0, n=400, m=1000, seed=0, k=4096):
    rng = np.random.default_rng(seed)
    now, before = profile(rng, n, shift, k), profile(rng, m, 0.0, k)
    return Laid(now.columns[name], before.columns[name])


def test_all_are_measured_and_are_those_of_the_profile():
    signal = named("data_drift", {"distances": ["all"]})
    assert signal.metrics == EVERY
    rng = np.random.default_rng(0)
    sides = [Window(None, SCHEMA, profile(rng, 500, 0.3)), Window(None, SCHEMA, profile(rng, 500))]
    found = decide(list(signal.measure(*sides)), Calibration.iid())
    by_feature = {name: [each.metric for each in found if each.feature == name] for name in ("x", "c")}
    assert set(by_feature["x"]) == set(EVERY)
    assert set(by_feature["c"]) == set(EVERY) - {*OF_NUMBERS, "normalized_wasserstein"}
    both = Laid(sides[0].profile.columns["x"], sides[1].profile.columns["x"])
    expected = {each.metric: each.value for each in all_distances(both)}
    assert {each.metric: each.value for each in found if each.feature == "x"} == pytest.approx(expected)
    for each in found:
        assert each.interval.low <= each.value <= each.interval.high
        assert 0 <= each.evidence.p_value <= 1


def test_the_usual_three_are_what_they_were_and_others_are_refused_with_their_names():
    assert named("data_drift").metrics == DISTANCES
    assert chosen(["hellinger", "psi", "psi"]) == ("psi", "hellinger")
    with pytest.raises(BadSetting, match=r"there is no 'hellingr'.*hellinger"):
        named("data_drift", {"distances": ["hellingr"]})
    assert [each.metric for each in wanted_distances("s", laid("x"), DISTANCES)] == list(DISTANCES)


@pytest.mark.parametrize("metric", [*OF_NUMBERS, "hellinger", "total_variation", "l_infinity"])
def test_intervals_hold_the_distance_of_the_laws(metric):
    truth = next(each for each in all_distances(laid("x", 0.3, 200_000, 200_000, 99)) if each.metric == metric)
    held = 0
    for seed in range(25):
        pair = laid("x", 0.3, seed=seed).pair
        found = next(each for each in pair.distances() if each.metric == metric)
        between = distance_interval(pair, found)
        held += between.low <= truth.value <= between.high
    assert held >= 23  # of 25 with 95 % each


def test_statistics_of_counts_lie_in_their_interval_and_lose_what_chance_adds():
    for metric in ("chi_squared", "g", "cramers_v"):
        pair = laid("c", seed=3).pair
        found = next(each for each in pair.distances() if each.metric == metric)
        between = distance_interval(pair, found)
        assert between.low == 0 <= found.value <= between.high
        far = laid("c", 2.0, 4000, 4000).pair
        moved = next(each for each in far.distances() if each.metric == metric)
        assert 0 < distance_interval(far, moved).low < moved.value


def test_what_a_summary_leaves_open_widens_the_interval():
    exact, rough = (laid("x", 0.3, 20_000, 20_000, k=k).pair for k in (40_000, 32))
    for metric in OF_NUMBERS:
        widths = []
        for pair in (exact, rough):
            found = next(each for each in pair.distances() if each.metric == metric)
            between = distance_interval(pair, found)
            widths.append(between.high - between.low)
        assert widths[0] < widths[1]


def test_what_has_no_distance_says_so_for_each_that_was_asked():
    few = laid("x", n=5)
    found = wanted_distances("s", few, ["psi", "energy", "hellinger"], feature="x")
    assert [(each.metric, each.verdict) for each in found] == [
        ("psi", Verdict.INSUFFICIENT),
        ("energy", Verdict.INSUFFICIENT),
        ("hellinger", Verdict.INSUFFICIENT),
    ]
    assert [each.metric for each in wanted_distances("s", few, ["energy"])] == ["energy"]
    huge = Profile.of(pa.table({"x": [1e308, -1e308] * 50})).columns["x"]
    far = wanted_distances("s", Laid(huge, huge), ["wasserstein", "energy"])
    assert all(each.value is None or math.isfinite(each.value) for each in far)


def test_the_same_table_has_no_distance():
    column = profile(np.random.default_rng(1), 300).columns["x"]
    found = wanted_distances("s", Laid(column, column), EVERY)
    assert [each.value for each in found] == pytest.approx([0.0] * len(EVERY))
