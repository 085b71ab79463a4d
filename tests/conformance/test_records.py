"""What every implementation of Records must do. Add one to IMPLEMENTATIONS and it is held to all of this."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from holter.errors import BadLabels, InputError, UnknownColumn
from holter.store import DeltaRecords
from holter.types import OPTIONAL, RESERVED, Feature, Kind, Schema, Span, Task

START = datetime(2013, 4, 1, tzinfo=UTC)
DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)
FIRST = Span(START, START + DAY)
INSTANT = pa.timestamp("us", "UTC")
SCHEMA = Schema((Feature("x", Kind.NUMERIC, "int64"), Feature("c", Kind.CATEGORICAL, "string")), Task.BINARY)

IMPLEMENTATIONS = {"delta": lambda folder, schema: DeltaRecords(folder / "records", folder / "labels", schema)}


@pytest.fixture(params=sorted(IMPLEMENTATIONS))
def make(request, tmp_path):
    return lambda schema=SCHEMA: IMPLEMENTATIONS[request.param](tmp_path, schema)


@pytest.fixture
def records(make):
    return make()


def rows(*ids, at=START, step=SECOND, digest="d", row=0, **features):
    moments = [at + step * number for number in range(len(ids))]
    return pa.table(
        {
            "_request_id": pa.array(ids, pa.string()),
            "_row": pa.array([row] * len(ids), pa.int32()),
            "_event_time": pa.array(moments, INSTANT),
            "_received_at": pa.array(moments, INSTANT),
            "_digest": pa.array([digest] * len(ids), pa.string()),
            "_prediction": pa.array([1.0] * len(ids)),
            **features,
        }
    )


def test_large_whole_numbers_keep_their_digits_and_need_no_column_until_there_is_one(make):
    records = make()
    records.append(rows("a", x=[3]), {})
    records.append(rows("b", at=START + HOUR, x=[2**60 + 1]), {})
    assert records.read(FIRST)["x"].to_pylist() == [3, 2**60 + 1]
    assert records.read(FIRST).column_names.count("x") == 1
    assert [name for name in make().read(FIRST).column_names if "exact" in name] == []
    assert [name for name in make(None).read(FIRST).column_names if "exact" in name] == []


def labels(*pairs, at=START + DAY, row=0):
    return pa.table(
        {
            "_request_id": pa.array([name for name, _ in pairs], pa.string()),
            "_row": pa.array([row] * len(pairs), pa.int32()),
            "_label": pa.array([label for _, label in pairs]),
            "_labelled_at": pa.array([at] * len(pairs), INSTANT),
        }
    )


def ids(table):
    return table["_request_id"].to_pylist()


def test_nothing_yet_has_the_shape_of_something(records):
    table = records.read(FIRST)
    assert len(table) == 0
    assert table.schema.field("x").type == pa.int64()
    assert set(table.column_names) == {"x", "c"} | RESERVED.difference(OPTIONAL)
    assert (records.watermark(), records.first(), records.offset("s"), records.compact()) == (None, None, 0, 0)
    assert records.fingerprint(FIRST) == records.fingerprint(FIRST)


def test_nothing_has_the_same_shape_as_something(make):
    records = make()
    empty = records.read(FIRST).schema
    records.append(rows("a", x=[1], c=["u"]), {})
    records.append_labels(labels(("a", 1)))
    assert records.read(FIRST).schema == empty
    assert make().read(FIRST.next()).schema == empty


def test_records_come_back_ordered_by_event_time(records):
    records.append(rows("b", "c", at=START + HOUR, x=[2, 3], c=["v", None]), {"s": 10})
    records.append(rows("a", x=[1], c=["u"]), {"s": 20})
    table = records.read(FIRST)
    assert ids(table) == ["a", "b", "c"]
    assert table["x"].to_pylist() == [1, 2, 3]
    assert table["c"].to_pylist() == ["u", "v", None]
    assert table["_event_day"].to_pylist() == ["2013-04-01"] * 3
    assert table["_label"].null_count == 3


def test_a_span_is_half_open_and_may_cross_days(records):
    records.append(rows("a", "b", "c", "d", at=START + 12 * HOUR, step=12 * HOUR), {})
    assert ids(records.read(Span(START + 12 * HOUR, START + DAY))) == ["a"]
    assert ids(records.read(Span(START + 13 * HOUR, START + DAY + SECOND))) == ["b"]
    assert ids(records.read(Span(START, START + 30 * DAY))) == ["a", "b", "c", "d"]
    assert ids(records.read(Span(START, START))) == []
    assert ids(records.read(Span(START + 2 * DAY, START + DAY))) == []


def test_offsets_become_visible_with_their_rows(make):
    records, other = make(), make()
    records.append(rows("a"), {"one": 100, "two": 5})
    assert (other.offset("one"), other.offset("two"), other.offset("three")) == (100, 5, 0)
    records.append(rows().slice(0, 0), {"one": 2**40})
    assert other.offset("one") == 2**40
    assert len(other.read(FIRST)) == 1
    records.append(rows().slice(0, 0), {})
    assert other.offset("two") == 5


def test_a_retry_is_one_record_and_another_input_is_another(records):
    records.append(rows("a", "a", "b", x=[1, 1, 2]), {})
    records.append(rows("a", at=START + HOUR, x=[1]), {})
    records.append(rows("a", at=START + HOUR, digest="other", x=[7]), {})
    records.append(rows("b", row=1, x=[3]), {})
    table = records.read(FIRST)
    kept = zip(ids(table), table["_row"].to_pylist(), table["_digest"].to_pylist(), table["x"].to_pylist(), strict=True)
    assert sorted(kept) == [("a", 0, "d", 1), ("a", 0, "other", 7), ("b", 0, "d", 2), ("b", 1, "d", 3)]
    assert table["_event_time"].to_pylist()[0] == START


def test_a_retry_after_midnight_is_counted_in_the_day_of_the_first(records):
    records.append(rows("a", at=START + DAY - SECOND), {})
    records.append(rows("a", "b", at=START + DAY + SECOND), {})
    assert ids(records.read(FIRST)) == ["a"]
    assert ids(records.read(FIRST.next())) == ["b"]


def test_records_without_a_digest_are_still_told_apart(records):
    table = rows("a", "a", "b").drop_columns(["_digest"])
    records.append(table, {})
    assert ids(records.read(FIRST)) == ["a", "b"]


def test_features_come_and_go(records):
    records.append(rows("a", x=[1], c=["u"]), {})
    records.append(rows("b", at=START + HOUR, c=["v"], new=pa.array([2.5])), {})
    records.append(rows("c", at=START + 2 * HOUR, x=[3]), {})
    table = records.read(FIRST)
    assert table["x"].to_pylist() == [1, None, 3]
    assert table["c"].to_pylist() == ["u", "v", None]
    assert table["new"].to_pylist() == [None, 2.5, None]


CHANGES = [
    (pa.array([1]), pa.array([1.5]), [1.0, 1.5]),
    (pa.array([1.5]), pa.array([2]), [1.5, 2.0]),
    (pa.array([1]), pa.array(["2.5"]), [1.0, 2.5]),
    (pa.array([1]), pa.array(["no"]), [1.0, None]),
    (pa.array(["u"]), pa.array([2]), ["u", "2"]),
    (pa.array([True]), pa.array([0]), [True, False]),
    (pa.array([True]), pa.array([7]), [True, None]),
    (pa.array([1]), pa.array([True]), [1.0, 1.0]),
    (pa.array([1]), pa.nulls(1), [1.0, None]),
    (pa.nulls(1), pa.array(["u"]), [None, "u"]),
    (pa.array(["u"]).dictionary_encode(), pa.array(["v"], pa.large_string()), ["u", "v"]),
    (pa.array([START], pa.timestamp("ns", "UTC")), pa.array([datetime(2013, 4, 1)]), [START, START]),
    (pa.array([[1, 2]]), pa.array([[0.5]]), [[1.0, 2.0], [0.5]]),
    (pa.array([2**62]), pa.array([float("inf")]), [2.0**62, float("inf")]),
    (pa.array(["u"]), pa.array([{"k": 1}]), ["u", '{"k": 1}']),
    (pa.array([1]), pa.array([{"k": 1}]), [1.0, None]),
    (pa.array([b"u"]), pa.array([b"v"], pa.large_binary()), [b"u", b"v"]),
    (pa.array([START.date()]), pa.array(["2013-04-02"]), [START.date(), (START + DAY).date()]),
]


def test_features_that_differ_only_in_case_are_kept_apart(records):
    records.append(rows("a", Age=[1.0]), {})
    records.append(rows("b", at=START + HOUR, age=[2.0], AGE=[3.0], _Status=[4.0], Ä=[5.0]), {})
    records.append(rows("c", at=START + 2 * HOUR, ä=[6.0], age=[7.0]), {})
    table = records.read(FIRST)
    columns = ["Age", "age", "AGE", "_Status", "Ä", "ä"]
    assert table.select(columns).to_pylist() == [
        dict(zip(columns, values, strict=True))
        for values in (
            (1, None, None, None, None, None),
            (None, 2, 3, 4, 5, None),
            (None, 7, None, None, None, 6),
        )
    ]
    assert records.read(FIRST, ["age"]).select(["age"]).to_pydict() == {"age": [None, 2.0, 7.0]}
    assert table["_status"].null_count == 3


@pytest.mark.parametrize(("before", "after", "expected"), CHANGES)
def test_a_feature_may_change_its_type(make, before, after, expected):
    records = make(None)
    records.append(rows("a", f=before), {})
    records.append(rows("b", at=START + HOUR, f=after), {})
    assert records.read(FIRST)["f"].to_pylist() == expected


def test_whole_numbers_stay_whole_until_one_is_not(make):
    records = make()
    records.append(rows("a", x=[12]), {})
    assert records.read(FIRST).schema.field("x").type == pa.int64()
    records.append(rows("b", x=[0.5]), {})
    assert sorted(records.read(FIRST)["x"].to_pylist()) == [0.5, 12.0]


def test_columns_narrow_the_features_only(records):
    records.append(rows("a", x=[1], c=["u"]), {})
    assert set(records.read(FIRST, ["c"]).column_names) == {"c"} | RESERVED.difference(OPTIONAL)
    assert set(records.read(FIRST, []).column_names) == RESERVED.difference(OPTIONAL)
    assert set(records.read(FIRST, ["_score", "x"]).column_names) == {"x"} | RESERVED.difference(OPTIONAL)
    with pytest.raises(UnknownColumn, match="Did you mean 'x'"):
        records.read(FIRST, ["xx"])


def test_a_record_without_event_time_takes_its_arrival(records):
    table = rows("a", "b").set_column(2, "_event_time", pa.nulls(2, INSTANT))
    records.append(table, {})
    assert records.read(FIRST)["_event_time"].to_pylist() == [START, START + SECOND]
    with pytest.raises(InputError, match="2 records have neither"):
        records.append(table.drop_columns(["_received_at"]), {})


def test_the_newest_label_wins(records):
    records.append(rows("a", "b", "c"), {})
    records.append_labels(labels(("a", 1), ("b", 0), at=START + 2 * DAY))
    records.append_labels(labels(("a", 0), ("b", 1), at=START + DAY))  # older news comes later
    records.append_labels(labels(("c", 0)))
    records.append_labels(labels(("c", 1)))  # as new: the last stored
    table = records.read(FIRST)
    assert table["_label"].to_pylist() == [1.0, 0.0, 1.0]
    assert table["_labelled_at"].to_pylist()[0] == START + 2 * DAY


def test_labels_belong_to_a_row(records):
    records.append(pa.concat_tables([rows("a"), rows("a", row=1)]), {})
    records.append_labels(labels(("a", 1), row=1))
    records.append_labels(labels(("a", 0)).drop_columns(["_row"]))
    table = records.read(FIRST)
    assert dict(zip(table["_row"].to_pylist(), table["_label"].to_pylist(), strict=True)) == {0: 0.0, 1: 1.0}


def test_both_records_of_one_id_get_its_label(records):
    records.append(pa.concat_tables([rows("a", x=[1]), rows("a", digest="e", x=[2])]), {})
    records.append_labels(labels(("a", 1)))
    assert records.read(FIRST)["_label"].to_pylist() == [1.0, 1.0]


def test_a_label_may_come_before_its_record(records):
    records.append_labels(labels(("a", 1), ("q", 1)))
    assert len(records.read(FIRST)) == 0
    assert records.watermark() is None
    records.append(rows("a", "b"), {})
    assert records.read(FIRST)["_label"].to_pylist() == [1.0, None]
    records.compact()
    records.append(rows("q", at=START + DAY), {})
    assert records.read(FIRST)["_label"].to_pylist() == [1.0, None]
    assert records.read(FIRST.next())["_label"].to_pylist() == [1.0]


def test_the_label_of_a_record_sent_again_after_midnight_is_found(records):
    records.append(rows("a", at=START + DAY - SECOND), {})
    records.append(rows("a", at=START + DAY + SECOND), {})
    records.append_labels(labels(("a", 1)))
    assert records.read(FIRST)["_label"].to_pylist() == [1.0]


def test_labels_of_multiclass_are_text_and_of_regression_numbers(make, tmp_path):
    for task, given, stored in ((Task.MULTICLASS, ["setosa"], ["setosa"]), (Task.REGRESSION, [3], [3.0])):
        records = DeltaRecords(tmp_path / task / "r", tmp_path / task / "l", Schema((), task))
        records.append(rows("a").drop_columns(["_prediction"]), {})
        records.append_labels(labels(("a", given[0])))
        assert records.read(FIRST)["_label"].to_pylist() == stored


def test_without_a_schema_labels_follow_the_predictions(make):
    records = make(None)
    records.append(rows("a").set_column(5, "_prediction", pa.array(["setosa"])), {})
    records.append_labels(labels(("a", "virginica")))
    assert records.read(FIRST)["_label"].to_pylist() == ["virginica"]


def test_true_is_one_and_null_says_nothing(records):
    records.append(rows("a", "b", "c"), {})
    records.append_labels(labels(("a", True), ("b", False), ("c", None)))
    records.append_labels(labels(("a", None), at=START + 9 * DAY))
    assert records.read(FIRST)["_label"].to_pylist() == [1.0, 0.0, None]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (labels(("a", "yes")), "they are text"),
        (labels(("a", 2)), "2 is neither 0 nor 1"),
        (labels(("a", 1)).drop_columns(["_label"]), "_label is missing"),
        (labels(("a", 1)).drop_columns(["_request_id"]), "_request_id is missing"),
        (labels((None, 1)), "1 of 1 rows have no _request_id"),
        (labels(("a", START)), "cannot be read as double"),
        (labels(("a", float("inf"))), "cannot be read as double"),
    ],
)
def test_wrong_labels_are_refused_whole(records, wrong, says):
    records.append(rows("a"), {})
    with pytest.raises(BadLabels, match=says):
        records.append_labels(wrong)
    assert records.read(FIRST)["_label"].null_count == 1


def test_the_watermark_is_the_newest_event_time_whatever_comes_later(records):
    records.append(rows("a", "b", at=START + DAY, step=HOUR), {})
    records.append(rows("z", at=START - 3 * DAY), {})
    records.append_labels(labels(("a", 1), at=START + 90 * DAY))
    assert records.watermark() == START + DAY + HOUR
    assert records.first() == START - 3 * DAY


def test_the_fingerprint_tells_what_may_have_changed(records):
    def seen(span=FIRST, **kwargs):
        return records.fingerprint(span, **kwargs)

    marks = [seen()]
    records.append(rows("a"), {})
    marks.append(seen())
    quiet = seen(labels=False)
    records.append_labels(labels(("a", 1)))
    marks.append(seen())
    records.append_labels(labels(("unknown", 1)))
    marks.append(seen())
    assert len(set(marks)) == 4
    assert seen(labels=False) == quiet
    records.append(rows("b", at=START + 5 * DAY), {})
    records.append_labels(labels(("b", 1)))
    assert seen() == marks[-1]
    records.compact()
    assert seen() == marks[-1]


def test_compaction_changes_no_content(make):
    records, other = make(), make()
    for number in range(5):
        features = {"x": [number]} if number % 2 else {"new": [str(number)]}
        records.append(rows(f"r{number}", at=START + number * HOUR, **features), {"s": number})
        records.append_labels(labels((f"r{number}", number % 2)))
    records.append_labels(labels(("r0", 1)))
    before = other.read(FIRST)
    assert records.compact() > 0
    assert other.read(FIRST) == before
    assert records.read(FIRST) == before
    assert other.offset("s") == 4
    assert records.compact() == 0


WRITER = """
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
import pyarrow as pa
from holter.store import DeltaRecords
folder, name, compacts = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "compact"
records = DeltaRecords(folder / "records", folder / "labels", None)
moment = pa.array([datetime(2013, 4, 1, 12, tzinfo=UTC)], pa.timestamp("us", "UTC"))
for number in range(15):
    row = pa.table({"_request_id": [f"{name}-{number}"], "_event_time": moment, "_digest": ["d"], name: [1.0]})
    records.append(row, {name: number + 1})
    label = pa.table({"_request_id": [f"{name}-{number}"], "_label": [1.0], "_labelled_at": moment})
    records.append_labels(label)
    if compacts and number % 5 == 4:
        records.compact()
"""


def test_two_processes_append_label_and_compact_at_once(tmp_path):
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    processes = [subprocess.Popen([*command, name, how]) for name, how in (("a", "compact"), ("b", "no"))]
    assert [process.wait(timeout=120) for process in processes] == [0, 0]
    records = DeltaRecords(tmp_path / "records", tmp_path / "labels", None)
    table = records.read(FIRST)
    assert sorted(ids(table)) == sorted(f"{name}-{number}" for name in "ab" for number in range(15))
    assert table["_label"].null_count == 0
    assert (records.offset("a"), records.offset("b")) == (15, 15)


KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
import pyarrow as pa
from holter.store import DeltaRecords, delta_table
folder = Path(sys.argv[1])
delta_table.sync_commits = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # committed, not yet returned
moment = pa.array([datetime(2013, 4, 1, 12, tzinfo=UTC)], pa.timestamp("us", "UTC"))
row = pa.table({"_request_id": ["a"], "_event_time": moment, "_digest": ["d"], "_row": pa.array([0], pa.int32())})
records = DeltaRecords(folder / "records", folder / "labels", None)
records.append(row, {"segment": 100})
"""


def test_commits_of_hours_ago_are_forgotten_and_nothing_else_is(tmp_path):
    records, other = (DeltaRecords(tmp_path / "records", tmp_path / "labels", SCHEMA) for _ in range(2))
    records.append(rows("first"), {"segment": 1})
    assert other.offset("segment") == 1
    log, hours_ago = tmp_path / "records" / "_delta_log", time.time() - 7200
    for number in range(2, 206):
        records.append(rows(f"r{number}"), {"segment": number})
        if number == 150:
            for entry in log.iterdir():
                os.utime(entry, (hours_ago, hours_ago))
    assert len(list(log.glob("*.json"))) < 120  # those before the first checkpoint have gone
    for each in (records, other, DeltaRecords(tmp_path / "records", tmp_path / "labels", SCHEMA)):
        assert each.offset("segment") == 205
        assert len(each.read(FIRST)) == 205


def test_after_a_kill_between_commit_and_return_the_offset_tells(tmp_path):
    records = DeltaRecords(tmp_path / "records", tmp_path / "labels", None)
    records.append(rows("z"), {"segment": 50})
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert records.offset("segment") == 100
    records.append(rows("a", at=START + 12 * HOUR), {"segment": 100})  # who does not look appends twice
    assert ids(records.read(FIRST)) == ["z", "a"]


def test_data_log_and_folders_are_synced_before_append_returns(records, tmp_path, monkeypatch):
    synced, real = [], os.fsync

    def fsync(descriptor):
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    records.append(rows("a", "b", at=START + DAY - SECOND), {"s": 1})
    root = tmp_path / "records"
    data = {str(path) for path in root.rglob("*.parquet")}
    assert len(data) == 2
    folders = {str(path) for path in (root, root / "_delta_log", *root.glob("_event_day=*"))}
    assert data | folders | {str(path) for path in (root / "_delta_log").glob("*.json")} <= set(synced)
    assert max(map(synced.index, data)) < synced.index(str(root / "_delta_log" / f"{1:020d}.json"))
