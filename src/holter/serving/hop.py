"""Asking another worker of this machine over a Unix socket: the way of a request that a canary is to answer."""

import asyncio
import socket
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import httptools

_HOP_BY_HOP: Final = frozenset((b"connection", b"keep-alive", b"transfer-encoding", b"content-length"))
"""Headers that are about one connection (RFC 9110, section 7.6.1), or that are made anew for it."""
_OURS: Final = _HOP_BY_HOP | {b"date", b"server"}
Headers = Sequence[tuple[bytes, bytes]]


class Answer(NamedTuple):
    """What the other worker said. ``headers`` are those that are to be handed on."""

    status: int
    headers: Headers
    body: bytes


class _Wire(asyncio.Protocol):
    """One connection, with one request at a time."""

    def __init__(self) -> None:
        self.transport: Any = None
        self.open = True
        self._answer: asyncio.Future[Answer | None] | None = None
        self._begin()

    def _begin(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []

    def ask(self, request: bytes) -> "asyncio.Future[Answer | None]":
        """Send a request; the future is None when the connection ends before the answer does."""
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return self._answer

    def close(self) -> None:
        """End it."""
        self.open = False
        if self.transport is not None:
            self.transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self.open = False
        self._settle(None)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take in a header (called by the parser, as are the next two)."""
        name = name.lower()
        if name not in _OURS:
            self._headers.append((name, value))

    def on_body(self, body: bytes) -> None:
        """Take in a piece of the body."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """Hand out the answer."""
        parser, headers, body = self._parser, self._headers, b"".join(self._body)
        if not parser.should_keep_alive():
            self.close()
        self._begin()
        self._settle(Answer(parser.get_status_code(), headers, body))

    def _settle(self, answer: Answer | None) -> None:
        waiting, self._answer = self._answer, None
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)


class Hop:
    """The way to the workers behind a Unix socket; connections are kept and used again.

    Parameters
    ----------
    address
        Of the socket; one that begins with a zero byte is in Linux's abstract namespace.
    seconds
        How long an answer may take.
    """

    def __init__(self, address: str, seconds: float | None) -> None:
        self._address, self._seconds = address, seconds
        self._idle: list[_Wire] = []
        self._closed = False

    async def ask(
        self, method: str, target: bytes, headers: Iterable[tuple[bytes, bytes]], body: bytes
    ) -> Answer | None:
        """Return what is answered there; None when nothing is."""
        try:
            wire = await self._wire()
        except OSError:
            return None
        wait = wire.ask(written(method, target, headers, body))
        try:
            answer = await asyncio.wait_for(wait, self._seconds)
        except BaseException as error:
            wire.close()
            if isinstance(error, TimeoutError):
                return None
            raise
        if self._closed:
            wire.close()
        elif wire.open:
            self._idle.append(wire)
        return answer

    def close(self) -> None:
        """Give up the connections that nobody waits for, and the others once they have answered."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()

    async def _wire(self) -> _Wire:
        while self._idle:
            wire = self._idle.pop()
            if wire.open:
                return wire
        end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            end.setblocking(False)
            end.connect(self._address)  # a Unix socket connects at once, or says that its queue is full
            _, wire = await asyncio.get_running_loop().create_unix_connection(_Wire, sock=end)
        except OSError:
            end.close()
            raise
        return wire


def written(method: str, target: bytes, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> bytes:
    r"""Return a request as bytes.

    Examples
    --------
    >>> written("POST", b"/score", [(b"host", b"x"), (b"connection", b"close")], b"[1]")
    b'POST /score HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\n[1]'
    """
    lines = [b"%b %b HTTP/1.1" % (method.encode(), target)]
    lines += [b"%b: %b" % (name, value) for name, value in headers if name not in _HOP_BY_HOP and name != b"expect"]
    lines += [b"content-length: %d" % len(body), b"", body]
    return b"\r\n".join(lines)
