"""One worker of Holter, with capture, beside other servers of the same ``score.py``: requests a second, CPU, latency.

Every server of a workload is up at the same time and is asked in turn, ``--rounds`` times, by a load generator in a
process of its own (16 connections). CPU is what ``/proc`` says of the server's processes, Holter's supervisor (which
answers nothing) left out; the generator, and whatever else runs here, shares the cores.
``python bench/serving.py --rounds 3 --seconds 3 --only azureml``
"""

import argparse
import contextlib
import http.client
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import joblib
import numpy as np
from sklearn.ensemble import GradientBoostingClassifier

from servers import BOOSTING, FEATURES, SERVERS, TRIVIAL, Server, Work, script

CONNECTIONS = 16
START_SECONDS = 120
TICKS = os.sysconf("SC_CLK_TCK")
LOAD = Path(__file__).parent / "load.py"


@dataclass(frozen=True)
class Measured:
    """A turn of one server."""

    per_second: float
    cpu_us: float
    p50: float
    p99: float
    megabytes: float


def works(home: Path) -> list[Work]:
    """Fit the model and write what is asked."""
    chance = np.random.default_rng(1)
    table = chance.normal(size=(2_000, FEATURES))
    model = GradientBoostingClassifier(random_state=1).fit(table, table[:, 0] + table[:, 1] ** 2 > 0.5)
    found = []
    for name, text, rows in (
        ("trivial", TRIVIAL, 1),
        ("boosting, 1 row", BOOSTING, 1),
        ("boosting, 100 rows", BOOSTING, 100),
    ):
        folder = home / name.replace(", ", "-").replace(" ", "")
        folder.mkdir()
        joblib.dump(model, folder / "model.joblib")
        found.append(Work(name, folder, table[:rows].round(6).tolist()))
        script(found[-1], "score.py", text)
    return found


def free_port() -> int:
    """Return a port with two free ones behind it, most likely."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


class Running:
    """A server that answers."""

    def __init__(self, server: Server, work: Work) -> None:
        self.server, self.port = server, server.port
        self._body = work.folder / f"{server.name.split()[0].strip(',')}.json"
        self._body.write_text(json.dumps(server.body or {"data": work.rows}))
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        environment = {**os.environ, **threads, "BENCH_MODEL": str(work.folder / "model.joblib"), **server.environment}
        self._log = (work.folder / f"{server.name.split()[0].strip(',')}-{server.port}.log").open("wb")
        self._process = subprocess.Popen(
            server.command, stdout=subprocess.PIPE if not self.port else self._log, stderr=self._log,
            cwd=server.cwd or work.folder, env=environment, start_new_session=True,
        )  # fmt: skip
        if not self.port and self._process.stdout is not None:
            self.port = int(self._process.stdout.readline())
        self._await()

    def _await(self) -> None:
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                status, said = self._ask()
            except (OSError, http.client.HTTPException):
                status, said = 0, b""
            if status == 200:
                return
            if time.monotonic() > end or self._process.poll() is not None:
                self.stop()
                sys.exit(f"{self.server.name} does not answer: {status} {said[:300]!r}; see {self._log.name}")
            time.sleep(0.3)

    def _ask(self) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("POST", self.server.path, self._body.read_bytes(), {"Content-Type": "application/json"})
        reply = connection.getresponse()
        found = reply.status, reply.read()
        connection.close()
        return found

    def turn(self, seconds: float) -> Measured:
        """Load it, and return what that cost."""
        self._load(1.0)
        before = self._cpu_seconds()
        found = self._load(seconds)
        cpu = self._cpu_seconds() - before
        return Measured(
            found["per_second"], cpu / max(1, found["requests"]) * 1e6, found["p50"], found["p99"], self._megabytes()
        )

    def _load(self, seconds: float) -> dict[str, float]:
        command = [sys.executable, LOAD, str(self.port), self.server.path, self._body, str(CONNECTIONS), str(seconds)]
        done = subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True)
        found: dict[str, float] = json.loads(done.stdout)
        if found["failed"]:
            sys.exit(f"{self.server.name}: {found['failed']} requests failed: {found['why']}")
        return found

    def _pids(self) -> Iterator[int]:
        """Yield its processes: it is the leader of its session, Holter's workers have one of their own."""
        parents = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    parents[int(entry.name)] = int(entry.joinpath("stat").read_text().rpartition(")")[2].split()[1])
        wanted = {self._process.pid}
        while more := {pid for pid, parent in parents.items() if parent in wanted} - wanted:
            wanted |= more
        yield from wanted

    def _cpu_seconds(self) -> float:
        """Return what the processes that serve have spent: a command that prints its port supervises, and does not."""
        own = set() if self.server.port else {self._process.pid}
        return sum(self._ticks(pid) for pid in set(self._pids()) - own) / TICKS

    @staticmethod
    def _ticks(pid: int) -> int:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            return int(fields[11]) + int(fields[12])
        return 0

    def _megabytes(self) -> float:
        """Return the memory of the process that has worked most, which is the worker."""
        spent = {pid: self._ticks(pid) for pid in self._pids()}
        status = Path(f"/proc/{max(spent, key=spent.__getitem__)}/status").read_text()
        return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS"))

    def stop(self) -> None:
        """End it and all that it started."""
        pids = list(self._pids())
        for number in (signal.SIGTERM, signal.SIGKILL):
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(5)
        self._log.close()


def measured(work: Work, rounds: int, seconds: float, only: Sequence[str]) -> dict[str, list[Measured]]:
    """Return the turns of every server of a workload."""
    chosen = [each for each in SERVERS if not only or each.__name__ in only]
    servers = [server for server in (each(work, free_port()) for each in chosen) if server is not None]
    with contextlib.ExitStack() as stack:
        running = []
        for server in servers:
            running.append(Running(server, work))
            stack.callback(running[-1].stop)
        turns: dict[str, list[Measured]] = {each.server.name: [] for each in running}
        for _ in range(rounds):
            for each in running:
                turns[each.server.name].append(each.turn(seconds))
        return turns


def table(work: Work, turns: dict[str, list[Measured]]) -> str:
    """Return the medians as Markdown; ratios are those of the pairs, against the first server."""
    lines = [
        "| server | requests/s | CPU us/request | p50 ms | p99 ms | MB | CPU of holter's | requests/s of holter's |"
    ]
    lines.append("|---|---|---|---|---|---|---|---|")
    first = next(iter(turns.values()))
    for name, found in turns.items():
        speed, cpu, p50, p99, size = (
            statistics.median(getattr(each, part) for each in found)
            for part in ("per_second", "cpu_us", "p50", "p99", "megabytes")
        )
        dearer = statistics.median(one.cpu_us / other.cpu_us for one, other in zip(found, first, strict=True))
        slower = statistics.median(one.per_second / other.per_second for one, other in zip(found, first, strict=True))
        lines.append(
            f"| {name} | {speed:,.0f} | {cpu:,.0f} | {p50:.2f} | {p99:.2f} | {size:.0f} | {dearer:.2f} | {slower:.3f} |"
        )
    return f"### {work.name}\n\n" + "\n".join(lines) + "\n"


def main() -> None:
    """Start, ask, print a table for each workload."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=float, default=3.0)
    options.add_argument("--only", nargs="*", default=[], choices=[each.__name__ for each in SERVERS])
    options.add_argument("--works", nargs="*", default=[], help="trivial, or part of the name of another workload")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as home:
        for work in works(Path(home)):
            if not chosen.works or any(name in work.name for name in chosen.works):
                print(table(work, measured(work, chosen.rounds, chosen.seconds, chosen.only)), flush=True)


if __name__ == "__main__":
    main()
