"""The streams of the detection benchmark: the same bytes for a seed, and each change is where it says it is."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from scipy.stats import ks_2samp

from detection.changes import CHANGES
from detection.population import NAMES, NUMERIC
from detection.streams import BASELINE_DAYS, CHANGE_AT, LABEL, RHYTHMS, SCORE, TIME, Stream


def all_rows(stream, *, of_change):
    return pa.concat_tables([each.table for each in stream.windows() if each.changed == of_change])


def numbers(table):
    """Return each numeric column, its missing values as 0."""
    return [table[name].fill_null(0.0).to_numpy() for name in NAMES[:NUMERIC]]


def shares(table, name):
    counts = pc.value_counts(table[name].drop_null())
    return {each["values"]: each["counts"] / table.num_rows for each in counts.to_pylist()}


@pytest.mark.parametrize("name", [*RHYTHMS, *CHANGES, "jitter+small"])
def test_the_same_seed_gives_the_same_rows(name):
    one, same, other = (Stream(name, 50, seed, windows_count=3, change_at=1) for seed in (3, 3, 4))
    assert one.baseline().equals(same.baseline())
    assert [each.table for each in one.windows()] == [each.table for each in same.windows()]
    assert not one.baseline().equals(other.baseline())


@pytest.mark.parametrize("pace", ["daily", "traffic"])
@pytest.mark.parametrize("name", RHYTHMS)
def test_windows_follow_the_baseline_and_each_other(name, pace):
    stream = Stream(name, 40, 1, pace, windows_count=4)
    baseline = stream.baseline()
    assert baseline.num_rows == stream.rhythm.baseline_rows
    assert [each for each in baseline.column_names if each in NAMES] == list(NAMES)
    windows = list(stream.windows())
    assert (TIME in baseline.column_names) is (stream.rhythm.order != "none")
    if stream.rhythm.order == "time":
        assert pc.max(baseline[TIME]).as_py() < windows[0].start
        assert (windows[0].start - pc.min(baseline[TIME]).as_py()).days >= BASELINE_DAYS - 1
    assert [each.end for each in windows[:-1]] == [each.start for each in windows[1:]]
    for each in windows:
        moments = each.table[TIME]
        assert each.start <= pc.min(moments).as_py() <= pc.max(moments).as_py() < each.end


def test_a_change_begins_at_its_window_and_a_burst_ends():
    assert [each.changed for each in Stream("small", 20, 1).windows()].index(True) == CHANGE_AT
    burst = [each.changed for each in Stream("missing_burst", 20, 1, change_at=2, windows_count=9).windows()]
    assert burst == [False, False, True, True, True, True, True, False, False]
    assert not any(each.changed for each in Stream("jitter", 20, 1).windows())


def test_a_shift_is_of_the_size_it_says():
    stream = Stream("medium", 4000, 1, windows_count=20, change_at=10)
    before, after = (all_rows(stream, of_change=which) for which in (False, True))
    normal = [f"number_{i}" for i in range(0, NUMERIC, 7)]
    moved = [
        (np.nanmean(after[name].to_numpy()) - 50) / 12 - (np.nanmean(before[name].to_numpy()) - 50) / 12
        for name in normal
    ]
    assert all(abs(each) < 0.05 or abs(each - 0.30) < 0.05 for each in moved)
    widths = [np.nanstd(after[name].to_numpy()) / np.nanstd(before[name].to_numpy()) for name in normal]
    assert all(abs(each - 1) < 0.05 or abs(each - 1.4) < 0.07 for each in widths)


def test_a_share_moves_and_a_category_appears():
    stream = Stream("category_mix", 4000, 2, windows_count=10, change_at=5)
    before, after = (all_rows(stream, of_change=which) for which in (False, True))
    falls = []
    for name in NAMES[NUMERIC:]:
        was = shares(before, name)
        most = max(was, key=was.get)
        falls.append(was[most] - shares(after, name)[most])
    assert sum(abs(each - 0.04) < 0.012 for each in falls) == 2
    stream = Stream("new_category", 4000, 2, windows_count=4, change_at=2)
    before, after = (all_rows(stream, of_change=which) for which in (False, True))
    assert not any("new" in shares(before, name) for name in NAMES[NUMERIC:])
    assert sum(abs(shares(after, name).get("new", 0) - 0.02) < 0.004 for name in NAMES[NUMERIC:]) == 1


def test_only_the_correlation_changes():
    stream = Stream("correlation", 4000, 5, windows_count=8, change_at=4)
    before, after = (all_rows(stream, of_change=which) for which in (False, True))
    ranks = [np.corrcoef([np.argsort(np.argsort(each)) for each in numbers(part)]) for part in (before, after)]
    assert np.abs(ranks[0] - ranks[1]).max() > 0.15
    assert max(ks_2samp(*each).statistic for each in zip(numbers(before), numbers(after), strict=True)) < 0.025


@pytest.mark.parametrize("name", ["concept", "interaction"])
def test_a_concept_drift_makes_the_score_wrong_and_nothing_else(name):
    stream = Stream(name, 4000, 1, windows_count=8, change_at=4)
    before, after = (all_rows(stream, of_change=which) for which in (False, True))

    def brier(table):
        return float(np.mean((table[SCORE].to_numpy() - table[LABEL].to_numpy()) ** 2))

    honest = float(np.mean(before[SCORE].to_numpy() * (1 - before[SCORE].to_numpy())))
    assert brier(before) == pytest.approx(honest, abs=0.006)
    assert brier(after) > brier(before) + 0.003


def test_days_of_a_weekly_rhythm_repeat_and_successive_rows_of_an_autocorrelated_one_are_alike():
    stream = Stream("weekly", 3000, 1, windows_count=15)
    means = np.array([np.nanmean(each.table["number_0"].to_numpy()) for each in stream.windows()])
    assert np.abs(means[7:14] - means[:7]).max() < 1.2 < np.ptp(means)
    values = Stream("autocorrelated", 100, 1).baseline()["number_0"].fill_null(50.0).to_numpy()
    assert np.corrcoef(values[1:], values[:-1])[0, 1] > 0.75
