import os
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from holter.errors import ResponseFailed
from holter.respond import process
from holter.respond.process import end_leftover, run, tail, words

MINUTE = timedelta(minutes=1)


def runs(tmp_path, code, *, timeout=MINUTE, stop=None, environment=None):
    run(
        "command",
        [sys.executable, "-c", code],
        folder=tmp_path / "job",
        cwd=tmp_path,
        environment=environment or {},
        timeout=timeout,
        stop=stop or threading.Event(),
    )
    return (tmp_path / "job" / "log.txt").read_text()


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def eventually(true):
    for _ in range(200):
        if true():
            return True
        time.sleep(0.05)
    return False


def test_words_are_split_without_a_shell():
    assert words("command", "a 'b c' {x}$(id);{y}", {"x": "1 2"}) == ["a", "b c", "1 2$(id);{y}"]


@pytest.mark.parametrize("command", ["", "  ", "a 'b"])
def test_words_that_are_none(command):
    with pytest.raises(ResponseFailed):
        words("command", command, {})


def test_output_goes_to_the_log_and_errors_too(tmp_path):
    log = runs(tmp_path, "import sys; print('out'); print('err', file=sys.stderr)")
    assert "out\n" in log
    assert "err\n" in log


def test_only_the_given_environment_is_seen(tmp_path):
    assert "['LC_CTYPE', 'X']" in runs(tmp_path, "import os; print(sorted(os.environ))", environment={"X": "1"}) or (
        "['X']" in (tmp_path / "job" / "log.txt").read_text()
    )


def test_exit_codes_and_signals_fail_with_the_end_of_the_log(tmp_path):
    with pytest.raises(ResponseFailed, match=r"(?s)exited with 3.*why it broke"):
        runs(tmp_path, "print('why it broke', flush=True); raise SystemExit(3)")
    with pytest.raises(ResponseFailed, match="SIGKILL"):
        runs(tmp_path, "import os; os.kill(os.getpid(), 9)")


def test_a_program_that_is_not_there(tmp_path):
    with pytest.raises(ResponseFailed, match="cannot be started"):
        run(
            "command",
            ["/no/such"],
            folder=tmp_path,
            cwd=tmp_path,
            environment={},
            timeout=MINUTE,
            stop=threading.Event(),
        )


def test_a_timeout_ends_the_whole_group(tmp_path, monkeypatch):
    monkeypatch.setattr(process, "GRACE", timedelta(seconds=0.2))
    stubborn = (
        "import os, signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        "open('pids', 'w').write(f'{os.getpid()} {child.pid}'); time.sleep(60)"
    )
    with pytest.raises(ResponseFailed, match="did not end within 1 s"):
        runs(tmp_path, stubborn, timeout=timedelta(seconds=1))
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert eventually(lambda: not any(alive(pid) for pid in pids))


def test_what_a_command_leaves_running_ends_with_it(tmp_path):
    runs(
        tmp_path,
        "import subprocess, sys; c = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        "open('pid', 'w').write(str(c.pid))",
    )
    assert eventually(lambda: not alive(int((tmp_path / "pid").read_text())))


def test_losing_the_lease_stops_it(tmp_path):
    stop = threading.Event()
    stop.set()
    with pytest.raises(ResponseFailed, match="belongs to another process"):
        runs(tmp_path, "import time; time.sleep(60)", stop=stop)


def test_a_command_left_by_a_dead_responder_is_ended(tmp_path):
    code = (
        "import sys, threading; from datetime import timedelta; from pathlib import Path;"
        "from holter.respond.process import run; p = Path(sys.argv[1]);"
        "run('command', ['sleep', '60'], folder=p, cwd=p, environment={}, timeout=timedelta(60),"
        "stop=threading.Event())"
    )
    responder = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)])
    assert eventually((tmp_path / "process").exists)
    assert eventually(lambda: (tmp_path / "process").read_text() != "")
    pid = int((tmp_path / "process").read_text().split()[0])
    responder.kill()
    responder.wait()
    assert alive(pid)
    end_leftover(tmp_path)
    assert eventually(lambda: not alive(pid))
    assert not (tmp_path / "process").exists()


@pytest.mark.parametrize("text", ["", "7", "x y", "{pid} 1"])
def test_a_note_about_somebody_else_ends_nobody(tmp_path, text):
    (tmp_path / "process").write_text(text.format(pid=os.getpid()))
    end_leftover(tmp_path)
    assert alive(os.getpid())


def test_the_end_of_a_log_is_short_and_has_no_secrets(tmp_path, monkeypatch):
    monkeypatch.setenv("MY_PASSWORD", "hunter22")
    log = tmp_path / "log.txt"
    log.write_bytes(b"x" * 5000 + b"\xff smtp://u:p@h hunter22 end")
    text = tail(log)
    assert len(text) < 2100
    assert text.endswith("smtp://***@h *** end")
    assert tail(tmp_path / "none") == ""
