"""A load generator: so many connections, each with one request at a time, for so many seconds. Prints one line of JSON.

``python bench/load.py PORT PATH BODY_FILE CONNECTIONS SECONDS [FORBIDDEN]``: with a text that no answer may contain.
"""

import asyncio
import json
import sys
from pathlib import Path
from time import perf_counter

import uvloop


class Client(asyncio.Protocol):
    """One connection: it asks again as soon as it has its answer."""

    def __init__(self, request: bytes, taken: list[float], failed: list[bytes], forbidden: bytes, again) -> None:
        self._request, self._taken, self._failed, self._forbidden = request, taken, failed, forbidden
        self.open, self._again = True, again

    def connection_made(self, transport):
        self._transport = transport
        self._ask()

    def _ask(self):
        self._heard, self._whole = b"", 0
        self._begun = perf_counter()
        self._transport.write(self._request)

    def data_received(self, data):
        self._heard += data
        if not self._whole:
            end = self._heard.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self._heard[:end].lower()
            place = head.find(b"content-length:")
            if place < 0:
                self._failed.append(b"an answer without a length")
                self._transport.close()
                return
            self._whole = end + 4 + int(head[place + 15 :].split(b"\r\n", 1)[0])
        if len(self._heard) >= self._whole:
            self._taken.append(perf_counter() - self._begun)
            if self._heard[9:12] != b"200" or (self._forbidden and self._forbidden in self._heard):
                self._failed.append(self._heard[:300])
            if self.open:
                self._ask()
            else:
                self._transport.close()

    def connection_lost(self, _error):
        if self.open:
            self.open = False
            self._again()


async def load(port: int, request: bytes, connections: int, seconds: float, forbidden: bytes) -> dict[str, object]:
    """Return what came of it."""
    loop = asyncio.get_running_loop()
    taken, failed, clients, closed = [], [], [], []

    async def connect():
        made = await loop.create_connection(lambda: Client(request, taken, failed, forbidden, again), "127.0.0.1", port)
        clients.append(made[1])

    def again():
        closed.append(loop.create_task(connect()))  # as an HTTP client would

    begun = perf_counter()
    for _ in range(connections):
        await connect()
    await asyncio.sleep(seconds)
    lasted = perf_counter() - begun
    answered = sorted(taken)
    done = len(answered)
    for client in clients:
        client.open = False
    await asyncio.sleep(0.2)
    answered = answered or [float("inf")]
    quantile = {name: answered[int(len(answered) * share)] * 1e3 for name, share in (("p50", 0.5), ("p99", 0.99))}
    first = failed[0].decode("latin-1") if failed else ""
    return {
        "requests": len(taken),
        "per_second": done / lasted,
        **quantile,
        "failed": len(failed),
        "why": first,
    }


if __name__ == "__main__":
    port, path, body = int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]).read_bytes()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        forbidden = sys.argv[6].encode() if len(sys.argv) > 6 else b""
        wanted = load(port, f"{head}\r\n".encode() + body, int(sys.argv[4]), float(sys.argv[5]), forbidden)
        print(json.dumps(runner.run(wanted)))
