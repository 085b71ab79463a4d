"""One request and its answer on a connection, as ASGI sees them.

uvicorn makes a task, an event and a timer for each request, and checks each header of an answer by two regular
expressions; that is two thirds of what a short request costs. Here a request that has come whole is answered without
any of them, and an answer is one write. In turn this serves our own application only: an answer says its length, and
its headers are known to be sound.
"""

import logging
from collections.abc import Awaitable, Callable, Coroutine, Generator, MutableMapping
from typing import TYPE_CHECKING, Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from holter.serving.scope import Scope

if TYPE_CHECKING:
    import asyncio

    from holter.serving.connection import Connection

Answer = Coroutine[Any, Any, None]

_GONE: Final = {"type": "http.disconnect"}
_FAULT: Final = (
    b"HTTP/1.1 500 Internal Server Error\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: 21\r\nconnection: close\r\n\r\nInternal Server Error"
)
_log = logging.getLogger("holter.serving")


class Exchange:
    """A request and its answer.

    Attributes
    ----------
    continues
        Whether the client waits for a word before it sends the body.
    more_body
        Whether the body has not come whole yet.
    response_started, response_complete
        How far the answer is.
    keep_alive
        Whether the connection stays open after it.
    """

    __slots__ = (
        "_body", "_connection", "_head", "_lost", "_scope", "_waiter",
        "continues", "keep_alive", "more_body", "response_complete", "response_started",
    )  # fmt: skip

    def __init__(self, connection: "Connection", scope: dict[str, Any], *, keep_alive: bool) -> None:
        self._connection, self._scope, self.keep_alive = connection, scope, keep_alive
        self._body: bytes | bytearray = b""
        self._head = b""
        self._waiter: asyncio.Future[None] | None = None
        self._lost = self.response_started = self.response_complete = False
        self.more_body = True
        self.continues = (b"expect", b"100-continue") in scope["headers"]

    def add(self, body: bytes) -> int:
        """Take in a piece of the body, and return how much waits to be received."""
        if not self._body:
            self._body = body
        else:
            if isinstance(self._body, bytes):
                self._body = bytearray(self._body)
            self._body += body
        self._wake()
        return len(self._body)

    def complete(self) -> None:
        """Note that the body has come whole."""
        self.more_body = False
        self._wake()

    def lose(self) -> None:
        """Note that the client has gone."""
        self._lost = True
        self._wake()

    async def answer(self, application: Callable[[Scope, Any, Any], Awaitable[None]]) -> None:
        """Let an application answer. Whatever it raises costs this request only."""
        try:
            await application(self._scope, self.receive, self.send)
        except Exception:  # noqa: BLE001  (a fault of ours must not end the worker)
            _log.exception("a request was not answered")
        if not (self.response_complete or self._lost):
            if not self.response_started:
                self._connection.transport.write(_FAULT)
            self._connection.transport.close()

    async def receive(self) -> MutableMapping[str, Any]:
        """Return what has come of the body, and wait for it if nothing has."""
        connection = self._connection
        if self.continues and self.more_body:
            connection.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.continues = False
        while self.more_body and not self._body and not self._lost:
            connection.flow.resume_reading()
            self._waiter = connection.loop.create_future()
            await self._waiter
        if self._lost or self.response_complete:
            return dict(_GONE)
        body, self._body = self._body, b""
        return {"type": "http.request", "body": bytes(body), "more_body": self.more_body}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        """Send head or body of the answer; the head goes with the first piece of the body."""
        connection = self._connection
        if connection.flow.write_paused and not self._lost:
            await connection.flow.drain()
        if self._lost:
            return
        if message["type"] == "http.response.start":
            self._head = self._headers(message)
            self.response_started = True
            return
        body = b"" if self._scope["method"] == "HEAD" else message.get("body", b"")
        connection.transport.write(self._head + body if self._head else body)
        self._head = b""
        if not message.get("more_body", False):
            self.response_complete = True
            if not self.keep_alive:
                connection.transport.close()
            connection.on_response_complete()

    def _headers(self, message: MutableMapping[str, Any]) -> bytes:
        given = message["headers"]
        parts = [STATUS_LINE[message["status"]]]
        parts += [b"%b: %b\r\n" % each for each in self._connection.server_state.default_headers]
        parts += [b"%b: %b\r\n" % each for each in given]
        if (b"connection", b"close") in given:
            self.keep_alive = False
        elif not self.keep_alive:
            parts.append(b"connection: close\r\n")
        parts.append(b"\r\n")
        return b"".join(parts)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class _Rest:
    """What is left of a coroutine that has been run up to where it waits."""

    def __init__(self, begun: Answer, waits_for: Any) -> None:
        self._begun, self._waits_for = begun, waits_for

    def __await__(self) -> Generator[Any, Any, None]:
        waits_for = self._waits_for
        while True:
            failure: BaseException | None = None
            given: Any = None
            try:
                given = yield waits_for
            except BaseException as error:  # noqa: BLE001  (handed on, as await does)
                failure = error
            try:
                waits_for = self._begun.send(given) if failure is None else self._begun.throw(failure)
            except StopIteration:
                return


async def rest_of(begun: Answer, waits_for: Any) -> None:
    """Go on with a coroutine that has been run up to where it waits for something."""
    await _Rest(begun, waits_for)
