import fcntl
import json
import os
import subprocess
import sys

import pytest

from holter.errors import NotRunning, TreeFailed
from holter.workspace import tree


def test_nothing_runs_in_a_fresh_folder(tmp_path):
    found = tree.status(tmp_path)
    assert not found.running
    assert "holter up --detach" in str(found)
    assert found.to_dict()["pid"] is None
    with pytest.raises(NotRunning, match="holter up --detach"):
        tree.stop(tmp_path)


def hold(root):
    (root / "run").mkdir()
    file = (root / "run" / "lock").open("ab")
    fcntl.flock(file, fcntl.LOCK_EX)
    return file


def test_who_holds_the_lock_runs(tmp_path):
    with hold(tmp_path):
        (tmp_path / "run" / "tree.json").write_text(json.dumps({"pid": 7, "started": "2026-01-01T00:00:00+00:00"}))
        (tmp_path / "run" / "web.json").write_text(json.dumps({"url": "http://127.0.0.1:1/", "pid": os.getpid()}))
        found = tree.status(tmp_path)
        assert (found.running, found.pid, found.dashboard) == (True, 7, "http://127.0.0.1:1/")
        assert "process 7, dashboard http://127.0.0.1:1/" in str(found)
    assert not tree.status(tmp_path).running


@pytest.mark.parametrize("text", ["", "{", "[1]"])
def test_notes_that_were_half_written_say_nothing(tmp_path, text):
    with hold(tmp_path):
        (tmp_path / "run" / "tree.json").write_text(text)
        found = tree.status(tmp_path)
        assert found.running
        assert found.pid is None
        assert "process unknown" in str(found)


def test_starting_what_runs_starts_nothing(tmp_path):
    with hold(tmp_path):
        assert tree.start(tmp_path).running
        tree.ensure(tmp_path)
    assert not (tmp_path / "log").exists()


def test_a_tree_that_ends_at_once_shows_its_log(tmp_path, monkeypatch):
    monkeypatch.setattr(tree, "command", lambda *_: [sys.executable, "-c", "raise SystemExit('no luck')"])
    with pytest.raises(TreeFailed, match=r"ended at once with code 1.*\n\n.*\nno luck"):
        tree.start(tmp_path)


def test_a_tree_that_says_nothing_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(tree, "command", lambda *_: [sys.executable, "-c", "import time; time.sleep(3)"])
    monkeypatch.setattr(tree, "_START_SECONDS", 0.2)
    with pytest.raises(TreeFailed, match="did not start within 0 s"):
        tree.start(tmp_path)


def test_a_start_that_fails_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(tree, "command", lambda *_: [sys.executable, "-c", "raise SystemExit('out of luck')"])
    with pytest.raises(TreeFailed, match=r"could not be started[^$]*out of luck"):
        tree.ensure(tmp_path)


def test_stopping_a_process_that_has_gone(tmp_path):
    with hold(tmp_path):
        gone = subprocess.Popen([sys.executable, "-c", ""])
        gone.wait()
        (tmp_path / "run" / "tree.json").write_text(json.dumps({"pid": gone.pid}))
        with pytest.raises(NotRunning):
            tree.stop(tmp_path)


def test_a_tree_that_does_not_end_is_told(tmp_path):
    deaf = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint(flush=True)\ntime.sleep(60)",
        ],
        stdout=subprocess.PIPE,
    )
    try:
        deaf.stdout.readline()
        with hold(tmp_path):
            (tmp_path / "run" / "tree.json").write_text(json.dumps({"pid": deaf.pid}))
            with pytest.raises(TreeFailed, match=f"process {deaf.pid}"):
                tree.stop(tmp_path, timeout=0.2)
    finally:
        deaf.kill()
        deaf.communicate()


def test_the_command_is_this_interpreter(tmp_path):
    assert tree.command(tmp_path, "up") == [sys.executable, "-m", "holter", "up", "--workspace", str(tmp_path)]
    assert os.access(sys.executable, os.X_OK)


@pytest.mark.parametrize("note", [{}, {"pid": None}, {"pid": 2**22 + 1}])
def test_a_dashboard_that_was_killed_is_nowhere(tmp_path, note):
    with hold(tmp_path):
        (tmp_path / "run" / "web.json").write_text(json.dumps({"url": "http://127.0.0.1:1/", **note}))
        assert tree.await_dashboard(tmp_path, timeout=0.1).dashboard is None
        (tmp_path / "run" / "web.json").write_text(json.dumps({"url": "http://127.0.0.1:1/", "pid": 1}))
        assert tree.await_dashboard(tmp_path).dashboard == "http://127.0.0.1:1/"
