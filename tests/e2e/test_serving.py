"""The supervisor as a process, on a real workspace: killed, restarted, stopped."""

import http.client
import json
import os
import signal
import time
from datetime import UTC, datetime

import pytest

from holter.errors import StillRunning
from holter.registry import DeploymentState
from holter.serving.keys import make_key
from holter.serving.logs import deployment_log
from holter.serving.supervisor import Supervisor
from served_workspace import PATIENCE_SECONDS, SCORE, Asking, alive, served

pytestmark = pytest.mark.e2e


@pytest.fixture
def tree(tmp_path):
    with served(tmp_path / "ws") as tree:
        yield tree


def test_a_roll_out_and_a_failed_one_and_a_killed_worker_under_load(tree):
    first = tree.register()
    port = tree.deploy(first, workers=2).port
    tree.start()
    tree.healthy(1)
    with Asking(port) as asking:
        tree.register()
        tree.shelves.registry.want("api", version=2, actor="test", reason="newer")
        tree.healthy(2)
        tree.register("broken")
        tree.shelves.registry.want("api", version=3, actor="test", reason="newest")
        tree.until(lambda: tree.observed().state is DeploymentState.UNHEALTHY)
        tree.until(lambda: tree.shelves.registry.deployment("api").wanted.version == 2)
        asked = len(asking.acknowledged)
        tree.until(lambda: len(asking.acknowledged) > asked + 50)
    assert asking.failures == []
    assert asking.versions == [1, 2]
    assert "these weights cannot be read" in tree.observed().detail
    entry = list(tree.shelves.facts.ledger(subject="deployment:api"))[-1].entry
    assert (entry.actor, entry.action) == ("supervisor", "deployment.want")
    assert entry.facts["failed_version"] == 3
    with Asking(port) as after_kill:
        tree.until(lambda: len(after_kill.acknowledged) > 50)
        os.kill(tree.ask()[1]["pid"], signal.SIGKILL)
        asked = len(after_kill.acknowledged)
        tree.until(lambda: len(after_kill.acknowledged) > asked + 50)
    assert len(after_kill.failures) <= 1, "at most the request that died with its worker"
    assert asking.acknowledged | after_kill.acknowledged <= tree.recorded()


def test_a_killed_supervisor_takes_its_tree_with_it_and_the_next_one_takes_the_same_ports(tree):
    port = tree.deploy(tree.register()).port
    first = tree.start()
    tree.healthy(1)
    tree.until(tree.tick_pids)
    worker, companion = tree.ask()[1]["pid"], tree.tick_pids()[0]
    assert json.loads((tree.root / "run" / "tree.json").read_text())["pid"] == first.pid
    with pytest.raises(StillRunning, match=str(first.pid)):
        Supervisor(tree.shelves).run()
    first.kill()
    first.wait()
    second = tree.start()
    tree.until(lambda: not alive(worker) and not alive(companion))
    tree.until(lambda: len(tree.tick_pids()) == 2)
    tree.healthy(1)
    status, reply = tree.ask()
    assert (status, reply["pid"] != worker) == (200, True)
    assert tree.shelves.registry.deployment("api").port == port
    assert json.loads((tree.root / "run" / "tree.json").read_text())["pid"] == second.pid


def test_sigterm_finishes_what_is_under_way_and_leaves_nothing(tree):
    script = SCORE.replace("return {", "import time; time.sleep(0.5); return {")
    port = tree.deploy(tree.register(), script=script).port
    process = tree.start()
    tree.healthy(1)
    tree.until(tree.tick_pids)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", "/score", b"{}", {"x-request-id": "last"})
    time.sleep(0.2)
    process.send_signal(signal.SIGTERM)
    reply = connection.getresponse()
    assert reply.status == 200
    worker = json.loads(reply.read())["pid"]
    connection.close()
    assert process.wait(PATIENCE_SECONDS) == 0
    assert tree.recorded() == {"last"}
    assert not alive(worker)
    assert not alive(tree.tick_pids()[0])
    assert not (tree.root / "run" / "tree.json").exists()
    assert "not running" in tree.observed().detail


def test_deployments_come_pause_and_go(tree):
    tree.start()
    version = tree.register()
    tree.deploy(version, auth=True)
    tree.healthy(1)
    assert tree.ask()[0] == 401
    key = make_key(tree.root, "api", "secondary", datetime.now(UTC))
    assert tree.ask(authorization=f"Bearer {key}")[0] == 200
    tree.deploy(version, name="second", capture=False)
    tree.healthy(1, "second")
    assert tree.ask("second")[0] == 200
    assert not tree.recorded("second")
    tree.shelves.registry.want("second", paused=True, actor="test", reason="night")
    tree.until(lambda: tree.observed("second").state is DeploymentState.PAUSED)
    with pytest.raises(ConnectionRefusedError):
        tree.ask("second")
    tree.shelves.registry.want("second", paused=False, actor="test", reason="day")
    tree.healthy(1, "second")
    worker = tree.ask("second")[1]["pid"]
    tree.shelves.registry.delete("second")
    tree.until(lambda: not alive(worker))
    assert tree.ask(authorization=f"Bearer {key}")[0] == 200


def test_a_dead_companion_is_started_again_and_a_failed_deployment_disturbs_nobody(tree):
    tree.deploy(tree.register("broken"), name="bad")
    tree.deploy(tree.register(), name="good")
    tree.start()
    tree.healthy(2, "good")
    tree.until(lambda: tree.observed("bad").state is DeploymentState.FAILED)
    assert "these weights cannot be read" in tree.observed("bad").detail
    assert "model.txt" in deployment_log(tree.root, "bad").read_text(), "the tree of the model folder"
    tree.until(tree.tick_pids)
    os.kill(tree.tick_pids()[0], signal.SIGKILL)
    tree.until(lambda: len(tree.tick_pids()) == 2)
    assert tree.ask("good")[0] == 200
