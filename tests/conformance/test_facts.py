"""What every implementation of Facts must do. Add one to IMPLEMENTATIONS and it is held to all of this."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest

from holter.errors import LeaseLost, NaiveTime, NotFound
from holter.rules import Alert, AlertEvent, AlertState, Level, Silence
from holter.store import Entry, Job, JobState, Message, Publication, SqlFacts
from holter.types import (
    Calibrated,
    Evidence,
    Interval,
    Measurement,
    Occurrence,
    Series,
    SeriesKind,
    Span,
    Traffic,
    Verdict,
)

NOW = datetime(2013, 4, 1, 12, 30, 15, 123456, tzinfo=UTC)
DAY = timedelta(days=1)
WINDOW = Span(datetime(2013, 4, 1, tzinfo=UTC), datetime(2013, 4, 2, tzinfo=UTC))

IMPLEMENTATIONS = {"sqlite": lambda folder: SqlFacts(f"sqlite:///{folder / 'holter.db'}")}


@pytest.fixture(params=sorted(IMPLEMENTATIONS))
def make(request, tmp_path):
    return lambda: IMPLEMENTATIONS[request.param](tmp_path)


@pytest.fixture
def facts(make):
    return make()


def publication(window=WINDOW, signal="performance", revision=1, monitor="daily", fingerprint="f"):
    return Publication(monitor, window, signal, revision, fingerprint)


def publish(facts, *args, measurements=(), **kwargs):
    with facts.begin() as transaction:
        return transaction.publish(publication(*args, **kwargs), measurements)


MEASUREMENTS = [
    Measurement("performance", "roc_auc", 0.1 + 0.2, 10, window=WINDOW),
    Measurement(
        "performance",
        "brier",
        1e-300,
        2**40,
        feature="naïve 'quoted'\"; DROP",
        segment="country=DE",
        interval=Interval(-1e9, 1 / 3, 0.9),
        evidence=Evidence(0.0, "ks", -0.0, 5e-324),
        window=WINDOW,
        threshold=0.5,
        verdict=Verdict.ALARM,
        calibrated=Calibrated.IID,
        reason="too low\n☃",
    ),
    Measurement("performance", "x", None, 0, interval=Interval(float("-inf"), float("inf")), window=WINDOW),
    Measurement("performance", "y", None, 0, evidence=Evidence(), verdict=Verdict.INSUFFICIENT, window=WINDOW),
    Measurement("performance", "z", 1.0, 1, window=WINDOW.next()),
]


def test_measurements_come_back_exactly_and_in_order(facts):
    assert publish(facts, measurements=MEASUREMENTS)
    assert facts.measurements("daily") == MEASUREMENTS


def test_a_measurement_without_a_window_gets_the_publications(facts):
    publish(facts, measurements=[Measurement("performance", "roc_auc", 0.5, 1)])
    assert facts.measurements("daily")[0].window == WINDOW


def test_a_publication_is_stored_once(facts):
    assert publish(facts, measurements=MEASUREMENTS[:1])
    assert not publish(facts, measurements=MEASUREMENTS)
    assert facts.measurements("daily") == MEASUREMENTS[:1]


def test_a_publication_without_measurements_is_remembered(facts):
    assert publish(facts)
    assert facts.publications("daily") == [publication()]
    assert facts.measurements("daily") == []


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 1, 2), (2, 3, 1)])
def test_only_the_newest_revision_is_shown_whatever_order_they_came_in(facts, order):
    for revision in order:
        publish(facts, revision=revision, measurements=[Measurement("performance", "n", float(revision), 1)])
    assert [one.revision for one in facts.publications("daily")] == [3]
    assert [one.value for one in facts.measurements("daily")] == [3.0]


def test_windows_come_oldest_first_and_filters_narrow(facts):
    later, latest = WINDOW.next(), WINDOW.next().next()
    for window in (latest, WINDOW, later):
        for signal in ("performance", "data_drift"):
            found = [Measurement(signal, "psi", 1.0, 1, feature=feature) for feature in ("a", "b", None)]
            publish(facts, window, signal, measurements=found)
    publish(facts, WINDOW, monitor="other", measurements=[Measurement("performance", "psi", 9.0, 1)])
    starts = [one.window.start for one in facts.measurements("daily")]
    assert starts == sorted(starts)
    assert len(starts) == 18
    narrowed = facts.measurements("daily", metric="data_drift.psi", feature="b", span=Span(later.start, latest.end))
    assert [(one.name, one.feature, one.window) for one in narrowed] == [
        ("data_drift.psi", "b", later),
        ("data_drift.psi", "b", latest),
    ]
    assert [one.window for one in facts.publications("daily", since=later.end)] == [latest] * 2
    assert facts.measurements("nobody") == []
    assert facts.measurements("daily", metric="performance.other") == []


def test_what_ended_by_a_moment_is_forgotten_of_one_monitor(facts):
    windows = [WINDOW, WINDOW.next(), WINDOW.next().next()]
    for monitor in ("daily", "hourly"):
        for window in windows:
            publish(facts, window, monitor=monitor, measurements=MEASUREMENTS[:1])
    publish(facts, windows[0], revision=2, measurements=MEASUREMENTS[:1])
    with facts.begin() as transaction:
        assert transaction.forget("daily", windows[1].end) == 3
        assert transaction.forget("daily", windows[1].end) == 0
    assert [each.window for each in facts.publications("daily")] == windows[2:]
    assert len(facts.measurements("daily")) == 1
    assert [each.window for each in facts.publications("hourly")] == windows
    assert len(facts.measurements("hourly")) == 3
    assert publish(facts, windows[0])


def test_an_exception_undoes_everything(facts):
    alert, event = an_alert()
    with pytest.raises(ZeroDivisionError), facts.begin() as transaction:  # noqa: PT012  (all of it is undone)
        transaction.publish(publication(), MEASUREMENTS)
        transaction.save_alert(alert, [event])
        transaction.enqueue(a_message())
        transaction.ask(a_job())
        transaction.add_traffic("api", 1, NOW, Traffic(requests=1))
        transaction.advance_journal("s", 0, 10)
        transaction.record(Entry("a", "b", "c"), NOW)
        raise ZeroDivisionError
    assert not [*facts.publications("daily"), *facts.alerts(), *facts.outbox(), *facts.jobs(), *facts.ledger()]
    assert facts.traffic("api", WINDOW) == Traffic()
    assert facts.journal_offset("s") == 0
    assert facts.verify_ledger() == 0


def an_alert(name="low-auc", opened=WINDOW, state=AlertState.FIRING, monitor="daily", measurement=MEASUREMENTS[1]):
    alert = Alert(
        f"{name}-1", monitor, name, Level.PAGE, state, opened, opened.next(), 2, 0, measurement, "AUC fell to 0.64."
    )
    return alert, AlertEvent(f"{name}-1/firing", alert.id, None, AlertState.FIRING, NOW, "rule", "twice in a row")


@pytest.mark.parametrize("measurement", MEASUREMENTS)
def test_an_alert_comes_back_exactly(facts, measurement):
    alert, event = an_alert(measurement=measurement)
    with facts.begin() as transaction:
        transaction.save_alert(alert, [event])
    assert facts.alert(alert.id) == alert
    assert facts.alerts() == [alert]
    assert facts.events(alert.id) == [event]


def test_saving_an_alert_again_changes_it_and_keeps_its_events_once(facts):
    alert, event = an_alert()
    resolved = AlertEvent("low-auc-1/resolved", alert.id, AlertState.FIRING, AlertState.RESOLVED, NOW, "rule", "")
    for state, events in ((AlertState.FIRING, [event]), (AlertState.RESOLVED, [event, resolved])):
        with facts.begin() as transaction:
            transaction.save_alert(an_alert(state=state)[0], events)
    assert facts.alert(alert.id).state is AlertState.RESOLVED
    assert facts.events(alert.id) == [event, resolved]
    assert facts.alerts(open_only=True) == []


def test_alerts_are_newest_first_and_filtered(facts):
    with facts.begin() as transaction:
        for name, opened, monitor in (("a", WINDOW, "x"), ("b", WINDOW.next(), "x"), ("c", WINDOW, "y")):
            transaction.save_alert(an_alert(name, opened, monitor=monitor)[0], [])
    assert [one.rule for one in facts.alerts("x")] == ["b", "a"]
    assert [one.rule for one in facts.alerts()] == ["b", "a", "c"]
    assert [one.rule for one in facts.alerts("y", open_only=True)] == ["c"]


def test_an_unknown_alert_is_named(facts):
    with facts.begin() as transaction:
        transaction.save_alert(*((alert := an_alert())[0], [alert[1]]))
    with pytest.raises(NotFound, match="Did you mean 'low-auc-1'"):
        facts.alert("low-auc-2")
    assert facts.events("low-auc-2") == []


def a_message(key="k", due=None):
    return Message(key, "email", "team@example.com", "low-auc-1", "low-auc-1/firing", due=due)


def test_a_message_is_enqueued_once_and_leaves_when_delivered(facts):
    for target in ("first@example.com", "second@example.com"):
        with facts.begin() as transaction:
            transaction.enqueue(Message("k", "email", target, "a", "e"))
    assert [one.target for one in facts.outbox(NOW)] == ["first@example.com"]
    with facts.begin() as transaction:
        transaction.delivered("k", NOW)
    assert facts.outbox(NOW + DAY) == []
    assert [(one.sent, one.attempts) for one in facts.outbox()] == [(NOW, 1)]


def test_a_postponed_message_waits_until_it_is_due(facts):
    with facts.begin() as transaction:
        transaction.enqueue(a_message())
        transaction.postponed("k", NOW + DAY, "connection refused")
    assert facts.outbox(NOW) == []
    message = facts.outbox(NOW + DAY)[0]
    assert (message.attempts, message.due, message.error) == (1, NOW + DAY, "connection refused")


def test_a_message_or_job_that_nobody_wrote_is_named(facts):
    for change in (
        lambda transaction: transaction.delivered("nobody", NOW),
        lambda transaction: transaction.postponed("nobody", NOW, ""),
        lambda transaction: transaction.move_job("nobody", JobState.DONE, {}),
    ):
        with pytest.raises(NotFound, match="nobody"), facts.begin() as transaction:
            change(transaction)


def a_job(key="j", deployment="api"):
    return Job(key, "low-auc-1", "daily", deployment, "retrain", {"command": "python train.py"}, NOW)


def test_a_job_is_asked_for_once_and_remembers_its_steps(facts):
    for _ in range(2):
        with facts.begin() as transaction:
            transaction.ask(a_job())
    assert facts.jobs() == [a_job()]
    with facts.begin() as transaction:
        transaction.move_job("j", JobState.RUNNING, {"rows": 10})
        transaction.move_job("j", JobState.RUNNING, {"auc": float("nan")})
        transaction.move_job("j", JobState.REFUSED, {"rows": 12})
    job = facts.jobs()[0]
    assert (job.state, job.attempts, dict(job.result)) == (JobState.REFUSED, 2, {"rows": 12, "auc": None})


def test_jobs_are_oldest_first_and_filtered(facts):
    with facts.begin() as transaction:
        for key, deployment in (("z", "api"), ("a", "api"), ("m", None)):
            transaction.ask(a_job(key, deployment))
        transaction.move_job("a", JobState.RUNNING, {})
    assert [one.key for one in facts.jobs()] == ["z", "a", "m"]
    assert [one.key for one in facts.jobs(state=JobState.WANTED, deployment="api")] == ["z"]


def test_traffic_adds_up_by_minute_and_version(facts):
    histogram = tuple(range(41))
    one = Traffic(3, 2, 1, 1, 1, 1000, histogram)
    minute = NOW.replace(second=0, microsecond=0)
    with facts.begin() as transaction:
        transaction.add_traffic("api", 1, NOW, one)
        transaction.add_traffic("api", 1, minute, one)
        transaction.add_traffic("api", 2, minute + timedelta(minutes=1), one)
        transaction.add_traffic("other", 1, minute, one)
    assert facts.traffic("api", WINDOW) == one + one + one
    assert facts.traffic_by_minute("api", WINDOW) == [
        (minute, 1, one + one),
        (minute + timedelta(minutes=1), 2, one),
    ]
    assert facts.traffic("api", Span(minute, minute + timedelta(minutes=1))) == one + one
    assert facts.traffic("api", WINDOW.next()) == Traffic()


def test_a_journal_advances_only_from_where_it_stands(facts):
    with facts.begin() as transaction:
        assert not transaction.advance_journal("a", 5, 10)
        assert transaction.advance_journal("a", 0, 10)
        assert not transaction.advance_journal("a", 0, 10)
        assert transaction.advance_journal("a", 10, 2**40)
    assert facts.journal_offset("a") == 2**40
    assert facts.journal_offset("b") == 0


def test_times_come_back_in_utc_and_naive_ones_are_refused(facts):
    berlin = NOW.astimezone(timezone(timedelta(hours=2)))
    with facts.begin() as transaction:
        assert transaction.record(Entry("a", "b", "c"), berlin).at == NOW
        transaction.enqueue(a_message(due=berlin))
    assert facts.outbox()[0].due.utcoffset() == timedelta(0)
    with pytest.raises(NaiveTime), facts.begin() as transaction:
        transaction.record(Entry("a", "b", "c"), NOW.replace(tzinfo=None))


def test_the_newest_window_is_told_without_reading_the_history(facts):
    assert facts.newest_window("daily") is None
    with facts.begin() as transaction:
        transaction.publish(publication(), MEASUREMENTS)
    assert facts.newest_window("daily") == facts.publications("daily")[-1].window.end


def test_a_lease_has_one_holder_and_its_token_grows(facts):
    first = facts.acquire("monitor:daily", "a", DAY, NOW)
    assert first.token == 1
    assert facts.acquire("monitor:daily", "b", DAY, NOW + DAY / 2) is None
    assert facts.acquire("monitor:daily", "a", DAY, NOW + DAY / 2) == first
    assert facts.acquire("monitor:daily", "b", DAY, NOW + DAY) is None
    second = facts.acquire("monitor:daily", "b", DAY, NOW + 2 * DAY)
    assert second.token == 2
    facts.release(first)  # lost already: must not free the other's
    assert facts.acquire("monitor:daily", "a", DAY, NOW + 2 * DAY) is None
    facts.release(second)
    assert facts.acquire("monitor:daily", "a", DAY, NOW + 2 * DAY).token == 3
    assert facts.acquire("monitor:hourly", "a", DAY, NOW).token == 1


def test_a_stalled_holder_writes_nothing(facts):
    stalled = facts.acquire("m", "a", DAY, NOW)
    with facts.begin() as transaction:
        transaction.guard(stalled)
    facts.acquire("m", "b", DAY, NOW + 2 * DAY)
    with pytest.raises(LeaseLost), facts.begin() as transaction:  # noqa: PT012  (what came before is undone)
        transaction.publish(publication(), MEASUREMENTS)
        transaction.guard(stalled)
    assert facts.publications("daily") == []


@pytest.mark.parametrize("end", ["released", "never held"])
def test_a_lease_that_is_not_held_guards_nothing(facts, end):
    lease = facts.acquire("m", "a", DAY, NOW)
    if end == "released":
        facts.release(lease)
    else:
        lease = type(lease)("other", "a", 1)
    with pytest.raises(LeaseLost), facts.begin() as transaction:
        transaction.guard(lease)


def test_the_ledger_chains_filters_and_pages(facts):
    with facts.begin() as transaction:
        for number in range(1200):
            transaction.record(Entry("me", "did", f"thing:{number % 3}", "why", {"n": number, "x": float("inf")}), NOW)
    entries = list(facts.ledger())
    assert [one.seq for one in entries] == list(range(1, 1201))
    assert all(one.digest == other.previous for one, other in pairwise(entries))
    assert entries[6].entry == Entry("me", "did", "thing:0", "why", {"n": 6, "x": None})
    assert [one.seq for one in facts.ledger(subject="thing:1", since=1190)] == [1193, 1196, 1199]
    assert [one.seq for one in facts.ledger(since=5, limit=2)] == [6, 7]
    assert len(list(facts.ledger(limit=700))) == 700
    assert list(facts.ledger(limit=0)) == []
    assert facts.verify_ledger() == 1200
    assert facts.verify_newest() == (1200, 1200)
    with facts.begin() as transaction:
        transaction.record(Entry("me", "did", "kind:of:0", "", {}), NOW)
    assert facts.verify_newest() == (1201, 1200)
    assert [one.seq for one in facts.newest_entries(3)] == [1201, 1200, 1199]
    assert [one.seq for one in facts.newest_entries(2, subject="thing:0", before=1199)] == [1198, 1195]
    assert len(facts.newest_entries(500, subject="0")) == 400
    assert [one.seq for one in facts.newest_entries(2, subject="of:0")] == [1201]


def test_two_openers_see_the_same(make):
    first, second = make(), make()
    publish(first, measurements=MEASUREMENTS)
    assert second.measurements("daily") == MEASUREMENTS


RACE = """
import sys
from datetime import UTC, datetime, timedelta
from holter.errors import LeaseLost
from holter.store import Entry, Publication, SqlFacts
from holter.types import Span, Traffic
url, holder = sys.argv[1:]
facts = SqlFacts(url)
start = datetime(2013, 1, 1, tzinfo=UTC)
done = 0
for number in range(60):
    window = Span(start + timedelta(days=number), start + timedelta(days=number + 1))
    with facts.begin() as transaction:
        transaction.add_traffic("api", 1, start, Traffic(requests=1))
        if transaction.publish(Publication("daily", window, "s", 1, holder), []):
            transaction.record(Entry(holder, "publish", str(number)), start)
            done += 1
print(done)
"""


def test_two_processes_publish_each_window_once_and_keep_one_chain(tmp_path):
    url = f"sqlite:///{tmp_path / 'holter.db'}"  # both also make the database at once
    command = [sys.executable, "-c", RACE, url]
    processes = [subprocess.Popen([*command, name], stdout=subprocess.PIPE, text=True) for name in "ab"]
    done = [int(process.communicate(timeout=120)[0]) for process in processes]
    facts = SqlFacts(url)
    assert [process.returncode for process in processes] == [0, 0]
    assert sum(done) == 60
    assert len(facts.publications("daily")) == 60
    assert facts.verify_ledger() == 60
    assert (
        facts.traffic("api", Span(datetime(2013, 1, 1, tzinfo=UTC), datetime(2013, 1, 2, tzinfo=UTC))).requests == 120
    )


KILLED = """
import os, signal, sys
from datetime import UTC, datetime, timedelta
from holter.store import Entry, SqlFacts
facts = SqlFacts(sys.argv[1])
lease = facts.acquire("m", "dead", timedelta(seconds=30), datetime(2013, 4, 1, tzinfo=UTC))
with facts.begin() as transaction:
    transaction.guard(lease)
    transaction.record(Entry("dead", "did", "half"), datetime(2013, 4, 1, tzinfo=UTC))
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_holder_leaves_nothing_half_done_and_is_followed(tmp_path):
    url = f"sqlite:///{tmp_path / 'holter.db'}"
    killed = subprocess.run([sys.executable, "-c", KILLED, url], check=False)
    assert killed.returncode == -9
    facts, now = SqlFacts(url), datetime(2013, 4, 1, tzinfo=UTC)
    assert list(facts.ledger()) == []
    assert facts.acquire("m", "b", DAY, now + timedelta(seconds=29)) is None
    assert facts.acquire("m", "b", DAY, now + timedelta(seconds=31)).token == 2


def test_the_minutes_of_a_custom_metric_add_up_to_its_window(facts):
    with facts.begin() as transaction:
        for minute, value in ((0, 2.0), (0, 4.0), (59, -3.0), (60, 100.0)):
            at = WINDOW.start + timedelta(minutes=minute, seconds=7)
            transaction.add_series("churn", SeriesKind.METRIC, "Naïve;'", at, Series.of(value))
        transaction.add_series("churn", SeriesKind.EVENT, "Naïve;'", WINDOW.start, Series.of(1.0))
        transaction.add_series("other", SeriesKind.METRIC, "x", WINDOW.start, Series.of(1.0))
    found = facts.series("churn", Span(WINDOW.start, WINDOW.start + timedelta(hours=1)))
    assert set(found) == {(SeriesKind.METRIC, "Naïve;'"), (SeriesKind.EVENT, "Naïve;'")}
    assert set(facts.series("churn", WINDOW, (SeriesKind.EVENT,))) == {(SeriesKind.EVENT, "Naïve;'")}
    assert facts.series("churn", WINDOW, ()) == {}
    metric = found[SeriesKind.METRIC, "Naïve;'"]
    assert (metric.count, metric.total, metric.minimum, metric.maximum) == (3, 3.0, -3.0, 4.0)
    assert metric.variance == pytest.approx(13.0)
    minutes = facts.series_by_minute("churn", WINDOW, SeriesKind.METRIC, "Naïve;'")
    assert [(at - WINDOW.start, each.count) for at, each in minutes] == [
        (timedelta(0), 2),
        (timedelta(minutes=59), 1),
        (timedelta(minutes=60), 1),
    ]
    assert facts.series_names("churn") == [(SeriesKind.EVENT, "Naïve;'"), (SeriesKind.METRIC, "Naïve;'")]
    assert facts.series_names("nobody") == []


def test_old_minutes_of_a_kind_are_forgotten_and_no_others(facts):
    hour = timedelta(hours=1)
    with facts.begin() as transaction:
        for source, kind in (("a", SeriesKind.SERVICE), ("b", SeriesKind.SERVICE), ("a", SeriesKind.METRIC)):
            for number in range(3):
                transaction.add_series(source, kind, "busy", WINDOW.start + number * hour, Series.of(1.0))
    with facts.begin() as transaction:
        assert transaction.forget_series(SeriesKind.SERVICE, WINDOW.start + hour) == 2
        assert transaction.forget_series(SeriesKind.SERVICE, WINDOW.start + hour) == 0
    counts = {key: each.count for key, each in facts.series("a", WINDOW).items()}
    assert counts == {(SeriesKind.SERVICE, "busy"): 2, (SeriesKind.METRIC, "busy"): 3}


def test_only_the_newest_occurrences_of_a_source_are_kept(facts):
    def happened(*names):
        return [Occurrence(SeriesKind.EVENT, name, NOW, {"result": "[1, 0]", "n": 2.0}) for name in names]

    with facts.begin() as transaction:
        transaction.add_occurrences("churn", happened("a", "b", "c"), 3)
        transaction.add_occurrences("other", happened("z"), 3)
    with facts.begin() as transaction:
        transaction.add_occurrences("churn", happened("d", "e"), 3)
        transaction.add_occurrences("churn", [], 3)
    assert [each.name for each in facts.occurrences("churn", 10)] == ["e", "d", "c"]
    assert facts.occurrences("churn", 1) == happened("e")
    assert [each.name for each in facts.occurrences("other", 10)] == ["z"]


def test_silences_are_kept_and_replaced(facts):
    silence = Silence("s1", NOW, NOW + DAY, "moving", "user:ann", monitor="churn-*")
    with facts.begin() as transaction:
        transaction.save_silence(silence)
        transaction.save_silence(Silence("s0", NOW - DAY, NOW, "before", "user:ann"))
    assert [each.id for each in facts.silences()] == ["s0", "s1"]
    assert facts.silences(NOW) == [silence]
    with facts.begin() as transaction:
        transaction.save_silence(silence.ended(NOW + timedelta(hours=1)))
    assert facts.silences(NOW + timedelta(hours=2)) == []
    assert facts.silences()[1].ends == NOW + timedelta(hours=1)


def test_messages_wait_travel_together_or_are_dropped(facts):
    alert_with_messages(facts, "k0", "k1", "k2")
    with facts.begin() as transaction:
        transaction.hold("k0", NOW + DAY, "silenced")
        transaction.fold(["k1", "k2"], "k1")
        transaction.fold(["k2"], "other")
    held, first, second = facts.outbox()
    assert (held.held, held.attempts, held.error, held.due) == (True, 0, "held back: silenced", NOW + DAY)
    assert (first.folded, second.folded) == ("k1", "k1")
    assert [each.key for each in facts.outbox(NOW)] == ["k1", "k2"]
    with facts.begin() as transaction:
        transaction.drop("k0", NOW, "over")
        transaction.delivered("k1", NOW)
    dropped, arrived, _ = facts.outbox()
    assert (dropped.dropped, dropped.held, dropped.error) == (True, False, "over")
    assert not arrived.dropped
    for change in (lambda t: t.hold("nobody", NOW, ""), lambda t: t.drop("nobody", NOW, "")):
        with pytest.raises(NotFound), facts.begin() as transaction:
            change(transaction)


def test_messages_to_one_receiver_and_about_one_alert(facts):
    alert_with_messages(facts, "k0", "k1")
    assert [each.key for each in facts.outbox(receiver=("email", "k1@example.com"))] == ["k1"]
    assert facts.outbox(receiver=("webhook", "k1@example.com")) == []
    assert len(facts.outbox(alert="a1")) == 2
    assert facts.outbox(alert="nobody") == []


def alert_with_messages(facts, *keys):
    measurement = Measurement("performance", "roc_auc", 0.6, 10, window=WINDOW)
    alert = Alert("a1", "daily", "auc", Level.WARNING, AlertState.FIRING, WINDOW, WINDOW, 1, 0, measurement, "low")
    with facts.begin() as transaction:
        transaction.save_alert(alert, [])
        for key in keys:
            transaction.enqueue(Message(key, "email", f"{key}@example.com", "a1", "e"))
