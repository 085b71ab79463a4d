"""How good a model was in many days is read from what is stored of each, and never of other labels than there are."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from holter.capture.erasing import erase
from holter.monitor import Beat
from holter.monitor.targets import target_of
from holter.signals import Need, named
from holter.types import Schema, Span

FIRST, DAY = datetime(2026, 3, 1, tzinfo=UTC), timedelta(days=1)
WEEK = Span(FIRST, FIRST + 7 * DAY)


@pytest.fixture
def reads(desk, monkeypatch):
    """The days that were read so far."""
    records, days = desk.shelves.records("api"), []
    plain = records.read
    monkeypatch.setattr(
        records, "read", lambda span, columns=None: (days.append((span.start - FIRST) // DAY), plain(span, columns))[1]
    )
    return days


@pytest.fixture
def target(desk):
    return target_of(desk.shelves, desk.watch("weekly", over=7 * DAY))


def values(case):
    found = named("performance").measure(case.target, case.baseline)
    return {
        (each.metric, each.feature): (each.value, each.n, each.evidence and each.evidence.p_value) for each in found
    }


def week(desk, days=7):
    for number in range(days):
        desk.day(number, 60)


def stored(desk):
    return desk.shelves.outcomes("api").days()


def test_the_answer_is_that_of_the_rows(desk, target, reads):
    week(desk)
    from_rows = values(target.case(WEEK, Need.ROWS | Need.LABELS))
    reads.clear()
    case = target.case(WEEK, Need.LABELS)
    assert case.target.rows is None
    assert case.target.n == 420
    assert reads == list(range(7))
    found = values(case)
    assert found.keys() == from_rows.keys()
    for key, (value, n, p) in found.items():
        assert n == from_rows[key][1]
        assert value == pytest.approx(from_rows[key][0])
        assert p == pytest.approx(from_rows[key][2])
    reads.clear()
    assert values(target.case(WEEK, Need.LABELS)) == found
    assert reads == []


def test_only_a_day_whose_labels_came_is_read_again(desk, target, reads):
    week(desk, 6)
    desk.day(6, 60, labels=False)
    assert target.case(WEEK, Need.LABELS).target.outcomes.labelled == 360
    reads.clear()
    desk.label()
    assert target.case(WEEK, Need.LABELS).target.outcomes.labelled == 420
    assert reads == [6]
    reads.clear()
    assert target.case(WEEK, Need.PROFILE).target.profile.rows == 420
    reads.clear()
    both = target.case(WEEK, Need.PROFILE | Need.LABELS).target
    assert (both.profile.rows, both.outcomes.rows, reads) == (420, 420, [])


def test_what_was_erased_is_in_no_sum(desk, target):
    week(desk, 3)
    target.case(WEEK, Need.PROFILE | Need.LABELS)
    assert stored(desk) == desk.shelves.profiles("api").days() == [f"2026-03-0{number}" for number in (1, 2, 3)]
    erase(desk.shelves, "api", "_request_id", "d1-7", actor="test", now=FIRST + 8 * DAY)
    assert stored(desk) == ["2026-03-01"]
    found = target.case(WEEK, Need.LABELS).target.outcomes
    assert (found.rows, found.labelled) == (179, 179)


def test_labels_that_are_no_longer_kept_are_in_no_sum(desk, target):
    week(desk, 3)
    target.case(WEEK, Need.LABELS)
    shelf = next(each for each in desk.shelves.registry.shelves("api") if each.ended is None)
    desk.shelves.records("api").expire(None, FIRST + 30 * DAY)
    assert desk.shelves.prune(shelf) > 0
    assert stored(desk) == []
    assert target.case(WEEK, Need.LABELS).target.outcomes.labelled == 0


def test_a_short_window_is_read(desk, target):
    week(desk, 1)
    found = target.case(Span(FIRST, FIRST + DAY), Need.LABELS).target
    assert (found.outcomes, found.rows.num_rows) == (None, 60)
    assert stored(desk) == []


def test_a_model_without_a_task_says_so(desk, target, monkeypatch):
    week(desk, 2)
    monkeypatch.setattr(target, "schema", lambda: Schema(()))
    (only,) = named("performance").measure(*[target.case(WEEK, Need.LABELS).target] * 2)
    assert "no task" in only.reason


def test_older_records_tell_what_labels_to_expect(desk, target):
    week(desk, 3)
    now = Span(FIRST + 10 * DAY, FIRST + 11 * DAY)
    desk.day(10, 60, labels=False)
    case = target.case(now, named("labels").needs)
    assert (case.target.earlier.rows, case.target.earlier.labelled) == (180, 180)
    assert case.target.earlier.delays.n == 180
    found = {each.metric: each for each in named("labels").measure(case.target, case.baseline)}
    assert found["coverage"].value == 0
    assert found["maturity"].reason == "no label has a time yet"
    desk.label()
    later = target.case(now, named("labels").needs)
    found = {each.metric: each for each in named("labels").measure(later.target, later.baseline)}
    assert found["maturity"].value > 0.95
    assert found["coverage"].evidence.baseline > 0.95
    assert replace(later.target, earlier=None).n == 60


def test_a_monitor_publishes_all_of_it(desk):
    week_long = {"signals": ["performance", "labels", "ranking"], "every": 7 * DAY, "over": 7 * DAY, "label_delay": DAY}
    desk.watch("weekly", **week_long, options={"performance": {"only": ["roc_auc", "mcc"]}, "ranking": {"query": "c"}})
    week(desk, 8)
    desk.day(8, 60, labels=False)
    beat = Beat(desk.shelves)
    report = beat.once(datetime(2026, 5, 4, 12, tzinfo=UTC))
    assert report.errors == ()
    found = {(each.signal, each.metric): each for each in desk.shelves.facts.measurements("weekly")}
    performance = {metric for signal, metric in found if signal == "performance"}
    assert performance == {"roc_auc", "mcc"}
    assert all(found["performance", metric].value is not None for metric in performance)
    assert found["labels", "coverage"].value == 1.0
    assert "3 queries" in found["ranking", "ndcg"].reason
