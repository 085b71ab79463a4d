"""Which measurements become alarms."""

import json
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from holter.rules import Calibration, decide
from holter.rules.judgement import Judgement
from holter.rules.material import MATERIAL, Material, Worse
from holter.types import CERTAIN, Calibrated, Evidence, Measurement, Span, Verdict


def drift(p, value=0.4, metric="jensen_shannon", feature="x", test="ks"):
    return Measurement("data_drift", metric, value, 900, feature=feature, evidence=Evidence(p, test, value))


def auc(value, baseline, p=1e-9):
    return Measurement("performance", "roc_auc", value, 900, evidence=Evidence(p, "z", value - baseline, baseline))


def verdicts(measurements, calibration=None):
    return [each.verdict for each in decide(measurements, calibration or Calibration.iid())]


def test_nothing_in_nothing_out():
    assert decide([], Calibration.iid()) == []


def test_real_and_material_is_an_alarm_with_its_threshold():
    (judged,) = decide([drift(1e-9)], Calibration.iid())
    assert (judged.verdict, judged.calibrated, judged.threshold) == (Verdict.ALARM, Calibrated.IID, 0.1)


def test_real_but_small_is_ok_and_says_so():
    (judged,) = decide([drift(1e-9, value=0.05)], Calibration.iid())
    assert judged.verdict is Verdict.OK
    assert "too small to matter" in judged.reason


def test_large_but_perhaps_chance_is_ok():
    assert verdicts([drift(0.01)]) == [Verdict.OK]


def test_one_feature_with_three_distances_is_one_test():
    p = 0.0004
    same = [drift(p, metric=name) for name in ("jensen_shannon", "psi", "normalized_wasserstein")]
    assert verdicts(same) == [Verdict.ALARM] * 3
    other = [drift(p, feature=name) for name in ("x", "y", "z")]
    assert verdicts(other) == [Verdict.OK] * 3


def test_holm_steps_down():
    # .0003 passes .001/3; then .0004 passes .001/2; .0011 fails .001/1.
    ps = (0.0004, 0.0011, 0.0003)
    assert verdicts([drift(p, feature=str(p)) for p in ps]) == [Verdict.ALARM, Verdict.OK, Verdict.ALARM]


def test_order_does_not_matter():
    three = [drift(p, feature=str(p)) for p in (0.0004, 0.0011, 0.0003)]
    answers = {
        frozenset((m.feature, m.verdict) for m in decide(order, Calibration.iid())) for order in permutations(three)
    }
    assert len(answers) == 1


@pytest.mark.parametrize(("value", "expected"), [(0.61, Verdict.ALARM), (0.69, Verdict.OK), (0.79, Verdict.OK)])
def test_only_a_fall_of_auc_is_bad(value, expected):
    (judged,) = decide([auc(value, 0.7)], Calibration.iid())
    assert judged.verdict is expected
    assert judged.threshold == pytest.approx(0.68)


@pytest.mark.parametrize(("value", "threshold"), [(-0.2, -0.03), (0.2, 0.03)])
def test_bias_is_bad_either_way(value, threshold):
    bias = Measurement("performance", "calibration_bias", value, 900, evidence=Evidence(1e-9, "z", value, 0.0))
    (judged,) = decide([bias], Calibration.iid())
    assert (judged.verdict, judged.threshold) == (Verdict.ALARM, pytest.approx(threshold))


def test_relative_effects_scale_with_the_baseline():
    mae = Measurement("performance", "mae", 115.0, 900, evidence=Evidence(1e-9, "z", 15.0, 100.0))
    (judged,) = decide([mae], Calibration.iid())
    assert (judged.verdict, judged.threshold) == (Verdict.ALARM, pytest.approx(110))


def test_without_the_baselines_value_a_level_cannot_be_material():
    lonely = Measurement("performance", "mae", 5.0, 900, evidence=Evidence(1e-9, "z", 5.0))
    assert verdicts([lonely]) == [Verdict.OK]
    assert Material(0.1, Worse.HIGHER).threshold(None, rising=True) is None


def test_without_p_value_ok_and_untested():
    for measurement in (Measurement("traffic", "requests", 10, 10), drift(None)):
        (judged,) = decide([measurement], Calibration.iid())
        assert (judged.verdict, judged.calibrated, judged.threshold) == (Verdict.OK, None, None)


def test_unknown_metric_is_not_judged():
    custom = Measurement("custom", "cost", 9.0, 10, evidence=Evidence(1e-9, "z", 9.0, 0.0))
    assert decide([custom], Calibration.iid())[0].calibrated is None


def test_unanswered_pass_through_and_cost_no_level():
    unanswered = Measurement.unanswered("data_drift", "psi", Verdict.UNDEFINED, "no rows", feature="y")
    judged = decide([unanswered, drift(0.0009)], Calibration.iid())
    assert judged[0] is unanswered
    assert judged[1].verdict is Verdict.ALARM


def test_uncalibrated_never_alarms_on_what_could_be_chance():
    judged = decide([drift(1e-9), drift(0.5)], Calibration.uncalibrated("the baseline holds training rows"))
    assert [each.verdict for each in judged] == [Verdict.OK, Verdict.OK]
    assert {each.calibrated for each in judged} == {Calibrated.NO}
    assert "training rows" in judged[0].reason


@pytest.mark.parametrize("calibration", [Calibration.iid(), Calibration.uncalibrated("no order")])
@pytest.mark.parametrize(("value", "expected"), [(1.0, Verdict.ALARM), (0.0, Verdict.OK)])
def test_a_missing_column_is_a_fact(calibration, value, expected):
    missing = Measurement(
        "data_quality", "missing_column", value, 9, feature="x", evidence=Evidence(None, CERTAIN, value)
    )
    (judged,) = decide([missing], calibration)
    assert (judged.verdict, judged.calibrated) == (expected, Calibrated.YES)


def test_facts_take_nothing_from_the_level():
    facts = [
        Measurement("data_quality", "missing_column", 1.0, 9, feature=str(i), evidence=Evidence(0.0, CERTAIN, 1.0))
        for i in range(50)
    ]
    assert decide([*facts, drift(0.0009)], Calibration.iid())[-1].verdict is Verdict.ALARM


def test_the_level_can_be_chosen():
    assert verdicts([drift(0.01)], Calibration.iid(level=0.05)) == [Verdict.ALARM]


def test_a_material_effect_can_be_chosen():
    calibration = Calibration(
        material=MATERIAL | {"data_drift.jensen_shannon": Material(0.0, Worse.HIGHER, distance=True)}
    )
    assert verdicts([drift(1e-9, value=0.05)], calibration) == [Verdict.ALARM]


def test_what_is_judged_is_json():
    for judged in decide([drift(1e-9), auc(0.6, 0.7), drift(float("0"), value=float("nan"))], Calibration.iid()):
        json.dumps(judged.to_dict(), allow_nan=False)


def test_chance_alarms_no_more_often_than_asked():
    """Uniform p-values, twenty tests a window, level 5 %: at most 5 % of windows, within three standard errors."""
    import random

    rng, windows = random.Random(7), 2000
    alarms = sum(
        Verdict.ALARM in verdicts([drift(rng.random(), feature=str(i)) for i in range(20)], Calibration.iid(0.05))
        for _ in range(windows)
    )
    assert alarms / windows <= 0.05 + 3 * (0.05 * 0.95 / windows) ** 0.5
    assert alarms > 0


def test_while_nothing_is_calibrated_drift_is_not_judged_and_harm_is_by_two_samples():
    at = datetime(2026, 3, 2, tzinfo=UTC)
    looked = frozenset({("performance", "", None, None), ("data_drift", "", "x", None)})
    judgement = Judgement(Span(at, at + timedelta(days=1)), calibrated=False, why="3 more weeks", looked=looked)
    auc = Measurement("performance", "roc_auc", 0.2, 900, evidence=Evidence(1e-30, "delta method", -0.6, 0.8))
    shift = Measurement("data_drift", "psi", 0.9, 900, feature="x", evidence=Evidence(1e-30, "chi-squared", 0.9))
    harm, drifted = decide([auc, shift], Calibration.learned(judgement))
    assert (harm.verdict, harm.calibrated) == (Verdict.ALARM, Calibrated.IID)
    assert (drifted.verdict, drifted.calibrated) == (Verdict.OK, Calibrated.NO)
    assert drifted.reason == "large, but not judged: 3 more weeks"


@pytest.mark.parametrize(("value", "p"), [(0.05, 1e-30), (0.9, 0.2), (0.9, None)], ids=["small", "chance", "no test"])
def test_while_nothing_is_calibrated_only_what_is_large_asks_for_a_verdict(value, p):
    at = datetime(2026, 3, 2, tzinfo=UTC)
    looked = frozenset({("data_drift", "", "x", None)})
    judgement = Judgement(Span(at, at + timedelta(days=1)), calibrated=False, why="3 more weeks", looked=looked)
    (judged,) = decide([drift(p, value=value)], Calibration.learned(judgement))
    assert (judged.verdict, judged.reason) == (Verdict.OK, "")
