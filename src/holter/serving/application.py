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
from collections.abc import Callable, Mapping
from pathlib import Path
from time import perf_counter_ns, thread_time_ns, time_ns
from typing import Final, Literal
from uuid import uuid4

from holter.capture.frame import Frame
from holter.capture.journal import Journal
from holter.capture.recorder import Recorder
from holter.capture.redaction import Redactor
from holter.serving.answering import Answering
from holter.serving.body import received
from holter.serving.contract import AS_JSON, Contract, Unreadable
from holter.serving.event_time import event_microseconds
from holter.serving.keys import Doorkeeper
from holter.serving.origins import Origins
from holter.serving.protocol import Protocol
from holter.serving.reply import EMPTY, HEALTHY, LONGEST_ID, Reply, message, undecodable
from holter.serving.scope import Receive, Scope, Send
from holter.serving.swagger import description, version_asked
from holter.serving.tensors import Inference, body_of, inference_of, refusal, reply_of

LONG_US: Final = 5_000
"""A ``run()`` of at least this long takes turns with the event loop; the turn costs a hundredth of it."""
_LOOKS: Final = 4
"""How often the loop looks at its sockets between two long runs: to accept, to read, to answer; and once to spare."""
_SCORE: Final = "/score"
_ALLOWED: Final = {"/": "GET, HEAD, OPTIONS", "/swagger.json": "GET, HEAD, OPTIONS", _SCORE: "GET, POST, OPTIONS"}
_NOTED: Final = frozenset(
    (
        b"x-request-id",
        b"x-ms-client-request-id",
        b"authorization",
        b"x-holter-event-time",
        b"origin",
        b"sec-fetch-site",
        b"inference-header-content-length",
    ),
)
_log = logging.getLogger("holter.serving")


_Asked = tuple[str, int, int | None, bytes]
"""What was asked: request id, microseconds of arrival, those of the event if the caller gave them, and the body."""


class Application:
    """Answers ``/``, ``/score``, ``/swagger.json`` and ``/v2`` for one version of one deployment.

    Parameters
    ----------
    run
        The user's function from request body to result, or how to ask it.
    version, role
        What the record says about who answered.
    timeout_ms
        Limit for one ``run()``; 0: none.
    max_request_bytes
        Limit for a body, which is held in memory while it is answered; 0: none. A larger one is answered with 413,
        reaches neither ``run()`` nor the journal, and its connection is closed.
    journal
        Where each request to be scored is recorded; None: nowhere.
    journal_full
        ``refuse``: what cannot be recorded is answered with 503. ``serve``: it is answered, and counted as a gap.
    redactor
        What takes out of bodies what must not be written; None: nothing.
    doorkeeper
        Who may score; None: anyone.
    event_time_header
        Whether ``X-Holter-Event-Time`` says when the thing scored happened. Otherwise it is ignored.
    origins
        Which web pages may score.
    deployment, model, folder
        Names for descriptions and for ``/v2/models``, and where the user's own descriptions lie.

    Attributes
    ----------
    draining
        Set to make every further reply ask its client to close the connection.
    prompt
        Whether an answer waits for nothing that needs a task, so that it may be given within the turn of the loop.
    answered, failed, gaps
        Requests to be scored that were answered, those of them with a status of 500 or more, and those that could not
        be recorded.
    waiting
        Requests that have come and wait for their turn.
    """

    def __init__(
        self,
        run: Callable[..., object] | Contract,
        *,
        version: int,
        role: str = "champion",
        timeout_ms: int = 60_000,
        max_request_bytes: int = 64 << 20,
        journal: Journal | None = None,
        journal_full: Literal["refuse", "serve"] = "refuse",
        doorkeeper: Doorkeeper | None = None,
        event_time_header: bool = False,
        redactor: Redactor | None = None,
        origins: Origins | None = None,
        deployment: str = "service",
        model: str = "model",
        folder: Path | None = None,
    ) -> None:
        self._answer = Answering(run, timeout_ms)
        self._contract = self._answer.contract
        self._version, self._role, self._limit = version, role, max_request_bytes or sys.maxsize
        self._recorder: Recorder | None = None
        if journal is not None:
            self._recorder = Recorder(journal, version=version, role=role, full=journal_full, redactor=redactor)
        self._doorkeeper, self._event_time_header = doorkeeper, event_time_header
        self._origins, self._deployment, self._folder = origins or Origins(), deployment, folder or Path()
        self.prompt = not self._contract.asynchronous and not (journal and journal.grouped)
        self._model, self._protocol = model, Protocol(model, version)
        self._turn, self._lasted_us = asyncio.Lock(), 0.0
        # Random once, counted from there: unique for half the price of a random number each.
        self._id_prefix, self._id_count = uuid4().hex[:20].encode(), 0
        self.draining, self.answered, self.failed, self.waiting, self._spent_us = False, 0, 0, 0, 0.0

    @property
    def busy_us(self) -> int:
        """Microseconds in which this worker could take no other request: the time of ``run()``, waits of its own too.

        One that is awaited lets others in while it waits: then what the thread has computed. Asked on that thread.
        """
        return thread_time_ns() // 1000 if self._contract.asynchronous else int(self._spent_us)

    @property
    def gaps(self) -> int:
        """Requests to be scored that were answered and could not be recorded."""
        return 0 if self._recorder is None else self._recorder.gaps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        received_us, started = time_ns() // 1000, perf_counter_ns()
        noted = {name: value for name, value in scope["headers"] if name in _NOTED}
        given = noted.get(b"x-request-id", b"")
        request_id = given if 0 < len(given) <= LONGEST_ID else self._new_id()
        reply = self._without_run(scope, len(given), noted)
        if reply is None:
            body = await received(scope, receive, self._limit)
            if body is None:
                return  # the client has gone before it said what it wants
            if isinstance(body, Reply):
                await self._send(send, scope, body, request_id, noted)
                return
            event_us = self._event_time(noted) if self._event_time_header else None
            asked = (request_id.decode("latin-1"), received_us, event_us, body)
            if scope["path"] == _SCORE:
                reply = await self._scored(body, scope, asked)
            else:
                reply, named = await self._inferred(asked, scope, binary=b"inference-header-content-length" in noted)
                if named is not None and not given:
                    request_id, asked = named, (named.decode(), received_us, event_us, body)
            if self._recorder is not None:
                frame = self._frame(asked, reply, (perf_counter_ns() - started) // 1000)
                if not (await self._recorder.keep(frame) if self._recorder.grouped else self._recorder.write(frame)):
                    reply = message(503, "The request cannot be recorded and was not answered. Try again later.")
            self.answered += 1
            self.failed += reply.status >= 500
        await self._send(send, scope, reply, request_id, noted)

    def _new_id(self) -> bytes:
        self._id_count += 1
        return b"%b%012x" % (self._id_prefix, self._id_count)

    def _without_run(self, scope: Scope, id_length: int, noted: Mapping[bytes, bytes]) -> Reply | None:
        """Answer whatever needs neither body nor model; None: it is to be scored."""
        path, method = scope["path"], scope["method"]
        allowed = self._allows(path)
        if not allowed:
            return message(404, f"There is nothing at {path}. Score with POST /score.")
        if method == "OPTIONS":
            return EMPTY
        if method not in allowed and not (path == _SCORE and self._contract.raw):
            return message(405, f"{path} answers {allowed}, not {method}.")
        if id_length > LONGEST_ID:
            return message(431, f"x-request-id has {id_length} characters; at most {LONGEST_ID} are allowed.")
        return self._at_the_door(scope, noted) if path == _SCORE or path.endswith("/infer") else self._about(scope)

    def _about(self, scope: Scope) -> Reply:
        if scope["path"] == "/":
            return HEALTHY
        if scope["path"] != "/swagger.json":
            return self._protocol.about(scope["path"])
        asked = version_asked(scope["query_string"])
        return description(asked, self._contract, self._folder, self._deployment, self._version)

    def _allows(self, path: str) -> str:
        return _ALLOWED.get(path) or self._protocol.allows(path)

    def _at_the_door(self, scope: Scope, noted: Mapping[bytes, bytes]) -> Reply | None:
        if (b"origin" in noted or b"sec-fetch-site" in noted) and not self._origins.admit(scope["headers"]):
            return message(
                403, "Pages of this origin may not score here. The deployment's setting cors_origins lets them."
            )
        if self._doorkeeper is None or self._doorkeeper.admits(noted.get(b"authorization", b"")):
            return self._protocol.unknown(scope["path"])
        return message(401, "Give a key of this deployment: Authorization: Bearer <key>")

    async def _scored(self, body: bytes, scope: Scope, asked: _Asked) -> Reply:
        try:
            argument = self._contract.read(body, scope)
        except UnicodeDecodeError as error:
            return undecodable(error)
        except Unreadable as error:
            return message(error.status, str(error), failed=False)
        if self._contract.asynchronous:
            return await self._answer.later(argument)
        if self._lasted_us < LONG_US and not self._turn.locked():  # nobody goes past those who wait
            return self._run(argument, asked)
        self.waiting += 1
        try:
            async with self._turn:
                for _ in range(_LOOKS):
                    await asyncio.sleep(0)
                return self._run(argument, asked)
        finally:
            self.waiting -= 1

    def _run(self, argument: object, asked: _Asked) -> Reply:
        if self._recorder is not None:  # nobody else's turn comes before the answer is there
            self._recorder.begin(*asked)
        started = perf_counter_ns()
        reply = self._answer(argument)
        self._lasted_us = (perf_counter_ns() - started) / 1000
        self._spent_us += self._lasted_us
        return reply

    async def _inferred(self, asked: _Asked, scope: Scope, *, binary: bool) -> tuple[Reply, bytes | None]:
        """Return the answer to tensors, and the request id that came with them."""
        inference = Inference([])
        try:
            inference = inference_of(asked[-1], binary=binary)
            plain = body_of(inference, self._contract)
        except Unreadable as error:
            return refusal(message(error.status, ""), str(error)), _named(inference)
        reply = await self._scored(plain, {"method": "POST", "headers": AS_JSON, "path": scope["path"]}, asked)
        return reply_of(reply, inference, self._model, self._version), _named(inference)

    def _frame(self, asked: _Asked, reply: Reply, latency_us: int) -> Frame:
        """Return the record of a request."""
        request_id, received_us, event_us, body = asked
        return Frame(
            request_id,
            received_us,
            event_us,
            reply.status,
            self._version,
            self._role,
            latency_us,
            reply.soft_failed,
            reply.timed_out,
            body,
            reply.body,
        )

    @staticmethod
    def _event_time(noted: Mapping[bytes, bytes]) -> int | None:
        said = noted.get(b"x-holter-event-time")
        if said is None:
            return None
        moment = event_microseconds(said)
        if moment is None:
            _log.warning("X-Holter-Event-Time %r is no time with a zone; the time of arrival counts", said)
        return moment

    async def _send(
        self, send: Send, scope: Scope, reply: Reply, request_id: bytes, noted: Mapping[bytes, bytes]
    ) -> None:
        headers = [
            (b"content-type", reply.content_type),
            (b"content-length", b"%d" % len(reply.body)),
            (b"x-request-id", request_id),
            (b"x-ms-request-id", request_id),
            *reply.headers,
        ]
        if reply.failed is not None:
            headers.append((b"x-ms-run-function-failed", b"True" if reply.failed else b"False"))
        if reply.exec_us is not None:
            headers.append((b"x-ms-run-fn-exec-ms", b"%.3f" % (reply.exec_us / 1000)))
        if b"x-ms-client-request-id" in noted:
            headers.append((b"x-ms-client-request-id", noted[b"x-ms-client-request-id"]))
        if b"origin" in noted:
            headers += self._origins.reply(scope["headers"], preflight=reply is EMPTY)
        if reply is EMPTY or reply.status == 405:
            headers.append((b"allow", self._allows(scope["path"]).encode()))
        if reply.status == 401:
            headers.append((b"www-authenticate", b"Bearer"))
        if self.draining or reply.status == 413:
            headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})


def _named(inference: Inference) -> bytes | None:
    """Return the id of an inference as a request id, if it can be one."""
    name = inference.id or ""
    return name.encode() if 0 < len(name) <= LONGEST_ID and name.isascii() and name.isprintable() else None
