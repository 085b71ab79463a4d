"""A worker: its start, its record, its end."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime

import pytest

from holter.capture.terms import Terms
from holter.serving.keys import SLOTS, make_key
from holter.serving.order import VARIABLE, worker_environment

ENVIRONMENT = """
    import json, os, sys

    def run(data):
        heavy = [name for name in sys.modules if name.split(".")[0] in
                 {"pyarrow", "deltalake", "sqlalchemy", "duckdb", "numpy", "pandas", "scipy", "fastapi", "alembic"}]
        return {"heavy": heavy, "environ": dict(os.environ), "path": sys.path[0], "cwd": os.getcwd()}
"""


def test_what_the_users_code_finds_around_it(desk):
    order = desk.order(threads=3, environment={"COLOUR": "red", "MKL_NUM_THREADS": "7"})
    desk.serve(ENVIRONMENT, threads=3, environment=order.environment)
    found = json.loads(desk.ask().body)
    environ = found["environ"]
    assert found["heavy"] == []
    assert found["path"] == found["cwd"] == order.code
    model_folder = desk.folder / "app" / "azureml-models" / "m" / "3"
    assert environ["AML_APP_ROOT"] == str(desk.folder / "app")
    assert environ["AZUREML_MODEL_DIR"] == str(model_folder)
    assert (model_folder / "model.bin").read_text() == "weights"
    assert environ["AZUREML_ENTRY_SCRIPT"] == "score.py"
    assert environ["AZUREML_SOURCE_DIRECTORY"] == order.code
    assert environ["SERVICE_NAME"] == "api"
    assert environ["HOLTER_MODEL_PATH"] == order.model_path
    assert environ["HOLTER_MODEL_VERSION"] == "3"
    assert environ["OMP_NUM_THREADS"] == "3"
    assert environ["MKL_NUM_THREADS"] == "7", "what the deployment says wins"
    assert environ["COLOUR"] == "red"
    assert VARIABLE not in environ


def test_a_record_has_what_was_asked_and_answered(desk):
    desk.serve(desk_script_version())
    before = time.time_ns() // 1000
    reply = desk.ask(x_request_id="r-9", X_Holter_Event_Time="2013-04-01T00:00:00+00:00")
    (frame,) = desk.frames()
    assert frame.request_id == "r-9"
    assert frame.request == b'{"data": [1]}'
    assert frame.response == reply.body
    assert (frame.status, frame.version, frame.role) == (200, 3, "champion")
    assert before <= frame.received_us <= time.time_ns() // 1000
    assert frame.latency_us > 0
    assert not frame.soft_failed
    assert not frame.timed_out
    assert frame.event_us is None, "the deployment does not allow callers to say when"


def desk_script_version():
    return """
        import os

        def run(data):
            return {"version": int(os.environ["HOLTER_MODEL_VERSION"])}
    """


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("2013-04-01T00:00:00Z", 1364774400000000),
        ("2013-04-01T02:00:00+02:00", 1364774400000000),
        ("1364774400", 1364774400000000),
        ("2013-04-01T00:00:00", None),
        ("yesterday", None),
    ],
)
def test_event_time_where_it_is_allowed(desk, header, expected):
    desk.serve(event_time_header=True)
    assert desk.ask(X_Holter_Event_Time=header).status == 200
    (frame,) = desk.frames()
    assert frame.event_us == expected
    assert ("time of arrival counts" in desk.log.read_text()) == (expected is None)


def test_no_capture_no_journal(desk):
    desk.serve(journal=None)
    assert desk.ask().status == 200
    assert not (desk.folder / "journal").exists()


def test_keys_open_the_door_and_can_be_changed_while_it_serves(desk):
    now = datetime.now(UTC)
    primary, secondary = (make_key(desk.folder, "api", slot, now) for slot in SLOTS)
    path = desk.folder / "run" / "keys" / "api"
    assert primary not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    desk.serve(keys=str(path))
    assert desk.ask("GET", "/").status == 200
    for refused in (
        {},
        {"authorization": "Bearer "},
        {"authorization": f"Bearer {primary}x"},
        {"authorization": primary},
    ):
        reply = desk.ask(**refused)
        assert reply.status == 401
        assert reply.headers["www-authenticate"] == "Bearer"
    for key in (primary, secondary):
        assert desk.ask(authorization=f"bearer {key}").status == 200
    make_key(desk.folder, "api", "primary", now, "brought-along-by-hand")
    assert desk.ask(authorization=f"Bearer {primary}").status == 401
    assert desk.ask(authorization="Bearer brought-along-by-hand").status == 200
    assert len(desk.frames()) == 3, "a stranger's request is not recorded"


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("import nowhere_to_be_found", "importing it raised ModuleNotFoundError"),
        ("def run(:", "importing it raised SyntaxError"),
        ("def init():\n    raise OSError('no weights')\ndef run(data): pass", "init() raised OSError: no weights"),
        ("def init():\n    raise SystemExit\ndef run(data): pass", "init() raised SystemExit"),
        ("def score(data): pass", "it has no function run(data)"),
    ],
)
def test_code_that_cannot_be_used_says_why(desk, script, reason):
    pool = desk.pool(script)
    desk.until(lambda: pool.failed, pool)
    assert reason in pool.reason
    log = desk.log.read_text()
    assert reason in log
    assert "model.bin (7 bytes)" in log, "the tree of the model folder"
    if "raised" in reason:
        assert "Traceback" in pool.reason


def test_a_missing_entry_script(desk):
    desk.script("", name="other.py")
    pool = desk.pool(entry_script="nowhere.py")
    desk.until(lambda: pool.failed, pool)
    assert "there is no such file" in pool.reason


def test_the_sample_is_scored_before_traffic_and_not_recorded(desk):
    script = "seen = []\ndef run(data):\n    seen.append(data)\n    return seen"
    desk.script('{"data": ["warm"]}', name="sample.json")
    desk.serve(script)
    assert json.loads(desk.ask().body) == ['{"data": ["warm"]}', '{"data": [1]}']
    assert len(desk.frames()) == 1


def test_a_sample_that_cannot_be_scored_is_a_failed_start(desk):
    desk.script("{}", name="sample.json")
    pool = desk.pool("def run(data):\n    raise KeyError('x')")
    desk.until(lambda: pool.failed, pool)
    assert "run() on sample.json raised KeyError: 'x'" in pool.reason


def full_disk_script():
    return """
        import resource, signal

        def init():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

        def run(data):
            if "full" in data:
                resource.setrlimit(resource.RLIMIT_FSIZE, (64, resource.RLIM_INFINITY))
            if "space" in data:
                resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            return {}
    """


def test_a_full_disk_refuses_what_cannot_be_recorded(desk):
    desk.serve(full_disk_script())
    assert desk.ask(x_request_id="before").status == 200
    refused = desk.ask(body=b'"full"', x_request_id="lost")
    assert refused.status == 503
    assert b"cannot be recorded" in refused.body
    assert desk.ask("GET", "/").status == 200
    assert desk.ask(body=b'"space"', x_request_id="after").status == 200
    assert [frame.request_id for frame in desk.frames()] == ["before", "after"]


def test_a_full_disk_may_be_served_through_and_leaves_a_counted_gap(desk):
    pool = desk.serve(full_disk_script(), terms=Terms(full="serve"))
    assert desk.ask(body=b'"full"').status == 200
    assert desk.ask().status == 200
    desk.until(lambda: pool.gaps == 2)
    assert desk.ask(body=b'"space"').status == 200
    (frame,) = desk.frames()
    assert frame.gaps == 2


def test_a_dead_worker_is_replaced_and_every_acknowledged_request_is_recorded(desk, load):
    pool = desk.serve(desk_script_version(), workers=2)
    with load(desk.port) as clients:
        for _ in range(3):
            desk.until(lambda seen=clients.answered: clients.answered > seen + 50)
            os.kill(pool.pids[0], signal.SIGKILL)
            desk.until(lambda: not pool.complete)
            desk.until(lambda: pool.complete)
    assert desk.ask().status == 200
    recorded = {frame.request_id for frame in desk.frames()}
    assert clients.acknowledged
    assert clients.acknowledged <= recorded


def test_a_worker_that_hangs_in_c_says_where_and_is_replaced(desk):
    pool = desk.serve("def run(data):\n    return sum(iter(int, 1)) if 'hang' in data else 1", timeout_ms=200)
    (first,) = pool.pids
    connection = http.client.HTTPConnection("127.0.0.1", desk.port, timeout=60)
    connection.request("POST", "/score", b"hang")
    desk.until(lambda: pool.pids and pool.pids[0] != first and pool.complete)
    with pytest.raises((http.client.HTTPException, OSError)):
        connection.getresponse()
    assert desk.ask().status == 200
    assert "Timeout (" in desk.log.read_text()


def test_a_worker_that_is_frozen_is_killed(desk):
    pool = desk.serve(timeout_ms=100)
    (first,) = pool.pids
    os.kill(first, signal.SIGSTOP)
    desk.until(lambda: pool.pids and pool.pids[0] != first and pool.complete)
    assert desk.ask().status == 200


def test_health_waits_for_one_long_run_never_for_a_queue_of_them(desk):
    desk.serve("""
        import time
        done = []

        def run(data):
            time.sleep(0.3)
            done.append(1)
            return len(done)
    """)
    desk.ask()  # from now on the worker knows that its runs are long
    waiting = [threading.Thread(target=desk.ask) for _ in range(8)]
    for thread in waiting:
        thread.start()
    time.sleep(0.15)
    assert desk.ask("GET", "/").status == 200
    answered = len(desk.frames())
    for thread in waiting:
        thread.join()
    assert answered < len(desk.frames()) == 9


def test_a_drain_finishes_what_is_under_way_and_loses_no_idle_connection(desk):
    pool = desk.serve("import time\ndef run(data):\n    time.sleep(0.5)\n    return 1")
    idle = http.client.HTTPConnection("127.0.0.1", desk.port)
    idle.request("GET", "/")
    idle.getresponse().read()
    busy = http.client.HTTPConnection("127.0.0.1", desk.port)
    busy.request("POST", "/score", b"1")
    time.sleep(0.1)
    pool.drain(5, time.monotonic())
    reply = busy.getresponse()
    assert (reply.status, reply.read()) == (200, b"1")
    idle.request("POST", "/score", b"1")
    reply = idle.getresponse()
    assert (reply.status, reply.getheader("connection")) == (200, "close")
    reply.read()
    desk.until(lambda: pool.gone)
    assert len(desk.frames()) == 2


def test_patience_with_idle_connections_ends(desk):
    pool = desk.serve()
    idle = http.client.HTTPConnection("127.0.0.1", desk.port)
    idle.request("GET", "/")
    idle.getresponse().read()
    pool.drain(0.2, time.monotonic())
    desk.until(lambda: pool.gone)
    idle.close()


def test_a_client_that_never_ends_its_request_does_not_hold_a_drain_for_ever(desk):
    pool = desk.serve(timeout_ms=100)
    connection = socket.create_connection(("127.0.0.1", desk.port))
    connection.sendall(b"POST /score HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nxx")
    time.sleep(0.1)
    pool.drain(0.1, time.monotonic())
    desk.until(lambda: pool.gone)
    connection.close()


def test_sigterm_drains(desk):
    pool = desk.serve()
    (pid,) = pool.pids
    os.kill(pid, signal.SIGTERM)
    desk.until(lambda: "draining" in desk.log.read_text(), pool)
    desk.until(lambda: pool.complete and pool.pids != (pid,), pool)
    assert pool.reason == ""


def test_a_worker_does_not_outlive_its_supervisor(desk):
    desk.script("def run(data): return 1")
    ours, theirs = socket.socketpair()
    order = desk.order(control=theirs.fileno(), listener=desk.listener.fileno())
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "holter.serving.worker"],
        env=worker_environment(order),
        pass_fds=(order.control, order.listener),
    )
    theirs.close()
    assert b"ready" in ours.recv(100)
    ours.sendall(b'{"word":"listen"}\n')
    assert desk.ask().status == 200
    ours.close()
    assert process.wait(60) == 0


def test_how_busy_it_is_and_who_waits_is_told_with_every_beat(desk):
    slow = "import time\ndef init(): ...\ndef run(data):\n    time.sleep(0.4)\n    return 1\n"
    pool = desk.serve(slow)
    assert (pool.busy_us, pool.waiting) == (0, 0)
    desk.ask()
    clients = [threading.Thread(target=desk.ask) for _ in range(5)]
    for client in clients:
        client.start()
    desk.until(lambda: pool.waiting >= 2)
    desk.until(lambda: pool.score.answered == 6)
    desk.until(lambda: pool.waiting == 0)
    for client in clients:
        client.join()
    assert 6 * 400_000 <= pool.busy_us < 60_000_000


def test_one_that_awaits_is_busy_with_what_it_computes(desk):
    pool = desk.serve(
        "import asyncio\ndef init(): ...\nasync def run(data):\n    await asyncio.sleep(1)\n    return 1\n"
    )
    desk.ask()
    desk.until(lambda: pool.score.answered == 1)
    assert pool.busy_us > 0
