from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from holter.errors import NotFound
from holter.monitor import Beat, run
from holter.monitor.targets import WEEKS, counts, nothing, target_of
from holter.registry.entries import TableTarget
from holter.signals import Need
from holter.types import Feature, Kind, Schema, Series, SeriesKind, Span, Task, Traffic, Verdict

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
FIRST, DAY = datetime(2026, 3, 1, tzinfo=UTC), timedelta(days=1)
FIRST_DAY = Span(FIRST, FIRST + DAY)
SCHEMA = Schema((Feature("x", Kind.NUMERIC, "double"),), Task.BINARY)


def write(folder, day, shift=0.0, n=200):
    folder.mkdir(exist_ok=True)
    moments = [FIRST + day * DAY + DAY * i / n for i in range(n)]
    x = [shift + (i * 37 % n) / n for i in range(n)]
    table = {"at": pa.array(moments, pa.timestamp("us", "UTC")), "x": x, "p": x, "y": [float(i % 2) for i in range(n)]}
    pq.write_table(pa.table(table), folder / f"{day}-{shift}.parquet")


@pytest.fixture
def table(desk, tmp_path):
    folder = tmp_path / "scores"
    baseline = tmp_path / "baseline.parquet"
    for day in range(-25, 0):
        write(tmp_path / "before", day)
    rows = pq.read_table(tmp_path / "before").rename_columns(["_event_time", "x", "_score", "_label"])
    pq.write_table(rows, baseline)
    write(folder, 0)
    target = TableTarget(f"{folder}/*.parquet", "at", SCHEMA, score="p", label="y")
    desk.watch("scores", target=target, signals=["data_drift", "performance"], baseline=baseline)
    return folder


def test_a_table_is_judged_like_a_deployment(desk, table):
    write(table, 1)
    write(table, 2, shift=5.0)
    write(table, 3)
    beat = Beat(desk.shelves)
    report = beat.once(NOW)
    assert report.errors == ()
    drift = desk.shelves.facts.measurements("scores", metric="data_drift.jensen_shannon", feature="x")
    assert [each.verdict for each in drift] == ["ok", "ok", "alarm"]
    auc = desk.shelves.facts.measurements("scores", metric="performance.roc_auc")
    assert [each.n for each in auc] == [200, 200, 200]
    assert beat.once(NOW).published == 0
    assert beat.once(NOW).revised == 0


def test_a_file_that_comes_late_is_a_revision(desk, table):
    write(table, 1)
    beat = Beat(desk.shelves)
    beat.once(NOW)
    write(table, 0, shift=3.0)
    report = beat.once(NOW)
    assert (report.published, report.revised) == (0, 2)
    assert beat.once(NOW).revised == 0


def test_a_table_has_no_traffic_and_its_files_may_be_gone(desk, table):
    target = target_of(desk.shelves, desk.shelves.registry.monitor("scores"))
    assert target.case(FIRST_DAY, Need.TRAFFIC).target.rows is None
    assert target.fingerprint(FIRST_DAY, Need.TRAFFIC) == ""
    assert target.labelled()
    (table / "0-0.0.parquet").unlink()
    report = Beat(desk.shelves).once(NOW)
    assert len(report.errors) == 1
    assert desk.published("scores") == []


def test_a_table_without_rows_has_no_time(desk, tmp_path):
    folder = tmp_path / "empty"
    write(folder, 0, n=0)
    desk.watch("empty", target=TableTarget(f"{folder}/*.parquet", "at", SCHEMA), signals=["data_drift"])
    target = target_of(desk.shelves, desk.shelves.registry.monitor("empty"))
    assert (target.first(), target.watermark(), target.labelled()) == (None, None, False)
    assert run(desk.shelves, "empty", NOW) == []


def test_a_table_without_baseline_says_so(desk, table):
    target = TableTarget(f"{table}/*.parquet", "at", SCHEMA, score="p")
    desk.watch("bare", target=target, signals=())
    write(table, 1)
    report = Beat(desk.shelves).once(NOW)
    assert report.errors == ()
    drift = desk.shelves.facts.measurements("bare", metric="data_drift.jensen_shannon")
    assert {each.verdict for each in drift} == {"undefined"}


def test_nothing_more_than_needed_is_fetched(desk):
    desk.watch()
    desk.day(0)
    target = target_of(desk.shelves, desk.shelves.registry.monitor("daily"))
    only_profile = target.case(FIRST_DAY, Need.PROFILE)
    assert only_profile.target.rows is None
    assert only_profile.target.profile.rows == 120
    assert only_profile.target.traffic is None
    assert set(only_profile.target.profile.columns) == {"x", "c", "_score", "_prediction"}
    only_rows = target.case(FIRST_DAY, Need.LABELS)
    assert only_rows.target.profile is None
    assert only_rows.target.rows.num_rows == 120
    only_traffic = target.case(FIRST_DAY, Need.TRAFFIC)
    assert only_traffic.target.traffic == Traffic()
    assert only_traffic.target.rows is None


def test_the_version_that_scored_most_rows_gives_the_baseline(desk, tmp_path):
    file = tmp_path / "two.bin"
    file.write_text("2")
    schema = desk.shelves.registry.version("m").schema
    rows = desk.shelves.baseline_window(desk.shelves.registry.version("m"), schema).rows
    desk.shelves.registry.register("m", file, schema=schema, baseline=rows.slice(0, 700), held_out=False)
    desk.watch()
    desk.day(0, 100, version=1)
    desk.day(0, 101, version=2, tag="two")
    target = target_of(desk.shelves, desk.shelves.registry.monitor("daily"))
    case = target.case(FIRST_DAY, Need.PROFILE)
    assert (case.baseline.n, case.held_out) == (700, False)
    empty = target.case(Span(FIRST + 9 * DAY, FIRST + 10 * DAY), Need.PROFILE)
    assert (empty.baseline.n, empty.target.n) == (2000, 0)


def test_a_version_without_schema_is_read_from_its_records(desk, tmp_path):
    file = tmp_path / "bare.bin"
    file.write_text("3")
    version = desk.shelves.registry.register("bare", file)
    code = desk.shelves.registry.deployment("api").code
    desk.shelves.registry.deploy("api", version, source=code, entry_script="score.py", overwrite=True)
    desk.watch(signals=["data_quality"])
    entry = desk.shelves.registry.monitor("daily")
    assert target_of(desk.shelves, entry).schema() == Schema(())
    desk.day(0)
    desk.day(1)
    assert target_of(desk.shelves, entry).schema().names == ("x", "c")
    assert Beat(desk.shelves).once(NOW).errors == ()


def test_a_deployment_that_is_gone(desk):
    from dataclasses import replace

    entry = replace(desk.watch(), target="gone")
    with pytest.raises(NotFound):
        target_of(desk.shelves, entry)


def test_counts_tell_traffic_apart():
    assert counts(Traffic(requests=1)) != counts(Traffic(failed=1)) != counts(Traffic())
    assert counts(Traffic(requests=1)) == counts(Traffic(requests=1))
    assert nothing(SCHEMA).n == 0


def test_the_same_stretch_of_earlier_weeks_is_fetched_as_far_as_requests_were_counted(desk):
    hour, week = timedelta(hours=1), timedelta(days=7)
    now = Span(FIRST + 100 * DAY, FIRST + 100 * DAY + hour)
    target = target_of(desk.shelves, desk.watch("rhythm", signals=["rhythm"]))
    assert target.case(now, Need.WEEKS).target.weeks == ()
    with desk.shelves.facts.begin() as transaction:
        for back, requests in ((0, 9), (1, 10), (2, 20), (4, 40)):
            transaction.add_traffic("api", 1, now.start - back * week, Traffic(requests=requests))
            transaction.add_traffic("api", 1, now.start - back * week + hour, Traffic(requests=7))
        transaction.add_series("api", SeriesKind.METRIC, "cost", now.start - week, Series.of(3.0))
        transaction.add_series("api", SeriesKind.SERVICE, "busy", now.start - week, Series.of(0.5))
    weeks = target.case(now, Need.WEEKS).target.weeks
    assert [each.traffic.requests for each in weeks] == [10, 20, 0, 40]
    assert weeks[0].series == {"cost": Series.of(3.0)}
    assert desk.shelves.facts.first_traffic("api") == now.start - 4 * week
    assert desk.shelves.facts.first_traffic("nobody") is None
    assert target.case(now, Need.TRAFFIC).target.weeks is None


def test_what_lies_more_than_a_quarter_back_is_history(desk):
    now = Span(FIRST + 200 * DAY, FIRST + 200 * DAY + timedelta(hours=1))
    with desk.shelves.facts.begin() as transaction:
        transaction.add_traffic("api", 1, FIRST, Traffic(requests=1))
    target = target_of(desk.shelves, desk.watch("rhythm", signals=["rhythm"]))
    assert len(target.case(now, Need.WEEKS).target.weeks) == WEEKS


def test_versions_that_stand_beside_the_champion_are_fetched_for_who_asks_and_judged(desk):
    desk.day(0)
    rows = desk.shelves.records("api").read(FIRST_DAY)
    columns = {name: rows[name] for name in rows.column_names if name not in {"_label", "_labelled_at", "_event_day"}}
    columns |= {"_role": pa.array(["shadow"] * len(rows)), "_version": pa.array([2] * len(rows), pa.int32())}
    columns |= {"_digest": pa.array([f"{each}-shadow-2" for each in rows["_digest"].to_pylist()])}
    columns |= {"_score": pa.array([0.5] * len(rows)), "_prediction": pa.array([1.0] * len(rows))}
    desk.shelves.records("api").append(pa.table(columns), {})
    target = target_of(desk.shelves, desk.watch("beside", signals=["challenger"]))
    assert target.case(FIRST_DAY, Need.ROWS).target.rivals is None
    assert target.case(FIRST_DAY, Need.ROWS).target.rows.num_rows == 120
    assert sorted(set(target.case(FIRST_DAY, Need.RIVALS).target.rivals["_role"].to_pylist())) == ["champion", "shadow"]
    desk.day(1)
    Beat(desk.shelves).once(NOW)
    found = {each.metric: each for each in desk.shelves.facts.measurements("beside") if each.value is not None}
    assert {each.feature for each in found.values()} == {"version 2 (shadow)"}
    assert found["better"].value < 0.01, "one half for everybody is worse than what the model says"
    assert found["agreement"].n == 120
    assert {each.verdict for each in found.values()} == {Verdict.OK}
