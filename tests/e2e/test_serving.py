"""The supervisor as a process, on a real workspace: killed, restarted, stopped."""

import http.client
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from holter.capture import journal
from holter.errors import StillRunning
from holter.registry import DeploymentSettings, DeploymentState, Shelves
from holter.serving.keys import ensure_keys
from holter.serving.logs import deployment_log, process_log
from holter.serving.supervisor import Supervisor

pytestmark = pytest.mark.e2e
PATIENCE_SECONDS = 90.0
SCORE = """
    import os

    def init():
        if open(os.environ["HOLTER_MODEL_PATH"]).read() == "broken":
            raise ValueError("these weights cannot be read")

    def run(data):
        return {"version": int(os.environ["HOLTER_MODEL_VERSION"]), "pid": os.getpid()}
"""
RUN = """
    import logging, sys
    from holter.registry import Shelves
    from holter.serving.supervisor import Supervisor

    logging.basicConfig(level=logging.INFO)
    tick = [sys.executable, "-u", "-c", "import os, time; print('tick', os.getpid()); time.sleep(600)"]
    Supervisor(Shelves.open(sys.argv[1]), {"tick": tick}).run()
"""


@dataclass
class Tree:
    """A workspace with a deployment, and the supervisor that serves it."""

    root: Path
    shelves: Shelves
    running: list[subprocess.Popen] = field(default_factory=list)

    def start(self):
        command = [sys.executable, "-c", textwrap.dedent(RUN), str(self.root)]
        with process_log(self.root, "supervisor").open("ab") as log:
            self.running.append(subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True))
        return self.running[-1]

    def register(self, text="weights"):
        file = self.root.parent / "model.txt"
        file.write_text(text)
        return self.shelves.registry.register("m", file)

    def deploy(self, version, name="api", script=SCORE, **settings):
        code = self.root.parent / "src"
        code.mkdir(exist_ok=True)
        (code / "score.py").write_text(textwrap.dedent(script))
        given = DeploymentSettings(**({"timeout_ms": 5_000} | settings))
        return self.shelves.registry.deploy(
            name, version, source=code, entry_script="score.py", settings=given, overwrite=True
        )

    def observed(self, name="api"):
        return self.shelves.registry.deployment(name).observed

    def until(self, true):
        end = time.monotonic() + PATIENCE_SECONDS
        while not true():
            assert time.monotonic() < end, self.logs()
            assert not self.running or self.running[-1].poll() is None, self.logs()
            time.sleep(0.05)

    def healthy(self, version, name="api"):
        self.until(
            lambda: (self.observed(name).state, self.observed(name).version) == (DeploymentState.HEALTHY, version)
        )

    def logs(self):
        return "\n".join(f"== {path.name}\n{path.read_text()[-4000:]}" for path in (self.root / "log").glob("*.log"))

    def ask(self, name="api", **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.shelves.registry.deployment(name).port, timeout=30)
        connection.request("POST", "/score", b'{"data": [[1]]}', headers)
        reply = connection.getresponse()
        found = reply.status, json.loads(reply.read())
        connection.close()
        return found

    def recorded(self, name="api"):
        folder = self.root / "journal" / name
        return {frame.request_id for segment in journal.segments(folder) for frame, _ in journal.read(segment)}

    def tick_pids(self):
        return [int(line.split()[1]) for line in process_log(self.root, "tick").read_text().splitlines()]


@pytest.fixture
def tree(tmp_path):
    tree = Tree(tmp_path / "ws", Shelves.open(tmp_path / "ws", create=True))
    tree.shelves.folder("log")
    yield tree
    for process in tree.running:
        if process.poll() is None:
            process.terminate()
    for process in tree.running:
        process.wait(PATIENCE_SECONDS)


def alive(pid):
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


class Asking(threading.Thread):
    """Asks one deployment for ever; keeps what was acknowledged and what failed."""

    def __init__(self, port):
        super().__init__()
        self.port, self.over = port, threading.Event()
        self.acknowledged, self.failures, self.versions = set(), [], []

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join()

    def run(self):
        connection, number = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30), 0
        while not self.over.wait(0.001):
            number += 1
            try:
                connection.request("POST", "/score", b'{"data": [[1]]}', {"x-request-id": f"r{number}"})
                reply = connection.getresponse()
                body = reply.read()
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                connection.close()
                continue
            if reply.status != 200:
                self.failures.append(f"{reply.status} {body!r}")
                continue
            self.acknowledged.add(f"r{number}")
            version = json.loads(body)["version"]
            if version not in self.versions:
                self.versions.append(version)
        connection.close()


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
    assert tree.ask(authorization=f"Bearer {ensure_keys(tree.root, 'api')[1]}")[0] == 200
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
    assert tree.ask(authorization=f"Bearer {ensure_keys(tree.root, 'api')[0]}")[0] == 200


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
