"""What capture costs a request within one worker, and the least it would cost with one write a turn of the event loop.

``python bench/turns.py [SECONDS] [CONNECTIONS]``. One worker switches every 200 requests between capture off, capture
on, and a journal that is written once for all requests of a turn, each also without the slot; thread CPU by its own
clock. Where it is written once, replies are not held back until it is: that would have to be done besides, so these
figures are lower bounds.
"""

import asyncio
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from zlib import crc32

import uvicorn
import uvloop

from holter.capture.frame import ENCODE, PREFIX
from holter.capture.journal import Journal
from holter.capture.whole import write_whole
from holter.serving.application import Application
from holter.serving.drain import DrainingServer

EACH = 200
LOAD = Path(__file__).parent / "load.py"
BODY = json.dumps({"data": [[0.123456] * 30]}).encode()
VARIANTS = ("off", "on", "no slot", "joined", "joined, no slot")


class Turns:
    """Writes what a turn of the loop has brought, at its end; counts how much that was."""

    def __init__(self, journal: Journal) -> None:
        self._journal, self._held, self.sizes = journal, [], []

    def put(self, frame) -> None:
        """Take a frame."""
        payload = ENCODE(frame)
        if not self._held:
            asyncio.get_running_loop().call_soon(self._write)
        self._held.append(PREFIX.pack(len(payload), crc32(payload)) + payload)

    def _write(self) -> None:
        data = b"".join(self._held)
        write_whole(self._journal._fd, data)  # noqa: SLF001
        self._journal._offset += len(data)  # noqa: SLF001
        self.sizes.append(len(self._held))
        self._held.clear()


class Switching:
    """The application, in turn with each way of keeping."""

    def __init__(self, application: Application, journal: Journal) -> None:
        self._application, self._journal, self._recorder = application, journal, application._recorder  # noqa: SLF001
        self.draining, self.prompt = False, application.prompt
        self.turns, self._one_by_one, self._begin = Turns(journal), journal._put, journal.begin  # noqa: SLF001
        self.costs: dict[str, list[float]] = {name: [] for name in VARIANTS}
        self._count, self._since = 0, time.thread_time_ns()

    async def __call__(self, scope, receive, send) -> None:
        """Answer, and go on to the next variant when it is time."""
        if self._count % EACH == 0:
            self._next()
        self._count += 1
        await self._application(scope, receive, send)

    def _next(self) -> None:
        place, now = self._count // EACH, time.thread_time_ns()
        if place > 10 * len(VARIANTS):  # warm
            self.costs[VARIANTS[(place - 1) % len(VARIANTS)]].append((now - self._since) / EACH / 1000)
        variant = VARIANTS[place % len(VARIANTS)]
        self._application._recorder = None if variant == "off" else self._recorder  # noqa: SLF001
        journal, joined, slotless = self._journal, variant.startswith("joined"), variant.endswith("no slot")
        journal._put = self.turns.put if joined else self._one_by_one  # type: ignore[method-assign]  # noqa: SLF001
        journal.begin = _nothing if slotless else self._begin  # type: ignore[method-assign]
        self._since = time.thread_time_ns()


def _nothing(_) -> None:
    pass


async def serve(listener: socket.socket, folder: Path) -> dict[str, object]:
    """Serve until SIGTERM, and return what it cost."""
    with Journal(folder) as journal:
        application = Application(lambda data: [0.5], version=1, journal=journal)  # noqa: ARG005
        switching = Switching(application, journal)
        config = uvicorn.Config(switching, http="httptools", ws="none", lifespan="off", log_config=None)
        server = DrainingServer(config, application, 1.0, [listener])
        await server.open()
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        await stop.wait()
    costs = {name: [round(each, 2) for each in found] for name, found in switching.costs.items()}
    return {"costs": costs, "sizes": switching.turns.sizes}


def main(seconds: float, connections: int) -> None:
    """Print medians, differences of neighbours, and how many requests a turn brought."""
    with tempfile.TemporaryDirectory(dir=".bench") as folder, socket.create_server(("127.0.0.1", 0)) as listener:
        port, body = listener.getsockname()[1], Path(folder) / "body"
        body.write_bytes(BODY)
        command = [sys.executable, str(LOAD), str(port), "/score", str(body), str(connections), str(seconds)]
        asking = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        threading.Thread(target=lambda: (asking.wait(), os.kill(os.getpid(), signal.SIGTERM)), daemon=True).start()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            found = runner.run(serve(listener, Path(folder) / "journal"))
    costs, sizes = found["costs"], found["sizes"]
    print(f"load {os.getloadavg()[0]:.0f}, {connections} connections, {len(costs['on'])} rounds of {EACH}")
    print(f"| off | {statistics.median(costs['off']):.1f} us |")
    for name in VARIANTS[1:]:
        over = [one - off for one, off in zip(costs[name], costs["off"], strict=False)]
        print(f"| {name} over off | {statistics.median(over):.1f} us |")
    if sizes:
        print(f"requests in a turn: median {statistics.median(sizes)}, mean {statistics.fmean(sizes):.1f}")


if __name__ == "__main__":
    Path(".bench").mkdir(exist_ok=True)
    main(*(float(each) if place == 0 else int(each) for place, each in enumerate(sys.argv[1:] or ("20", "16"))))
