"""What is learned from a baseline, and what it says it lacks."""

import json
import sys
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from nulls import DAY, KEYS, MONDAY, baseline, day, means

from holter.rules.budget import Budget
from holter.rules.learning import learn, scales_of
from holter.rules.null import Null
from holter.types import ContrastKey, Contrasts, Family, Span

STRICT = Budget(0.001, per="window")


def learned(blocks, **options):
    return learn(blocks, budget=STRICT, every=DAY, **options)


@pytest.fixture(scope="module")
def calm():
    return learned(baseline(np.random.default_rng(1)))


def test_independent_rows_leave_little_between_days(calm):
    assert calm.calibrated
    assert calm.scales == (1, 2, 4, 7)
    assert calm.expected_rho[0].max() < 0.3


def test_days_that_differ_are_found_restless():
    rng = np.random.default_rng(2)
    effect = rng.normal(0, 0.2, (56, len(KEYS)))  # variance .04, twelve times that of a day of 300 rows
    null = learned(baseline(rng, shift=lambda number: effect[number]))
    assert 6 < np.median(null.expected_rho[0]) < 20
    assert "most restless" in " ".join(null.explain())


def test_what_moves_one_moment_of_a_column_is_expected_to_move_the_others():
    rng = np.random.default_rng(3)
    effect = np.zeros((56, len(KEYS)))
    effect[:, 0] = rng.normal(0, 0.3, 56)
    null = learned(baseline(rng, shift=lambda number: effect[number]))
    assert null.floor[0, 1:4].min() > 1
    assert null.floor[0, 4:].max() < 0.1


def test_weekdays_are_taken_off_when_there_are_four_weeks():
    week = np.zeros((7, len(KEYS)))
    week[5:] = 0.5
    null = learned(baseline(np.random.default_rng(4), shift=lambda number: week[number % 7]))
    assert [cycle.name for cycle in null.cycles] == ["day of the week"]
    assert null.expected_rho[0].max() < 0.5
    weekend, monday = null.calendar([day(5), day(0)])
    assert (weekend - monday).mean() == pytest.approx(0.5, abs=0.05)
    short = learned(baseline(np.random.default_rng(4), days=27, shift=lambda number: week[number % 7]))
    assert short.cycles == ()
    assert short.expected_rho[0].min() > 3


def test_hours_are_taken_off_when_windows_are_hours():
    rng, hour = np.random.default_rng(5), timedelta(hours=6)
    blocks = [(day(number, hour), means(rng, 300, 0.4 * (number % 4 == 0))) for number in range(160)]
    null = learn(blocks, budget=STRICT, every=hour)
    assert [cycle.name for cycle in null.cycles] == ["hour of the day", "day of the week"]
    assert null.expected_rho[0].max() < 0.5


def test_days_that_stand_out_make_an_envelope_and_no_unrest():
    rng = np.random.default_rng(6)
    null = learned(baseline(rng, shift=lambda number: 1.0 * (number in (10, 31))))
    assert null.events == (10, 31)
    assert null.expected_rho[0].max() < 0.3
    assert null.envelope[0].min() > 0.9
    assert null.envelope[3].max() < null.envelope[0].max() / 3  # a week with one such day in it
    assert "2 windows stood out" in " ".join(null.explain())


def test_heavy_tails_of_days_are_noticed():
    rng = np.random.default_rng(7)
    effect = 0.1 * rng.standard_t(3, (56, len(KEYS)))
    null = learned(baseline(rng, shift=lambda number: effect[number]))
    assert 10 < learned(baseline(rng)).freedom.max() <= 56 / 4
    assert 2.5 < null.freedom[0] < 10


@pytest.mark.parametrize(("days", "lacks"), [(20, "1 more week of"), (7, "2 more weeks of"), (0, "3 more weeks of")])
def test_few_days_are_uncalibrated_and_say_how_many_more(days, lacks):
    null = learned(baseline(np.random.default_rng(8), days=days))
    assert not null.calibrated
    assert lacks in null.missing
    assert null.explain()[-1].startswith("Not calibrated")


def test_what_the_caller_knows_to_be_missing_is_said(calm):
    assert (
        learned(
            list(zip(calm.blocks.spans, [means(np.random.default_rng(1))] * 56, strict=True)), missing="no time"
        ).missing
        == "no time"
    )


def test_the_order_of_blocks_and_of_keys_does_not_matter(calm):
    blocks = baseline(np.random.default_rng(1))
    turned = learned([(span, found.over(found.keys[::-1])) for span, found in reversed(blocks)])
    assert turned.keys == calm.keys[::-1]
    assert np.allclose(turned.expected_rho[:, ::-1], calm.expected_rho, atol=1e-4)
    assert turned.missing == calm.missing


def test_learning_is_deterministic_and_comes_back_from_json(calm):
    again = learned(baseline(np.random.default_rng(1)))
    assert again.to_dict() == calm.to_dict()
    back = Null.from_dict(json.loads(json.dumps(calm.to_dict())))
    assert back.to_dict() == calm.to_dict()
    assert back.explain() == calm.explain()


def test_odd_baselines_raise_nothing():
    key = ContrastKey(Family.NUMERIC, "x", "location")
    nothing = Contrasts((key,), np.zeros(1), np.zeros(1), np.zeros(1), np.zeros(1))
    constant = Contrasts((key,), np.full(1, 9.0), np.zeros(1), np.zeros(1), np.zeros(1))
    for found in (nothing, constant, Contrasts.empty()):
        null = learned([(day(number), found) for number in range(30)])
        assert np.isfinite(null.spread).all()
        assert null.explain()


def test_gaps_and_columns_that_come_late_are_borne():
    rng = np.random.default_rng(9)
    blocks = baseline(rng)[::3] + baseline(rng, days=90)[57:]
    late = ContrastKey(Family.NUMERIC, "late", "location")
    blocks[-1] = (blocks[-1][0], Contrasts.joined([blocks[-1][1], means(rng, keys=(late,))]))
    null = learned(blocks)
    assert late in null.keys
    assert null.calibrated


def test_a_new_normal_keeps_the_rhythm_and_moves_the_level():
    rng = np.random.default_rng(10)
    effect = rng.normal(0, 0.2, (70, len(KEYS)))
    blocks = baseline(rng, days=70, shift=lambda number: effect[number] + (number >= 60))
    null = learned(blocks, since=MONDAY + 60 * DAY)
    assert null.mean.mean() == pytest.approx(1.0, abs=0.1)
    assert null.rows[0] == 3000
    assert np.median(null.expected_rho[0]) < 25
    assert len(null.events) <= 1


def test_shares_that_never_occurred_are_half_a_row():
    key = ContrastKey(Family.CATEGORICAL, "c", "unseen", share=True)
    never = Contrasts((key,), np.full(1, 100.0), np.zeros(1), np.zeros(1), np.zeros(1))
    null = learned([(day(number), never) for number in range(30)])
    assert null.mean[0] == pytest.approx(0.5 / 3001)


def test_scales_need_eight_stretches():
    assert scales_of(56) == (1, 2, 4, 7)
    assert scales_of(15) == (1,)
    assert scales_of(300) == (1, 2, 4, 7, 14, 28)
    assert Span(MONDAY, MONDAY + DAY) == day(0)
