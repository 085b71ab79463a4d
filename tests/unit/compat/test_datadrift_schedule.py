"""Drift detectors of tables with times: windows, the schedule, alerts, and what another process finds."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from holter.compat.azureml.core.dataset import Dataset, TabularDataset
from holter.compat.azureml.datadrift import AlertConfiguration, DataDriftDetector
from holter.compat.azureml.exceptions import AzureMLException, UserErrorException
from holter.errors import NotFound, TreeFailed
from holter.monitor import Beat

MARCH = datetime(2026, 3, 1)
BEFORE = TabularDataset(
    pa.table({name: np.random.default_rng(seed).normal(size=240) for seed, name in enumerate("xy")})
)


def days(first, *shifts, each=120, **more):
    """Return rows of some days, a shift of ``x`` for each; None: a day without rows. Times have no zone."""
    rng, parts = np.random.default_rng(1), []
    for day, shift in enumerate(shifts):
        if shift is not None:
            times = [first + timedelta(days=day, minutes=5 * n) for n in range(each)]
            parts.append(pa.table({"at": times, "x": rng.normal(shift, 1, each), "y": rng.normal(size=each)}))
    return pa.concat_tables(parts)


def timed(table):
    return TabularDataset(table).with_timestamp_columns("at")


def detector(ws, target, baseline=BEFORE, **options):
    return DataDriftDetector.create_from_datasets(ws, "drift", baseline, target, **options)


@pytest.fixture
def started(monkeypatch):
    """The roots of workspaces whose process tree was asked to run."""
    roots = []
    monkeypatch.setattr("holter.workspace.tree.ensure", roots.append)
    return roots


def midnight():
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def test_a_run_looks_at_the_newest_day_that_is_over(ws):
    made = detector(ws, timed(days(MARCH, 0, 3)))
    profile = made.run()
    assert (profile.start, profile.end) == (datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 3, tzinfo=UTC))
    assert (profile.target_rows, profile.verdict, profile.has_drift) == (120, "drift", True)
    assert "2026-03-02 to 2026-03-03 (UTC)" in str(profile)
    assert made.feature_list == ["x", "y"]


@pytest.mark.parametrize("moment", [MARCH, datetime(2026, 3, 1, 23, tzinfo=UTC), date(2026, 3, 1)])
def test_a_date_without_a_zone_is_utc(ws, moment):
    profile = detector(ws, timed(days(MARCH, 0, 3))).run(target_date=moment)
    assert profile.start == datetime(2026, 3, 1, tzinfo=UTC)
    assert profile.verdict == "no drift"


@pytest.mark.parametrize("moment", ["2026-03-01", 5])
def test_what_is_no_date_is_refused(ws, moment):
    made = detector(ws, timed(days(MARCH, 0)))
    with pytest.raises(UserErrorException, match="no datetime"):
        made.run(target_date=moment)
    with pytest.raises(UserErrorException, match="no datetime"):
        made.show(moment)


def test_a_day_that_has_just_begun_is_looked_at_where_no_other_has_rows(ws):
    table = pa.table({"at": [datetime.now(UTC)] * 60, "x": np.arange(60.0), "y": np.arange(60.0)})
    profile = detector(ws, timed(table)).run()
    assert (profile.target_rows, profile.end - profile.start) == (60, timedelta(days=1))


def test_latency_waits_for_late_rows(ws):
    table = days(midnight().replace(tzinfo=None) - timedelta(days=2), 0, 0)
    made = detector(ws, timed(table), latency=24)
    assert made.run().end == midnight() - timedelta(days=1)
    assert ws.home.monitor("drift").entry.lateness == timedelta(hours=24)


@pytest.mark.parametrize(("frequency", "length"), [("day", 1), ("Week", 7), ("Month", 30)])
def test_a_window_is_as_long_as_the_frequency_says(ws, frequency, length):
    made = detector(ws, timed(days(MARCH, 0)), frequency=frequency)
    profile = made.run()
    assert profile.end - profile.start == timedelta(days=length) == made.interval * timedelta(days=1)
    assert made.frequency == frequency.capitalize()


def test_a_table_without_rows_gets_no_answer(ws):
    profile = detector(ws, timed(days(MARCH, 0).slice(0, 0))).run()
    assert (profile.target_rows, profile.verdict) == (0, "no answer")


@pytest.mark.parametrize("column", ["nowhere", "x"])
def test_a_column_of_times_holds_times(ws, column):
    with pytest.raises(UserErrorException, match=column):
        detector(ws, TabularDataset(days(MARCH, 0)).with_timestamp_columns(column))
    assert list(DataDriftDetector.list(ws)) == []


def test_backfill_judges_each_day_once_and_no_windows_overlap(ws):
    """Azure's baseline and target windows could overlap, so that the same rows stood on both sides."""
    made = detector(ws, timed(days(MARCH, 0, None, 0, 3)))
    found = made.backfill(MARCH, datetime(2026, 3, 5))
    assert [each.start.day for each in found] == [1, 3, 4]
    assert [each.verdict for each in found] == ["no drift", "no drift", "drift"]
    assert all(one.end <= after.start for one, after in pairwise(found))
    assert sum(each.target_rows for each in found) == 360
    assert [each.run_id for each in made.backfill(MARCH, datetime(2026, 3, 5))] == [each.run_id for each in found]
    assert found.wait_for_completion(show_output=True) == {"status": "Completed"}
    assert {each.window.start.day for each in ws.home.monitor("drift").history()} == {1, 2, 3, 4}


def test_a_baseline_that_reaches_into_the_window_is_told(ws):
    """Azure's baseline and target windows could overlap, so that the same rows stood on both sides."""
    dataset = timed(days(MARCH, 0, 0))
    profile = detector(ws, dataset, dataset).run()
    assert "The baseline (2026-03-01 to 2026-03-02) reaches into this window" in profile.note
    apart = DataDriftDetector.create_from_datasets(ws, "apart", dataset.time_before(datetime(2026, 3, 1, 23)), dataset)
    assert apart.run().note == ""


@pytest.mark.parametrize("ends", [(MARCH, MARCH), (datetime(2026, 3, 2), MARCH)])
def test_a_backfill_has_a_length(ws, ends):
    with pytest.raises(UserErrorException, match="is not before"):
        detector(ws, timed(days(MARCH, 0))).backfill(*ends)


def test_output_and_show_keep_to_the_stretch_that_is_asked_for(ws):
    made = detector(ws, timed(days(MARCH, 0, 0, 3)), drift_threshold=0.3)
    made.backfill(MARCH, datetime(2026, 3, 4))
    results, metrics = made.get_output(datetime(2026, 3, 2, 12), datetime(2026, 3, 2, 13))
    assert [each["start_date"] for each in results[0]["result"]] == ["2026-03-02"]
    assert [each["end_date"] for each in metrics[0]["metrics"]] == ["2026-03-03"]
    assert len(made.get_output(start_time=datetime(2026, 3, 2, 12))[0][0]["result"]) == 2
    assert len(made.show(end_time=datetime(2026, 3, 2, 12))) == 2
    assert made.get_output(datetime(2027, 1, 1)) == ([], [])
    text = str(made.show())
    assert [line.split()[-4:] for line in text.splitlines()[2:]][-1] == ["0.3", "yes", "drift", "x"]
    assert made.show(datetime(2027, 1, 1)).to_dict() == []
    assert str(made.show(datetime(2027, 1, 1))) == "No drift runs in that time."
    assert made.show().to_dict()[0]["detector"] == "drift"


def test_a_later_run_of_a_window_replaces_the_earlier(ws):
    made = detector(ws, timed(days(MARCH, 0)))
    first, second = made.run(), made.run()
    assert [each.run_id for each in made.show()] == [second.run_id]
    assert made.get_output(run_id=first.run_id)[0] == made.get_output()[0]


def test_the_schedule_is_a_monitor_of_the_workspace(ws, started):
    made = detector(ws, timed(days(MARCH, 0)), frequency="Week", feature_list=["y"], drift_threshold=0.0)
    entry = ws.home.monitor("drift").entry
    assert (entry.paused, entry.every, entry.over) == (True, timedelta(days=7), timedelta(days=7))
    assert entry.signals == ("data_drift", "domain_classifier")
    assert entry.target.schema.names == ("y",)
    assert [(rule.metric, rule.above, rule.responses) for rule in entry.rules] == [
        ("domain_classifier.coefficient", 0.0, ()),
        ("data_drift.jensen_shannon", None, ()),
    ]
    assert started == []
    made.enable_schedule(create_compute_target=True, wait_for_completion=False)
    assert (made.state, started) == ("Enabled", [ws.home.root])
    made.set_monitor(interval=2)
    entry = ws.home.monitor("drift").entry
    assert (entry.paused, entry.every, entry.target.schema.names) == (False, timedelta(days=2), ("x", "y"))
    made.disable_schedule()
    assert (made.state, ws.home.monitor("drift").entry.paused) == ("Disabled", True)
    made.delete()
    with pytest.raises(NotFound):
        ws.home.monitor("drift")


def test_deleting_needs_no_monitor(ws):
    made = detector(ws, timed(days(MARCH, 0)))
    ws.home.monitor("drift").delete()
    with pytest.raises(UserErrorException, match="drift"):
        made.backfill(MARCH, datetime(2026, 3, 2))
    made.delete()
    assert list(DataDriftDetector.list(ws)) == []


def test_a_schedule_that_cannot_start_says_so(ws, monkeypatch):
    def fail(root):
        raise TreeFailed(str(root), "no port is free")

    monkeypatch.setattr("holter.workspace.tree.ensure", fail)
    with pytest.raises(AzureMLException, match="no port"):
        detector(ws, timed(days(MARCH, 0))).enable_schedule()


def test_the_name_of_another_monitor_is_taken(ws, home):
    pq.write_table(days(MARCH, 0), home / "t.parquet")
    ws.home.monitor("drift", home / "t.parquet", time="at")
    with pytest.raises(UserErrorException, match="drift"):
        detector(ws, timed(days(MARCH, 0)))
    assert ws.home.monitor("drift").entry.signals == ()


def test_a_scheduled_window_alerts_by_mail_and_is_found_by_another(ws, started):
    today = midnight()
    target = timed(days(today.replace(tzinfo=None), 3)).register(ws, "arriving")
    made = detector(ws, target, alert_config=AlertConfiguration(["a@example.com", "b@example.com"]))
    made.enable_schedule()
    shelves = ws.home.shelves
    report = Beat(shelves).once(today + timedelta(days=1, minutes=1))
    assert report.errors == ()
    mails = [each for each in shelves.facts.outbox() if each.channel == "email"]
    assert sorted(each.target for each in mails) == ["a@example.com", "b@example.com"]
    # The baseline has no times, so nobody knows what is normal from day to day: the features are named and not judged.
    assert {each.rule for each in ws.home.alerts("drift")} == {"drift-coefficient"}
    (told,) = {each.reason for each in ws.home.monitor("drift").history("data_drift.psi") if each.feature == "x"}
    assert told.startswith("large, but not judged:")
    again = DataDriftDetector.get_by_name(ws, "drift")
    (profile,) = again.show()
    assert (profile.start, profile.verdict, profile.has_drift) == (today, "drift", True)
    (measured,) = ws.home.monitor("drift").history("domain_classifier.coefficient")
    assert profile.coefficient == measured.value
    assert max(profile.features, key=lambda each: each.contribution).feature == "x"
    assert again.target_dataset.id == Dataset.get_by_name(ws, "arriving").id
    assert [each.name for each in DataDriftDetector.list(ws, target_dataset=target)] == ["drift"]


def test_a_day_below_the_threshold_tells_nobody(ws, started):
    today = midnight()
    made = detector(ws, timed(days(today.replace(tzinfo=None), 0)), alert_config=AlertConfiguration("a@example.com"))
    made.update(drift_threshold=0.6)
    made.enable_schedule()
    Beat(ws.home.shelves).once(today + timedelta(days=1, minutes=1))
    assert list(ws.home.shelves.facts.outbox()) == []
    assert [each.has_drift for each in made.show()] == [False]
