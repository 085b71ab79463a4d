"""The scoring server: a raw ASGI application that answers, and records each answer before it is given.

The user's ``run()`` is called on the thread of the event loop. A thread hop costs as much as the rest of a short
request (31 of 70 microseconds), and ``init()`` and ``run()`` stay on one thread, which some libraries insist on. The
price: while one ``run()`` lasts, this worker answers nothing else. A long one takes turns with the loop: a health
request waits for one ``run()`` at most, never for a queue of them; a time limit is kept by
:class:`holter.serving.deadline.Deadline`; and a worker that hangs in C code is replaced by the supervisor.
"""

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from time import perf_counter_ns, time_ns
from typing import Any, Final, Literal
from uuid import uuid4

from holter.capture.frame import Frame
from holter.capture.journal import Journal
from holter.errors import JournalFull
from holter.serving.body import Receive, Scope, received
from holter.serving.entry import Run
from holter.serving.event_time import event_microseconds
from holter.serving.keys import Doorkeeper
from holter.serving.reply import EMPTY, HEALTHY, LONGEST_ID, Answering, Reply, message, undecodable

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

LONG_US: Final = 5_000
"""A ``run()`` of at least this long takes turns with the event loop; the turn costs a hundredth of it."""
_LOOKS: Final = 4
"""How often the loop looks at its sockets between two long runs: to accept, to read, to answer; and once to spare."""
_ALLOWED: Final = {"/": "GET, HEAD, OPTIONS", "/score": "GET, POST, OPTIONS"}
_NOTED: Final = frozenset(
    (b"x-request-id", b"x-ms-client-request-id", b"authorization", b"x-holter-event-time"),
)
_log = logging.getLogger("holter.serving")


class Application:
    """Answers ``/`` and ``/score`` for one version of one deployment.

    Parameters
    ----------
    run
        The user's function from request body to result.
    version, role
        What the record says about who answered.
    timeout_ms
        Limit for one ``run()``; 0: none.
    max_request_bytes
        Limit for a body, which is held in memory while it is answered; 0: none. A larger one is answered with 413,
        reaches neither ``run()`` nor the journal, and its connection is closed.
    journal
        Where each request to ``/score`` is recorded; None: nowhere.
    journal_full
        ``refuse``: what cannot be recorded is answered with 503. ``serve``: it is answered, and counted as a gap.
    doorkeeper
        Who may score; None: anyone.
    event_time_header
        Whether ``X-Holter-Event-Time`` says when the thing scored happened. Otherwise it is ignored.

    Attributes
    ----------
    draining
        Set to make every further reply ask its client to close the connection.
    answered, gaps
        Requests to ``/score`` that were answered, and those of them that could not be recorded.
    """

    def __init__(
        self,
        run: Run,
        *,
        version: int,
        role: str = "champion",
        timeout_ms: int = 60_000,
        max_request_bytes: int = 64 << 20,
        journal: Journal | None = None,
        journal_full: Literal["refuse", "serve"] = "refuse",
        doorkeeper: Doorkeeper | None = None,
        event_time_header: bool = False,
    ) -> None:
        self._answer = Answering(run, timeout_ms)
        self._version, self._role, self._limit = version, role, max_request_bytes or sys.maxsize
        self._journal, self._serve_unrecorded = journal, journal_full == "serve"
        self._doorkeeper, self._event_time_header = doorkeeper, event_time_header
        self._turn, self._lasted_us = asyncio.Lock(), 0.0
        # Random once, counted from there: unique for half the price of a random number each.
        self._id_prefix, self._id_count = uuid4().hex[:20].encode(), 0
        self.draining, self.answered, self.gaps = False, 0, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        received_us, started = time_ns() // 1000, perf_counter_ns()
        noted = {name: value for name, value in scope["headers"] if name in _NOTED}
        given = noted.get(b"x-request-id", b"")
        request_id = given if 0 < len(given) <= LONGEST_ID else self._new_id()
        reply = self._without_run(scope["path"], scope["method"], len(given), noted)
        if reply is None:
            body = await received(scope, receive, self._limit)
            if body is None:
                return  # the client has gone before it said what it wants
            if isinstance(body, Reply):
                await self._send(send, body, request_id, noted)
                return
            reply = await self._scored(body)
            latency_us = (perf_counter_ns() - started) // 1000
            reply = self._recorded(reply, body, noted, (request_id.decode("latin-1"), received_us, latency_us))
            self.answered += 1
        await self._send(send, reply, request_id, noted, allow=_ALLOWED.get(scope["path"], ""))

    def _new_id(self) -> bytes:
        self._id_count += 1
        return b"%b%012x" % (self._id_prefix, self._id_count)

    def _without_run(self, path: str, method: str, id_length: int, noted: Mapping[bytes, bytes]) -> Reply | None:
        """Answer whatever needs neither body nor model; None: it is to be scored."""
        if path not in _ALLOWED:
            return message(404, f"There is nothing at {path}. Score with POST /score.")
        if method == "OPTIONS":
            return EMPTY
        if method not in _ALLOWED[path]:
            return message(405, f"{path} answers {_ALLOWED[path]}, not {method}.")
        if id_length > LONGEST_ID:
            return message(431, f"x-request-id has {id_length} characters; at most {LONGEST_ID} are allowed.")
        return HEALTHY if path == "/" else self._at_the_door(noted)

    def _at_the_door(self, noted: Mapping[bytes, bytes]) -> Reply | None:
        if self._doorkeeper is None or self._doorkeeper.admits(noted.get(b"authorization", b"")):
            return None
        return message(401, "Give a key of this deployment: Authorization: Bearer <key>")

    async def _scored(self, body: bytes) -> Reply:
        try:
            text = body.decode()
        except UnicodeDecodeError as error:
            return undecodable(error)
        if self._lasted_us < LONG_US:
            return self._run(text)
        async with self._turn:
            for _ in range(_LOOKS):
                await asyncio.sleep(0)
            return self._run(text)

    def _run(self, text: str) -> Reply:
        started = perf_counter_ns()
        reply = self._answer(text)
        self._lasted_us = (perf_counter_ns() - started) / 1000
        return reply

    def _recorded(
        self, reply: Reply, body: bytes, noted: Mapping[bytes, bytes], identity: tuple[str, int, int]
    ) -> Reply:
        """Return the reply once it is in the journal, or what is to be said instead."""
        if self._journal is None:
            return reply
        request_id, received_us, latency_us = identity
        event_us = self._event_time(noted)
        frame = Frame(
            request_id=request_id,
            received_us=received_us,
            event_us=event_us,
            status=reply.status,
            version=self._version,
            role=self._role,
            latency_us=latency_us,
            soft_failed=reply.soft_failed,
            timed_out=reply.timed_out,
            request=body,
            response=reply.body,
        )
        try:
            self._journal.append(frame)
        except JournalFull as error:
            return self._unrecorded(reply, frame, error)
        return reply

    def _event_time(self, noted: Mapping[bytes, bytes]) -> int | None:
        said = noted.get(b"x-holter-event-time") if self._event_time_header else None
        moment = event_microseconds(said)
        if said is not None and moment is None:
            _log.warning("X-Holter-Event-Time %r is no time with a zone; the time of arrival counts", said)
        return moment

    def _unrecorded(self, reply: Reply, frame: Frame, error: JournalFull) -> Reply:
        assert self._journal is not None  # noqa: S101  (only a journal can be full)
        if not self._serve_unrecorded:
            _log.error("refused a request: %s", error)
            return message(503, "The request cannot be recorded and was not answered. Try again later.")
        self._journal.miss(frame)
        self.gaps += 1
        _log.error("answered a request that is not recorded (%d so far): %s", self.gaps, error)
        return reply

    async def _send(
        self, send: Send, reply: Reply, request_id: bytes, noted: Mapping[bytes, bytes], *, allow: str = ""
    ) -> None:
        headers = [
            (b"content-type", reply.content_type),
            (b"content-length", b"%d" % len(reply.body)),
            (b"x-request-id", request_id),
            (b"x-ms-request-id", request_id),
        ]
        if reply.failed is not None:
            headers.append((b"x-ms-run-function-failed", b"True" if reply.failed else b"False"))
        if reply.exec_us is not None:
            headers.append((b"x-ms-run-fn-exec-ms", b"%.3f" % (reply.exec_us / 1000)))
        if b"x-ms-client-request-id" in noted:
            headers.append((b"x-ms-client-request-id", noted[b"x-ms-client-request-id"]))
        if reply is EMPTY or reply.status == 405:
            headers.append((b"allow", allow.encode()))
        if reply.status == 401:
            headers.append((b"www-authenticate", b"Bearer"))
        if self.draining or reply.status == 413:
            headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})
