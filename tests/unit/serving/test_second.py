"""A version beside the one that answers: how requests reach it, and what happens when it cannot be used."""

import http.client
import json
import os
import signal
import socket
import time

import msgspec
import pytest

from holter.registry.entries import DeploymentState
from holter.serving.second import Beside, Second
from holter.serving.service import Service
from holter.serving.trial import Score, Trial

VERSIONED = """
    import os, time

    def run(data):
        return {"version": int(os.environ["HOLTER_MODEL_VERSION"])}
"""
FAILS_AS_VERSION_2 = """
    import os, signal

    def run(data):
        if os.environ["HOLTER_MODEL_VERSION"] == "2":
            FAIL
        return {"version": int(os.environ["HOLTER_MODEL_VERSION"])}
"""
HEALTHY = DeploymentState.HEALTHY


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Bench:
    """A service with a canary, ticked until something is true."""

    def __init__(self, desk, trial=None):
        self.desk, self.port = desk, free_port()
        self.service = Service(self.port, trial)
        self.report = None

    def plan(self, number, role="champion", workers=1, **given):
        return self.desk.plan(workers, version=number, role=role, timeout_ms=2_000, **given)

    def canary(self, number=2, weight=50.0, key="x-holter-key", **given):
        return Beside(self.plan(number, "canary", **given), weight, key)

    def until(self, true, plan, beside=None, seconds=60):
        end = time.monotonic() + seconds
        while True:
            self.report = self.service.tick(plan, time.monotonic(), beside or Beside())
            if true():
                return self.report
            assert time.monotonic() < end, (self.report, self.desk.log.read_text())
            time.sleep(0.02)

    def settled(self, plan, beside):
        number = beside.canary and beside.canary.order.version
        self.until(lambda: (self.report.state, self.report.canary) == (HEALTHY, number), plan, beside)
        self.idle(plan, beside)

    def idle(self, plan, beside, seconds=0.3):
        end = time.monotonic() + seconds
        self.until(lambda: time.monotonic() > end, plan, beside)

    def ask(self, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("POST", "/score", b'{"data": [[1]]}', {k.replace("_", "-"): v for k, v in headers.items()})
        reply = connection.getresponse()
        found = reply.status, json.loads(reply.read()), dict(reply.getheaders())
        connection.close()
        return found

    def answered_by(self, **headers):
        return self.ask(**headers)[1]["version"]


@pytest.fixture
def bench(desk):
    desk.script(VERSIONED)
    bench = Bench(desk)
    yield bench
    bench.service.kill()


def customers(bench, count=40):
    return {name: bench.answered_by(x_holter_key=name) for name in map(str, range(count))}


def test_a_customer_stays_with_a_version_and_a_larger_share_moves_nobody_back(bench):
    plan = bench.plan(1)
    bench.settled(plan, bench.canary(weight=25.0))
    few = customers(bench)
    assert customers(bench) == few
    assert set(few.values()) == {1, 2}
    worker = bench.service._canary.pools[0].pids
    bench.idle(plan, bench.canary(weight=60.0))
    more = customers(bench)
    assert bench.service._canary.pools[0].pids == worker, "another weight is no other worker"
    assert all(more[name] == 2 for name, version in few.items() if version == 2)
    assert sum(version == 2 for version in more.values()) > sum(version == 2 for version in few.values())
    bench.idle(plan, bench.canary(weight=100.0))
    assert set(customers(bench, 5).values()) == {2}


def test_each_record_says_which_version_answered_and_in_which_role(bench, desk):
    bench.settled(bench.plan(1), bench.canary(weight=50.0))
    ids = [f"r{number}" for number in range(30)]
    answers = {name: bench.ask(x_request_id=name) for name in ids}
    assert {headers["x-request-id"] for _, _, headers in answers.values()} == set(ids)
    records = {frame.request_id: (frame.version, frame.role) for frame in desk.frames()}
    roles = {1: "champion", 2: "canary"}
    assert records == {name: (reply["version"], roles[reply["version"]]) for name, (_, reply, _) in answers.items()}
    assert {role for _, role in records.values()} == {"champion", "canary"}


def test_a_request_without_id_gets_one_that_its_record_has_and_health_is_never_handed_on(bench, desk):
    bench.settled(bench.plan(1), bench.canary(weight=100.0))
    _, reply, headers = bench.ask()
    assert reply["version"] == 2
    assert [frame.request_id for frame in desk.frames()] == [headers["x-request-id"]]
    connection = http.client.HTTPConnection("127.0.0.1", bench.port)
    connection.request("GET", "/")
    assert connection.getresponse().read() == b"Healthy"
    connection.close()
    assert len(desk.frames()) == 1


@pytest.mark.parametrize("fail", ["raise ValueError", "os.kill(os.getpid(), signal.SIGSEGV)"])
def test_a_canary_that_fails_costs_no_client_anything(bench, desk, fail):
    desk.script(FAILS_AS_VERSION_2.replace("FAIL", fail))
    bench.service = Service(bench.port, Trial(requests=0))
    bench.settled(bench.plan(1), bench.canary(weight=100.0))
    for number in range(3):
        status, reply, _ = bench.ask(x_request_id=f"r{number}")
        assert (status, reply["version"]) == (200, 1)
    good = {frame.request_id for frame in desk.frames() if frame.status == 200 and frame.role == "champion"}
    assert good == {"r0", "r1", "r2"}


def test_a_canary_that_keeps_failing_is_given_up_and_the_report_says_so(bench, desk):
    desk.script(FAILS_AS_VERSION_2.replace("FAIL", "raise ValueError"))
    plan, canary = bench.plan(1), bench.canary(weight=100.0)
    bench.settled(plan, canary)
    for _ in range(5):
        assert bench.answered_by() == 1
    report = bench.until(lambda: bench.report.dropped, plan, canary)
    ((role, why),) = report.dropped
    assert role == "canary"
    assert "version 2 failed" in why
    assert (report.state, report.canary) == (HEALTHY, None)
    assert "the canary was given up: version 2 failed" in report.detail
    assert bench.until(lambda: True, plan).detail == report.detail, "until another is wanted"
    bench.until(lambda: bench.report.canary == 3, plan, bench.canary(3))
    assert bench.report.dropped == ()


def test_one_failure_is_forgiven_when_another_version_answers_beside_the_canary(bench, desk):
    desk.script(FAILS_AS_VERSION_2.replace("FAIL", "raise ValueError"))
    second = Second(listens=True, patience=1.0)
    second.steer(bench.plan(2), time.monotonic())
    pool, trial = second.pools[0], Trial(requests=10)
    pool._past = Score(10, 0)
    assert not second.trouble(trial, Score(1000, 9)), "a stretch is over"
    pool._past = Score(11, 1)
    looks = [second.trouble(trial, Score(answered, 0)) for answered in (5, 1005)]
    second.kill()
    assert looks == ["", ""], "the new one's requests are not counted from the old one's on"


def test_a_canary_that_does_not_start_takes_no_traffic(bench, desk):
    desk.script("def init():\n    raise ValueError('bad weights')\ndef run(data): pass", name="broken.py")
    plan = bench.plan(1)
    report = bench.until(lambda: bench.report.dropped, plan, bench.canary(entry_script="broken.py"))
    assert "did not start" in report.dropped[0][1]
    assert "bad weights" in report.dropped[0][1]
    bench.until(lambda: bench.report.state is HEALTHY, plan)
    assert bench.answered_by() == 1


def test_a_ramp_and_the_end_of_a_canary_under_load_fail_no_request(bench, load):
    plan = bench.plan(1, workers=2)
    bench.until(lambda: bench.report.state is HEALTHY, plan)
    with load(bench.port, clients=4) as clients:
        for weight in (5.0, 50.0, 100.0):
            beside = bench.canary(weight=weight)
            bench.settled(plan, beside)
            seen = clients.answered
            bench.until(lambda seen=seen: clients.answered > seen + 100, plan, beside)
        seen = clients.answered
        bench.until(lambda: clients.answered > seen + 100 and bench.report.canary is None, plan)
        plan = bench.plan(2, workers=2)
        bench.until(lambda: (bench.report.state, bench.report.version) == (HEALTHY, 2), plan)
    assert clients.failures == []
    assert clients.versions == {1, 2}


def test_a_large_body_a_query_and_tensors_with_a_version_go_where_they_should(bench):
    bench.settled(bench.plan(1), bench.canary(weight=100.0, max_request_bytes=1 << 20))
    connection = http.client.HTTPConnection("127.0.0.1", bench.port, timeout=30)
    connection.request("POST", "/score", b'{"data": "' + b"x" * 300_000 + b'"}')
    assert json.loads(connection.getresponse().read())["version"] == 2
    connection.request("GET", "/score?data=[[1]]&n=2")
    assert json.loads(connection.getresponse().read())["version"] == 2
    connection.close()


def test_a_shadow_scores_what_was_answered_with_the_same_id_and_time_and_nobody_gets_its_answer(bench, desk):
    plan = bench.plan(1)
    shadow = msgspec.structs.replace(
        bench.plan(2, "shadow").order, offsets=str(desk.folder / "run" / "offsets"), listener=-1
    )
    bench.until(lambda: bench.report.state is HEALTHY, plan)
    assert bench.answered_by(x_request_id="before") == 1
    beside = Beside(shadow=desk.plan(1, **{name: getattr(shadow, name) for name in shadow.__struct_fields__}))
    bench.until(lambda: bench.report.shadow == 2, plan, beside)
    for number in range(5):
        assert bench.answered_by(x_request_id=f"r{number}") == 1

    def shadowed():
        return {frame.request_id: frame for frame in desk.frames() if frame.role == "shadow"}

    bench.until(lambda: len(shadowed()) == 5, plan, beside)
    original = {frame.request_id: frame for frame in desk.frames() if frame.role == "champion"}
    for name, frame in shadowed().items():
        assert name.startswith("r"), "from when it began"
        assert json.loads(frame.response) == {"version": 2}
        assert (frame.version, frame.status, frame.request) == (2, 200, original[name].request)
        assert frame.event_us == original[name].received_us
    pid = bench.service._shadow.pools[0].pids[0]
    os.kill(pid, signal.SIGKILL)
    assert bench.answered_by(x_request_id="later") == 1
    bench.until(lambda: "later" in shadowed(), plan, beside)
    assert len([frame for frame in desk.frames() if frame.role == "shadow"]) == 6, "nothing is scored twice"
    bench.until(lambda: bench.report.shadow is None and not bench.service._shadow.pools, plan)
