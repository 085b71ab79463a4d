"""A workspace that is really served: the supervisor as a process, and clients that note what they were told."""

import http.client
import json
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from holter.capture import segments as journal
from holter.registry import DeploymentSettings, DeploymentState, Shelves
from holter.serving.logs import process_log

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

    def frames(self, name="api"):
        folder = self.root / "journal" / name
        return [frame for segment in journal.segments(folder) for frame, _ in journal.read(segment)]

    def want(self, version):
        self.shelves.registry.want("api", version=version, actor="test", reason="asked for")

    def tick_pids(self):
        return [int(line.split()[1]) for line in process_log(self.root, "tick").read_text().splitlines()]


@contextmanager
def served(root):
    """A new workspace; whatever was started in it is stopped."""
    tree = Tree(root, Shelves.open(root, create=True))
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
