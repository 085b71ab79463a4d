"""What every signal of the catalogue keeps to, whatever it asks."""

import json
import math
import zlib
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from holter.profile import Profile, Window
from holter.rules import Calibration, Rule, breaks, decide, title
from holter.rules.titles import TITLES
from holter.signals import CATALOGUE, Need, Signal, default, named
from holter.types import (
    EVENT_TIME,
    LABEL,
    LABELLED_AT,
    LATENCY,
    LOWER,
    PREDICTION,
    QUERY,
    REQUEST_ID,
    ROLE,
    ROW,
    SCORE,
    SCORES,
    STATUS,
    UPPER,
    VERSION,
    Feature,
    Gauged,
    Kind,
    Measurement,
    Schema,
    Series,
    Task,
    Traffic,
    Verdict,
    Week,
)
from holter.types.traffic import LATENCY_BOUNDS_US

SIGNALS = sorted(CATALOGUE)
TASKS = list(Task)
FEATURES = (
    Feature("number", Kind.NUMERIC, "double"),
    Feature("whole", Kind.NUMERIC, "int64"),
    Feature("kind", Kind.CATEGORICAL, "string"),
    Feature("flag", Kind.CATEGORICAL, "bool"),
)
LEVEL = Feature("level", Kind.NUMERIC, "double")
"""A third number: what is asked of pairs has one left when a column is broken."""
FACTS = {"rows", "minimum", "maximum", "contribution"}
FACTS |= {"better"}  # a chance, not a number that has one
FACTS |= {"journal_lag_s", "journal_mb", "journal_filled", "workers_missing", "busy", "waiting"}
"""What a window is, not what it tells of a law behind it: no interval."""
JOINT = {"domain_classifier", "segments", "attribution"}
PAIRED = {"correlation_drift", "reconstruction"}
JOINT |= {"duplicates", "mmd", *PAIRED}
"""Asks about all features together: a broken one changes the numbers, and may not cost the answer."""
ESTIMATES = {"estimated_performance", "combined_performance"}
"""Their baseline is what labels showed, and they tell of rows without labels, too."""
TOLD = {"Scored": Series.of(3.0) + Series.of(5.0)}
UNANSWERED = {Verdict.INSUFFICIENT, Verdict.UNDEFINED, Verdict.ERROR}


def records(n, task, seed=0):
    rng = np.random.default_rng(seed)
    number, score = rng.normal(size=n), rng.uniform(0.02, 0.98, n)
    table = {
        "number": pa.array(np.where(rng.random(n) < 0.05, np.nan, number), from_pandas=True),
        "whole": pa.array(rng.poisson(3, n)),
        "kind": pa.array(rng.choice(["a", "b", "c"], n, p=[0.6, 0.3, 0.1]).tolist(), pa.string()),
        "flag": pa.array((rng.random(n) < 0.4).tolist(), pa.bool_()),
    }
    apart = np.random.default_rng(seed + 1000)
    table[QUERY] = apart.integers(0, n // 4 + 1, n)
    table[REQUEST_ID] = [f"{seed}-{row}" for row in range(n)]
    table[EVENT_TIME] = moments = np.datetime64("2026-03-01T00", "us") + np.arange(n) * np.timedelta64(60, "s")
    table[LABELLED_AT] = moments + (apart.exponential(3600, n) * 1e6).astype("timedelta64[us]")
    if task is Task.BINARY:
        table |= {SCORE: score, PREDICTION: (score >= 0.5) * 1.0, LABEL: (rng.random(n) < score) * 1.0}
    elif task is Task.REGRESSION:
        said = number + 20  # a logarithm asks for numbers above -1
        table |= {PREDICTION: said, LABEL: said + rng.normal(size=n), LOWER: said - 2, UPPER: said + 2}
    else:
        said = rng.choice(["x", "y", "z"], n)
        truth = np.where(rng.random(n) < 0.7, said, rng.choice(["x", "y", "z"], n))
        table |= {PREDICTION: pa.array(said.tolist(), pa.string()), LABEL: truth}
        chances = [pa.array(np.where(said == name, 0.8, 0.1)) for name in "xyz"]
        table |= {SCORES: pa.StructArray.from_arrays(chances, ["x", "y", "z"])}
    table[LABEL] = pa.array(table[LABEL], mask=(apart.random(n) < 0.1) & (np.arange(n) > 0))
    return pa.table(table)


def rivals(rows):
    """Return the answers of a champion, and those of a shadow to the same records, a little different."""
    n = rows.num_rows
    said = {ROW: pa.array([0] * n), STATUS: pa.array([200] * n), LATENCY: pa.array([900] * n)}
    for name, values in said.items():
        rows = rows.append_column(name, values)
    other = replaced(rows, LATENCY, pa.array([950] * n))
    for name, changed in ((SCORE, less_sure), (PREDICTION, less_sure)):
        if name in rows.column_names:
            other = replaced(other, name, changed(other[name]))
    return pa.concat_tables(
        side.append_column(ROLE, pa.array([role] * n, pa.string())).append_column(VERSION, pa.array([version] * n))
        for side, role, version in ((rows, "champion", 1), (other, "shadow", 2))
    )


def less_sure(column):
    """Return numbers a tenth smaller, and the class y where x was said."""
    if pa.types.is_floating(column.type):
        return pc.multiply(column, 0.9)
    return pc.replace_substring(column, "x", "y") if pa.types.is_string(column.type) else column


def traffic(n):
    histogram = [0] * (len(LATENCY_BOUNDS_US) + 1)
    histogram[5], histogram[12] = n - n // 10, n // 10
    return Traffic(requests=n, failed=n // 50, soft_failed=n // 100, latency_us=900 * n, histogram=tuple(histogram))


def levelled(rows):
    """Return the rows with a third number, told by the request id."""
    if REQUEST_ID not in rows.column_names:
        return rows
    told = [None if each is None else zlib.crc32(str(each).encode()) % 997.0 for each in rows[REQUEST_ID].to_pylist()]
    return rows.append_column(LEVEL.name, pa.array(told, pa.float64()))


def window(signal: Signal, rows, task, *, schema=None, served=None):
    """Return a window filled with what the signal declared, and nothing else."""
    schema = schema or Schema((*FEATURES, LEVEL) if signal.name in PAIRED else FEATURES, task)
    rows = levelled(rows) if signal.name in PAIRED else rows
    kinds = {feature.name: feature.kind for feature in schema.features}
    return Window(
        None,
        schema,
        profile=Profile.of(rows, kinds=kinds) if Need.PROFILE in signal.needs else None,
        rows=rows if signal.needs & (Need.ROWS | Need.LABELS) else None,
        traffic=(served or traffic(rows.num_rows)) if Need.TRAFFIC in signal.needs else None,
        series=TOLD if Need.SERIES in signal.needs else None,
        rivals=rivals(rows) if Need.RIVALS in signal.needs else None,
        weeks=(Week(traffic(rows.num_rows), TOLD),) * 5 if Need.WEEKS in signal.needs else None,
        service={each: Series.of(0.5) + Series.of(1.0) for each in Gauged} if Need.SERVICE in signal.needs else None,
    )


@lru_cache
def usual(task):
    return records(1500, task)


def ask(name, rows, task, baseline=None, **more):
    signal = named(name)
    before = window(signal, usual(task) if baseline is None else baseline, task)
    found = list(signal.measure(window(signal, rows, task, **more), before))
    judged = decide(found, Calibration.iid())
    for each in judged:
        sound(signal, each)
    return judged


def sound(signal, each: Measurement):
    """Hold one judged measurement to what every measurement promises."""
    assert each.signal == signal.name
    assert each.metric in signal.metrics
    assert each.verdict is not None
    assert each.n >= 0
    assert each.verdict is not Verdict.ERROR, each.reason
    json.dumps(each.to_dict(), allow_nan=False)
    if each.value is None:
        assert each.verdict in UNANSWERED
        assert each.reason
        return
    assert each.verdict not in UNANSWERED
    assert math.isfinite(each.value)
    if each.metric not in FACTS:
        assert each.interval is not None, each.metric
        assert each.interval.low <= each.value <= each.interval.high, each
    if each.evidence and each.evidence.p_value is not None:
        assert 0 <= each.evidence.p_value <= 1
        assert each.evidence.test


def replaced(rows, name, values):
    return rows.set_column(rows.column_names.index(name), name, values)


EACH = pytest.mark.parametrize("name", SIGNALS)
EACH_TASK = pytest.mark.parametrize("task", TASKS)


@EACH
def test_it_is_found_by_its_name_and_names_its_metrics(name):
    signal = named(name)
    assert signal.name == name
    assert signal.needs
    assert len(set(signal.metrics)) == len(signal.metrics) > 0
    for metric in signal.metrics:
        assert f"{name}.{metric}" in TITLES
        assert title(f"{name}.{metric}")
    assert type(signal).__doc__
    assert ">>>" in type(signal).__doc__


@EACH
@EACH_TASK
def test_it_gives_every_metric_it_names_for_some_task(name, task):
    given = {each.metric for each in ask(name, usual(task), task) if each.value is not None}
    if name in default(Schema(FEATURES, task), labels=True, traffic=True):
        assert given
    everything = {each.metric for one in TASKS for each in ask(name, usual(one), one) if each.value is not None}
    assert everything == set(named(name).metrics)


@EACH
@EACH_TASK
def test_identical_windows_are_no_alarm_and_no_difference(name, task):
    for each in ask(name, usual(task), task):
        assert each.verdict is not Verdict.ALARM
        if each.evidence and each.evidence.baseline is not None and each.signal not in ESTIMATES:
            assert each.evidence.effect == pytest.approx(0, abs=1e-9)


@EACH
@EACH_TASK
def test_another_sample_of_the_same_is_no_alarm(name, task):
    for seed in range(1, 11):
        judged = ask(name, records(400, task, seed), task)
        assert [each for each in judged if each.verdict is Verdict.ALARM] == []


@EACH
@EACH_TASK
def test_the_order_of_rows_does_not_matter(name, task):
    rows = records(400, task, 3)
    shuffled = rows.take(np.random.default_rng(1).permutation(rows.num_rows))
    for one, other in zip(ask(name, rows, task), ask(name, shuffled, task), strict=True):
        assert one.name == other.name
        assert (one.value is None) == (other.value is None)
        assert (one.value or 0) == pytest.approx(other.value or 0, rel=1e-9, abs=1e-12)
        assert (one.feature, one.n, one.verdict) == (other.feature, other.n, other.verdict)


def all_null(rows):
    return pa.table({name: pa.nulls(rows.num_rows, rows.schema.field(name).type) for name in rows.column_names})


def constant(rows):
    return pa.table(
        {name: pa.concat_arrays([rows.column(name).combine_chunks().slice(1, 1)] * 100) for name in rows.column_names}
    )


def untyped(rows):
    return pa.table({name: pa.nulls(50) for name in rows.column_names})


def text(rows):
    return pa.table({name: pa.array(["?"] * 80) for name in rows.column_names})


def infinite(rows):
    floats = [name for name in rows.column_names if pa.types.is_floating(rows.schema.field(name).type)]
    for name in floats:
        rows = replaced(rows, name, pa.array([math.inf, math.nan, -math.inf, 1.0] * (rows.num_rows // 4)))
    return rows


def huge(rows):
    return replaced(rows, "number", pa.array([1e308, -1e308] * (rows.num_rows // 2)))


def renamed(rows):
    return rows.rename_columns([f"{name}_new" for name in rows.column_names])


def one_class(rows):
    label = rows.column(LABEL).combine_chunks()
    return replaced(rows, LABEL, pa.concat_arrays([label.slice(0, 1)] * rows.num_rows))


def odd_labels(rows):
    return replaced(rows, LABEL, pa.array([7.0] * rows.num_rows))


def unseen(rows):
    return replaced(rows, "kind", pa.array(["new"] * rows.num_rows))


def lists(rows):
    return replaced(rows, "number", pa.array([[1, 2]] * rows.num_rows))


ODD = [
    all_null,
    constant,
    untyped,
    text,
    infinite,
    huge,
    renamed,
    one_class,
    odd_labels,
    unseen,
    lists,
    lambda rows: rows.slice(0, 0),
    lambda rows: rows.slice(0, 1),
    lambda rows: rows.slice(0, 2),
    lambda rows: rows.drop_columns(["number", "kind"]),
    lambda rows: rows.drop_columns([LABEL]),
    lambda rows: rows.drop_columns([LABEL, PREDICTION]),
    lambda rows: rows.append_column("extra", pa.array(range(rows.num_rows))),
    lambda rows: pa.table({}),
]


@EACH
@EACH_TASK
@pytest.mark.parametrize("spoil", ODD)
def test_odd_data_gets_a_verdict_on_either_side(name, task, spoil):
    odd = spoil(records(200, task, 5))
    assert ask(name, odd, task)
    assert ask(name, records(200, task, 5), task, baseline=odd)
    assert ask(name, odd, task, baseline=odd)


@EACH
def test_a_window_without_anything_says_so(name):
    signal = named(name)
    for task in (None, *TASKS):
        empty = Window(None, Schema(FEATURES, task))
        for each in decide(list(signal.measure(empty, empty)), Calibration.iid()):
            sound(signal, each)
            assert each.value is None


@EACH
@EACH_TASK
def test_an_empty_baseline_leaves_the_value_and_takes_the_evidence(name, task):
    signal = named(name)
    target = window(signal, usual(task), task)
    judged = decide(list(signal.measure(target, Window(None, Schema((), task)))), Calibration.iid())
    for each in judged:
        sound(signal, each)
        assert each.verdict is not Verdict.ALARM or each.metric == "extra_column"


@EACH
@EACH_TASK
def test_it_looks_only_at_what_it_declared(name, task):
    class Forbidden:
        def __getattr__(self, what):
            raise AssertionError(f"{name} looked at {what}, which it did not declare")

    signal, trap = named(name), Forbidden()
    sides = [window(signal, usual(task), task)] * 2
    unasked = {
        "profile": Need.PROFILE in signal.needs,
        "rows": bool(signal.needs & (Need.ROWS | Need.LABELS)),
        "traffic": Need.TRAFFIC in signal.needs,
        "series": Need.SERIES in signal.needs,
    }
    traps = {field: trap for field, declared in unasked.items() if not declared}
    guarded = [replace(side, **traps) for side in sides]
    assert list(signal.measure(*guarded)) == list(signal.measure(*sides))


@EACH
@EACH_TASK
@pytest.mark.parametrize("broken", [feature.name for feature in FEATURES])
def test_one_broken_column_costs_no_other(name, task, broken):
    whole = records(300, task, 4)
    spoiled = replaced(whole, broken, pa.array([[1]] * whole.num_rows))
    before = {(each.metric, each.feature): each.value for each in ask(name, whole, task) if each.feature != broken}
    after = {(each.metric, each.feature): each.value for each in ask(name, spoiled, task) if each.feature != broken}
    if name in JOINT:
        assert set(after) == set(before)
        assert None not in after.values()
        return
    assert after == before


@EACH
@EACH_TASK
def test_measuring_twice_gives_the_same(name, task):
    rows = records(300, task, 9)
    assert ask(name, rows, task) == ask(name, rows, task)


@EACH
def test_unanswered_measurements_break_no_rule(name):
    signal = named(name)
    nothing = Window(None, Schema(FEATURES, Task.BINARY))
    for each in signal.measure(nothing, nothing):
        assert not breaks(Rule("r", each.name, above=-1e9, below=1e9, calibrated=True), each)
