"""Real scoring workers on a real socket, without the rest of a workspace."""

import http.client
import json
import socket
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from holter.capture import journal
from holter.capture.frame import Frame
from holter.serving.order import Order
from holter.serving.pool import Plan, Pool

PATIENCE_SECONDS = 60.0
SCORE = """
    import json, os, time

    def init():
        global started
        started = os.getpid()

    def run(data):
        return json.dumps({"result": json.loads(data)["data"]})
"""


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Desk:
    """A folder with a score.py and a model, and pools of workers that serve it."""

    folder: Path
    listener: socket.socket
    pools: list[Pool] = field(default_factory=list)

    @property
    def port(self) -> int:
        return self.listener.getsockname()[1]

    @property
    def log(self) -> Path:
        return self.folder / "log" / "worker.log"

    def script(self, text: str, name: str = "score.py") -> None:
        code = self.folder / "code"
        code.mkdir(exist_ok=True)
        (code / name).write_text(textwrap.dedent(text))

    def order(self, **given: object) -> Order:
        model = self.folder / "models" / "m" / "3" / "model.bin"
        model.parent.mkdir(parents=True, exist_ok=True)
        model.write_text("weights")
        settings = {
            "deployment": "api",
            "model": "m",
            "version": 3,
            "code": str(self.folder / "code"),
            "entry_script": "score.py",
            "model_path": str(model),
            "app_root": str(self.folder / "app"),
            "journal": str(self.folder / "journal"),
        }
        return Order(**(settings | given))

    def plan(self, workers: int = 1, **given: object) -> Plan:
        return Plan(self.order(**given), workers, self.log)

    def pool(self, script: str = SCORE, workers: int = 1, **given: object) -> Pool:
        self.script(script)
        pool = Pool(self.plan(workers, **given), self.listener, opened=True)
        self.pools.append(pool)
        return pool

    def serve(self, script: str = SCORE, workers: int = 1, **given: object) -> Pool:
        pool = self.pool(script, workers, **given)
        self.until(lambda: pool.complete or pool.failed, pool)
        assert pool.complete, pool.reason
        return pool

    def until(self, true: Callable[[], object], *pools: Pool) -> None:
        end = time.monotonic() + PATIENCE_SECONDS
        while not true():
            assert time.monotonic() < end, self.log.read_text() if self.log.exists() else "no log"
            for pool in pools or self.pools:
                pool.tick(time.monotonic())
            time.sleep(0.02)

    def ask(self, method: str = "POST", path: str = "/score", body: bytes = b'{"data": [1]}', **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body if method in {"POST", "PUT"} else None, sent)
        reply = connection.getresponse()
        answer = Answer(reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read())
        connection.close()
        return answer

    def frames(self) -> list[Frame]:
        return frames(self.folder / "journal")


def frames(folder: Path) -> list[Frame]:
    return [frame for segment in journal.segments(folder) for frame, _ in journal.read(segment, 0)]


def data(answer: Answer) -> object:
    return json.loads(answer.body)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(256)
        desk = Desk(tmp_path, listener)
        yield desk
        for pool in desk.pools:
            pool.kill()
