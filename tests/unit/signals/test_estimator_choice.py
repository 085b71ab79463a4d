"""Which estimator is used is decided by what was nearest when the truth was known."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pytest

from holter.profile import Window
from holter.signals import named
from holter.signals.estimate import Estimate
from holter.signals.estimator_choice import Kind, chosen
from holter.signals.expected_binary import EXPECTED_BINARY
from holter.signals.fitted_estimate import FittedEstimate
from holter.signals.seen import Seen
from holter.types import Feature, Schema, Task
from holter.types import Kind as Column

FEATURES = (
    Feature("x", Column.NUMERIC, "double"),
    Feature("idle", Column.NUMERIC, "double"),
    Feature("kind", Column.CATEGORICAL, "string"),
)
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def table(n, seed, *, lift=1.5, shift=0.0, kinds=("a", "b"), time=True):
    """The model has not seen x, on which the labels depend (by ``lift``); ``shift`` moves x and nothing else."""
    rng = np.random.default_rng(seed)
    score = rng.beta(2, 2, n)
    x = rng.normal(shift, 1, n)
    odds = np.log(score / (1 - score)) + lift * x
    label = (rng.random(n) < 1 / (1 + np.exp(-odds))).astype(float)
    columns = {"x": x, "idle": rng.normal(size=n), "kind": rng.choice(kinds, n).tolist(), "_score": score}
    columns |= {"_prediction": (score >= 0.5) * 1.0, "_label": label}
    times = [BEGAN + timedelta(minutes=at) for at in range(n)]
    return pa.table(columns | ({"_event_time": times} if time else {}))


def window(rows, task=Task.BINARY):
    return Window(None, Schema(FEATURES, task), rows=rows)


@lru_cache
def baseline(lift=1.5):
    return window(table(12_000, 1, lift=lift))


def ask(rows, before):
    return {
        each.metric: each
        for each in named("estimated_performance").measure(window(rows), before)
        if each.feature is None
    }


def realised(rows):
    found = named("performance").measure(window(rows), window(rows))
    return {each.metric: each.value for each in found if each.feature is None}


def kinds(before):
    return {metric: choice.kind for metric, choice in FittedEstimate.of(before).choices.items()}


def test_where_features_tell_more_they_are_looked_at():
    found = kinds(baseline())
    assert {found[metric] for metric in ("accuracy", "brier", "positive_rate")} <= {Kind.BOOSTED, Kind.REWEIGHTED}


def test_then_a_shift_of_the_features_is_estimated_where_scores_show_nothing():
    rows = table(4000, 2, shift=1.0)
    truth, found = realised(rows), ask(rows, baseline())
    alone = ask(rows, baseline_of_scores())
    for metric in ("positive_rate", "accuracy", "brier"):
        assert abs(found[metric].value - truth[metric]) < 0.4 * abs(alone[metric].value - truth[metric]), metric
        assert "(CBPE: " in found[metric].reason
    assert found["positive_rate"].evidence.p_value < 1e-6


@lru_cache
def baseline_of_scores():
    return Window(None, Schema((), Task.BINARY), rows=baseline().rows)


def test_where_features_tell_nothing_the_scores_are_enough():
    assert set(kinds(baseline(0.0)).values()) == {Kind.CBPE}
    each = ask(table(500, 3, lift=0.0), baseline(0.0))["accuracy"]
    assert each.reason.startswith("Recalibrated scores (CBPE): nothing was nearer (later in time); off by ")


@pytest.mark.parametrize("lift", [0.0, 1.5])
def test_no_metric_is_worse_than_cbpe_in_the_trial(lift):
    for choice in FittedEstimate.of(baseline(lift)).choices.values():
        assert choice.error <= choice.plain
        assert choice.windows > 3


def test_it_is_learned_once_from_a_baseline():
    before = window(table(300, 4))
    assert FittedEstimate.of(before) is FittedEstimate.of(before)
    assert FittedEstimate.of(window(before.rows)) is not FittedEstimate.of(before)


def test_the_order_of_the_rows_does_not_matter():
    rows = table(3500, 5)
    shuffled = rows.take(np.random.default_rng(0).permutation(rows.num_rows))
    target = table(600, 6, shift=0.5)
    one, other = ask(target, window(rows)), ask(target, window(shuffled))
    mixed = ask(target.take(np.random.default_rng(1).permutation(600)), window(rows))
    for metric, each in one.items():
        assert each.value == pytest.approx(other[metric].value, rel=1e-9), metric
        assert each.value == pytest.approx(mixed[metric].value, rel=1e-9), metric


def test_a_feature_that_is_gone_leaves_the_scores():
    rows = table(800, 7)
    each = ask(rows.drop_columns(["x"]), baseline())["positive_rate"]
    assert each.reason.startswith("Recalibrated scores (CBPE), as x cannot be read: ")
    text = rows.set_column(0, "x", pa.array([[1]] * 800))
    assert "as x cannot be read" in ask(text, baseline())["positive_rate"].reason


def test_categories_that_were_never_seen_are_missing_ones():
    rows = table(800, 8, kinds=("new", "newer"))
    truth, each = realised(rows), ask(rows, baseline())["accuracy"]
    assert abs(each.value - truth["accuracy"]) < 0.05


def test_a_large_window_is_sampled_and_the_scores_of_all_count(monkeypatch):
    rows = table(3000, 9, shift=1.0)
    whole = ask(rows, baseline())["positive_rate"]
    monkeypatch.setattr("holter.signals.fitted_estimate.LOOKED", 1000)
    part = ask(rows, baseline())["positive_rate"]
    assert part.n == whole.n == 3000
    assert part.value != whole.value
    assert abs(part.value - whole.value) < 0.03


def test_a_small_baseline_tries_nothing():
    small = window(table(300, 10))
    each = ask(table(100, 11), small)["accuracy"]
    assert "300 labelled rows are too few for a trial" in each.reason
    middling = ask(table(100, 11), window(table(1000, 12, time=False)))["accuracy"]
    assert "with fewer than 3,000 labelled rows nothing else is fitted" in middling.reason


def test_without_a_time_other_rows_are_the_trial():
    before = window(table(3500, 13, lift=0.0, time=False))
    assert "(other rows, as there is no time)" in ask(table(400, 14, lift=0.0), before)["accuracy"].reason


def test_without_features_there_is_no_alternative():
    rows = table(3200, 15)
    seen = Seen.of_binary(*(rows[name].to_numpy() for name in ("_score", "_prediction", "_label")))
    assert {choice.why for choice in chosen(seen, [], EXPECTED_BINARY, timed=True).values()} == {
        "there are no features"
    }


def test_a_drifting_baseline_widens_the_interval():
    """Labels that come to mean something else within the baseline: the trial sees it, and the interval says so."""
    calm, rough = table(6000, 16, lift=0.0), table(6000, 16, lift=0.0)
    label = rough["_label"].to_numpy().copy()
    day = np.arange(6000) // 300 % 2 == 0
    label[day] = np.where(np.random.default_rng(5).random(day.sum()) < 0.4, 1.0, label[day])
    rough = rough.set_column(rough.column_names.index("_label"), "_label", pa.array(label))
    wide, narrow = (ask(table(1000, 17, lift=0.0), window(each))["positive_rate"].interval for each in (rough, calm))
    assert wide.high - wide.low > 1.2 * (narrow.high - narrow.low)


def test_the_audit_that_is_asked_for_is_smaller_for_a_larger_change():
    small, large = (ask(table(4000, 18, shift=shift), baseline())["positive_rate"] for shift in (0.3, 1.5))
    counts = [
        int(each.reason.split("the labels of about ")[1].split(" ")[0].replace(",", "")) for each in (small, large)
    ]
    assert counts[0] > counts[1] >= 30


def test_what_labels_are_needed_for_is_said_once():
    reasons = [each.reason for each in ask(table(400, 19), baseline()).values()]
    assert sum("come to mean something else" in reason for reason in reasons) == 1


def test_a_baseline_of_another_task_is_no_baseline():
    found = named("estimated_performance").measure(window(table(100, 20), Task.REGRESSION), baseline())
    assert {each.reason for each in found} == {"the baseline is of binary answers, not of regression"}
    assert isinstance(FittedEstimate.of(window(None)), Estimate)
