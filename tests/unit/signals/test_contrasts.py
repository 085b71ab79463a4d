"""Windows laid into the cells of a baseline."""

import json

import numpy as np
import pyarrow as pa
import pytest

from holter.profile import Profile, Window
from holter.signals.contrasts import Frame, metric_contrasts
from holter.types import Contrasts, Evidence, Family, Feature, Interval, Kind, Measurement, Schema, Task

SCHEMA = Schema(
    (
        Feature("x", Kind.NUMERIC, "double"),
        Feature("y", Kind.NUMERIC, "double"),
        Feature("c", Kind.CATEGORICAL, "string"),
    ),
    Task.BINARY,
)


def table(rng, n=2000, shift=0.0, **columns):
    score = rng.random(n)
    found = {
        "x": rng.normal(shift, 1, n),
        "y": rng.normal(0, 1, n),
        "c": rng.choice(list("aaab"), n),
        "_score": score,
        "_label": (rng.random(n) < score).astype(float),
    }
    return pa.table(found | columns)


def window(rows, schema=SCHEMA, **options):
    kinds = {each.name: each.kind for each in schema.features}
    shown = [name for name in rows.column_names if name != "_label"]
    return Window(None, schema, Profile.of(rows.select(shown), kinds=kinds), rows, **options)


def by_name(contrasts):
    names = [(key.feature, key.name, key.other) for key in contrasts.keys]
    return dict(zip(names, zip(contrasts.n, contrasts.mean, strict=True), strict=True))


@pytest.fixture(scope="module")
def baseline():
    return window(table(np.random.default_rng(1)))


@pytest.fixture(scope="module")
def frame(baseline):
    return Frame.of(baseline)


def test_the_baseline_does_not_differ_from_itself(frame, baseline):
    found = frame.contrasts(baseline)
    numeric = np.array([key.family is Family.NUMERIC for key in found.keys])
    assert np.abs(found.mean[numeric]).max() < 1e-9
    assert found.variance[numeric] == pytest.approx(np.ones(numeric.sum()))
    assert by_name(found)["c", "unseen", ""] == (2000, 0)


def test_each_kind_of_change_shows_in_its_contrast(frame):
    rng = np.random.default_rng(2)
    x = rng.normal(0, 1, 2000)
    rows = table(rng, x=x + 0.3, y=x, c=["new"] * 1000 + ["a"] * 1000, _label=np.ones(2000))
    found = by_name(frame.contrasts(window(rows)))
    assert found["x", "location", ""][1] == pytest.approx(0.3, abs=0.06)
    assert found["x", "together", "y"][1] > 0.8
    assert found["c", "unseen", ""][1] == 0.5
    assert found["c", "surprisal", ""][1] > 1
    assert found[None, "residual", ""][1] == pytest.approx(0.5, abs=0.05)


def test_parts_of_a_window_add_up_to_it(frame):
    rows = table(np.random.default_rng(3), 900)
    parts = [frame.contrasts(window(rows.slice(start, 300))) for start in (0, 300, 600)]
    whole, merged = frame.contrasts(window(rows)), Contrasts.total(parts)
    assert merged.keys == whole.keys
    for name in ("n", "mean", "variance"):
        assert getattr(merged, name) == pytest.approx(getattr(whole, name), abs=1e-9)
    steady = whole.variance > 1e-6
    assert merged.skewness[steady] == pytest.approx(whole.skewness[steady], abs=1e-6)


def test_order_of_rows_and_columns_does_not_matter(frame):
    rows = table(np.random.default_rng(4), 500)
    turned = rows.take(pa.array(np.random.default_rng(5).permutation(500))).select(rows.column_names[::-1])
    a, b = frame.contrasts(window(rows)), frame.contrasts(window(turned))
    assert a.keys == b.keys
    assert a.mean == pytest.approx(b.mean, abs=1e-9)


def test_rows_may_be_a_sample_of_the_profile(frame):
    rows = table(np.random.default_rng(6), 3000)
    sampled = Window(None, SCHEMA, Profile.of(rows.select(["x", "y", "c"]), sample=400))
    found = frame.contrasts(sampled)
    pair = [place for place, key in enumerate(found.keys) if key.family is Family.PAIR]
    assert found.n[pair].max() == 400
    assert not any(key.family is Family.LABEL for key in found.keys)
    plain = Window(None, SCHEMA, Profile.of(rows.select(["x", "y", "c"])))
    assert {key.family for key in frame.contrasts(plain).keys} == {Family.NUMERIC, Family.CATEGORICAL}


@pytest.mark.parametrize("rows", [0, 1])
def test_windows_of_no_row_and_of_one_are_borne(frame, rows):
    found = frame.contrasts(window(table(np.random.default_rng(7), rows)))
    assert np.isfinite(found.mean).all()
    assert found.n.max() == rows


def test_odd_columns_are_borne():
    n = 300
    rows = pa.table({
        "constant": [1.0] * n,
        "empty": pa.nulls(n, pa.float64()),
        "odd": [float("nan"), float("inf"), None] * 100,
        "one": ["only"] * n,
        "none": pa.nulls(n, pa.string()),
        "many": [str(place) for place in range(n)],
        "two": [0.0, 1.0] * 150,
    })  # fmt: skip
    kinds = {"one": Kind.CATEGORICAL, "none": Kind.CATEGORICAL, "many": Kind.CATEGORICAL}
    schema = Schema(tuple(Feature(name, kinds.get(name, Kind.NUMERIC), "?") for name in rows.column_names))
    frame = Frame.of(window(rows, schema))
    found = frame.contrasts(window(rows, schema))
    assert np.isfinite(found.mean).all()
    assert by_name(found)["two", "location", ""][1] == pytest.approx(0, abs=1e-9)
    gone = frame.contrasts(window(rows.select(["constant"]).append_column("new", pa.array([1.0] * n)), schema))
    assert by_name(gone)["two", "location", ""] == (0, 0)
    other = frame.contrasts(window(pa.table({"two": ["words"] * 5}), Schema(())))
    assert by_name(other)["two", "location", ""] == (0, 0)


def test_a_frame_of_nothing_gives_nothing():
    frame = Frame.of(Window(None, Schema(())))
    assert len(frame.contrasts(Window(None, Schema(())))) == 0


def test_a_part_of_the_baseline_is_seen_as_from_the_rest():
    rows = pa.table({"c": ["a"] * 90 + ["once"] + ["b"] * 9})
    schema = Schema((Feature("c", Kind.CATEGORICAL, "string"),))
    frame, whole = Frame.of(window(rows, schema)), window(rows.slice(85, 10), schema)
    assert by_name(frame.contrasts(whole))["c", "unseen", ""][1] == 0
    assert by_name(frame.contrasts(whole, own=True))["c", "unseen", ""][1] == pytest.approx(0.1)


def test_segments_are_named(frame):
    found = frame.contrasts(window(table(np.random.default_rng(8), 50), segment="c=a"))
    assert {key.segment for key in found.keys} == {"c=a"}


def test_a_frame_comes_back_from_json(frame):
    back = Frame.from_dict(json.loads(json.dumps(frame.to_dict())))
    rows = window(table(np.random.default_rng(9), 400))
    a, b = back.contrasts(rows), frame.contrasts(rows)
    assert a.keys == b.keys
    assert a.mean == pytest.approx(b.mean, abs=1e-12)
    assert back.to_dict() == frame.to_dict()


@pytest.mark.parametrize("task", [Task.REGRESSION, Task.MULTICLASS])
def test_answers_of_other_tasks(task):
    rng = np.random.default_rng(10)
    truth = rng.normal(0, 5, 600) if task is Task.REGRESSION else rng.choice(["u", "v"], 600)
    right = truth + rng.normal(0, 1, 600) if task is Task.REGRESSION else np.where(rng.random(600) < 0.8, truth, "w")
    rows = pa.table({"x": rng.normal(0, 1, 600), "_prediction": right, "_label": truth})
    schema = Schema((Feature("x", Kind.NUMERIC, "double"),), task)
    frame = Frame.of(window(rows, schema))
    usual = by_name(frame.contrasts(window(rows, schema)))
    worse = rows.set_column(1, "_prediction", pa.array(np.roll(right, 1)))
    assert by_name(frame.contrasts(window(worse, schema)))[None, "loss", ""][1] > usual[None, "loss", ""][1]
    assert Frame.from_dict(frame.to_dict()).answers == frame.answers
    unknown = rows.set_column(2, "_label", pa.nulls(600, rows["_label"].type))
    assert by_name(frame.contrasts(window(unknown, schema)))[None, "loss", ""][0] == 0


def test_any_metric_with_an_interval_is_a_contrast():
    auc = Measurement("performance", "roc_auc", 0.7, 900, interval=Interval(0.66, 0.74))
    bare = Measurement("performance", "brier", 0.2, 900, evidence=Evidence())
    found = metric_contrasts([auc, bare])
    assert [key.name for key in found.keys] == ["performance.roc_auc"]
    assert np.sqrt(found.variance / found.n) == pytest.approx([0.08 / 3.92], rel=1e-3)
    assert len(metric_contrasts([])) == 0
