"""What is normal is learned, decided by, written down with the window it belongs to, and never with another."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from holter.errors import LeaseLost
from holter.monitor import Beat
from holter.monitor.deciding import decide_on
from holter.monitor.history import run
from holter.monitor.learning import AGAIN
from holter.monitor.parts import Part
from holter.monitor.publishing import Board, settle
from holter.monitor.watch import Watch
from holter.registry import Shelves
from holter.rules import Budget, Rule
from holter.rules.stepping import LEARNED_ANEW
from holter.types import Feature, Kind, Schema, Span, Task

DAY = timedelta(days=1)
FIRST = datetime(2026, 3, 1, tzinfo=UTC)
NOW = FIRST + 400 * DAY
SCHEMA = Schema((Feature("x", Kind.NUMERIC, "double"), Feature("c", Kind.CATEGORICAL, "string")), Task.BINARY)


def window(day):
    return Span(FIRST + day * DAY, FIRST + (day + 1) * DAY)


def beat(desk, now=NOW):
    report = Beat(desk.shelves, "test").once(now)
    assert report.errors == ()
    return report


def decided(desk, day, part=Part.DATA, name="daily"):
    watch = Watch.of(desk.shelves, desk.shelves.registry.monitor(name), NOW)
    return decide_on(watch, window(day), part)


def change(desk, **parts):
    registry = desk.shelves.registry
    registry.add_monitor(replace(registry.monitor("daily"), **parts), overwrite=True)


def state(desk, name="daily"):
    facts = desk.shelves.facts
    return facts.null(name), facts.course(name, "data"), facts.course(name, "labels")


@pytest.fixture
def calm(desk):
    """Eight days as they always are."""
    desk.watch(signals=("data_drift", "performance"))
    for day in range(8):
        desk.day(day)
    return desk


@pytest.mark.parametrize(
    ("signal", "part"),
    [("data_drift", Part.DATA), ("prediction_drift", Part.DATA), ("data_quality", Part.DATA),
     ("performance", Part.LABELS), ("traffic", None), ("estimated_performance", None), ("nobody-has-it", None)],
)  # fmt: skip
def test_signals_that_look_at_the_same_are_decided_on_together(signal, part):
    assert Part.of(signal) is part


def test_it_learns_once_from_the_baseline_and_goes_on_from_window_to_window(calm):
    beat(calm)
    null, data, labels = state(calm)
    assert (null.slots, null.upto, null.learned) == (0, None, NOW)
    assert data.upto == labels.upto == FIRST + 7 * DAY
    assert data.frame == labels.frame
    kept = calm.shelves.facts.slots("daily", null.frame)
    assert [(each.part, each.span) for each in kept] == [
        (part, window(day)) for day in range(7) for part in ("data", "labels")
    ]
    calm.day(8)
    beat(calm, NOW + DAY)
    assert state(calm)[0] == null
    assert state(calm)[1].upto == FIRST + 8 * DAY


def test_a_kill_between_learning_and_publishing_loses_nothing_and_repeats_nothing(calm):
    lost = calm.shelves.facts.acquire("monitor:daily", "other", DAY, NOW)
    calm.shelves.facts.release(lost)
    watch = Watch.of(calm.shelves, calm.shelves.registry.monitor("daily"), NOW)
    with pytest.raises(LeaseLost):
        settle(watch, lost, Board(), window(0), ("data_drift",))
    assert state(calm) == (None, None, None)
    assert calm.shelves.facts.publications("daily") == []
    first = decided(calm, 0)
    beat(calm)
    assert state(calm)[0] == first.null
    # Another process, which has nothing in memory, learns and decides the same.
    again = Shelves.open(calm.shelves.root)
    assert decide_on(Watch.of(again, again.registry.monitor("daily"), NOW), window(7), Part.DATA).null is None


def test_two_beats_decide_once(calm):
    beat(calm)
    before = state(calm)
    assert Beat(calm.shelves, "another").once(NOW).published == 0
    assert state(calm) == before


def test_a_window_judged_again_after_late_labels_moves_nothing(calm):
    for day in range(8, 10):
        calm.day(day, labels=False)
    beat(calm)
    before, open_alerts = state(calm), calm.shelves.facts.alerts("daily")
    kept = calm.shelves.facts.slots("daily", before[0].frame, accepted_only=False)
    calm.label()
    report = beat(calm, NOW + DAY)
    assert report.events == ()
    assert state(calm) == before
    assert calm.shelves.facts.slots("daily", before[0].frame, accepted_only=False) == kept
    assert calm.shelves.facts.alerts("daily") == open_alerts


def test_a_window_that_is_older_than_the_newest_moves_nothing(calm):
    run(calm.shelves, "daily", NOW)
    newest = state(calm)[1]
    assert newest.upto == FIRST + 7 * DAY
    beat(calm)
    assert state(calm)[1] == newest
    assert len(calm.shelves.facts.slots("daily", state(calm)[0].frame)) == 2


def test_a_window_without_rows_is_no_difference(calm):
    calm.day(12)
    calm.day(13)
    beat(calm)
    assert state(calm)[1].upto == FIRST + 13 * DAY
    assert not decided(calm, 9).judgement.findings


def test_a_window_that_reaches_back_is_decided_on_by_what_is_new_in_it(calm):
    calm.watch("weekly", signals=("data_drift",), over=7 * DAY)
    beat(calm)
    null = calm.shelves.facts.null("weekly")
    kept = calm.shelves.facts.slots("weekly", null.frame)
    assert [each.span for each in kept] == [window(day) for day in range(7)]


def test_a_changed_day_is_found_and_teaches_nothing(calm):
    for day in range(8, 12):
        calm.day(day, shift=1.5)
    calm.day(12)
    beat(calm)
    null = state(calm)[0]
    taught = {each.span for each in calm.shelves.facts.slots("daily", null.frame) if each.part == "data"}
    assert window(5) in taught
    assert not taught & {window(day) for day in range(8, 12)}
    found = decided(calm, 11).judgement
    assert found.calibrated
    assert found.findings[0].feature == "x"


def test_it_learns_again_from_what_was_accepted(calm):
    beat(calm)
    before = state(calm)[0]
    for day in range(8, AGAIN + 3):
        calm.day(day)
    beat(calm, NOW + DAY)
    after = state(calm)[0]
    assert (before.slots, after.slots, after.upto) == (0, AGAIN, FIRST + AGAIN * DAY)
    assert after.frame == before.frame
    assert after.key != before.key


def bare(desk, columns, name="bare"):
    """Watch with a baseline file of its own."""
    import pyarrow.parquet as pq

    path = desk.shelves.root / f"{name}.parquet"
    pq.write_table(pa.table(columns), path)
    return desk.watch(name, signals=("data_drift",), baseline=path)


def test_a_baseline_without_event_times_says_so_until_production_has_told(desk):
    bare(desk, desk.made(2000))
    for day in range(LEARNED_ANEW + 8):
        desk.day(day, n=40, labels=False)
    first = decided(desk, 0, name="bare").judgement
    assert not first.calibrated
    assert "no event times" in first.why
    beat(desk)
    beat(desk)
    null = desk.shelves.facts.null("bare")
    assert null.slots >= LEARNED_ANEW
    assert decided(desk, LEARNED_ANEW + 7, name="bare").judgement.calibrated


def test_a_tiny_baseline_says_what_is_missing(desk):
    bare(desk, {**desk.made(9), "_event_time": desk.moments(9, FIRST - 3 * DAY, 3 * DAY)})
    desk.day(0)
    desk.day(1)
    found = decided(desk, 0, name="bare").judgement
    assert not found.calibrated
    assert "3 more weeks" in found.why
    beat(desk)
    assert desk.shelves.facts.null("bare").slots == 0


def test_without_a_baseline_there_is_nothing_to_learn_from(desk):
    version = desk.shelves.registry.register("m", desk.shelves.root.parent / "model.bin", schema=SCHEMA)
    desk.shelves.registry.want("api", version=version.version, actor="test", reason="no baseline")
    desk.watch(signals=("data_drift",))
    desk.day(0, version=version.version)
    assert decided(desk, 0) is None


def test_another_rule_or_signal_learns_nothing_anew_and_another_interval_does(calm):
    beat(calm)
    before, data, _ = state(calm)
    change(calm, signals=("data_drift", "data_quality"), rules=(Rule("d", "data_drift.psi", calibrated=True),))
    beat(calm, NOW + DAY)
    assert state(calm)[0] == before
    assert state(calm)[1] == data
    change(calm, every=timedelta(hours=12), over=timedelta(hours=12))
    beat(calm, NOW + 2 * DAY)
    assert state(calm)[0].frame != before.frame
    assert state(calm)[1].upto == FIRST + 7.5 * DAY
    assert calm.shelves.facts.slots("daily", before.frame) == []


def test_another_budget_is_learned_by_and_the_course_goes_on(calm):
    beat(calm)
    before, data, _ = state(calm)
    calm.day(8)
    change(calm, budget=Budget(5, "month"))
    beat(calm, NOW + DAY)
    after, moved, _ = state(calm)
    assert (after.frame, after.key != before.key) == (before.frame, True)
    assert (moved.frame, moved.upto) == (data.frame, data.upto + DAY)


def test_the_budget_is_shared_with_the_other_monitors_of_the_model(calm):
    alone = decided(calm, 0).null
    calm.watch("second", signals=("performance",))
    calm.watch("traffic", signals=("traffic",))
    calm.watch("odd", signals=("nobody-has-it",))
    halved = decided(calm, 0).null
    assert halved.key != alone.key
    calm.shelves.registry.pause("second")
    assert decided(calm, 0).null.key == alone.key


def test_a_table_is_decided_on_as_a_deployment_is(desk, tmp_path):
    import pyarrow.parquet as pq

    from holter.registry.entries import TableTarget

    columns = desk.made(8 * 120)
    table = pa.table({**columns, "_event_time": desk.moments(8 * 120, FIRST, 8 * DAY)})
    names = {"_score": "score", "_prediction": "prediction", "_label": "label", "_event_time": "at"}
    pq.write_table(table.rename_columns([names.get(n, n) for n in table.column_names]), tmp_path / "scored.parquet")
    target = TableTarget(str(tmp_path / "scored.parquet"), "at", SCHEMA, "prediction", "score", "label")
    baseline = tmp_path / "baseline.parquet"
    pq.write_table(
        pa.table({**desk.made(3000), "_event_time": desk.moments(3000, FIRST - 30 * DAY, 30 * DAY)}), baseline
    )
    desk.watch("batch", target=target, signals=("data_drift", "performance"), baseline=baseline)
    beat(desk)
    null, data, labels = state(desk, "batch")
    assert data.upto == labels.upto == FIRST + 7 * DAY
    assert null.slots == 0


def test_a_promoted_version_is_compared_with_its_own_baseline_and_the_ledger_says_so(calm):
    beat(calm)
    before = state(calm)[0]
    baseline = pa.table({**calm.made(2500, seed=5), "_event_time": calm.moments(2500, FIRST - 25 * DAY, 25 * DAY)})
    file = calm.shelves.root.parent / "model.bin"
    version = calm.shelves.registry.register("m", file, schema=SCHEMA, baseline=baseline).version
    calm.shelves.registry.want("api", version=version, actor="test", reason="better")
    for day in range(8, 11):
        calm.day(day, version=version)
    beat(calm, NOW + DAY)
    assert state(calm)[0].frame != before.frame
    (entry,) = [each.entry for each in calm.shelves.facts.ledger() if each.entry.action == "monitor.rebaseline"]
    assert entry.subject == "monitor:daily"
    assert entry.facts["before"] == before.frame
    assert isinstance(datetime.fromisoformat(entry.facts["from"]), datetime)


def test_what_a_deleted_monitor_learned_goes_with_it(calm):
    beat(calm)
    calm.shelves.registry.delete_monitor("daily")
    assert state(calm) == (None, None, None)
