"""Workers that a killed supervisor has left."""

import json
import subprocess
import sys

import pytest

from holter.serving.leftovers import Leftovers, born

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.fixture
def root(tmp_path):
    (tmp_path / "run").mkdir()
    return tmp_path


@pytest.fixture
def worker():
    with subprocess.Popen(SLEEP) as process:
        yield process
        process.kill()


def test_what_one_supervisor_noted_the_next_one_can_end_once(root, worker):
    Leftovers(root).note([worker.pid])
    following = Leftovers(root)
    following.note([])
    assert following.end() == 1
    assert worker.wait(60) == -9
    assert following.end() == 0
    assert Leftovers(root).end() == 0, "the next one knows only those of the one before"


def test_a_process_that_only_has_the_number_is_left_alone(root, worker):
    (root / "run" / "workers.pid").write_text(json.dumps({str(worker.pid): "1", "999999999": "", "1": "x"}))
    assert Leftovers(root).end() == 0
    assert worker.poll() is None


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"a": "b"}'])
def test_a_damaged_note_names_nobody(root, text):
    (root / "run" / "workers.pid").write_text(text)
    assert Leftovers(root).end() == 0


def test_a_note_is_written_when_it_is_news(root, worker):
    path = root / "run" / "workers.pid"
    noting = Leftovers(root)
    noting.note([worker.pid])
    assert json.loads(path.read_text()) == {str(worker.pid): born(worker.pid)}
    path.unlink()
    noting.note([worker.pid])
    assert not path.exists()
    noting.note([])
    assert json.loads(path.read_text()) == {}


def test_a_process_that_is_not_there_was_never_born():
    assert born(999_999_999) == ""
