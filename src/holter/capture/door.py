"""Capture for a service of one's own: the same journal, the same records, the same guarantees as behind Holter.

The deployment is one that Holter knows, but need not serve: ``holter deploy NAME ... --no-wait`` or a paused one. The
process that compacts journals is ``holter up`` on the workspace, on the same machine or on a shared disk.
"""

import asyncio
import functools
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from pathlib import Path
from time import perf_counter_ns, time_ns
from typing import Any, Final, TypeVar
from uuid import uuid4

from holter.capture.agreeing import terms_of
from holter.capture.frame import Frame
from holter.capture.places import journal_folder
from holter.capture.recorder import Recorder
from holter.errors import JournalFull
from holter.registry import Shelves

REFUSED: Final = b'{"message":"The request cannot be recorded and was not answered. Try again later."}'
MOST_BYTES: Final = 64 << 20
"""A larger request or reply is passed on, and recorded without its body."""
LONGEST_ID: Final = 100
"""Characters of a request id that are kept."""

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
T = TypeVar("T")


class Door:
    """A journal of one process for one deployment.

    Parameters
    ----------
    workspace
        Folder of the workspace.
    deployment
        Its name.
    version
        The model version that answers; None: the one that the deployment wants.

    Raises
    ------
    NotFound
        If there is no such workspace, deployment or version.
    """

    def __init__(self, workspace: str | Path, deployment: str, *, version: int | None = None) -> None:
        shelves = Shelves.open(Path(workspace))
        entry = shelves.registry.deployment(deployment)
        model = shelves.registry.version(entry.model, version or entry.wanted.version)
        terms = terms_of(shelves, entry, model)
        self.version = model.version
        self._journal = terms.journal(journal_folder(shelves.root, entry.shelf))
        self._recorder = Recorder(self._journal, version=model.version, full=terms.full, redactor=terms.redactor())
        shelves.facts.close()

    @property
    def gaps(self) -> int:
        """Requests that were answered and could not be recorded."""
        return self._recorder.gaps

    async def keep(self, frame: Frame) -> bool:
        """Record a request with its reply; False: it must be refused."""
        return await self._recorder.keep(frame)

    def keep_now(self, frame: Frame) -> bool:
        """Do the same outside of an event loop."""
        return asyncio.run(self._recorder.keep(frame))

    def close(self) -> None:
        """Force everything to disk; the process may end."""
        self._journal.close()


class CaptureMiddleware:
    """ASGI middleware that records the requests to some paths.

    ``app.add_middleware(CaptureMiddleware, workspace="holter", deployment="churn", paths=("/predict",))`` for Starlette
    and FastAPI; ``CaptureMiddleware(app, ...)`` for any ASGI application. A reply is passed on once its record is
    written. Replies are JSON as :mod:`holter.capture.parsing` understands it; a body that it does not is kept as it is.

    Parameters
    ----------
    app
        The application.
    workspace, deployment, version
        As for :class:`Door`.
    paths
        Paths whose POST requests are recorded.
    """

    def __init__(
        self,
        app: App,
        *,
        workspace: str | Path,
        deployment: str,
        version: int | None = None,
        paths: tuple[str, ...] = ("/score",),
    ) -> None:
        self._app, self._paths = app, frozenset(paths)
        self.door = Door(workspace, deployment, version=version)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and record it if it is one of those."""
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"] in self._paths:
            await _Passing(self._app, self.door, scope, receive, send).go()
            return
        await self._app(scope, receive, send)


class _Passing:
    """One request on its way through the middleware; the reply is held back until the record is written."""

    def __init__(self, app: App, door: Door, scope: Scope, receive: Receive, send: Send) -> None:
        self._app, self._door, self._scope, self._receive, self._send = app, door, scope, receive, send
        self._asked, self._answered = bytearray(), bytearray()
        self._held: list[Message] = []
        self._status = 500
        self._received_us, self._started = time_ns() // 1000, perf_counter_ns()

    async def go(self) -> None:
        try:
            await self._app(self._scope, self._hear, self._say)
        except BaseException:
            await self._door.keep(self._frame(b""))
            raise
        if await self._door.keep(self._frame(bytes(self._answered))):
            for message in self._held:
                await self._send(message)
            return
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(REFUSED))]
        await self._send({"type": "http.response.start", "status": 503, "headers": headers})
        await self._send({"type": "http.response.body", "body": REFUSED})

    async def _hear(self) -> Message:
        message = await self._receive()
        _gather(self._asked, message)
        return message

    async def _say(self, message: Message) -> None:
        self._status = message.get("status", self._status)
        _gather(self._answered, message)
        self._held.append(message)

    def _frame(self, response: bytes) -> Frame:
        given = dict(self._scope["headers"]).get(b"x-request-id", b"")
        latency_us = (perf_counter_ns() - self._started) // 1000
        bodies = bytes(self._asked), response
        name = given.decode("latin-1")[:LONGEST_ID]
        return frame_of(name, self._received_us, self._status, latency_us, *bodies, self._door.version)


def _gather(body: bytearray, message: Message) -> None:
    part = message.get("body", b"")
    if len(body) + len(part) <= MOST_BYTES:
        body += part


def frame_of(
    request_id: str,
    received_us: int,
    status: int,
    latency_us: int,
    request: bytes,
    response: bytes,
    version: int,
) -> Frame:
    """Return the frame of a request that somebody else has answered; without an id it gets one."""
    soft = status == 200 and response[:1] == b"{" and _has_error(response)
    return Frame(
        request_id or uuid4().hex,
        received_us,
        None,
        status,
        version,
        "champion",
        latency_us,
        soft,
        False,
        request,
        response,
    )


def _has_error(response: bytes) -> bool:
    try:
        found = json.loads(response)
    except ValueError:
        return False
    return isinstance(found, dict) and "error" in found


def captured(door: Door) -> Callable[[Callable[[Any], T]], Callable[[Any], T]]:
    """Record what a function of rows answers: for Flask, Django, a queue, or a loop in a script.

    The function takes what JSON can hold (rows as records or lists) and returns predictions likewise; numpy arrays in
    the answer become lists. What it raises is recorded as a failure, and raised.

    Raises
    ------
    JournalFull
        If the answer cannot be recorded, and the deployment refuses what cannot be.
    """

    def decorate(predict: Callable[[Any], T]) -> Callable[[Any], T]:
        @functools.wraps(predict)
        def recorded(rows: Any) -> T:
            received_us, started = time_ns() // 1000, perf_counter_ns()

            def keep(status: int, answer: Any) -> None:
                latency_us = (perf_counter_ns() - started) // 1000
                bodies = _plain(rows), _plain(answer) if status == 200 else b""
                frame = frame_of("", received_us, status, latency_us, *bodies, door.version)
                if not door.keep_now(frame):
                    raise JournalFull("the journal", "the record was refused")

            try:
                answer = predict(rows)
            except Exception:
                keep(500, None)
                raise
            keep(200, answer)
            return answer

        return recorded

    return decorate


def _plain(value: Any) -> bytes:
    return json.dumps(value, default=_as_list).encode()


def _as_list(value: Any) -> Any:
    """Return arrays, series and their scalars as lists and numbers; other objects as text."""
    for verb in ("tolist", "to_list", "isoformat"):
        if hasattr(value, verb):
            return getattr(value, verb)()
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)
