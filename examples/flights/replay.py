"""A client as any other: it posts each flight to the scoring URI, and posts again when a connection breaks."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pyarrow as pa
import uvloop

from flights import FEATURES

CONNECTIONS = 6
"""Requests under way at once."""
TRIES = 200
"""A flight is posted at most so often, ten times a second, before the replay gives up."""


@dataclass
class Replay:
    """Post flights; ``failed`` counts replies that were not 200, ``broken`` connections that had to be made anew."""

    scoring_uri: str
    sent: int = 0
    failed: int = 0
    broken: int = 0
    acknowledged: list[str] = field(default_factory=list)

    def day(self, flights: pa.Table) -> None:
        """Post every flight of a table, each as one request with its scheduled departure as event time."""
        requests = [self._request(flight) for flight in flights.to_pylist()]
        uvloop.run(self._post_all(requests))

    def _request(self, flight: dict) -> tuple[str, bytes]:
        body = json.dumps({"data": [[flight[name] for name in FEATURES]]}).encode()
        where = urlsplit(self.scoring_uri)
        head = (
            f"POST {where.path} HTTP/1.1\r\nHost: {where.netloc}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nx-request-id: {flight['request_id']}\r\n"
            f"X-Holter-Event-Time: {flight['scheduled'].isoformat()}\r\n\r\n"
        )
        return flight["request_id"], head.encode() + body

    async def _post_all(self, requests: Sequence[tuple[str, bytes]]) -> None:
        queue = iter(requests)
        await asyncio.gather(*(self._client(queue) for _ in range(CONNECTIONS)))

    async def _client(self, queue: object) -> None:
        connection = None
        for request_id, request in queue:
            for attempt in range(TRIES):
                try:
                    connection = connection or await self._connect()
                    status, keep = await self._exchange(connection, request)
                except (OSError, asyncio.IncompleteReadError):
                    self.broken += attempt == 0
                    connection = self._close(connection)
                    await asyncio.sleep(0.1)
                    continue
                connection = connection if keep else self._close(connection)
                self._count(request_id, status)
                break
            else:
                raise SystemExit(f"{self.scoring_uri} does not answer")
        self._close(connection)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        where = urlsplit(self.scoring_uri)
        return await asyncio.open_connection(where.hostname, where.port)

    def _close(self, connection: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None) -> None:
        if connection is not None:
            connection[1].close()

    async def _exchange(
        self, connection: tuple[asyncio.StreamReader, asyncio.StreamWriter], request: bytes
    ) -> tuple[int, bool]:
        reader, writer = connection
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = head.split("content-length:")[1].split("\r\n", 1)[0]
        await reader.readexactly(int(length))
        return int(head.split(" ", 2)[1]), "connection: close" not in head

    def _count(self, request_id: str, status: int) -> None:
        self.sent += 1
        if status == 200:
            self.acknowledged.append(request_id)
        else:
            self.failed += 1
