"""A second version beside the champion."""

import numpy as np
import pyarrow as pa
import pytest

from holter.profile import Window
from holter.rules import Calibration, decide
from holter.signals.challenger import LEAST, Challenger
from holter.types import Schema, Task, Verdict

NOTHING = Window(None, Schema(()))


def answers(role, version, ids, *, score=None, prediction=None, label=None, status=200, latency_us=900, row=None):
    n = len(ids)
    spread = {"_status": status, "_latency_us": latency_us, "_row": 0 if row is None else row}
    table = {
        "_request_id": pa.array([str(each) for each in ids], pa.string()),
        "_role": pa.array([role] * n, pa.string()),
        "_version": pa.array([version] * n, pa.int32()),
        **{name: pa.array(np.broadcast_to(values, n).astype(np.int64)) for name, values in spread.items()},
    }
    given = {"_score": score, "_prediction": prediction, "_label": label}
    return pa.table(table | {name: values for name, values in given.items() if values is not None})


def asked(*sides, task=Task.BINARY):
    rivals = pa.concat_tables(sides, promote_options="permissive") if sides else None
    found = Challenger().measure(Window(None, Schema((), task), rivals=rivals), NOTHING)
    judged = decide(found, Calibration.iid())
    assert len({(each.metric, each.feature) for each in judged}) == len(judged)
    return {each.metric if each.feature is None else (each.metric, each.feature): each for each in judged}


def data(n=2000, seed=1, noise=1.0):
    """Return truth, labels, and the scores of two models, the second with noise of its own."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    label = (rng.random(n) < 1 / (1 + np.exp(-2 * x))).astype(float)
    good = 1 / (1 + np.exp(-2 * x))
    worse = 1 / (1 + np.exp(-2 * (x + rng.normal(0, noise, n))))
    return label, good, worse


SHADOW = "version 8 (shadow)"
CANARY = "version 8 (canary)"


def test_a_better_shadow_is_seen_pair_by_pair():
    label, good, worse = data()
    ids = range(2000)
    champion = answers("champion", 7, ids, score=worse, prediction=(worse > 0.5) * 1.0, label=label)
    other = range(1999, -1, -1)  # the order in which a shadow scores is its own
    back = slice(None, None, -1)
    shadow = answers("shadow", 8, other, score=good[back], prediction=(good[back] > 0.5) * 1.0, label=label[back])
    found = asked(champion, shadow)
    assert found["better", SHADOW].value > 0.999
    assert found["better", SHADOW].reason.startswith("better with 100 %: log loss 0.")
    assert "2,000 labelled rows" in found["better", SHADOW].reason
    loss = found["loss_difference", SHADOW]
    assert loss.interval.high < 0
    assert loss.evidence.p_value < 1e-6
    assert found["roc_auc_difference", SHADOW].interval.low > 0
    assert found["agreement", SHADOW].value == pytest.approx(np.mean((good > 0.5) == (worse > 0.5)))
    assert found["score_distance", SHADOW].value == pytest.approx(np.abs(good - worse).mean())
    assert found["score_difference", SHADOW].value == pytest.approx(good.mean() - worse.mean())
    turned = asked(
        answers("champion", 7, ids, score=good, label=label), answers("shadow", 8, ids, score=worse, label=label)
    )
    assert turned["better", SHADOW].value < 0.001
    assert turned["loss_difference", SHADOW].value == pytest.approx(-loss.value)


def test_a_canary_answers_others_and_is_less_sure():
    label, good, worse = data()
    champion = answers("champion", 7, range(1900), score=worse[:1900], label=label[:1900], latency_us=5000)
    canary = answers("canary", 8, range(1900, 2000), score=good[1900:], label=label[1900:], latency_us=9000)
    found = asked(champion, canary)
    assert ("agreement", CANARY) not in found
    assert ("score_distance", CANARY) not in found
    loss = found["loss_difference", CANARY]
    assert loss.n == 100
    assert loss.interval.low < loss.value < loss.interval.high
    assert 0.5 < found["better", CANARY].value < 1
    assert found["latency_difference_ms", CANARY].value == pytest.approx(4.0)
    assert found["roc_auc_difference", CANARY].value is not None


def test_failed_requests_are_compared_by_request_and_answers_only_where_there_are_any():
    label, good, _ = data(400)
    status = np.where(np.arange(400) % 5 == 0, 500, 200)
    champion = answers("champion", 7, range(400), score=good, prediction=(good > 0.5) * 1.0, label=label)
    shadow = answers("shadow", 8, range(400), score=good, prediction=(good > 0.5) * 1.0, label=label, status=status)
    found = asked(champion, shadow)
    assert found["error_rate_difference", SHADOW].value == pytest.approx(0.2)
    assert found["error_rate_difference", SHADOW].verdict is Verdict.ALARM
    assert found["agreement", SHADOW].n == 320
    assert found["agreement", SHADOW].value == 1.0
    assert found["better", SHADOW].verdict is Verdict.UNDEFINED
    assert "the same on every row" in found["better", SHADOW].reason


def test_latency_is_that_of_a_request_however_many_rows_it_has():
    ids, row = np.repeat(np.arange(40), 5), np.tile(np.arange(5), 40)
    champion = answers("champion", 7, ids, score=np.full(200, 0.5), row=row, latency_us=1000)
    shadow = answers("shadow", 8, ids, score=np.full(200, 0.4), row=row, latency_us=3000)
    found = asked(champion, shadow)
    assert found["latency_difference_ms", SHADOW].n == 40
    assert found["latency_difference_ms", SHADOW].value == pytest.approx(2.0)
    assert found["score_difference", SHADOW].n == 200


def test_several_versions_each_get_an_answer():
    label, good, worse = data(200)
    sides = [answers("champion", 7, range(200), score=good, label=label)]
    sides += [answers("shadow", number, range(200), score=worse, label=label) for number in (8, 9)]
    sides += [answers("canary", 10, range(300, 500), score=worse, label=label)]
    features = {each.feature for each in asked(*sides).values()}
    assert features == {SHADOW, "version 9 (shadow)", "version 10 (canary)"}


def test_several_classes_are_compared_by_errors_and_numbers_by_their_distance():
    rng, ids = np.random.default_rng(2), range(500)
    truth = rng.choice(["x", "y", "z"], 500)
    good = np.where(rng.random(500) < 0.9, truth, "x")
    bad = np.where(rng.random(500) < 0.6, truth, "y")
    both = (
        answers("champion", 7, ids, prediction=bad, label=truth),
        answers("shadow", 8, ids, prediction=good, label=truth),
    )
    found = asked(*both, task=Task.MULTICLASS)
    assert found["better", SHADOW].value > 0.99
    assert found["loss_difference", SHADOW].value == pytest.approx(np.mean(good != truth) - np.mean(bad != truth))
    assert found["agreement", SHADOW].value == pytest.approx(np.mean(good == bad))
    assert ("score_difference", SHADOW) not in found
    y = rng.normal(size=500)
    near, far = y + rng.normal(0, 0.1, 500), y + rng.normal(0, 1.0, 500)
    both = (answers("champion", 7, ids, prediction=far, label=y), answers("shadow", 8, ids, prediction=near, label=y))
    found = asked(*both, task=Task.REGRESSION)
    assert found["loss_difference", SHADOW].value == pytest.approx(np.abs(near - y).mean() - np.abs(far - y).mean())
    assert "absolute error" in found["better", SHADOW].reason
    assert ("agreement", SHADOW) not in found


def test_without_probabilities_errors_are_counted():
    label, good, worse = data(400)
    sides = [
        answers(role, version, range(400), prediction=(score > 0.5) * 1.0, label=label)
        for role, version, score in (("champion", 7, worse), ("shadow", 8, good))
    ]
    found = asked(*sides)
    assert "share of errors" in found["better", SHADOW].reason
    assert found["roc_auc_difference", SHADOW].verdict is Verdict.INSUFFICIENT


@pytest.mark.parametrize("labelled", [0, LEAST - 1])
def test_before_labels_come_agreement_is_known_and_the_rest_says_what_it_takes(labelled):
    label, good, worse = data(200)
    known = np.where(np.arange(200) < labelled, label, np.nan)
    sides = [
        answers(role, version, range(200), score=score, prediction=(score > 0.5) * 1.0, label=known)
        for role, version, score in (("champion", 7, worse), ("shadow", 8, good))
    ]
    found = asked(*sides)
    assert found["agreement", SHADOW].value < 1
    assert found["loss_difference", SHADOW].verdict is Verdict.INSUFFICIENT
    assert found["better", SHADOW].reason == f"{labelled} rows with a label, and it takes {LEAST}"


def test_nobody_beside_the_champion_is_said():
    label, good, _ = data(100)
    champion = answers("champion", 7, range(100), score=good, label=label)
    strangers = answers("shadow", 8, range(500, 600), score=good)
    canary = answers("canary", 8, range(100), score=good)
    for sides in ((champion,), (champion, strangers), (canary,), (champion.slice(0, 0),)):
        found = asked(*sides)
        assert {each.verdict for each in found.values()} == {Verdict.UNDEFINED}
        assert "no second version" in found["better"].reason
    assert "side by side" in asked()["better"].reason


def test_without_a_task_requests_are_compared_and_the_rest_says_why():
    sides = [
        answers(role, version, range(100), prediction=["?"] * 100) for role, version in (("champion", 7), ("shadow", 8))
    ]
    found = asked(*sides, task=None)
    known = {metric for (metric, _), each in found.items() if each.value is not None}
    assert known == {"error_rate_difference", "latency_difference_ms"}
    assert "no task" in found["better", SHADOW].reason
    assert len(found) == len(Challenger.metrics)


def test_what_cannot_be_read_is_no_crash():
    ids = range(50)
    sides = (answers("champion", 7, ids, score=["?"] * 50), answers("shadow", 8, ids, score=["?"] * 50))
    found = asked(*sides)
    assert {each.verdict for each in found.values()} == {Verdict.UNDEFINED}
    assert "cannot be read" in found["better"].reason


def test_the_interval_of_pairs_holds_what_it_should_and_is_narrower_than_apart():
    held, widths = 0, []
    for seed in range(300):
        label, good, worse = data(300, seed, noise=0.3)
        ids = range(300)
        champion = answers("champion", 7, ids, score=worse, label=label)
        paired = asked(champion, answers("shadow", 8, ids, score=good, label=label))["loss_difference", SHADOW]
        held += paired.interval.low <= TRUTH <= paired.interval.high
        if seed < 10:
            apart = asked(champion, answers("canary", 8, ids, score=good, label=label))["loss_difference", CANARY]
            widths.append((paired.interval.high - paired.interval.low) / (apart.interval.high - apart.interval.low))
    assert 0.91 < held / 300 < 0.98
    assert max(widths) < 0.6


def _truth():
    label, good, worse = data(2_000_000, 99, noise=0.3)
    losses = [-(label * np.log(p) + (1 - label) * np.log1p(-p)) for p in (good, worse)]
    return float(np.mean(losses[0] - losses[1]))


TRUTH = _truth()
"""The difference of log loss of the two models of :func:`data`, with noise 0.3, from two million rows."""
