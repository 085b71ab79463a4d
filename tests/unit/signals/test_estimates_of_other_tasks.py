"""Several classes, a number, and cells of scores that add up."""

import numpy as np
import pyarrow as pa
import pytest

from holter.profile import Window
from holter.signals import named
from holter.signals.answers_reader import AnswersReader
from holter.signals.expected_binary import EXPECTED_BINARY
from holter.signals.expected_table import ExpectedTable
from holter.signals.loss_map import LossMap
from holter.signals.mapped_outcomes import MappedOutcomes
from holter.signals.score_histogram import ScoreGrid, merged
from holter.signals.seen import Seen
from holter.types import Feature, Kind, Schema, Task, Verdict

NAMES = ("cat", "dog", "owl")


def classes(n, seed, *, sure=2.0, scores=True):
    """Labels are drawn by the probabilities of the model, which are as sure of themselves as ``sure``."""
    rng = np.random.default_rng(seed)
    chances = rng.dirichlet([1 / sure] * 3, n)
    label = (rng.random((n, 1)) > chances.cumsum(axis=1)).sum(axis=1).clip(0, 2)
    said = chances.argmax(axis=1)
    table = {"_prediction": [NAMES[at] for at in said], "_label": [NAMES[at] for at in label]}
    if scores:
        table["_scores"] = [dict(zip(NAMES, row, strict=True)) for row in chances.tolist()]
    return pa.table(table)


def numbers(n, seed, *, low=1.0, high=10.0):
    """Errors grow with the prediction."""
    rng = np.random.default_rng(seed)
    said = rng.uniform(low, high, n)
    return pa.table({"_prediction": said, "_label": said + rng.normal(size=n) * said / 5})


def window(rows, task):
    return Window(None, Schema((), task), rows=rows)


def ask(target, baseline, task, signal="estimated_performance"):
    found = named(signal).measure(window(target, task), window(baseline, task))
    return {each.metric: each for each in found if each.feature is None}


def realised(rows, task):
    return {metric: each.value for metric, each in ask(rows, rows, task, "performance").items()}


def test_probabilities_of_classes_show_an_easier_mix():
    easier = classes(4000, 1, sure=6.0)
    found, truth = ask(easier, classes(4000, 2, sure=2.0), Task.MULTICLASS), realised(easier, Task.MULTICLASS)
    before = realised(classes(4000, 2, sure=2.0), Task.MULTICLASS)
    for metric in ("accuracy", "macro_f1", "kappa", "mcc", "balanced_accuracy"):
        assert truth[metric] > before[metric] + 0.05
        assert abs(found[metric].value - truth[metric]) < 0.02, metric


def test_without_probabilities_each_answer_is_as_right_as_it_was():
    before = classes(4000, 3, scores=False)
    found = ask(classes(1000, 4, scores=False), before, Task.MULTICLASS)
    assert abs(found["accuracy"].value - realised(before, Task.MULTICLASS)["accuracy"]) < 0.02
    assert found["accuracy"].reason.startswith("Recalibrated scores (CBPE)")


def test_classes_that_are_new_or_never_answered():
    before = classes(400, 5, scores=False)
    unknown = pa.table({"_prediction": ["bat"] * 100})
    each = ask(unknown, before, Task.MULTICLASS)["accuracy"]
    assert each.reason == "the window has no predictions of a class the baseline has"
    never = before.set_column(0, "_prediction", pa.array(["cat"] * 400))
    found = ask(pa.table({"_prediction": ["owl"] * 50}), never, Task.MULTICLASS)["accuracy"]
    assert found.value == pytest.approx(realised(never, Task.MULTICLASS)["accuracy"])
    one = pa.table({"_prediction": ["cat"] * 200, "_label": ["cat"] * 200})
    assert ask(one, one, Task.MULTICLASS)["accuracy"].value == 1.0
    assert ask(one, one, Task.MULTICLASS)["mcc"].verdict is Verdict.UNDEFINED


def test_probabilities_that_are_gone_are_missed():
    each = ask(classes(100, 6, scores=False), classes(400, 6), Task.MULTICLASS)["accuracy"]
    assert each.reason == "the window has no probabilities of each class"


def test_too_many_classes_are_refused():
    many = pa.table({"_prediction": [str(at) for at in range(200)], "_label": [str(at) for at in range(200)]})
    each = ask(many, many, Task.MULTICLASS)["accuracy"]
    assert each.reason == "in the baseline, there are 200 classes; estimates are made for 50 at most"


def test_larger_predictions_cost_more():
    target = numbers(3000, 7, low=6.0)
    found, truth = ask(target, numbers(5000, 8), Task.REGRESSION), realised(target, Task.REGRESSION)
    for metric in ("mae", "rmse", "mse", "mape", "smape", "rmsle"):
        assert found[metric].value == pytest.approx(truth[metric], rel=0.12), metric
    assert found["mae"].evidence.p_value < 1e-6
    assert found["r2"].value == pytest.approx(truth["r2"], abs=0.1)


def test_the_interval_of_a_number_holds_what_labels_show():
    hits = dict.fromkeys(("mae", "rmse", "mape", "bias", "r2"), 0)
    for seed in range(40):
        target = numbers(400, 100 + seed)
        truth = realised(target, Task.REGRESSION)
        found = ask(target, numbers(1500, 200 + seed), Task.REGRESSION)
        for metric in hits:
            hits[metric] += found[metric].interval.low <= truth[metric] <= found[metric].interval.high
    assert min(hits.values()) >= 33, hits


def test_features_tell_of_losses():
    rng = np.random.default_rng(9)
    schema = Schema((Feature("noise", Kind.NUMERIC, "double"),), Task.REGRESSION)

    def rows(n, scale):
        noise = rng.uniform(0.2, scale, n)
        said = rng.uniform(1, 10, n)
        return pa.table({"noise": noise, "_prediction": said, "_label": said + rng.normal(size=n) * noise})

    target, before = rows(2000, 3.0), rows(8000, 3.0)
    harder = target.filter(pa.compute.greater(target["noise"], 2.0))
    found = named("estimated_performance").measure(Window(None, schema, rows=harder), Window(None, schema, rows=before))
    each = {one.metric: one for one in found}["mae"]
    assert each.reason.startswith(("Losses by features", "The loss near each prediction, of rows that look like these"))
    assert each.value == pytest.approx(realised(harder, Task.REGRESSION)["mae"], rel=0.1)


def test_without_predictions_there_is_nothing_to_say():
    silent = pa.table({"_label": [1.0] * 50})
    assert ask(silent, numbers(200, 0), Task.REGRESSION)["mae"].reason == "the window has no predictions"
    assert "there are no predictions" in ask(numbers(50, 0), silent, Task.REGRESSION)["mae"].reason
    few = ask(numbers(50, 0), numbers(40, 0), Task.REGRESSION)["mae"]
    assert few.reason == "the baseline has 40 labelled predictions; 100 are needed"


def test_cells_of_two_windows_are_those_of_both_together():
    rng = np.random.default_rng(10)
    score = rng.beta(0.5, 2, 5000)
    rows = Seen.of_binary(score, score > 0.3, np.full(5000, np.nan))
    grid = ScoreGrid.of(score[:500])
    learned = MappedOutcomes.fit(Seen.of_binary(score, score > 0.3, (rng.random(5000) < score) * 1.0))
    apart = merged([grid.cells(rows.take(slice(1000))), grid.cells(rows.take(slice(1000, None)))])
    assert apart.n == 5000
    values = [
        {name: metric(ExpectedTable.of(each, learned.expect(each))).value for name, metric in EXPECTED_BINARY.items()}
        for each in (rows, grid.cells(rows), grid.cells(apart))
    ]
    for name in EXPECTED_BINARY:
        assert values[1][name] == pytest.approx(values[2][name], rel=1e-9), name
        assert values[0][name] == pytest.approx(values[1][name], rel=2e-3, abs=2e-4), name


def test_labels_drawn_by_the_chances_scatter_as_told():
    rng = np.random.default_rng(12)
    score = rng.beta(2, 2, 600)
    chance = np.column_stack([1 - score, score])
    rows = Seen.of_binary(score, score > 0.5, np.zeros(600))
    table = ExpectedTable.of(rows, chance)
    drawn = [(rng.random(600) < score) * 1.0 for _ in range(400)]
    tables = [ExpectedTable.of(rows, np.column_stack([1 - label, label])) for label in drawn]
    for name in ("roc_auc", "average_precision", "f1", "log_loss", "mcc", "log_loss_skill"):
        metric = EXPECTED_BINARY[name]
        seen = float(np.var([metric(each).value for each in tables]))
        told = table.of_labels(metric(table).gradient)
        assert 0.75 < told / seen < 1.35, name


def test_a_loss_that_is_never_defined_is_nothing():
    learned = LossMap.fit(np.arange(5.0), np.full(5, np.nan), np.ones(5))
    assert learned(np.array([1.0])).tolist() == [0.0]
    assert learned.error(np.ones(1), np.zeros(1)) == 0.0


def test_a_reader_says_what_it_cannot_read():
    rows = pa.table({"_label": pa.array([[1]]), "_prediction": ["a"]})
    assert "cannot be read" in AnswersReader.of(rows, Task.MULTICLASS, ())
    reader = AnswersReader.of(pa.table({"_prediction": [1.0], "_label": [1.0]}), Task.REGRESSION, ())
    assert "cannot be read" in reader.read(pa.table({"_prediction": ["much"]}))
    odd = reader.read(pa.table({"_prediction": [1.0], "_label": ["much"]}))
    assert not odd.known.any()
