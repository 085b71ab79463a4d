"""One deployment on its port: roll-outs, failures, pauses."""

import http.client
import os
import signal
import socket
import time
from dataclasses import replace
from itertools import groupby

import msgspec
import pytest

from holter.registry.entries import DeploymentState
from holter.serving.service import Service
from holter.serving.trial import Trial

VERSIONED = """
    import os, time

    def run(data):
        return {"version": int(os.environ["HOLTER_MODEL_VERSION"])}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Bench:
    """A service that is ticked until something is true, and every report it gave."""

    def __init__(self, desk):
        self.desk, self.port = desk, free_port()
        self.service, self.reports = Service(self.port), []

    def until(self, plan, true, seconds=60):
        end = time.monotonic() + seconds
        while True:
            report = self.service.tick(plan, time.monotonic())
            if not self.reports or self.reports[-1] != report:
                self.reports.append(report)
            if true(report):
                return report
            assert time.monotonic() < end, (report, self.desk.log.read_text())
            time.sleep(0.02)

    def healthy(self, plan, version):
        return self.until(plan, lambda seen: seen.state is DeploymentState.HEALTHY and seen.version == version)


@pytest.fixture
def bench(desk):
    desk.script(VERSIONED)
    bench = Bench(desk)
    yield bench
    bench.service.kill()


def version(desk, number, workers=1, **given):
    return desk.plan(workers, version=number, timeout_ms=5_000, **given)


def test_roll_outs_under_load_fail_no_request(bench, desk, load):
    bench.healthy(version(desk, 1, workers=2), 1)
    with load(bench.port, clients=4) as clients:
        for number in (2, 3):
            bench.healthy(version(desk, number, workers=2), number)
            seen = clients.answered
            bench.until(version(desk, number, workers=2), lambda _, seen=seen: clients.answered > seen + 100)
    assert clients.failures == []
    assert clients.versions == {1, 2, 3}
    assert clients.acknowledged <= {frame.request_id for frame in desk.frames()}
    states = [state for state, _ in groupby(report.state for report in bench.reports)]
    starting, healthy = DeploymentState.TRANSITIONING, DeploymentState.HEALTHY
    assert states[states.index(healthy) :] == [healthy, starting, healthy, starting, healthy]


def test_a_version_that_does_not_start_never_takes_traffic(bench, desk, load):
    bench.healthy(version(desk, 1), 1)
    desk.script("def init():\n    raise ValueError('bad weights')\ndef run(data): pass", name="broken.py")
    broken = version(desk, 2, entry_script="broken.py")
    with load(bench.port, clients=2) as clients:
        report = bench.until(broken, lambda seen: seen.state is DeploymentState.UNHEALTHY)
        assert (report.version, report.fall_back) == (1, 1)
        assert "version 2 did not start" in report.detail
        assert "ValueError: bad weights" in report.detail
        again = bench.service.tick(broken, time.monotonic())
        assert again == report, "it is not tried again, and falling back is asked for until it is done"
        back = bench.until(version(desk, 1), lambda _: clients.answered > 50)
    assert clients.failures == []
    assert clients.versions == {1}
    assert (back.state, back.fall_back) == (DeploymentState.UNHEALTHY, None)
    assert "bad weights" in back.detail, "what went wrong can be read until something else is wanted"
    bench.healthy(version(desk, 3), 3)


def test_new_code_for_the_same_version_is_a_roll_out_and_has_nothing_to_fall_back_to(bench, desk):
    bench.healthy(version(desk, 1), 1)
    desk.script("def run(:", name="broken.py")
    report = bench.until(
        version(desk, 1, entry_script="broken.py"), lambda seen: seen.state is DeploymentState.UNHEALTHY
    )
    assert (report.version, report.fall_back) == (1, None)
    assert "SyntaxError" in report.detail
    desk.script("def run(data): return {'version': 99}", name="other.py")
    bench.healthy(version(desk, 1, entry_script="other.py"), 1)
    connection = http.client.HTTPConnection("127.0.0.1", bench.port)
    connection.request("POST", "/score", b"1")
    assert connection.getresponse().read() == b'{"version": 99}'
    connection.close()


def test_a_first_version_that_does_not_start_is_failed_and_the_next_one_can(bench, desk):
    desk.script("import nothing_like_this", name="broken.py")
    report = bench.until(version(desk, 1, entry_script="broken.py"), lambda seen: seen.state is DeploymentState.FAILED)
    assert report.version is None
    assert "ModuleNotFoundError" in report.detail
    bench.healthy(version(desk, 2), 2)


def test_a_worker_that_dies_in_init_without_a_word_is_given_three_chances(bench, desk):
    desk.script("import os\ndef init():\n    os._exit(7)\ndef run(data): pass", name="dies.py")
    plan = version(desk, 1, entry_script="dies.py")
    report = bench.until(plan, lambda seen: seen.state is DeploymentState.FAILED)
    assert "ended with exit code 7" in report.detail
    assert DeploymentState.UNHEALTHY in [seen.state for seen in bench.reports], "after the first"


def test_a_change_of_mind_in_the_middle_of_a_roll_out(bench, desk, load):
    bench.healthy(version(desk, 1), 1)
    desk.script("import time\ndef init():\n    time.sleep(600)\ndef run(data): pass", name="slow.py")
    with load(bench.port, clients=2) as clients:
        slow = version(desk, 2, entry_script="slow.py")
        bench.until(slow, lambda seen: seen.detail == "starting version 2")
        bench.until(slow, lambda _: len(bench.service.pids) == 2)
        bench.healthy(version(desk, 3), 3)
    assert clients.failures == []


def test_one_worker_of_two_dead_is_said_and_mended(bench, desk):
    plan = version(desk, 1, workers=2)
    bench.healthy(plan, 1)
    os.kill(bench.service.pids[0], signal.SIGKILL)
    report = bench.until(plan, lambda seen: seen.state is DeploymentState.UNHEALTHY)
    assert "1 of 2 workers answer" in report.detail
    assert "SIGKILL" in report.detail
    bench.healthy(plan, 1)


def test_a_pause_refuses_connections_and_an_end_of_it_takes_the_same_port(bench, desk):
    plan = version(desk, 1)
    bench.healthy(plan, 1)
    bench.until(None, lambda seen: seen.state is DeploymentState.PAUSED)
    assert bench.service.idle
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", bench.port))
    bench.healthy(plan, 1)


def test_a_port_that_others_hold_is_waited_for(bench, desk):
    with socket.socket() as other:
        other.bind(("127.0.0.1", bench.port))
        other.listen()
        report = bench.service.tick(version(desk, 1), time.monotonic())
        assert report.state is DeploymentState.TRANSITIONING
        assert f"port {bench.port} is held" in report.detail
    bench.healthy(version(desk, 1), 1)


def captured(desk, text="{}"):
    request = desk.folder / "request"
    request.write_text(text)
    return request


FUSSY = """
    import json, os

    def run(data):
        if os.environ["HOLTER_MODEL_VERSION"] == "2":
            WRONG
        return {"version": int(os.environ["HOLTER_MODEL_VERSION"])}
"""


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("json.loads(data)['new feature']", "is answered with 500"),
        ("return object()", "is answered with 500"),
        ("while True: pass", "Scoring timeout after 1000 ms"),
        ("os._exit(3)", "exit code 3"),
    ],
)
def test_a_version_that_cannot_answer_what_the_old_one_could_never_takes_traffic(bench, desk, load, wrong, said):
    desk.script(FUSSY.replace("WRONG", wrong))
    bench.service = Service(bench.port, smoke=lambda _: captured(desk))
    bench.healthy(version(desk, 1), 1)
    before = len(desk.frames())
    with load(bench.port, clients=2) as clients:
        new = desk.plan(1, version=2, timeout_ms=1_000)
        report = bench.until(new, lambda seen: seen.state is DeploymentState.UNHEALTHY)
        assert (report.version, report.fall_back) == (1, 1)
        assert "version 2 did not start" in report.detail
        assert said in report.detail
    assert clients.failures == []
    assert clients.versions == {1}
    assert len(desk.frames()) == before + clients.answered, "a smoke test is not recorded"


def test_another_model_is_not_tried_with_what_the_present_one_was_asked(bench, desk):
    desk.script(FUSSY.replace("WRONG", "json.loads(data)['other feature']"))
    bench.service = Service(bench.port, smoke=lambda _: captured(desk))
    bench.healthy(version(desk, 1), 1)
    bench.healthy(desk.plan(1, version=2, model="other"), 2)


def test_a_version_that_can_answer_takes_over_and_later_workers_are_not_asked_again(bench, desk):
    desk.script(FUSSY.replace("WRONG", "pass"))
    bench.service = Service(bench.port, smoke=lambda _: captured(desk))
    bench.healthy(version(desk, 1), 1)
    bench.healthy(version(desk, 2), 2)
    captured(desk, "\\xff")
    os.kill(bench.service.pids[0], signal.SIGKILL)
    bench.until(version(desk, 2), lambda seen: seen.state is DeploymentState.UNHEALTHY)
    bench.healthy(version(desk, 2), 2)


def ask_all(port, count):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for _ in range(count):
        connection.request("POST", "/score", b"{}")
        reply = connection.getresponse()
        reply.read()
        if reply.getheader("connection") == "close":
            connection.close()
    connection.close()


def test_a_version_that_fails_its_first_requests_is_taken_back(bench, desk):
    desk.script(FUSSY.replace("WRONG", "raise ValueError"))
    bench.healthy(version(desk, 1), 1)
    ask_all(bench.port, 20)
    bench.healthy(version(desk, 2), 2)
    ask_all(bench.port, 5)
    report = bench.until(version(desk, 2), lambda seen: seen.fall_back is not None)
    assert (report.state, report.version, report.fall_back) == (DeploymentState.UNHEALTHY, 2, 1)
    assert "version 2 was taken back: it failed 5 of 5 requests, version 1 0 of 20 requests" in report.detail
    back = bench.until(version(desk, 1), lambda seen: seen.version == 1 and seen.state is DeploymentState.UNHEALTHY)
    assert back.detail == report.detail, "what went wrong can be read until something else is wanted"
    assert bench.service.tick(version(desk, 1), time.monotonic()).fall_back is None
    bench.healthy(version(desk, 3), 3)


def test_workers_that_die_count_as_failures(bench, desk):
    desk.script(FUSSY.replace("WRONG", "os._exit(1)"))
    bench.healthy(version(desk, 1), 1)
    bench.healthy(version(desk, 2), 2)
    for _ in range(3):
        with pytest.raises((OSError, http.client.HTTPException)):
            ask_all(bench.port, 1)
        lost = bench.service.pools[0].replaced
        bench.until(version(desk, 2), lambda _, lost=lost: bench.service.pools[0].replaced > lost)
        if lost < 2:
            bench.healthy(version(desk, 2), 2)
    assert bench.service.tick(version(desk, 2), time.monotonic()).fall_back == 1


def test_a_version_that_stood_its_trial_is_not_taken_back_later(bench, desk):
    desk.script(FUSSY.replace("WRONG", "json.loads(data)['x']"))
    bench.service = Service(bench.port, Trial(requests=10))
    bench.healthy(version(desk, 1), 1)
    bench.healthy(version(desk, 2), 2)
    connection = http.client.HTTPConnection("127.0.0.1", bench.port, timeout=30)
    for _ in range(12):
        connection.request("POST", "/score", b'{"x": 1}')
        connection.getresponse().read()
    connection.close()
    pool = bench.service._current
    bench.until(version(desk, 2), lambda _: pool.score.answered == 12)
    ask_all(bench.port, 9)
    bench.until(version(desk, 2), lambda _: pool.score.failed == 9)
    assert bench.service.tick(version(desk, 2), time.monotonic()).state is DeploymentState.HEALTHY


def test_new_code_that_fails_has_no_version_to_return_to_and_says_so(bench, desk):
    bench.healthy(version(desk, 1), 1)
    desk.script("def run(data): raise ValueError", name="other.py")
    other = version(desk, 1, entry_script="other.py")
    bench.healthy(other, 1)
    ask_all(bench.port, 5)
    report = bench.until(other, lambda seen: seen.state is DeploymentState.UNHEALTHY)
    assert report.fall_back is None
    assert "was taken back" in report.detail


def test_a_plan_is_what_it_says(desk):
    plan = version(desk, 1)
    assert plan == version(desk, 1)
    assert plan != replace(plan, order=msgspec.structs.replace(plan.order, timeout_ms=1))
