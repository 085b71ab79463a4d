import fcntl
import os
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from holter.capture import intake
from holter.capture.compactor import LOCK, Compaction, Compactor
from holter.capture.frame import HEADER, encode
from holter.capture.journal import Journal
from holter.capture.places import journal_folder
from holter.capture.segments import read, segments
from holter.registry import Shelves
from holter.types import Feature, Kind, Schema, Span, Task

DAY = timedelta(days=1)
OLD = timedelta(minutes=5)


@pytest.fixture
def folder(shelves):
    return journal_folder(shelves.root, "credit")


@pytest.fixture
def span(now):
    return Span(now - DAY, now + DAY)


def write(folder, frames, **options):
    with Journal(folder, **options) as journal:
        for each in frames:
            journal.append(each)


def ids(shelves, span):
    return sorted(shelves.records("credit").read(span)["_request_id"].to_pylist())


def test_a_finished_segment_becomes_rows_and_counts_and_goes(shelves, folder, span, frame, now):
    write(folder, [frame(n) for n in range(5)])
    done = Compactor(shelves).once(now, flush=True)
    assert done == Compaction(frames=5, counted=5, rows=5, segments=1)
    assert ids(shelves, span) == [f"r{n}" for n in range(5)]
    assert shelves.facts.traffic("credit", span).requests == 5
    assert segments(folder) == []


def test_a_live_segment_stays_and_is_read_from_where_it_stood(shelves, folder, span, frame, now):
    compactor = Compactor(shelves)
    with Journal(folder) as journal:
        journal.append(frame(1))
        assert compactor.once(now, flush=True) == Compaction(frames=1, counted=1, rows=1)
        journal.append(frame(2))
        assert compactor.once(now, flush=True) == Compaction(frames=1, counted=1, rows=1)
        assert compactor.once(now, flush=True) == Compaction()
        assert journal.path.exists()
    assert compactor.once(now, flush=True) == Compaction(segments=1)
    assert ids(shelves, span) == ["r1", "r2"]


def test_traffic_is_counted_at_once_and_rows_wait_for_age(shelves, folder, span, frame, now):
    compactor = Compactor(shelves)
    with Journal(folder) as journal:
        journal.append(frame(1))
        assert compactor.once(now) == Compaction(frames=1, counted=1)
        assert shelves.facts.traffic("credit", span).requests == 1
        assert ids(shelves, span) == []
        assert compactor.once(now + OLD) == Compaction(rows=1)


def test_rows_wait_for_number(make, frame, now, monkeypatch):
    monkeypatch.setenv("HOLTER_COMPACT_ROWS", "4")
    shelves = make(Schema((Feature("age", Kind.NUMERIC, "double"),), Task.BINARY))
    compactor = Compactor(shelves)
    with Journal(journal_folder(shelves.root, "credit")) as journal:
        journal.append(frame(1, [1, 2, 3], [0.1, 0.2, 0.3]))
        assert compactor.once(now).rows == 0
        journal.append(frame(2, [4], [0.4]))
        assert compactor.once(now).rows == 4


def test_nothing_is_nothing(shelves, folder, now):
    assert Compactor(shelves).once(now, flush=True) == Compaction()
    folder.mkdir(parents=True)
    assert Compactor(shelves).once(now, flush=True) == Compaction()
    write(folder, [])
    assert Compactor(shelves).once(now, flush=True) == Compaction(segments=1)


def test_a_backlog_is_read_in_bounded_passes(shelves, folder, span, frame, now, monkeypatch):
    monkeypatch.setattr(intake, "MAX_FRAMES", 10)
    write(folder, [frame(n) for n in range(35)], segment_bytes=2000)
    compactor = Compactor(shelves)
    assert compactor.once(now).frames == 10
    rest = compactor.once(now, flush=True)
    assert (rest.frames, rest.counted, rest.rows) == (25, 25, 25)
    assert segments(folder) == []
    assert len(ids(shelves, span)) == 35


def test_a_backlog_of_large_bodies_is_bounded_too(shelves, folder, frame, now, monkeypatch):
    monkeypatch.setattr(intake, "MAX_BYTES", 5000)
    write(folder, [frame(n, [[1, "x" * 2000]]) for n in range(9)])
    assert Compactor(shelves).once(now).frames == 3


@pytest.mark.parametrize("step", ["count", "append", "unlink"])
def test_a_crash_at_any_step_neither_loses_nor_doubles(shelves, folder, span, frame, now, monkeypatch, step):
    write(folder, [frame(n) for n in range(7)])

    class Crash(BaseException):
        pass

    def crash(*_: Any, **__: Any) -> None:
        raise Crash

    where = {
        "count": (intake.Intake, "_count"),
        "append": (intake.Intake, "_commit"),
        "unlink": (intake.Intake, "_remove"),
    }
    with monkeypatch.context() as patched:
        patched.setattr(*where[step], crash)
        with pytest.raises(Crash):
            Compactor(shelves).once(now, flush=True)
    fresh = Shelves.open(shelves.root)
    Compactor(fresh).once(now, flush=True)
    assert ids(fresh, span) == [f"r{n}" for n in range(7)]
    assert fresh.facts.traffic("credit", span).requests == 7
    assert segments(folder) == []


def test_rows_committed_before_their_traffic_was_counted_are_counted_only(shelves, folder, span, frame, now):
    with Journal(folder) as journal:
        journal.append(frame(1))
        Compactor(shelves).once(now, flush=True)
        name, end = journal.path.name, journal.path.stat().st_size
        from holter.store.tables import JOURNAL, TRAFFIC

        with shelves.facts.begin() as transaction:  # as if the counts had been lost with their transaction
            transaction.connection.execute(JOURNAL.delete())
            transaction.connection.execute(TRAFFIC.delete())
        again = Compactor(shelves).once(now, flush=True)
        assert again == Compaction(frames=1, counted=1)
        assert shelves.facts.journal_offset(name) == end
    assert ids(shelves, span) == ["r1"]


def test_a_failed_pass_is_told_and_the_next_one_makes_up_for_it(shelves, folder, span, frame, now, caplog):
    write(folder, [frame(1)])
    records = shelves.root / "records"
    records.mkdir(exist_ok=True)
    (records / "credit").write_text("not a folder")
    compactor = Compactor(shelves)
    assert compactor.once(now, flush=True).failed == ("credit",)
    assert "could not be compacted" in caplog.text
    (records / "credit").unlink()
    assert compactor.once(now, flush=True) == Compaction(frames=1, rows=1, segments=1)
    assert ids(shelves, span) == ["r1"]
    assert shelves.facts.traffic("credit", span).requests == 1


def broken(shelves):
    records = shelves.root / "records"
    records.mkdir(exist_ok=True)
    (records / "credit").write_text("not a folder")
    return records / "credit"


def test_a_deployment_that_fails_for_ever_is_left_alone_longer_and_told_once(shelves, folder, frame, now, caplog):
    write(folder, [frame(1)])
    broken(shelves)
    compactor, tried = Compactor(shelves), []
    tries = compactor._failed
    compactor._failed = lambda name, error, at: (tried.append(at), tries(name, error, at))
    for second in range(300):
        assert compactor.once(now + OLD + timedelta(seconds=second)).failed == ("credit",)
    pauses = [(after - before).total_seconds() for before, after in pairwise(tried)]
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert caplog.text.count("could not be compacted") == caplog.text.count("Traceback") == 1


def test_a_flush_waits_for_nothing(shelves, folder, span, frame, now, caplog):
    caplog.set_level("INFO")
    write(folder, [frame(1)])
    wrong = broken(shelves)
    compactor = Compactor(shelves)
    assert compactor.once(now + OLD).failed == ("credit",)
    wrong.unlink()
    assert compactor.once(now + OLD).failed == ("credit",)
    assert compactor.once(now + OLD, flush=True).rows == 1
    assert compactor.once(now + OLD) == Compaction()
    assert "compacted again" in caplog.text
    assert ids(shelves, span) == ["r1"]


def test_a_clock_that_was_put_back_makes_nobody_wait(shelves, folder, frame, now):
    write(folder, [frame(1)])
    wrong = broken(shelves)
    compactor = Compactor(shelves)
    assert compactor.once(now + DAY).failed == ("credit",)
    wrong.unlink()
    assert compactor.once(now + OLD).rows == 1


def test_another_error_is_told_too(shelves, folder, frame, now, caplog):
    write(folder, [frame(1)])
    wrong = broken(shelves)
    compactor = Compactor(shelves)
    compactor.once(now + OLD)
    wrong.unlink()
    wrong.symlink_to(wrong)
    compactor.once(now + OLD, flush=True)
    compactor.once(now + OLD, flush=True)
    assert caplog.text.count("Traceback") >= 2
    assert caplog.text.count("could not be compacted") == 2


def test_requests_missed_before_the_end_are_gaps_and_neither_requests_nor_rows(shelves, folder, span, frame, now):
    with Journal(folder) as journal:
        journal.append(frame(1))
        journal.miss(frame(2))
        journal.miss(frame(3))
    done = Compactor(shelves).once(now, flush=True)
    assert (done.counted, done.rows, done.segments) == (1, 1, 1)
    counted = shelves.facts.traffic("credit", span)
    assert (counted.requests, counted.gaps, sum(counted.histogram)) == (1, 2, 1)


def test_a_segment_of_nothing_but_gaps_is_counted_and_goes(shelves, folder, span, frame, now):
    with Journal(folder) as journal:
        journal.miss(frame(2))
    assert Compactor(shelves).once(now, flush=True).segments == 1
    assert shelves.facts.traffic("credit", span).gaps == 1
    assert segments(folder) == []


def test_two_compactors_take_turns(shelves, folder, span, frame, now):
    one, other = Compactor(shelves), Compactor(Shelves.open(shelves.root))
    with Journal(folder) as journal:
        for number in range(10):
            journal.append(frame(number))
            (one, other)[number % 2].once(now)
        other.once(now + OLD)
        journal.append(frame(10))
        one.once(now + OLD)
        other.once(now + OLD, flush=True)
    one.once(now, flush=True)
    assert len(ids(shelves, span)) == 11
    assert shelves.facts.traffic("credit", span).requests == 11


def test_a_folder_that_another_process_compacts_is_left_to_it(shelves, folder, frame, now):
    write(folder, [frame(1)])
    with (folder / LOCK).open("a+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert Compactor(shelves).once(now) == Compaction()


def test_damage_is_told_and_counted_as_a_gap(shelves, folder, span, frame, now, caplog):
    write(folder, [frame(n) for n in range(3)])
    (path,) = segments(folder)
    start = next(iter(read(path)))[1]
    data = bytearray(path.read_bytes())
    data[start + 20] ^= 1
    path.write_bytes(bytes(data))
    done = Compactor(shelves).once(now, flush=True)
    assert (done.rows, done.segments) == (2, 1)
    assert done.damaged == len(encode(frame(1)))
    assert shelves.facts.traffic("credit", span).gaps == 1
    assert f"of {path.name} are damaged" in caplog.text


def test_a_torn_tail_of_a_dead_writer_is_told_and_put_aside(shelves, folder, span, frame, now, caplog):
    write(folder, [frame(1), frame(2)])
    (path,) = segments(folder)
    os.truncate(path, path.stat().st_size - 3)
    assert Compactor(shelves).once(now, flush=True) == Compaction(frames=1, counted=1, rows=1, segments=1)
    assert f"kept in {path.with_suffix('.torn')}" in caplog.text
    assert path.with_suffix(".torn").exists()
    assert not path.exists()


def test_a_file_that_is_no_segment_is_told_once_and_set_aside(shelves, folder, span, frame, now, caplog):
    write(folder, [frame(1)])
    (folder / "odd.journal").write_bytes(b"something else")
    (folder / "new.journal").write_bytes(HEADER[:-1] + b"\x63")
    compactor = Compactor(shelves)
    assert compactor.once(now, flush=True).rows == 1
    compactor.once(now, flush=True)
    assert [each.message for each in caplog.records if "segment is" in each.message] == [
        "a journal segment is left where it is",
        "a journal segment is set aside",
    ]
    assert (folder / "odd.unreadable").exists()
    assert [path.name for path in segments(folder)] == ["new.journal"]


def test_rows_of_versions_with_other_columns_lie_in_one_table(make, frame, span, now):
    first = Schema((Feature("age", Kind.NUMERIC, "int64"),), Task.BINARY)
    second = Schema(
        (Feature("age", Kind.CATEGORICAL, "string"), Feature("zip", Kind.CATEGORICAL, "string")), Task.BINARY
    )
    shelves = make(first, second)
    write(
        journal_folder(shelves.root, "credit"),
        [frame(1, [[5]]), frame(2, [["6", "x"]], version=2), frame(3, {"age": 7}, version=9)],
    )
    assert Compactor(shelves).once(now, flush=True).rows == 3
    rows = shelves.records("credit").read(span)
    assert rows["age"].to_pylist() == [5, 6, 7]
    assert rows["zip"].to_pylist() == [None, "x", None]
    assert rows["_version"].to_pylist() == [1, 2, 9]


def test_a_model_without_a_schema_is_recorded_as_it_comes(make, frame, span, now):
    shelves = make(None)
    compactor, folder = Compactor(shelves), journal_folder(shelves.root, "credit")
    write(folder, [frame(1, {"a": 1}, [3.5])])
    compactor.once(now, flush=True)
    write(folder, [frame(2, {"a": "two", "b": "x"}, [4])])
    Compactor(shelves).once(now, flush=True)
    rows = shelves.records("credit").read(span)
    assert rows.select(["a", "b", "_prediction"]).to_pylist() == [
        {"a": 1.0, "b": None, "_prediction": 3.5},
        {"a": None, "b": "x", "_prediction": 4.0},
    ]


def test_small_files_are_merged_now_and_then(shelves, folder, span, frame, now, monkeypatch):
    monkeypatch.setattr(intake, "TIDY_EVERY", 3)
    compactor = Compactor(shelves)
    with Journal(folder) as journal:
        for number in range(6):
            journal.append(frame(number))
            compactor.once(now, flush=True)
    assert len(shelves.records("credit")._records.files()) == 1
    assert len(ids(shelves, span)) == 6


def test_counts_that_another_process_has_made_are_not_made_again(shelves, folder, span, frame, now):
    compactor = Compactor(shelves)
    with Journal(folder) as journal:
        compactor.once(now)
        journal.append(frame(1))
        end = journal.path.stat().st_size
        with shelves.facts.begin() as transaction:
            assert transaction.advance_journal(journal.path.name, 0, end)
        assert compactor.once(now, flush=True).failed == ("credit",)
        assert compactor.once(now, flush=True) == Compaction(frames=1, rows=1)
    assert shelves.facts.traffic("credit", span).requests == 0
    assert ids(shelves, span) == ["r1"]


def test_a_segment_that_vanished_is_no_error(shelves, folder, frame, now):
    compactor = Compactor(shelves)
    with Journal(folder) as journal:
        journal.append(frame(1))
        compactor.once(now)
        passing = compactor._intakes["credit"]
        journal.path.unlink()
        reading = intake._Reading(intake.Minutes())
        passing._read(passing._segments[journal.path.name], reading)
    assert reading.frames == 0
    assert compactor.once(now + OLD).failed == ()


def another_model(shelves, tmp_path, *features):
    schema = Schema(features, Task.BINARY)
    return shelves.registry.register("reader", tmp_path / "model.bin", schema=schema, baseline=None)


def deploy_again(shelves, tmp_path, version, **options):
    return shelves.registry.deploy("credit", version, entry_script=str(tmp_path / "source" / "score.py"), **options)


def test_a_deployment_that_changes_its_model_keeps_the_rows_of_each_apart(shelves, folder, span, frame, now, tmp_path):
    compactor = Compactor(shelves)
    with Journal(folder) as journal:
        journal.append(frame(1))
        compactor.once(now)  # read, and not old enough to be committed
        version = another_model(shelves, tmp_path, Feature("age", Kind.CATEGORICAL, "string"))
        shelf = deploy_again(shelves, tmp_path, version, overwrite=True).shelf
        journal.append(frame(2))  # the old workers answer until they have drained
        assert compactor.once(now, flush=True).rows == 2
        write(journal_folder(shelves.root, shelf), [frame(3, [{"age": "old"}])])
        compactor.once(now, flush=True)
    new = shelves.records("credit").read(span)
    assert new.select(["_request_id", "age"]).to_pylist() == [{"_request_id": "r3", "age": "old"}]
    before = shelves.records_on(shelves.registry.shelves("credit")[0]).read(span)
    assert before.select(["_request_id", "age"]).to_pylist() == [
        {"_request_id": "r1", "age": 1},
        {"_request_id": "r2", "age": 2},
    ]


def test_a_deployment_that_is_made_again_reads_none_of_the_old_rows(shelves, folder, span, frame, now, tmp_path):
    registry = shelves.registry
    with Journal(folder) as journal:
        journal.append(frame(1))
        registry.delete("credit")
        made = deploy_again(shelves, tmp_path, registry.version("risk", 1))
        assert Compactor(shelves).once(now, flush=True).rows == 1, "what a deleted deployment answered is not lost"
    assert (made.shelf, [shelf.ended is None for shelf in registry.shelves("credit")]) == ("credit.2", [False, True])
    assert len(shelves.records("credit").read(span)) == 0
    assert shelves.facts.traffic(made.shelf, span).requests == 0
    write(journal_folder(shelves.root, made.shelf), [frame(2)])
    Compactor(shelves).once(now, flush=True)
    assert shelves.records("credit").read(span)["_request_id"].to_pylist() == ["r2"]


def test_a_journal_that_nobody_owns_is_kept_under_its_name(shelves, span, frame, now):
    write(journal_folder(shelves.root, "gone"), [frame(1, [{"a": 1}])])
    assert Compactor(shelves).once(now, flush=True).rows == 1
    (shelf,) = shelves.registry.shelves("gone")
    assert (shelf.model, shelf.ended is not None) == ("", True)
    assert shelves.records_on(shelf).read(span)["a"].to_pylist() == [1.0]


def test_unwanted_records_go_once_no_worker_writes_them(shelves, folder, span, frame, now):
    compactor = Compactor(shelves)
    with Journal(folder) as journal:
        journal.append(frame(1))
        compactor.once(now, flush=True)
        shelves.registry.delete("credit", purge=True)
        compactor.once(now)
        assert folder.is_dir()
    assert (shelves.root / "records" / "credit").is_dir()
    compactor.once(now)
    assert not any((shelves.root / kind / "credit").exists() for kind in ("journal", "records", "labels"))
    assert shelves.facts.traffic("credit", span).requests == 0
    assert shelves.registry.shelves() == []
    assert [entry.entry.action for entry in shelves.facts.ledger(subject="deployment:credit")][
        -1
    ] == "deployment.delete"


def test_columns_that_differ_only_in_case_do_not_stop_the_journals(make, frame, span, now):
    shelves = make(None)
    write(journal_folder(shelves.root, "credit"), [frame(1, [{"Age": 1, "age": 2}]), frame(2, [{"AGE": 3, "_Row": 4}])])
    done = Compactor(shelves).once(now, flush=True)
    assert (done.rows, done.segments, done.failed) == (2, 1, ())
    columns = ["Age", "age", "AGE", "_Row", "_row"]
    assert shelves.records("credit").read(span).select(columns).to_pylist() == [
        dict(zip(columns, values, strict=True)) for values in ((1, 2, None, None, 0), (None, None, 3, 4, 0))
    ]
