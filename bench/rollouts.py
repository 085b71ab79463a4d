"""What a hang, a crash and a canary cost: workers of a trivial model, asked over kept connections.

``python bench/rollouts.py --requests 20000 --trials 5``. The 20 roll-outs, 20 rollbacks and the ramp under load are the
test ``tests/e2e/test_rollouts.py``, which ``make bench-rollouts`` runs with that many.
"""

import argparse
import asyncio
import http.client
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from holter.registry import DeploymentState
from holter.serving.order import Order, Tell
from holter.serving.pool import Plan, Pool
from holter.serving.scope import Receive, Scope
from holter.serving.second import Beside
from holter.serving.service import Service
from holter.serving.split import Split

SCRIPT = """
import ctypes

def run(data):
    if data == "hang":
        sum(range(10 ** 12))
    if data == "crash":
        ctypes.string_at(0)
    return 1
"""
LIMIT_MS = 1_000
SHARES = (0.0, 100.0)
ROUNDS = 3


def plan(folder: Path, version: int, role: str = "champion") -> Plan:
    """Return the plan of one worker."""
    model = folder / "model.bin"
    model.write_text("weights")
    (folder / "score.py").write_text(SCRIPT)
    order = Order(
        deployment="api",
        model="m",
        version=version,
        role=role,
        code=str(folder),
        entry_script="score.py",
        model_path=str(model),
        app_root=str(folder / "app" / str(version)),
        journal=str(folder / "journal"),
        timeout_ms=LIMIT_MS,
    )
    return Plan(order, 1, folder / "worker.log")


@contextmanager
def turning(look: Callable[[float], object]) -> Iterator[None]:
    """Look after processes as the supervisor does, in a thread."""
    over = threading.Event()

    def turn() -> None:
        while not over.wait(0.05):
            look(time.monotonic())

    thread = threading.Thread(target=turn)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def until(true: Callable[[], object]) -> None:
    """Wait."""
    while not true():
        time.sleep(0.002)


def lost(port: int, word: bytes) -> None:
    """Ask what kills a worker."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", "/score", word)
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return
    raise SystemExit(f"{word!r} was answered")


def ask(port: int) -> None:
    """Ask once, on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", "/score", b"1")
    if connection.getresponse().status != 200:
        raise SystemExit("a request failed")
    connection.close()


def replacement(folder: Path, word: bytes, trials: int) -> tuple[list[float], list[float]]:
    """Return the seconds until a lost worker is replaced, and until the next request is answered."""
    replaced, served = [], []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        pool = Pool(plan(folder, 1), listener, opened=True)
        with turning(pool.tick):  # one thread for all: workers end with the thread that has started them
            for _ in range(trials):
                until(lambda: pool.complete)
                pool._failures = 0  # noqa: SLF001  (each trial is the first failure: no pause of a row of them)
                before, began = pool.pids, time.perf_counter()
                asking = threading.Thread(target=lost, args=(port, word))
                asking.start()
                until(lambda before=before: pool.pids and pool.pids != before)
                replaced.append(time.perf_counter() - began)
                ask(port)
                served.append(time.perf_counter() - began)
                asking.join()
        pool.kill()
    return replaced, served


def processor_seconds(pids: tuple[int, ...]) -> float:
    """Return the processor time of processes with all their threads (proc(5), ``schedstat``)."""
    tasks = [task for pid in pids for task in Path(f"/proc/{pid}/task").iterdir()]
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def request_bytes(number: int) -> bytes:
    """Return a request of a customer."""
    return b"POST /score HTTP/1.1\r\nhost: x\r\nx-holter-key: c%d\r\ncontent-length: 1\r\n\r\n1" % number


def canary(folder: Path, share: float, requests: int) -> tuple[float, float, float]:
    """Return microseconds of processor time for a request at the champion and in all, and median latency in us."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    service = Service(port)
    beside = Beside(plan(folder, 2, "canary"), share, "x-holter-key") if share else Beside()
    champion, wanted = plan(folder, 1), 2 if share else None
    report = service.tick(champion, time.monotonic(), beside)
    while (report.state, report.canary) != (DeploymentState.HEALTHY, wanted):
        report = service.tick(champion, time.monotonic(), beside)
        time.sleep(0.02)
    own, everyone = service.pids, tuple(pid for pool in service.pools for pid in pool.pids)
    latencies = []
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        began, began_all = processor_seconds(own), processor_seconds(everyone)
        for number in range(requests):
            start = time.perf_counter()
            connection.sendall(request_bytes(number))
            if not connection.recv(4096).startswith(b"HTTP/1.1 200"):
                raise SystemExit("a request failed")
            latencies.append(time.perf_counter() - start)
        at_champion, in_all = processor_seconds(own) - began, processor_seconds(everyone) - began_all
    service.kill()
    return at_champion / requests * 1e6, in_all / requests * 1e6, statistics.median(latencies) * 1e6


class Nothing:
    """An application that does nothing."""

    draining = False

    async def __call__(self, scope: Scope, receive: Receive, send: object) -> None:
        """Do nothing."""


def draw(requests: int, *, on: bool) -> float:
    """Return microseconds of processor time for a request that stays where it is, without the rest of a server."""
    split = Split(Nothing(), limit=1 << 20, seconds=1.0)
    if on:
        split.set(Tell("split", weight=1e-9, version=2, address="nowhere", key="x-holter-key"))
    scope = {"method": "POST", "path": "/score", "headers": [(b"host", b"x"), (b"x-holter-key", b"c12")]}

    async def ask() -> float:
        began = time.process_time()
        for _ in range(requests):
            await split(scope, None, None)
        return (time.process_time() - began) / requests * 1e6

    return asyncio.run(ask())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--trials", type=int, default=5)
    given = parser.parse_args()
    print("| loss | seconds until replaced: median, most | until the next request is answered |\n|---|---|---|")
    for word in (b"hang", b"crash"):
        with tempfile.TemporaryDirectory() as folder:
            replaced, served = replacement(Path(folder), word, given.trials)
        name = f"{word.decode()} (limit {LIMIT_MS / 1000:g} s)" if word == b"hang" else "SIGSEGV"
        print(f"| {name} | {statistics.median(replaced):.2f}, {max(replaced):.2f} | {statistics.median(served):.2f} |")
    print("\n| canary | CPU us a request at the champion | in all | latency us |\n|---|---|---|---|")
    for share in SHARES:
        with tempfile.TemporaryDirectory() as folder:
            rounds = [canary(Path(folder), share, given.requests) for _ in range(ROUNDS)]
        own, everyone, latency = (statistics.median(column) for column in zip(*rounds, strict=True))
        print(f"| {share:g} % | {own:.1f} | {everyone:.1f} | {latency:.0f} |")
    off, on = (statistics.median(draw(given.requests, on=each) for _ in range(ROUNDS)) for each in (False, True))
    print(f"\nThe draw, in one process: {off:.2f} us while there is no canary, {on:.2f} us while there is one.")


if __name__ == "__main__":
    main()
