"""A user's own measure of performance."""

import sys
import types

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from holter.errors import BadSetting
from holter.profile import Window
from holter.profile.outcomes import outcomes_of
from holter.rules import Calibration, decide
from holter.signals import Need, named
from holter.signals.own_function import function_name, load_function, own_estimate
from holter.types import Schema, Task, Verdict


@pytest.fixture
def shop(monkeypatch):
    module = types.ModuleType("own_shop")
    module.lost = lambda rows: pc.multiply(rows["price"], pc.abs(pc.subtract(rows["_label"], rows["_score"])))
    module.ratio = lambda rows: pc.sum(rows["_label"]).as_py() / pc.sum(rows["_score"]).as_py()
    module.odd = lambda rows: [1.0] * (len(rows) + 1)
    module.nothing = lambda rows: float("nan")
    module.few = lambda rows: [1.0] * 5 + [None] * (len(rows) - 5)
    module.part = lambda rows: 1.0 if len(rows) == 400 else float("nan")
    monkeypatch.setitem(sys.modules, "own_shop", module)
    return module


def rows(n, seed=0, harm=0.0):
    rng = np.random.default_rng(seed)
    score = rng.uniform(0.1, 0.9, n)
    label = (rng.random(n) < (1 - harm) * score).astype(float)
    return pa.table({"price": rng.gamma(3, 10, n), "_score": score, "_label": label})


def measured(function, target, baseline=None):
    signal = named("performance", {"function": f"own_shop:{function}"})
    windows = [Window(None, Schema((), Task.BINARY), rows=each) for each in (target, baseline or target)]
    found = decide(list(signal.measure(*windows)), Calibration.iid())
    return next(each for each in found if each.metric == function)


def test_a_number_for_each_row_has_the_error_of_a_mean(shop):
    table = rows(500)
    found = measured("lost", table)
    each = table["price"].to_numpy() * np.abs(table["_label"].to_numpy() - table["_score"].to_numpy())
    assert found.value == pytest.approx(each.mean())
    assert (found.interval.high - found.interval.low) / 2 == pytest.approx(1.96 * each.std(ddof=1) / 500**0.5, rel=1e-3)


def test_one_number_for_all_rows_has_the_error_of_a_jackknife(shop):
    truth = 1.0
    found = [measured("ratio", rows(400, seed)).interval for seed in range(60)]
    assert np.mean([each.low <= truth <= each.high for each in found]) >= 0.87
    table = rows(400)
    shuffled = table.take(np.random.default_rng(1).permutation(400))
    assert measured("ratio", table).interval.low == pytest.approx(measured("ratio", shuffled).interval.low)


def test_the_baseline_is_compared(shop):
    found = measured("ratio", rows(2000, 1, harm=0.4), rows(2000, 2))
    assert found.evidence.p_value < 1e-6
    assert found.evidence.baseline == pytest.approx(1, abs=0.1)


def test_rows_without_a_label_are_not_shown(shop):
    table = rows(100)
    label = pa.array([None if place % 2 else 1.0 for place in range(100)], pa.float64())
    assert measured("lost", table.set_column(2, "_label", label)).n == 50


@pytest.mark.parametrize(
    ("function", "why"),
    [
        ("odd", "401 numbers for 400 rows"),
        ("nothing", "gave no number"),
        ("few", "5 rows with a number; 30 are needed"),
        ("part", "for a part of the rows"),
        ("missing", "cannot be imported"),
    ],
)
def test_what_it_gives_may_be_no_answer(shop, function, why):
    assert why in measured(function, rows(400)).reason


def test_an_error_of_it_costs_no_other_metric(shop):
    shop.lost = lambda rows: 1 / 0
    signal = named("performance", {"function": "own_shop:lost"})
    window = Window(None, Schema((), Task.BINARY), rows=rows(400))
    found = {each.metric: each for each in signal.measure(window, window)}
    assert found["lost"].verdict is Verdict.ERROR
    assert "ZeroDivisionError" in found["lost"].reason
    assert found["roc_auc"].value is not None


def test_it_needs_the_rows(shop):
    signal = named("performance", {"function": "own_shop:lost"})
    assert signal.needs == Need.ROWS | Need.LABELS
    assert named("performance").needs == Need.LABELS
    sums = Window(None, Schema((), Task.BINARY), outcomes=outcomes_of(rows(400), Task.BINARY))
    found = {each.metric: each for each in signal.measure(sums, sums)}
    assert "only their sums are kept" in found["lost"].reason
    assert found["brier"].value is not None


def test_names():
    assert function_name("a.b:c") == "c"
    for wrong in ("a.b", "a b:c", ":c", "a:", "a:b.c", ""):
        with pytest.raises(BadSetting):
            function_name(wrong)
    with pytest.raises(BadSetting, match="cannot be imported"):
        load_function("no_such_package:x")


def test_no_labels():
    assert own_estimate(pa.table({"x": [1]}), len).verdict is Verdict.INSUFFICIENT
    assert own_estimate(None, len).verdict is Verdict.UNDEFINED
