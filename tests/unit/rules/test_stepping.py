"""Windows judged one after the other: what alarms, what does not, when it is over."""

import json
import sys
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from nulls import DAY, KEYS, baseline, counted, day, means

from holter.rules import Level
from holter.rules.budget import Budget
from holter.rules.course import Course
from holter.rules.learning import learn
from holter.rules.stepping import LEARNED_ANEW, step
from holter.types import ContrastKey, Contrasts, Family

STRICT = Budget(0.001, per="window")
CLEAR = 0.5


@pytest.fixture(scope="module")
def calm():
    return learn(baseline(np.random.default_rng(1)), budget=STRICT, every=DAY)


def run(null, windows, course=None, first=56, **options):
    course, said = course or Course.new(), []
    for number, found in enumerate(windows):
        course, judgement = step(null, course, day(first + number), found, **options)
        said.append(judgement)
    return course, said


def windows(rng, shifts, n=300):
    return [means(rng, n, shift) for shift in shifts]


def one(size):
    """Return a shift of the location of the first column only."""
    shift = np.zeros(len(KEYS))
    shift[0] = size
    return shift


def test_windows_as_usual_say_nothing(calm):
    _, said = run(calm, windows(np.random.default_rng(2), [0.0] * 60))
    assert all(each.calibrated and each.level is None for each in said)


def test_a_large_change_alarms_in_the_window_in_which_it_is(calm):
    _, said = run(calm, windows(np.random.default_rng(3), [0.0] * 5 + [one(CLEAR)]))
    assert (said[-1].level, said[-1].began, said[-1].alarm) == (Level.WARNING, True, True)
    finding = said[-1].findings[0]
    assert (finding.feature, finding.name, finding.family, finding.scale) == ("x0", "location", "numeric", 1)
    assert finding.p <= finding.threshold < 0.001
    assert finding.sentence.startswith("x0 rose (by 0.")


def test_a_small_change_adds_up_over_windows(calm):
    _, said = run(calm, windows(np.random.default_rng(4), [0.0] * 5 + [one(0.13)] * 12))
    began = [number for number, each in enumerate(said) if each.began]
    assert len(began) == 1
    assert began[0] > 5
    assert said[began[0]].findings[0].scale > 1


def test_what_is_real_but_small_is_information():
    rng = np.random.default_rng(5)
    null = learn(baseline(rng, n=30_000), budget=STRICT, every=DAY)
    course, said = run(null, windows(rng, [0.0] * 3 + [one(0.06)] * 2, n=30_000))
    assert (said[-1].level, said[-1].alarm) == (Level.INFORMATION, False)
    assert course.on is None
    _, said = run(null, windows(np.random.default_rng(5), [0.0] * 3 + [one(0.06)] * 2, n=30_000), material=False)
    assert said[-1].level is Level.WARNING


def test_the_first_windows_page_nothing(calm):
    _, said = run(calm, windows(np.random.default_rng(6), [one(CLEAR)] * 5))
    assert [each.alarm for each in said[:2]] == [False, False]
    assert "first windows" in said[0].why
    assert said[-1].alarm


def test_a_burst_ends_its_alarm_and_rings_no_longer(calm):
    _, said = run(calm, windows(np.random.default_rng(7), [0.0] * 5 + [one(1.0)] * 2 + [0.0] * 12))
    assert [each.began for each in said].count(True) == 1
    assert "over" in next(each.why for each in said[6:] if not each.alarm)
    assert not any(each.alarm for each in said[10:])


def test_a_change_that_lasts_keeps_its_alarm_until_it_is_accepted(calm):
    rng = np.random.default_rng(8)
    course, said = run(calm, windows(rng, [0.0] * 5 + [one(CLEAR)] * 20))
    assert all(each.alarm for each in said[5:])
    assert not any(each.accepted for each in said[5:])
    assert "since 2026-03-07" in said[-1].why
    course = course.accepted()
    assert course.on is None
    _, said = run(calm, windows(rng, [0.0] * 3), course, first=81)
    assert not any(each.alarm for each in said)


def test_a_worse_finding_raises_the_level_of_an_alarm():
    loss = ContrastKey(Family.LABEL, None, "loss")
    rng, keys = np.random.default_rng(9), (*KEYS, loss)
    null = learn([(day(number), means(rng, keys=keys)) for number in range(56)], budget=STRICT, every=DAY)
    drift = np.append(one(CLEAR), 0.0)
    harm = np.append(one(CLEAR), CLEAR)
    _, said = run(null, [means(rng, keys=keys, shift=shift) for shift in [0.0, 0.0, 0.0, drift, harm]])
    assert [each.level for each in said[3:]] == [Level.WARNING, Level.PAGE]
    assert said[-1].findings[0].name == "loss"


def test_a_lower_loss_is_no_harm():
    loss = ContrastKey(Family.LABEL, None, "loss")
    rng = np.random.default_rng(10)
    null = learn([(day(number), means(rng, keys=(loss,))) for number in range(56)], budget=STRICT, every=DAY)
    _, said = run(null, [means(rng, keys=(loss,), shift=shift) for shift in [0.0, 0.0, 0.0, -1.0]])
    assert said[-1].level is Level.WARNING


def test_rare_shares_are_judged_by_their_exact_law():
    key = ContrastKey(Family.CATEGORICAL, "c", "unseen", share=True)
    rng = np.random.default_rng(11)
    null = learn([(day(number), counted(rng, key, 300, 0.0005)) for number in range(56)], budget=STRICT, every=DAY)
    few = [counted(rng, key, 300, p) for p in [0.0005] * 30]
    assert not any(each.alarm for each in run(null, few)[1])
    _, said = run(null, [*few[:4], counted(rng, key, 300, 0.05)])
    assert said[-1].alarm
    assert "unseen categories of c rose" in said[-1].findings[0].sentence


def test_a_whole_column_is_tested_for_its_mix():
    keys = tuple(ContrastKey(Family.CATEGORICAL, "c", f"share of {name}", share=True) for name in "abcdefgh")
    rng, p = np.random.default_rng(12), np.full(8, 1 / 8)

    def mixed(p, n=2000):
        share = rng.multinomial(n, p) / n
        return Contrasts(keys, np.full(8, float(n)), share, share * (1 - share), np.zeros(8))

    null = learn([(day(number), mixed(p)) for number in range(56)], budget=STRICT, every=DAY)
    tilted = p * np.where(np.arange(8) % 2, 1.2, 0.8)
    _, said = run(null, [*(mixed(p) for _ in range(20)), *(mixed(tilted) for _ in range(5))])
    assert not any(each.alarm for each in said[:20])
    assert any(finding.name == "mix" and finding.unit == "w" for finding in said[-1].findings)


def test_production_that_is_rougher_than_its_baseline_is_uncalibrated_then_learned_anew(calm):
    rng = np.random.default_rng(13)
    rough = [means(rng, shift=rng.normal(0, 0.3, len(KEYS))) for _ in range(LEARNED_ANEW + 20)]
    course, said = run(calm, rough)
    assert not any(each.alarm for each in said)
    assert not said[10].calibrated
    assert "times as much" in said[10].why
    assert course.relearned is not None
    assert said[-1].calibrated
    assert np.median(course.relearned.expected_rho[0]) > 5


def test_a_baseline_without_time_is_learned_from_what_is_seen():
    rng = np.random.default_rng(14)
    null = learn([(day(0), means(rng, 20_000))], budget=STRICT, every=DAY, missing="no time")
    course, said = run(null, windows(rng, [one(CLEAR)] * 10))
    assert not any(each.alarm or each.calibrated for each in said)
    assert said[-1].why == "no time"
    course, said = run(null, windows(rng, [0.0] * (LEARNED_ANEW + 3)))
    assert said[-1].calibrated
    assert course.relearned is not None


def test_a_window_seen_again_takes_the_place_of_what_was_seen_of_it(calm):
    rng = np.random.default_rng(15)
    course, _ = run(calm, windows(rng, [0.0] * 8))
    again, judgement = step(calm, course, day(60), means(rng, shift=one(2.0)))
    assert len(again.seen) == len(course.seen)
    assert again.count == course.count
    assert judgement.alarm
    assert [each.span for each in again.seen] == [each.span for each in course.seen]


def test_the_course_comes_back_from_json_and_goes_on_alike(calm):
    rng = np.random.default_rng(16)
    course, _ = run(calm, windows(rng, [0.0] * 5 + [one(CLEAR)] * 3))
    back = Course.from_dict(json.loads(json.dumps(course.to_dict())))
    assert back.to_dict() == course.to_dict()
    found = means(rng)
    assert step(calm, back, day(64), found)[1] == step(calm, course, day(64), found)[1]


def test_a_window_lacks_columns_or_has_new_ones(calm):
    rng = np.random.default_rng(17)
    course, _ = run(calm, windows(rng, [0.0] * 4))
    other = ContrastKey(Family.NUMERIC, "new", "location")
    for found in (Contrasts.empty(), means(rng, keys=(other,)), means(rng, keys=KEYS[:3])):
        _, judgement = step(calm, course, day(60), found)
        assert judgement.level is None
        assert judgement.calibrated
    nothing = Contrasts(KEYS, *(np.zeros(len(KEYS)) for _ in range(4)))
    assert step(calm, course, day(60), nothing)[1].looked == frozenset()


def test_a_window_of_many_rows_believes_no_more_than_days_can_tell(calm):
    rng = np.random.default_rng(18)
    course, _ = run(calm, windows(rng, [0.0] * 4, n=100_000))
    # Days of 300 rows could not have shown an effect of .02 sd that every day has.
    _, judgement = step(calm, course, day(60), means(rng, 100_000, rng.normal(0, 0.01, len(KEYS))))
    assert judgement.level is None


def test_windows_longer_than_blocks_are_judged_at_their_own_length(calm):
    rng, course = np.random.default_rng(19), Course.new()
    week = timedelta(days=7)
    for number, shift in enumerate([0.0, 0.0, 0.0, 0.0, one(0.3)]):
        course, judgement = step(calm, course, day(20 + number, week), means(rng, 2100, shift))
    assert judgement.began


def test_segments_share_less_than_the_whole():
    rng = np.random.default_rng(20)

    def both(shift=0.0):
        return Contrasts.joined([means(rng), means(rng, 60, shift).of_segment("country=DE")])

    null = learn([(day(number), both()) for number in range(56)], budget=STRICT, every=DAY)
    assert null.levels.sum() <= 0.001
    assert null.levels[0, 0] > null.levels[0, -1]
    _, said = run(null, [both(), both(), both(), both(one(1.5))])
    assert said[-1].findings[0].segment == "country=DE"
    assert "where country=DE" in said[-1].findings[0].sentence


def test_two_windows_that_are_the_same_do_not_differ(calm):
    same = Contrasts(KEYS, np.full(len(KEYS), 300.0), calm.mean, np.ones(len(KEYS)), np.zeros(len(KEYS)))
    _, said = run(calm, [same] * 10)
    assert all(each.findings == () for each in said)


def test_a_judgement_turns_into_plain_values(calm):
    _, said = run(calm, windows(np.random.default_rng(21), [0.0] * 3 + [one(CLEAR)]))
    plain = json.loads(json.dumps(said[-1].to_dict()))
    assert plain["level"] == "warning"
    assert type(said[-1].findings[0]).from_dict(plain["findings"][0]) == said[-1].findings[0]
