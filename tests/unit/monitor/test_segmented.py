"""Windows cut into segments: what is measured of each, and what is said where nothing can be."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from holter.monitor import Beat
from holter.monitor.judging import by_segment, judge
from holter.monitor.segmented import cases
from holter.monitor.targets import Case, filled, nothing
from holter.profile import Window
from holter.report.pages import monitor_page
from holter.rules import Rule
from holter.signals import Need, named
from holter.types import Feature, Kind, Schema, Span, Task, Verdict

DAY = timedelta(days=1)
FIRST = datetime(2026, 3, 1, tzinfo=UTC)
SCHEMA = Schema((Feature("x", Kind.NUMERIC, "double"), Feature("c", Kind.CATEGORICAL, "string")), Task.BINARY)
NEEDS = Need.PROFILE | Need.ROWS | Need.LABELS
SPAN = Span(FIRST, FIRST + DAY)


def window(rows, span=SPAN):
    return filled(span, SCHEMA, rows, NEEDS)


def rows(n=3000, seed=0, *, honest=True):
    rng = np.random.default_rng(seed)
    x = rng.normal(0, 1, n)
    score = 1 / (1 + np.exp(-x))
    label = (rng.random(n) < (score if honest else 0.5)).astype(float)
    names = pa.array(rng.choice(["a", "b", "c"], n))
    return pa.table({"x": x, "c": names, "_score": score, "_prediction": (score > 0.5) * 1.0, "_label": label})


def case(now, before=None, held_out=True):
    return Case(window(now), nothing(SCHEMA) if before is None else window(before, None), held_out)


def broken_in(name, n=3000):
    """Return rows whose labels have nothing to do with the scores where c is ``name``."""
    good, bad = rows(n, 1), rows(n, 1, honest=False)
    here = np.array(good["c"].to_pylist()) == name
    label = np.where(here, bad["_label"].to_numpy(), good["_label"].to_numpy())
    return good.set_column(good.column_names.index("_label"), "_label", pa.array(label))


def test_each_segment_is_compared_with_the_same_segment_of_the_baseline():
    parts = cases(case(rows(seed=1), rows()), ("c", "x:2"), NEEDS)
    assert {part.segment for part in parts[:3]} == {"c=a", "c=b", "c=c"}
    assert sum(part.n for part in parts[:3]) == 3000
    for part in parts:
        assert part.case.target.segment == part.case.baseline.segment == part.segment
        assert part.case.target.n == part.n
        assert part.case.target.profile.rows == part.n
    one = next(part.case for part in parts if part.segment == "c=b")
    assert set(one.target.rows["c"].to_pylist()) == set(one.baseline.rows["c"].to_pylist()) == {"b"}


def test_a_window_is_filled_with_what_the_needs_ask_for_and_no_more():
    (part, *_) = cases(case(rows(), rows()), ("c",), Need.PROFILE)
    assert part.case.target.rows is None
    assert part.case.target.profile is not None


def test_the_segments_of_a_baseline_are_made_once():
    before = window(rows(), None)
    first, second = (cases(Case(window(rows(seed=seed)), before, True), ("c",), NEEDS) for seed in (1, 2))
    assert [one.case.baseline is other.case.baseline for one, other in zip(first, second, strict=True)] == [True] * 3


def test_a_small_segment_says_so_and_costs_no_other():
    small = pa.concat_tables([rows().filter(pa.compute.not_equal(rows()["c"], "b")), rows(90).slice(0, 60)])
    found = judge(named("performance"), case(small, rows()), 1, cases(case(small, rows()), ("c",), NEEDS))
    (told,) = [each for each in found if each.segment == "c=b"]
    assert told.verdict is Verdict.INSUFFICIENT
    assert "30 are needed" in told.reason
    assert told.window == SPAN
    assert [each.metric for each in found if each.segment == "c=a" and each.value is not None]


def test_a_segment_that_vanished_is_not_passed_over():
    gone = rows().filter(pa.compute.not_equal(rows()["c"], "b"))
    told = next(part for part in cases(case(gone, rows()), ("c",), NEEDS) if part.segment == "c=b")
    assert (told.n, told.case, told.verdict) == (0, None, Verdict.INSUFFICIENT)


def test_a_segment_the_baseline_does_not_know_is_measured_and_compared_with_nothing():
    new = rows().set_column(1, "c", pa.array(["z"] * 3000))
    found = judge(named("performance"), case(new, rows()), 1, cases(case(new, rows()), ("c",), NEEDS))
    auc = next(each for each in found if each.metric == "roc_auc" and each.segment == "c=(other)")
    assert auc.value == pytest.approx(0.76, abs=0.05)
    assert auc.evidence is None


def test_only_the_segment_that_broke_alarms():
    bad = case(broken_in("b"), rows())
    found = judge(named("performance"), bad, 1, cases(bad, ("c",), NEEDS))
    alarmed = {each.segment for each in found if each.metric == "roc_auc" and each.verdict is Verdict.ALARM}
    assert "c=b" in alarmed
    assert not alarmed & {"c=a", "c=c"}


def test_no_segment_alarms_when_nothing_changed_and_none_can_on_rows_the_model_was_fitted_on():
    for seed in range(1, 11):
        same = case(rows(600, seed), rows())
        for name in ("performance", "data_drift"):
            found = judge(named(name), same, 2, cases(same, ("c", "x:3", "c*x:2"), NEEDS))
            assert not [each for each in found if each.verdict is Verdict.ALARM]
    bad = case(broken_in("b"), rows(), held_out=False)
    found = judge(named("performance"), bad, 1, cases(bad, ("c",), NEEDS))
    assert not [each for each in found if each.verdict is Verdict.ALARM]


def test_certain_facts_are_told_once_and_what_has_no_answer_is_not_asked_of_parts():
    extra = rows().append_column("new", pa.array([1.0] * 3000))
    both = case(extra, rows())
    found = judge(named("data_quality"), both, 1, cases(both, ("c",), NEEDS))
    assert [each.segment for each in found if each.metric == "extra_column" and each.value] == [None]
    unscored = case(rows().drop_columns(["_score"]), rows())
    found = judge(named("performance"), unscored, 1, cases(unscored, ("c",), NEEDS))
    assert [each.segment for each in found if each.metric == "roc_auc"] == [None]


def test_what_cannot_be_cut_says_why_and_all_rows_are_measured_all_the_same():
    lacking = case(rows().drop_columns(["c"]), rows())
    found = judge(named("performance"), lacking, 1, cases(lacking, ("c", "nowhere"), NEEDS))
    why = {each.segment: each.reason for each in found if each.segment}
    assert why["c"] == "the window has no column 'c' to be cut by"
    assert "nowhere" in why["nowhere"]
    assert next(each for each in found if each.metric == "roc_auc" and each.segment is None).value
    nothing_to_cut = Case(Window(SPAN, SCHEMA), nothing(SCHEMA), held_out=True)
    (told,) = cases(nothing_to_cut, ("c",), NEEDS)
    assert told.why == "the window has no rows to be cut"


def test_a_signal_that_raises_in_a_segment_is_an_error_there():
    class Odd:
        name, needs, metrics = "odd", Need.ROWS, ("m",)

        def measure(self, target, baseline):
            if target.segment == "c=b":
                raise RuntimeError("no")
            return named("data_quality").measure(target, baseline)

    both = case(rows(seed=1), rows())
    found = judge(Odd(), both, 1, cases(both, ("c",), NEEDS))
    assert {each.segment for each in found if each.verdict is not Verdict.ERROR} >= {None, "c=a", "c=c"}


def test_traffic_and_signals_that_say_so_are_asked_of_all_rows_only():
    class Whole:
        name, needs, metrics, whole = "w", Need.ROWS, ("m",), True

    assert by_segment(named("data_drift"))
    assert not by_segment(named("traffic"))
    assert not by_segment(named("telemetry"))
    assert not by_segment(named("labels"))  # what became of older records is known of all together
    assert not by_segment(Whole())


def test_a_monitor_measures_its_segments_and_a_rule_finds_the_one_that_broke(desk):
    rule = Rule("each", "performance.roc_auc", below=0.6, segment="c=*")
    desk.watch(signals=("performance", "traffic"), segments=("c", "x:2"), rules=(rule,))
    desk.day(0, 900)
    desk.day(1, 900, honest=False)
    desk.day(2, 10)
    report = Beat(desk.shelves).once(FIRST + timedelta(days=4))
    assert report.errors == ()
    facts = desk.shelves.facts
    found = facts.measurements("daily", metric="performance.roc_auc")
    assert {each.segment for each in found} >= {None, "c=a", "c=b", "c=c"}
    assert [each.segment for each in facts.measurements("daily", whole=True) if each.segment] == []
    assert {each.segment for each in found if each.segment and each.segment.startswith("x=")}
    (alert,) = facts.alerts("daily", open_only=True)
    assert alert.measurement.segment.startswith("c=")
    assert alert.opened.start == FIRST + DAY
    entry = desk.shelves.registry.monitor("daily")
    assert entry.segments == ("c", "x:2")


def test_a_window_of_many_days_is_cut_too_and_judged_once(desk):
    desk.watch(signals=("data_drift",), segments=("c",), over=3 * DAY)
    for number in range(4):
        desk.day(number, 200)
    beat = Beat(desk.shelves)
    beat.once(FIRST + timedelta(days=6))
    found = desk.shelves.facts.measurements("daily", metric="data_drift.psi", feature="x")
    assert max(each.n for each in found if each.segment is None) == 600
    assert {each.segment for each in found} == {None, "c=a", "c=b", "c=c"}
    assert beat.once(FIRST + timedelta(days=6)).published == 0


def test_a_table_is_cut_by_a_column_that_is_no_feature():
    schema = replace(SCHEMA, features=SCHEMA.features[:1])
    target, before = (filled(SPAN, schema, rows(seed=seed), NEEDS) for seed in (1, 2))
    assert {part.segment for part in cases(Case(target, before, True), ("c",), NEEDS)} == {"c=a", "c=b", "c=c"}


def test_the_page_shows_the_worst_segments_and_folds_the_rest(desk):
    rule = Rule("each", "performance.roc_auc", below=0.6, segment="c=*")
    desk.watch(signals=("performance",), segments=("c",), rules=(rule,))
    desk.day(0, 900, honest=False)
    desk.day(1, 10)
    Beat(desk.shelves).once(FIRST + timedelta(days=3))
    page = monitor_page(desk.shelves, "daily", FIRST + timedelta(days=3))
    worst, _, folded = page.partition("<details><summary>All other measurements of segments")
    assert "<h2>Segments</h2>" in worst
    assert "By c, in the newest window." in worst
    assert "(c=" in worst.partition("<h2>Segments</h2>")[2]
    assert "breaks each" in worst
    assert "(c=" in folded
    assert "(c=" not in folded.partition("<h2>Measurements</h2>")[2]
    assert "where c=*" in page
