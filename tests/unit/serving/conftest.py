"""Real scoring workers on a real socket, without the rest of a workspace."""

import http.client
import json
import socket
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from holter.capture import segments as journal
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


@dataclass
class Load:
    """Clients on kept-alive connections, each with one request at a time."""

    port: int
    clients: int = 4
    path: str = "/score"
    acknowledged: set[str] = field(default_factory=set)
    versions: set[int] = field(default_factory=set)
    failures: list[str] = field(default_factory=list)

    def __enter__(self):
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask_forever, args=(number,)) for number in range(self.clients)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    @property
    def answered(self) -> int:
        return len(self.acknowledged)

    def _ask_forever(self, client: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        number = 0
        while not self._stop.wait(0.001):
            number += 1
            self._ask(connection, f"{client}-{number}")
        connection.close()

    def _ask(self, connection: http.client.HTTPConnection, name: str) -> None:
        try:
            connection.request("POST", self.path, b'{"data": [1]}', {"x-request-id": name})
            reply = connection.getresponse()
            body = reply.read()
        except (OSError, http.client.HTTPException) as error:
            self.failures.append(f"{name}: {error!r}")
            connection.close()
            return
        if reply.status == 200:
            self.acknowledged.add(name)
            self.versions.add(json.loads(body).get("version"))
        else:
            self.failures.append(f"{name}: {reply.status} {body!r}")


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
        for pool in desk.pools:  # drained, not killed: so that what they ran is counted as covered
            pool.drain(0, time.monotonic())
            desk.until(lambda pool=pool: pool.gone, pool)


@pytest.fixture
def load() -> type:
    return Load
