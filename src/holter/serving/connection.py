"""One client's connection: uvicorn's protocol, with a limit on everything that a client may do to a worker.

uvicorn leaves five things open that matter where anybody may connect: it waits for ever for the rest of a head or a
body, holds a head of any size, answers a broken request before those that came whole before it on the same connection,
gives up a request whose client has closed its own half, and loses the body of one that offers another protocol.
Nothing is timed for each request: a sweep once a second finds who is too slow.

A request that came whole and alone is answered in the same turn of the loop, without a task: see
:mod:`holter.serving.exchange`.
"""

import resource
from collections import deque
from functools import partial
from typing import Any, Final
from urllib.parse import unquote

import httptools
import uvicorn
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from holter.serving.exchange import Exchange, rest_of
from holter.serving.reply import Reply, message

HEAD_BYTES: Final = 64 << 10
"""Request line and headers of one request; a larger head is answered with 431."""
HEADERS: Final = 100
"""Headers of one request."""
HEAD_SECONDS: Final = 20
"""How long a client may take from connecting, or from the first byte of a request, to the end of its head."""
BODY_SECONDS: Final = 30
"""How long a body may take, besides a second for each :data:`BODY_BYTES_A_SECOND`."""
BODY_BYTES_A_SECOND: Final = 500
"""The least that a client must send, as Apache's ``mod_reqtimeout`` has it (``MinRate=500``)."""
UNREAD_SECONDS: Final = 60
"""How long a reply may wait for a client that does not read."""
SWEEP_SECONDS: Final = 1.0
_NOTHING, _HEAD, _BODY = range(3)
_ASGI: Final = {"version": "3.0", "spec_version": "2.3"}
_CONNECTIONS: Final = 10_000
_SPARE_FILES: Final = 128
"""Files that a worker may open besides its connections: journal, model, what the user's code does."""


def most_connections() -> int:
    """Return how many connections a worker may hold, after asking for as many open files as it may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _CONNECTIONS + _SPARE_FILES
    most = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return max(1, most - _SPARE_FILES)


class Watch:
    """What the connections of a worker share: the count of sweeps, and how many of them there may be.

    Time is counted in sweeps, not read from a clock: while a long ``run()`` holds the event loop nothing is read, and
    that is not the fault of a client whose bytes wait in the kernel.
    """

    def __init__(self, connections: int = _CONNECTIONS) -> None:
        self.now, self.most = 0, connections
        self._known: set[Connection] = set()

    def protocol(self) -> Any:
        """Return what uvicorn is to call for each new connection."""
        return partial(Connection, self)

    def sweep(self) -> None:
        """Close whoever has been too slow. To be called every :data:`SWEEP_SECONDS`."""
        self.now += 1
        for connection in list(self._known):
            connection.look()

    def enter(self, connection: "Connection") -> None:
        """Take note of a connection; where there are too many, the one that has been idle longest goes."""
        self._known.add(connection)
        if len(self._known) <= self.most:
            return
        idle = min((each for each in self._known if each.idle), key=lambda each: each.since, default=connection)
        idle.transport.close()
        self._known.discard(idle)

    def leave(self, connection: "Connection") -> None:
        """Forget a connection."""
        self._known.discard(connection)


class Connection(HttpToolsProtocol):
    """A connection of a client.

    Attributes
    ----------
    since
        The sweep since which the worker has waited for the client.
    """

    def __init__(self, watch: Watch, config: uvicorn.Config, server_state: Any, **given: Any) -> None:
        super().__init__(config, server_state, **given)
        self._watch, self.since = watch, watch.now
        self._awaited, self._messages = _HEAD, 0
        self._head_bytes = self._body_bytes = 0
        self._unread_since: int | None = None
        self._refusal: Reply | None = None
        self._refused = self._ending = self._offered = False
        self._active: Exchange | None = None
        self._reading: Exchange | None = None
        self._queue: deque[Exchange] = deque()

    @property
    def idle(self) -> bool:
        """Whether nothing has been asked that is not answered."""
        return not self._under_way if self._awaited == _NOTHING else self._messages == 0

    def connection_made(self, transport: Any) -> None:
        """Begin."""
        super().connection_made(transport)
        self._watch.enter(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  (asyncio's signature)
        """End."""
        self._watch.leave(self)
        self.connections.discard(self)
        self._queue.clear()
        for exchange in (self._active, self._reading):
            if exchange is not None:
                exchange.lose()
        self.flow.resume_writing()
        self.parser = None  # type: ignore[assignment]  # as uvicorn does: it refers back here

    def data_received(self, data: bytes) -> None:
        """Take in what the client sent."""
        if self._refused or self.parser is None:
            return
        messages = self._messages
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._decline(data[upgrade.args[0] :])
            return
        except httptools.HttpParserError as error:
            self._refuse(self._refusal or message(400, f"This is no HTTP request: {error or type(error).__name__}"))
        else:
            if self._awaited == _HEAD and messages == self._messages:
                self._head_bytes += len(data)
                if self._head_bytes > HEAD_BYTES:
                    self._refuse(_TOO_LARGE)
        if self._queue and (self._active is None or self._active.response_complete):
            self._advance()

    def _decline(self, rest: bytes) -> None:
        """Take a request that offers another protocol as one that does not: Java's client offers h2c with a first POST.

        The parser ends such a request with its head, whatever body follows. So it is given the head again, without.
        """
        line = b"%b %b HTTP/%b\r\n" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        kept = b"".join(b"%b: %b\r\n" % each for each in self.headers if each[0] != b"upgrade")
        self._offered, self.parser = False, httptools.HttpRequestParser(self)
        self.data_received(line + kept + b"\r\n" + rest)

    def on_message_begin(self) -> None:
        """Begin a request."""
        self.url, self.headers = b"", []
        self._messages += 1
        self._awaited, self.since = _HEAD, self._watch.now
        self._head_bytes = self._body_bytes = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take in a header."""
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Take a request in, if its head is not too large."""
        parser, headers = self.parser, self.headers
        if (
            len(headers) > HEADERS
            or len(self.url) + sum([len(name) + len(value) for name, value in headers]) > HEAD_BYTES
        ):
            self._refusal = _TOO_LARGE
            raise ValueError
        version, method = parser.get_http_version(), parser.get_method()
        if version == "0.9":  # it has neither a length nor a status
            raise ValueError
        if parser.should_upgrade():
            if method == b"CONNECT":
                raise ValueError
            self._offered = True
            return
        keep = version != "1.0" and parser.should_keep_alive()
        self._reading = exchange = Exchange(self, self._scope(version, method.decode("ascii")), keep_alive=keep)
        self._awaited, self.since = _BODY, self._watch.now
        if exchange.continues and not self._under_way:
            self._queue.append(exchange)  # its body comes once it has been asked for
            self._advance()

    def _scope(self, version: str, method: str) -> dict[str, Any]:
        path, query, url = "/score", b"", self.url
        if url != b"/score":
            parsed = httptools.parse_url(url)
            path, query = unquote(parsed.path.decode("ascii")), parsed.query or b""
            url = parsed.path
        return {
            "type": "http",
            "asgi": _ASGI,
            "http_version": version,
            "method": method,
            "scheme": self.scheme,
            "path": path,
            "raw_path": url,
            "root_path": "",
            "query_string": query,
            "headers": self.headers,
            "client": self.client,
            "server": self.server,
        }

    def on_body(self, body: bytes) -> None:
        """Take in a piece of a body."""
        self._body_bytes += len(body)
        exchange = self._reading
        if exchange is None or exchange.response_complete:
            return
        if exchange.add(body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
            if exchange is not self._active and exchange not in self._queue:
                self._queue.append(exchange)

    def on_message_complete(self) -> None:
        """End a request."""
        if self._offered:
            return
        self._awaited, self.since = _NOTHING, self._watch.now
        exchange, self._reading = self._reading, None
        if exchange is None or exchange.response_complete:
            return
        exchange.complete()
        if exchange is not self._active and exchange not in self._queue:
            self._queue.append(exchange)

    def _advance(self) -> None:
        """Answer the next request: at once if it is the only one, else in its turn, so that others get theirs."""
        self._active = exchange = self._queue.popleft()
        if self._queue:
            self.flow.pause_reading()
        answer = exchange.answer(self.app)
        if self._queue or exchange.more_body or not getattr(self.app, "prompt", False):
            self._hold(self.loop.create_task(answer))
            return
        try:
            waits_for = answer.send(None)
        except StopIteration:
            return
        self._hold(self.loop.create_task(rest_of(answer, waits_for)))

    def _hold(self, task: Any) -> None:
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def on_response_complete(self) -> None:
        """Go on with what waits behind an answer."""
        self.server_state.total_requests += 1
        self.since = self._watch.now
        if self.transport.is_closing():
            return
        if self._queue:
            self._advance()
        elif self._refused and self._refusal is not None:
            self._say(self._refusal)
        elif self._ending:
            self.transport.close()
        else:
            self.flow.resume_reading()

    def eof_received(self) -> bool:  # type: ignore[override]  # uvicorn says None where asyncio has bool | None
        """Answer what was asked whole before a client closed its half; True keeps ours open for that."""
        if self.scheme == "https":
            return False  # TLS has no half that could be closed
        self._drop_unfinished()
        self._ending = self._under_way
        return self._ending

    def shutdown(self) -> None:
        """Close the connection: now if it is idle, else after the answer."""
        if self._active is None or self._active.response_complete:
            self.transport.close()
        else:
            self._active.keep_alive = False

    def pause_writing(self) -> None:
        """Note that the client does not read."""
        super().pause_writing()
        self._unread_since = self._watch.now

    def resume_writing(self) -> None:
        """Note that the client reads again."""
        super().resume_writing()
        self._unread_since = None

    def look(self) -> None:
        """End the connection if its client is too slow."""
        waited = self._watch.now - self.since
        if self._unread_since is not None and self._watch.now - self._unread_since > UNREAD_SECONDS:
            self.transport.abort()
        elif self._awaited == _HEAD and waited > HEAD_SECONDS:
            self._refuse(message(408, f"The head of the request did not come within {HEAD_SECONDS} seconds."))
        elif self._awaited == _BODY and self.flow.read_paused:
            self.since += 1  # it is we who do not read
        elif self._awaited == _BODY and waited > BODY_SECONDS + self._body_bytes // BODY_BYTES_A_SECOND:
            self._refuse(message(408, "The body of the request came too slowly."))
        elif self._awaited == _NOTHING and waited > self.timeout_keep_alive and not self._under_way:
            self.transport.close()

    @property
    def _under_way(self) -> bool:
        """Whether a request that came whole is still to be answered."""
        active = self._active
        return bool(self._queue) or (active is not None and not active.response_complete and not active.more_body)

    def _drop_unfinished(self) -> None:
        """Forget a request that will not be completed, unless it is being answered already."""
        if self._queue and self._queue[-1].more_body:
            self._queue.pop()

    def _refuse(self, reply: Reply) -> None:
        """Say so and hang up, once everything asked before is answered."""
        if self._refused or self.transport.is_closing():
            return
        self._drop_unfinished()
        self._refused, self._refusal, self._awaited = True, reply, _NOTHING
        if self._under_way:
            self.flow.pause_reading()
        else:
            self._say(reply)

    def _say(self, reply: Reply) -> None:
        active = self._active
        if active is None or not active.more_body or not active.response_started:  # else it has its answer already
            head = b"content-type: %b\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
            body = reply.body
            self.transport.write(STATUS_LINE[reply.status] + head % (reply.content_type, len(body)) + body)
        self.transport.close()


_TOO_LARGE: Final = message(431, f"The head of a request may have {HEADERS} headers and {HEAD_BYTES:,} bytes.")
