from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from holter.monitor import Beat
from holter.rules import AlertState, Rule
from holter.store.kept import Message
from holter.types import Verdict

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def test_nothing_has_happened(desk):
    desk.watch()
    report = Beat(desk.shelves).once(NOW)
    assert (report.published, report.errors, report.remaining) == (0, (), False)


def test_publishes_each_closed_window_once(desk):
    desk.watch(signals=["data_drift", "performance"], label_delay=DAY)
    for number in range(4):
        desk.day(number)
    beat = Beat(desk.shelves)
    report = beat.once(NOW)
    assert report.errors == ()
    assert desk.published() == [
        (1, "data_drift", 0),
        (1, "performance", 0),
        (2, "data_drift", 0),
        (2, "performance", 0),
        (3, "data_drift", 0),
    ] or sorted(desk.published()) == [
        (1, "data_drift", 0),
        (1, "performance", 0),
        (2, "data_drift", 0),
        (2, "performance", 0),
        (3, "data_drift", 0),
    ]
    assert report.published == 5
    assert beat.once(NOW).published == 0
    assert Beat(desk.shelves).once(NOW).published == 0
    desk.day(4)
    assert beat.once(NOW).published == 2


def test_an_alert_fires_once_and_asks_for_its_responses(desk, auc_rule):
    desk.watch(rules=[auc_rule])
    for number, honest in enumerate([True, False, False, True, True]):
        desk.day(number, 400, honest=honest)
    beat = Beat(desk.shelves)
    report = beat.once(NOW)
    assert [event.after for event in report.events] == [AlertState.FIRING, AlertState.RESOLVED]
    (alert,) = desk.shelves.facts.alerts("daily")
    assert (alert.rule, alert.state) == ("auc", AlertState.RESOLVED)
    outbox = desk.shelves.facts.outbox()
    told = {"a@example.com", "b@example.com", "http://127.0.0.1:9/hook"}
    assert [message.target for message in outbox[:3]] == sorted(told)
    assert {message.target for message in outbox[3:]} == told  # the closing message, to the same
    assert len({message.key for message in outbox}) == 6
    jobs = desk.shelves.facts.jobs()
    assert [job.kind for job in jobs] == ["command", "retrain"]
    assert all(job.at == alert.opened.end and job.deployment == "api" for job in jobs)
    assert desk.actions()[-4:] == ["alert.firing", "command.wanted", "retrain.wanted", "alert.resolved"]
    entry = next(s.entry for s in desk.shelves.facts.ledger() if s.entry.action == "alert.firing")
    assert entry.facts["measurement"]["metric"] == "roc_auc"
    beat.once(NOW)
    Beat(desk.shelves).once(NOW)
    assert len(desk.shelves.facts.outbox()) == 6
    assert len(desk.shelves.facts.jobs()) == 2


def test_an_unknown_response_becomes_a_job_that_can_say_so(desk):
    from holter.rules import Response

    rule = Rule("auc", "performance.roc_auc", below=0.99, responses=(Response("fax"), Response("fax")))
    desk.watch(rules=[rule])
    desk.day(0)
    desk.day(1)
    Beat(desk.shelves).once(NOW)
    assert [job.kind for job in desk.shelves.facts.jobs()] == ["fax", "fax"]


def test_late_labels_make_a_revision_that_moves_and_sends_nothing(desk, auc_rule):
    desk.watch(rules=[auc_rule])
    desk.day(0, 400, honest=False, labels=False)
    late = desk.waiting
    desk.day(1)
    beat = Beat(desk.shelves)
    beat.once(NOW)
    assert desk.published() == [(1, "performance", 0)]
    assert desk.shelves.facts.measurements("daily", metric="performance.roc_auc")[0].value is None
    desk.shelves.records("api").append_labels(late)
    report = beat.once(NOW)
    assert (report.published, report.revised, report.events) == (0, 1, ())
    assert desk.published() == [(1, "performance", 1)]
    assert desk.shelves.facts.measurements("daily", metric="performance.roc_auc")[0].value < 0.6
    assert desk.shelves.facts.alerts("daily") == []
    assert desk.shelves.facts.outbox() == []
    assert beat.once(NOW).revised == 0


def test_labels_that_are_later_than_a_long_label_delay_still_make_a_revision(desk):
    desk.watch(signals=["data_drift", "performance"], label_delay=20 * DAY)
    for number in range(24):
        desk.day(number, labels=number != 1)
        if number == 1:
            late = desk.waiting
    beat = Beat(desk.shelves)
    beat.once(NOW)
    desk.waiting = late
    desk.label()
    assert beat.once(NOW).revised == 1
    assert [each for each in desk.published() if each[2]] == [(2, "performance", 1)]
    assert beat.once(NOW).revised == 0


def test_labels_change_nothing_for_signals_that_do_not_look_at_them(desk):
    desk.watch(signals=["data_drift"])
    desk.day(0, labels=False)
    late = desk.waiting
    desk.day(1)
    beat = Beat(desk.shelves)
    beat.once(NOW)
    before = desk.shelves.facts.publications("daily")
    desk.shelves.records("api").append_labels(late)
    assert beat.once(NOW).revised == 0
    assert desk.shelves.facts.publications("daily") == before


def test_late_records_revise_and_older_ones_begin_earlier(desk):
    desk.watch(signals=["data_drift"])
    desk.day(2)
    desk.day(3)
    beat = Beat(desk.shelves)
    beat.once(NOW)
    assert desk.published() == [(3, "data_drift", 0)]
    desk.day(2, 60, tag="late", shift=3.0)
    desk.day(0)
    report = beat.once(NOW)
    assert (report.published, report.revised) == (2, 1)
    assert desk.published() == [(1, "data_drift", 0), (2, "data_drift", 0), (3, "data_drift", 1)]


def test_a_window_older_than_what_was_judged_moves_no_alert(desk, auc_rule):
    desk.watch(rules=[auc_rule])
    desk.day(2)
    desk.day(3)
    beat = Beat(desk.shelves)
    beat.once(NOW)
    desk.day(0, 400, honest=False)
    beat.once(NOW)
    assert desk.shelves.facts.alerts("daily") == []
    assert desk.shelves.facts.measurements("daily", metric="performance.roc_auc")[0].value < 0.65


@pytest.mark.parametrize("broken", ["status", "role"])
def test_only_answers_of_the_champion_count(desk, broken):
    desk.watch(signals=["performance"])
    desk.day(0)
    desk.day(0, 50, tag="other", **({"status": 500} if broken == "status" else {"role": "shadow"}))
    desk.day(1)
    Beat(desk.shelves).once(NOW)
    assert {each.n for each in desk.shelves.facts.measurements("daily", metric="performance.roc_auc")} == {120}


def test_a_signal_that_nobody_has_costs_the_others_nothing(desk):
    desk.watch(signals=["horoscope", "data_drift"])
    desk.day(0)
    desk.day(1)
    report = Beat(desk.shelves).once(NOW)
    assert (report.published, report.errors) == (2, ())
    (odd,) = desk.shelves.facts.measurements("daily", metric="horoscope.evaluation")
    assert (odd.verdict, odd.value) == ("error", None)
    assert "horoscope" in odd.reason
    assert desk.shelves.facts.measurements("daily", metric="data_drift.jensen_shannon")[0].value is not None


def test_a_monitor_that_fails_costs_the_others_nothing(desk):
    desk.watch("first")
    desk.watch("second")
    desk.day(0)
    desk.day(1)
    entry = desk.shelves.registry.monitor("first")
    from dataclasses import replace

    gone = replace(entry, baseline=desk.shelves.root / "gone.parquet")
    desk.shelves.registry.add_monitor(gone, overwrite=True)
    report = Beat(desk.shelves).once(NOW)
    assert len(report.errors) == 1
    assert "first" in report.errors[0]
    assert desk.published("second") == [(1, "performance", 0)]


def test_paused_monitors_rest_and_catch_up(desk):
    desk.watch()
    desk.day(0)
    desk.day(1)
    desk.shelves.registry.pause("daily", paused=True)
    beat = Beat(desk.shelves)
    assert beat.once(NOW).published == 0
    desk.shelves.registry.pause("daily", paused=False)
    assert beat.once(NOW).published == 1


def test_a_monitor_that_another_process_judges_is_left_to_it(desk):
    desk.watch()
    desk.day(0)
    desk.day(1)
    lease = desk.shelves.facts.acquire("monitor:daily", "other", timedelta(minutes=1), NOW)
    assert Beat(desk.shelves).once(NOW).busy == ("daily",)
    desk.shelves.facts.release(lease)
    assert Beat(desk.shelves).once(NOW).published == 1


def test_a_record_from_the_future_closes_no_window_that_is_not_over(desk):
    desk.watch(signals=["prediction_drift"])
    for number in (0, 1, 3000):
        desk.day(number)
    beat = Beat(desk.shelves)
    now = datetime(2026, 3, 3, 1, tzinfo=UTC)
    assert beat.once(now).published == 2
    assert beat.once(now).published == 0
    desk.day(2)
    assert beat.once(now + DAY).published == 1


def test_a_pass_ends_after_fifty_windows(desk):
    desk.watch(signals=["data_quality"])
    desk.day(0)
    desk.day(60)
    beat = Beat(desk.shelves)
    first, second = beat.once(NOW), beat.once(NOW)
    assert (first.published, first.remaining) == (50, True)
    assert (second.published, second.remaining) == (10, False)


def test_silence_is_judged_on_the_wall_clock(desk):
    start = datetime(2026, 3, 1, 9, tzinfo=UTC)
    rule = Rule("silent", "traffic.requests", below=1, sure=False)
    desk.watch(signals=["traffic", "data_quality"], rules=[rule], event_clock=False, created_at=start)
    beat = Beat(desk.shelves)
    assert beat.once(start + timedelta(hours=2)).published == 0
    report = beat.once(start + 2 * DAY)
    assert report.published == 4
    assert [event.after for event in report.events] == [AlertState.FIRING]


def test_a_monitor_that_is_written_down_again_every_day_still_judges_what_waits_for_labels(desk):
    options = {"event_clock": False, "label_delay": DAY}
    start = datetime(2026, 3, 1, 10, tzinfo=UTC)
    beat = Beat(desk.shelves, "holder")
    entry = desk.watch(**options, created_at=start)
    for number in range(4):
        again = replace(entry, created_at=start + number * DAY, lateness=timedelta(minutes=number))
        desk.shelves.registry.add_monitor(again, overwrite=True)
        desk.day(number)
        beat.once(start + number * DAY)
    assert desk.published() == [(1, "performance", 0), (2, "performance", 0)]


def test_a_changed_monitor_is_judged_anew_for_what_it_adds(desk):
    from dataclasses import replace

    entry = desk.watch(signals=["data_drift"])
    for number in range(3):
        desk.day(number)
    beat = Beat(desk.shelves)
    beat.once(NOW)
    desk.shelves.registry.add_monitor(replace(entry, signals=("data_drift", "performance")), overwrite=True)
    assert beat.once(NOW).published == 2


def test_training_rows_as_baseline_are_said_to_be_uncalibrated(desk, tmp_path):
    version = desk.shelves.registry.version("m")
    rows = desk.shelves.baseline_window(version, version.schema).rows
    file = tmp_path / "two.bin"
    file.write_text("2")
    desk.shelves.registry.register("m", file, schema=version.schema, baseline=rows, held_out=False)
    desk.watch(signals=["data_drift"])
    desk.day(0, version=2)
    desk.day(1, version=2)
    Beat(desk.shelves).once(NOW)
    (found, *_) = desk.shelves.facts.measurements("daily", metric="data_drift.jensen_shannon", feature="x")
    assert found.calibrated == "no"


def test_a_version_without_baseline_is_insufficient_not_an_error(desk, tmp_path):
    file = tmp_path / "two.bin"
    file.write_text("2")
    desk.shelves.registry.register("m", file, schema=desk.shelves.registry.version("m").schema)
    desk.watch(signals=["data_drift", "data_quality"])
    desk.day(0, version=2)
    desk.day(1, version=2)
    report = Beat(desk.shelves).once(NOW)
    assert report.errors == ()
    drift = desk.shelves.facts.measurements("daily", metric="data_drift.jensen_shannon")
    assert {each.verdict for each in drift} == {"undefined"}


def test_messages_are_what_the_outbox_takes(desk, auc_rule):
    desk.watch(rules=[auc_rule])
    desk.day(0, 400, honest=False)
    desk.day(1)
    Beat(desk.shelves).once(NOW)
    message = desk.shelves.facts.outbox()[0]
    assert isinstance(message, Message)
    assert message.event in {event.key for event in desk.shelves.facts.events(message.alert)}


def test_without_any_label_coverage_is_0_and_performance_insufficient_and_no_rule_moves(desk, auc_rule):
    coverage = Rule("coverage", "performance.label_coverage", below=0.5, sure=False)
    desk.watch(rules=[auc_rule, coverage])
    for number in range(4):
        desk.day(number, labels=False)
    report = Beat(desk.shelves).once(NOW)
    facts = desk.shelves.facts
    assert (report.published, report.errors) == (3, ())
    measured = {each.metric: each for each in facts.measurements("daily")}  # of the newest window
    assert measured["label_coverage"].value == 0
    assert measured["label_coverage"].n == 120
    others = [each for metric, each in measured.items() if metric != "label_coverage"]
    assert {"roc_auc", "log_loss", "accuracy"} <= {each.metric for each in others}
    assert all(each.value is None and each.verdict == Verdict.INSUFFICIENT and each.reason for each in others)
    assert [alert.rule for alert in facts.alerts("daily")] == ["coverage"]
    assert facts.jobs() == []


def test_a_window_that_knows_too_little_neither_breaks_nor_holds_a_rule(desk, auc_rule):
    desk.watch(rules=[replace(auc_rule, for_windows=2)])
    bad, unknown, good = {"honest": False}, {"labels": False}, {}
    facts, beat, states = desk.shelves.facts, Beat(desk.shelves), []
    for number, told in enumerate((bad, unknown, bad, unknown, good, good)):
        desk.day(number, 400, **told)  # which closes the window of the day before
        beat.once(NOW)
        states.append([str(alert.state) for alert in facts.alerts("daily")])
    assert states == [[], ["pending"], ["pending"], ["firing"], ["firing"], ["resolved"]]
    (alert,) = facts.alerts("daily")
    assert [str(event.after) for event in facts.events(alert.id)] == ["pending", "firing", "resolved"]
    verdicts = [each.verdict for each in facts.measurements("daily", metric="performance.roc_auc")]
    assert [verdict == Verdict.INSUFFICIENT for verdict in verdicts] == [False, True, False, True, False]
