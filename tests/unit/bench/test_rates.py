"""How lines become figures: who is counted, what an interval respects, when a change counts as found."""

import numpy as np
import pytest
from scipy.stats import chi2_contingency, ks_2samp

from detection.rates import false_alarms, interval, matched_threshold, power
from detection.rivals import Rivals, chi_squared, kolmogorov_smirnov, stability
from detection.streams import NAMES, Stream


def line(began, alarm=None, calibrated="1111"):
    return {"began": began, "alarm": alarm or began, "calibrated": calibrated}


def test_alarms_that_begin_are_counted_and_windows_under_alarm_beside_them():
    found = false_alarms([line("0100", "0110"), line("0000")], "holter")
    assert (found.rate, found.under_alarm, found.bad, found.baselines) == (125.0, 250.0, 1, 2)
    assert found.uncalibrated == 0.0
    assert false_alarms([line("0000", calibrated="0011")], "holter").uncalibrated == 0.5


def test_an_interval_is_of_baselines_and_not_of_windows():
    spread, one = np.r_[np.ones(20), np.zeros(20)].astype(int), np.r_[20, np.zeros(39)].astype(int)
    assert interval(one)[1] > interval(spread)[1]
    assert interval(np.zeros(200, dtype=int))[1] == pytest.approx(1000 * (1 - 0.025 ** (1 / 200)) / 60)
    assert interval(np.zeros(4, dtype=int))[1] > 5
    assert interval(np.ones(3, dtype=int)) == pytest.approx((1000 / 60, 1000 / 60))


def test_an_alarm_that_was_on_before_the_change_found_nothing():
    found = power([line("0010"), line("1000", "1111"), line("0001")], "holter", change_at=2)
    assert (found.power, found.delay) == (pytest.approx(2 / 3), 1.5)
    assert found.before == pytest.approx(1000 / 6)
    assert np.isnan(power([line("0000")], "holter", change_at=2).delay)
    assert power([line("1000")], "holter", change_at=0).power == 1.0


def test_rivals_ring_by_their_rules():
    lines = [{"p": [0.5, 1e-6], "bh": [0.04, 0.2], "psi": [0.1, 0.3]}]
    assert [false_alarms(lines, each).rate for each in ("bh", "psi")] == [500.0, 500.0]
    assert false_alarms(lines, "matched", 1e-5).rate == 500.0
    many = [{"p": list((np.arange(1000) + 1) / 1000)}, {"p": list((np.arange(1000) + 1) / 1000)}]
    assert matched_threshold(many) == pytest.approx(0.001)


def test_rivals_agree_with_scipy():
    rng = np.random.default_rng(0)
    one, other = np.sort(rng.normal(size=400)), np.sort(rng.normal(0.1, 1, 300))
    assert kolmogorov_smirnov(one, other) == pytest.approx(ks_2samp(one, other, method="asymp").pvalue, abs=0.02)
    counts = np.array([[50.0, 30, 20], [40, 45, 15]])
    assert chi_squared(*counts) == pytest.approx(chi2_contingency(counts, correction=False).pvalue)
    assert chi_squared(np.array([5.0, 0]), np.array([5.0, 0])) == 1.0
    assert kolmogorov_smirnov(one, one[:0]) == 1.0
    assert stability(counts[0], counts[0]) == 0.0


def test_a_large_change_is_seen_by_rivals_and_an_unseen_category_too():
    stream = Stream("medium", 2000, 1, windows_count=2, change_at=1)
    rivals = Rivals(stream.baseline())
    quiet, loud = (rivals.compare(each.table) for each in stream.windows())
    assert loud[0] < 1e-6 < quiet[0]
    new = list(Stream("new_category", 2000, 1, windows_count=2, change_at=1).windows())[1].table
    assert rivals.compare(new.select(NAMES))[0] < 1e-4
