"""Roll-outs, rollbacks, a canary and a killed supervisor, all under load: nobody is failed, nothing is lost."""

import os
import socket
import time
from collections import Counter
from pathlib import Path

import pytest

from holter.capture.compactor import Compactor
from holter.registry import Canary, DeploymentState
from holter.types import REQUEST_ID, ROLE, VERSION
from holter.workspace import open as open_workspace
from served_workspace import SCORE, Asking, alive, served

pytestmark = pytest.mark.e2e
ROLLOUTS = int(os.environ.get("HOLTER_TEST_ROLLOUTS", "2"))
"""How many roll-outs, and as many rollbacks; ``make bench-rollouts`` asks for 20."""
RAMP = (5.0, 25.0, 50.0, 100.0)
VERSION_2_FAILS = "if os.environ['HOLTER_MODEL_VERSION'] == '2': raise ValueError\n        return {"
REQUESTS = 40
"""Requests that are to be answered between two changes."""


@pytest.fixture
def tree(tmp_path):
    with served(tmp_path / "ws") as tree:
        yield tree


def go_on(tree, asking):
    seen = len(asking.acknowledged)
    tree.until(lambda: len(asking.acknowledged) > seen + REQUESTS)


def test_roll_outs_rollbacks_and_a_canary_ramp_under_load_fail_no_request(tree):
    port = tree.deploy(tree.register(), workers=2).port
    tree.start()
    tree.healthy(1)
    registry = tree.shelves.registry
    with Asking(port) as asking:
        for number in range(ROLLOUTS):
            new = tree.register().version
            tree.want(new)
            tree.healthy(new)
            go_on(tree, asking)
            back = registry.deployment("api").wanted.previous
            tree.want(back)
            tree.healthy(back)
            go_on(tree, asking)
            assert asking.failures == [], f"in round {number + 1}"
        new = tree.register().version
        for weight in RAMP:
            registry.want_canary("api", Canary(new, weight), actor="test", reason="ramp")
            tree.until(lambda: tree.observed().canary == new)
            go_on(tree, asking)
        tree.want(new)
        tree.healthy(new)
        go_on(tree, asking)
    print(f"{ROLLOUTS} roll-outs, {ROLLOUTS} rollbacks, a ramp: {len(asking.acknowledged):,} requests, none failed")
    assert asking.failures == []
    assert asking.versions[-1] == new
    frames = tree.frames()
    answered = Counter(frame.request_id for frame in frames if frame.status == 200)
    assert asking.acknowledged <= answered.keys()
    assert max(answered.values()) == 1
    assert {frame.role for frame in frames} == {"champion", "canary"}
    assert "ValueError" not in tree.logs()


def test_a_killed_supervisor_under_load_loses_nothing_and_the_next_one_serves_on_the_same_port(tree):
    port = tree.deploy(tree.register(), workers=2).port
    tree.start()
    tree.healthy(1)
    with Asking(port) as asking:
        for _ in range(2):
            go_on(tree, asking)
            tree.running[-1].kill()
            tree.running[-1].wait()
            tree.start()
            tree.until(lambda: tree.ask()[0] == 200 if _reachable(tree) else False)
            go_on(tree, asking)
    assert asking.acknowledged <= tree.recorded()
    assert all("refused" in each or "closed" in each or "reset" in each for each in asking.failures), asking.failures


def _reachable(tree):
    try:
        tree.ask()
    except OSError:
        return False
    return True


def test_a_version_that_fails_its_first_requests_goes_back_by_itself_and_the_ledger_says_why(tree):
    tree.deploy(tree.register(), script=SCORE.replace("return {", VERSION_2_FAILS))
    tree.start()
    tree.healthy(1)
    tree.register()
    tree.want(2)
    tree.healthy(2)
    for _ in range(5):
        assert tree.ask()[0] == 500
    tree.until(lambda: tree.shelves.registry.deployment("api").wanted.version == 1)
    tree.until(lambda: tree.ask()[0] == 200)
    entry = list(tree.shelves.facts.ledger(subject="deployment:api"))[-1].entry
    assert entry.actor == "supervisor"
    assert entry.reason.startswith("version 2 was taken back: it failed ")
    assert entry.reason.endswith(" requests, version 1 0 of 0 requests; version 1 answers")
    tree.until(lambda: tree.observed().state is DeploymentState.UNHEALTHY and tree.observed().version == 1)
    assert "was taken back" in tree.observed().headline


def test_a_request_that_was_captured_guards_the_next_version(tree):
    tree.deploy(tree.register(), script=SCORE.replace("return {", "assert tried(data)\n        return {") + TRIED)
    tree.start()
    tree.healthy(1)
    assert tree.ask()[0] == 200
    tree.register()
    tree.want(2)
    tree.until(lambda: tree.shelves.registry.deployment("api").wanted.version == 1)
    tree.until(lambda: tree.observed().state is DeploymentState.UNHEALTHY)
    assert "version 2 did not start" in tree.observed().headline
    assert "a request that the running version has answered is answered with 500" in tree.observed().headline


TRIED = """
    def tried(data):
        return os.environ["HOLTER_MODEL_VERSION"] == "1" and data == '{"data": [[1]]}'
"""


def test_a_canary_that_fails_is_given_up_with_a_ledger_entry_and_a_shadow_is_recorded_beside(tree):
    tree.deploy(tree.register(), script=SCORE.replace("return {", VERSION_2_FAILS))
    tree.start()
    tree.healthy(1)
    tree.register()
    tree.register()
    registry, ws = tree.shelves.registry, open_workspace(tree.root)
    ws.deployment("api").canary(2, weight=100.0, key="x-customer").shadow(3).wait()
    for number in range(5):
        assert tree.ask(**{"x-request-id": f"r{number}", "x-customer": "ann"})[1]["version"] == 1
    tree.until(lambda: registry.deployment("api").wanted.canary is None)
    reasons = [sealed.entry.reason for sealed in tree.shelves.facts.ledger(subject="deployment:api")]
    assert "the canary was given up: version 2 failed " in reasons[-1]
    tree.until(lambda: tree.observed().canary is None)
    tree.until(lambda: sum(frame.role == "shadow" for frame in tree.frames()) >= 5)
    Compactor(tree.shelves).once(tree.observed().at, flush=True)
    table = ws.deployment("api").records()
    rows = Counter(zip(table[ROLE].to_pylist(), table[VERSION].to_pylist(), strict=True))
    assert (rows["champion", 1], rows["canary", 2]) == (5, 5), (
        "the canary's failures beside the answers that were given"
    )
    assert rows["shadow", 3] >= 5
    assert set(table[REQUEST_ID].to_pylist()) == {f"r{number}" for number in range(5)}
    ws.deployment("api").shadow(None).wait()
    assert tree.observed().shadow is None


def test_a_worker_that_hangs_on_a_port_when_its_supervisor_is_killed_is_ended_by_the_next_one(tree):
    hang = "if b'hang' in data.encode(): sum(range(10 ** 12))\n        return {"
    port = tree.deploy(tree.register(), script=SCORE.replace("return {", hang), timeout_ms=600_000).port
    tree.start()
    tree.healthy(1)
    worker = tree.ask()[1]["pid"]
    tree.until(lambda: str(worker) in (tree.root / "run" / "workers.pid").read_text())
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"POST /score HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nhang")
        tree.until(lambda: _busy(worker))
        tree.running[-1].kill()
        tree.running[-1].wait()
        tree.start()
        tree.until(lambda: not alive(worker))
    tree.until(lambda: _reachable(tree))
    assert tree.ask()[1]["pid"] != worker


def _busy(pid):
    before = _ticks(pid)
    time.sleep(0.2)
    return _ticks(pid) - before >= 5


def _ticks(pid):
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11])
