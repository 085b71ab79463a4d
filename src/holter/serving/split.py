"""Which of two versions answers a request: drawn by weight, the same for the same customer.

All workers of a deployment share one listening socket, and the kernel picks one for each connection: it knows neither
weights nor customers. So the workers of the version that answers decide, and hand the canary's share on. Whoever is
not in the share pays nothing but the draw; while there is no canary, nothing at all.
"""

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from hashlib import blake2b
from typing import Any, Final, Protocol
from uuid import uuid4

from holter.registry.entries import BODY_KEY
from holter.serving.hop import Answer, Hop
from holter.serving.order import Tell
from holter.serving.scope import Receive, Scope
from holter.serving.sticky import MOST_BYTES, BodyKey

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_REQUEST_ID: Final = b"x-request-id"
_SERVER_ERROR: Final = 500
_log = logging.getLogger("holter.serving")


def place(value: bytes, salt: int) -> float:
    """Return where in [0, 1) a customer stands; another canary (salt) draws anew.

    Examples
    --------
    >>> place(b"alice", 8) == place(b"alice", 8) != place(b"alice", 9)
    True
    """
    digest = blake2b(value, digest_size=8, salt=salt.to_bytes(8, "big")).digest()
    return int.from_bytes(digest, "big") / 2.0**64


class Answering(Protocol):
    """The application of a version."""

    draining: bool
    prompt: bool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""


class Split:
    """An ASGI application before the application of a version: it hands a share of the requests to the canary.

    A canary that does not answer, or answers with 500 or more, costs its client nothing: this version then answers.
    The canary's failure is in its own record, so that it can be judged.

    Parameters
    ----------
    application
        Of this version.
    limit
        Bytes of a body that are read to be handed on; a larger one stays here, to be refused. 0: any.
    seconds
        How long the canary may take.

    Attributes
    ----------
    handed_on, taken_back
        Requests that the canary was asked, and those of them that this version answered after all.
    """

    def __init__(self, application: Answering, *, limit: int, seconds: float | None) -> None:
        self._application, self._limit, self._seconds = application, limit, seconds
        self._hop: Hop | None = None
        self._share, self._version, self._key = 0.0, 0, b""
        self._field: BodyKey | None = None
        self.handed_on = self.taken_back = 0

    @property
    def prompt(self) -> bool:
        """Whether an answer waits for nothing: the canary has to be waited for."""
        return self._hop is None and self._application.prompt

    def set(self, tell: Tell) -> None:
        """Begin, change or (weight 0) end the canary."""
        if self._hop is not None:
            self._hop.close()
        self._hop = Hop(tell.address, self._seconds) if tell.weight else None
        self._share, self._version = tell.weight / 100, tell.version
        of_body = tell.key.startswith(BODY_KEY)
        self._field = BodyKey(tell.key.removeprefix(BODY_KEY).split(".")) if of_body else None
        self._key = b"" if of_body else tell.key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or let the canary do so."""
        hop = self._hop
        if hop is not None and scores(scope):
            who, receive = await self._named(receive)
            who = who or self._customer(scope)
            if who is None:
                scope = identified(scope)
                who = self._customer(scope) or b""
            if place(who, self._version) < self._share:
                await self._hand_on(hop, identified(scope), receive, send)  # both versions are to record the same id
                return
        await self._application(scope, receive, send)

    async def _named(self, receive: Receive) -> tuple[bytes | None, Receive]:
        """Return the key that the body holds, where that is what counts, and how to receive the body once more."""
        if self._field is None:
            return None, receive
        messages, whole = await _read(receive, MOST_BYTES)
        return (None if whole is None else self._field.of(whole)), _again(messages, receive)

    def _customer(self, scope: Scope) -> bytes | None:
        """Return what a request is drawn by: the header of its customer, else its id; None where it has neither."""
        request = None
        for name, value in scope["headers"]:
            if name == self._key and value:
                return bytes(value)
            if name == _REQUEST_ID and value:
                request = bytes(value)
        return request

    async def _hand_on(self, hop: Hop, scope: Scope, receive: Receive, send: Send) -> None:
        messages, whole = await _read(receive, self._limit)
        if whole is not None:
            self.handed_on += 1
            answer = await hop.ask(scope["method"], _target(scope), scope["headers"], whole)
            if answer is not None and answer.status < _SERVER_ERROR:
                await self._say(send, answer)
                return
            self.taken_back += 1
            _log.warning("version %d did not answer; this one does", self._version)
        await self._application(scope, _again(messages, receive), send)

    async def _say(self, send: Send, answer: Answer) -> None:
        headers = [*answer.headers, (b"content-length", b"%d" % len(answer.body))]
        if self._application.draining:
            headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})


def scores(scope: Scope) -> bool:
    """Tell whether a request may be answered by either version; health, documents and named versions may not.

    Examples
    --------
    >>> scores({"method": "POST", "path": "/score"}), scores({"method": "GET", "path": "/"})
    (True, False)
    """
    if scope["method"] not in {"GET", "POST"}:
        return False
    path: str = scope["path"]
    return path == "/score" or (path.endswith("/infer") and "/versions/" not in path)


def identified(scope: Scope) -> Scope:
    """Return the request with an id, by which it is drawn when it has no key."""
    headers = scope["headers"]
    if any(name == _REQUEST_ID and value for name, value in headers):
        return scope
    return {**scope, "headers": [*headers, (_REQUEST_ID, uuid4().hex.encode())]}


def _target(scope: Scope) -> bytes:
    query: bytes = scope["query_string"]
    path: bytes = scope["raw_path"]
    return path + b"?" + query if query else path


async def _read(receive: Receive, limit: int) -> tuple[list[MutableMapping[str, Any]], bytes | None]:
    """Return what came, and the whole body unless it is too large or its client has gone."""
    messages: list[MutableMapping[str, Any]] = []
    size = 0
    while True:
        message = await receive()
        messages.append(message)
        size += len(message.get("body", b""))
        if message["type"] != "http.request" or (limit and size > limit):
            return messages, None
        if not message.get("more_body", False):
            return messages, b"".join(each.get("body", b"") for each in messages)


def _again(messages: list[MutableMapping[str, Any]], receive: Receive) -> Receive:
    """Return a ``receive`` that says once more what was said, and goes on from there."""
    left = list(reversed(messages))

    async def replay() -> MutableMapping[str, Any]:
        return left.pop() if left else await receive()

    return replay
