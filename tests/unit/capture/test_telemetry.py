"""Telemetry never waits, never raises, and says what it lost."""

import json
import math
import multiprocessing
import os
import resource
import subprocess
import sys
import time

import pytest

from holter.capture.telemetry import LONGEST_NAME, LONGEST_TEXT, MOST_VALUES, SUFFIX, Item, Spool, spool_of
from holter.types import SeriesKind

NOW_US = 1_365_000_000_000_000


def metric(value=1.0, name="Scored", **more):
    return Item(SeriesKind.METRIC, name, NOW_US, value, **more)


def lines(folder):
    found = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        found += [json.loads(line) for line in path.read_bytes().splitlines()]
    return found


def written(spool, seconds=10.0):
    assert spool.flush(seconds)
    return lines(spool.folder)


def test_what_is_put_is_on_disk_after_a_flush(tmp_path):
    spool = Spool(tmp_path / "deep" / "churn")
    spool.put(metric(3.0))
    spool.put(Item(SeriesKind.EVENT, "Prediction", NOW_US, properties={"result": "[1, 0]"}))
    assert [(line["kind"], line["name"]) for line in written(spool)] == [("metric", "Scored"), ("event", "Prediction")]
    assert spool.dropped == 0


def test_nothing_is_made_before_there_is_something_to_write(tmp_path):
    assert Spool(tmp_path / "churn").flush()
    assert not (tmp_path / "churn").exists()


def test_a_full_queue_drops_and_says_so_in_the_next_line(tmp_path, monkeypatch):
    spool = Spool(tmp_path, most_items=3)
    monkeypatch.setattr(spool, "_begin", lambda: None)  # nobody empties the queue yet
    for value in range(10):
        spool.put(metric(value))
    assert spool.dropped == 7
    monkeypatch.undo()
    waiting = list(spool._queue)
    spool._begin()
    spool._queue.extend(waiting)
    spool._taken += 3
    found = written(spool)
    assert [line["name"] for line in found] == ["Scored"] * 3 + ["dropped"]
    assert (found[-1]["kind"], found[-1]["value"], found[-1]["count"]) == ("lost", 7.0, 7)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_no_number_is_counted_as_dropped(tmp_path, value):
    spool = Spool(tmp_path)
    spool.put(metric(value))
    spool.put(metric(1.0))
    deadline = time.monotonic() + 10
    while len(written(spool)) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert sorted(line["kind"] for line in lines(tmp_path)) == ["lost", "metric"]


def test_what_is_longer_than_anybody_reads_is_cut(tmp_path):
    spool = Spool(tmp_path)
    properties = {f"p{number}": "x" * 20_000 for number in range(200)}
    measured = {"a": math.nan, "b": 1.0}
    spool.put(Item(SeriesKind.EVENT, "n" * 2_000, NOW_US, properties=properties, measurements=measured))
    spool.put(Item(SeriesKind.EVENT, "", NOW_US))
    first, second = written(spool)
    assert len(first["name"]) == LONGEST_NAME
    assert len(first["properties"]) == MOST_VALUES
    assert {len(text) for text in first["properties"].values()} == {LONGEST_TEXT}
    assert first["measurements"] == {"b": 1.0}
    assert second["name"] == "(no name)"


def test_a_folder_that_holds_as_much_as_it_may_takes_no_more(tmp_path):
    (tmp_path / f"old{SUFFIX}").write_bytes(b"x" * 1000)
    spool = Spool(tmp_path, most_bytes=1000)
    spool.put(metric())
    assert spool.flush(10)
    assert spool.dropped == 1
    (tmp_path / f"old{SUFFIX}").unlink()
    spool.put(metric(2.0))
    assert [line["kind"] for line in written(spool)] == ["metric", "lost"]


def test_flush_returns_at_once_when_the_disk_does_not_answer(tmp_path, monkeypatch):
    def stuck(*_):
        time.sleep(3)
        raise OSError("gone")

    monkeypatch.setattr("holter.capture.telemetry.os.write", stuck)
    spool = Spool(tmp_path)
    spool.put(metric())
    assert spool.flush() is False


def test_what_a_full_disk_refused_is_written_once_there_is_room(tmp_path):
    program = f"""
import os, resource, signal
from pathlib import Path
from holter.capture.telemetry import Item, Spool
from holter.types import SeriesKind
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
spool = Spool(Path({str(tmp_path)!r}))
resource.setrlimit(resource.RLIMIT_FSIZE, (200, hard))
for value in range(50):
    spool.put(Item(SeriesKind.METRIC, "Scored", 1, float(value)))
assert not spool.flush(1.0)
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
assert spool.flush(10.0)
assert spool.dropped == 0
"""
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
    assert [line.get("value", 1.0) for line in lines(tmp_path)] == [float(value) for value in range(50)]


def test_the_end_of_a_program_writes_what_waits(tmp_path):
    program = f"""
from pathlib import Path
from holter.capture.telemetry import Item, Spool
from holter.types import SeriesKind
Spool(Path({str(tmp_path)!r})).put(Item(SeriesKind.METRIC, "Scored", 1))
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
    assert len(lines(tmp_path)) == 1


def _child(spool):
    spool.put(metric(2.0))
    os._exit(0 if spool.flush(10) else 1)


def test_a_forked_process_has_a_file_of_its_own(tmp_path):
    spool = Spool(tmp_path)
    spool.put(metric(1.0))
    assert spool.flush(10)
    child = multiprocessing.get_context("fork").Process(target=_child, args=(spool,))
    child.start()
    child.join(30)
    assert child.exitcode == 0
    assert sorted(line.get("value", 1.0) for line in lines(tmp_path)) == [1.0, 2.0]
    assert len(list(tmp_path.glob(f"*{SUFFIX}"))) == 2


def test_a_file_that_has_grown_is_finished_and_another_begun(tmp_path, monkeypatch):
    monkeypatch.setattr("holter.capture.telemetry._ROTATE_BYTES", 100)
    spool = Spool(tmp_path)
    for value in range(3):
        spool.put(metric(value))
        assert spool.flush(10)
    spool.put(metric(3.0, name="x" * 200))
    assert spool.flush(10)
    assert len(list(tmp_path.glob(f"*{SUFFIX}"))) >= 2
    assert len(lines(tmp_path)) == 4


def test_all_clients_of_a_process_share_a_spool(tmp_path):
    assert spool_of(tmp_path) is spool_of(tmp_path)
