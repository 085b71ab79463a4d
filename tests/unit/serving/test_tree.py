"""What holds the process tree together: the lock, the logs, the companions, the order of a worker."""

import json
import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime

import pytest

from holter.errors import StillRunning
from holter.serving.companion import Companion
from holter.serving.lock import holder, lock_file, tree_file, workspace_lock
from holter.serving.logs import deployment_log, process_log, rotate, tail
from holter.serving.order import Tell, heard, line, take
from holter.serving.pool import pause

STARTED = datetime(2013, 4, 1, tzinfo=UTC)


def test_the_lock_is_held_once_says_by_whom_and_ends(tmp_path):
    with workspace_lock(tmp_path, 8700, STARTED):
        tree = json.loads(tree_file(tmp_path).read_text())
        assert tree == {"pid": os.getpid(), "web_port": 8700, "started": "2013-04-01T00:00:00+00:00"}
        with pytest.raises(StillRunning, match=str(os.getpid())), workspace_lock(tmp_path, 8700, STARTED):
            pass
    assert not tree_file(tmp_path).exists()
    with workspace_lock(tmp_path, 0, STARTED):
        assert holder(tmp_path) == os.getpid()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": null}', '{"web_port": 1}'])
def test_a_half_written_tree_file_names_nobody(tmp_path, text):
    tree_file(tmp_path).parent.mkdir()
    tree_file(tmp_path).write_text(text)
    assert holder(tmp_path) == 0


def test_the_lock_of_a_killed_process_is_free(tmp_path):
    code = (
        "import sys, time, pathlib, datetime\n"
        "from holter.serving.lock import workspace_lock\n"
        "with workspace_lock(pathlib.Path(sys.argv[1]), 1, datetime.datetime.now(datetime.UTC)):\n"
        "    print('held', flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(StillRunning, match=str(other.pid)), workspace_lock(tmp_path, 1, STARTED):
            pass
        other.kill()
    with workspace_lock(tmp_path, 1, STARTED):
        assert holder(tmp_path) == os.getpid()


def test_whoever_only_looks_at_the_lock_does_not_stop_a_start(tmp_path):
    import fcntl

    lock_file(tmp_path).parent.mkdir()
    with lock_file(tmp_path).open("ab") as looking:
        fcntl.flock(looking, fcntl.LOCK_EX)
        threading.Timer(0.02, looking.close).start()
        with workspace_lock(tmp_path, 1, STARTED):
            assert holder(tmp_path) == os.getpid()


def test_logs_have_names_that_cannot_collide(tmp_path):
    assert process_log(tmp_path, "web") == tmp_path / "log" / "web.log"
    assert deployment_log(tmp_path, "web") != process_log(tmp_path, "web")


def test_a_log_is_set_aside_when_it_is_large_and_goes_on(tmp_path):
    path = tmp_path / "a.log"
    assert not rotate(path, 10)
    with path.open("ab") as writer:
        writer.write(b"x" * 9)
        writer.flush()
        assert not rotate(path, 10)
        writer.write(b"y")
        writer.flush()
        assert rotate(path, 10)
        writer.write(b"new\n")
    assert (tmp_path / "a.log.1").read_bytes() == b"x" * 9 + b"y"
    assert path.read_bytes() == b"new\n"


def test_the_tail_of_a_log(tmp_path):
    path = tmp_path / "a.log"
    assert tail(path) == ""
    path.write_bytes(b"\xff\n" + b"".join(b"%d\n" % number for number in range(100)))
    assert tail(path, 2) == "98\n99"
    assert tail(path, 1000).startswith("\ufffd\n0\n")


def test_pauses_grow_and_end():
    pauses = [pause(failures) for failures in range(100)]
    assert pauses == sorted(pauses)
    assert pauses[1] == 0
    assert pauses[-1] == 30


def companion(tmp_path, code):
    return Companion("side", [sys.executable, "-c", code], tmp_path)


def until(true, each=lambda: None):
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        each()
        time.sleep(0.02)


def test_a_companion_that_dies_comes_back_at_once_the_first_time_and_later_after_that(tmp_path):
    side = companion(tmp_path, "print('here')")
    log = process_log(tmp_path, "side")
    side.tick(0.0)
    until(lambda: log.read_text().count("here") == 2, lambda: side.tick(1.0))
    until(lambda: side.pid is None, lambda: side.tick(1.0))
    side.tick(1.2)
    assert side.pid is None
    side.tick(1.3)
    assert side.pid is not None
    side.terminate()
    side.wait(60)
    assert side.pid is None


def test_a_companion_that_will_not_end_is_killed(tmp_path):
    code = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
    side = companion(tmp_path, code)
    side.terminate()
    side.wait(1)
    side.tick(0.0)
    until(lambda: "deaf" in process_log(tmp_path, "side").read_text())
    side.terminate()
    side.wait(0.1)
    assert side.pid is None


def test_lines_may_come_in_pieces():
    said = line(Tell("failed", reason="two\nlines")) + line(Tell("ready"))
    first, rest = heard(said[:10])
    assert first == []
    both, rest = heard(rest + said[10:])
    assert [tell.word for tell in both] == ["failed", "ready"]
    assert both[0].reason == "two\nlines"
    assert rest == b""


def test_a_worker_without_an_order_does_not_start():
    with pytest.raises(KeyError):
        take({})
