"""A connection in a loop of its own: who is too slow, too long or broken, and what becomes of the others."""

import asyncio
import json
import resource

import pytest
import uvicorn
from uvicorn.server import ServerState

from holter.serving import connection
from holter.serving.connection import (
    BODY_BYTES_A_SECOND,
    BODY_SECONDS,
    HEAD_BYTES,
    HEAD_SECONDS,
    HEADERS,
    UNREAD_SECONDS,
    Watch,
)

KEEP = 75
POST = b"POST /score HTTP/1.1\r\ncontent-length: 4\r\n\r\n"


class Server:
    """A loop with a listening socket; time passes only when a test says so."""

    def __init__(self, application, most=100):
        self.watch = Watch(most)
        config = uvicorn.Config(
            application,
            http=self.watch.protocol(),
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            timeout_keep_alive=KEEP,
        )
        config.load()
        self._config, self.state, self._kept = config, ServerState(), []

    async def __aenter__(self):
        def protocol():
            return self._config.http_protocol_class(config=self._config, server_state=self.state, app_state={})

        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(protocol, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self._server.close()
        for each in list(self.state.connections):
            each.transport.abort()
        await asyncio.sleep(0)

    async def client(self, *said):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self._kept.append(writer)  # one that nobody holds is closed
        for piece in said:
            writer.write(piece)
            await writer.drain()
            await settle()
        await settle()
        return reader, writer

    async def pass_seconds(self, seconds):
        for _ in range(seconds):
            self.watch.sweep()
        await settle()


async def settle():
    for _ in range(10):
        await asyncio.sleep(0.001)


async def echo(scope, receive, send):
    """Answer with what came; a client that has gone gets nothing."""
    body = b""
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            return
        body += event["body"]
        if not event["more_body"]:
            break
    await say(send, scope["path"].encode() + b" " + body)


async def say(send, body, status=200):
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def run(test, application=echo, most=100):
    async def whole():
        async with Server(application, most) as server:
            await test(server)

    asyncio.run(whole())


async def rest(reader):
    return await asyncio.wait_for(reader.read(), 30)


async def reply(reader):
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)
    length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"content-length"))
    return int(head.split()[1]), await reader.readexactly(length)


def statuses(data):
    return [int(part.split(b" ")[0]) for part in data.split(b"HTTP/1.1 ")[1:]]


@pytest.mark.parametrize(
    "said", [b"", b"POST /sc", b"POST /score HTTP/1.1\r\nhost: x\r\n"], ids=["nothing", "a line", "a header"]
)
def test_a_head_that_does_not_come_is_waited_for_so_long_and_no_longer(said):
    async def test(server):
        reader, _ = await server.client(said)
        await server.pass_seconds(HEAD_SECONDS)
        assert server.state.connections
        await server.pass_seconds(1)
        assert statuses(await rest(reader)) == [408]
        assert not server.state.connections

    run(test)


def test_a_head_that_comes_byte_by_byte_gains_no_time():
    async def test(server):
        reader, writer = await server.client(b"POST /score HTTP/1.1\r\n")
        for _ in range(HEAD_SECONDS + 1):
            writer.write(b"a")
            await settle()
            await server.pass_seconds(1)
        assert statuses(await rest(reader)) == [408]

    run(test)


def test_a_body_gains_a_second_for_so_many_bytes():
    async def test(server):
        reader, writer = await server.client(b"POST /score HTTP/1.1\r\ncontent-length: 100000\r\n\r\n")
        await server.pass_seconds(BODY_SECONDS)
        writer.write(b"x" * 2_000)
        await settle()
        await server.pass_seconds(4)
        assert server.state.connections
        await server.pass_seconds(1)
        assert statuses(await rest(reader)) == [408]

    run(test)


def test_a_client_is_not_slow_while_it_is_we_who_do_not_read():
    held = asyncio.Event()

    async def slow(scope, receive, send):
        await held.wait()
        await echo(scope, receive, send)

    async def test(server):
        body = b"x" * 300_000
        reader, writer = await server.client(b"POST /a HTTP/1.1\r\ncontent-length: 300000\r\n\r\n")
        writer.write(body)
        await settle()
        await server.pass_seconds(10 * BODY_SECONDS)
        held.set()
        assert await reply(reader) == (200, b"/a " + body)

    run(test, slow)


def test_a_kept_connection_and_one_that_is_answered_are_not_hurried():
    done = asyncio.Event()

    async def slow(scope, receive, send):
        if scope["path"] == "/slow":
            await done.wait()
        await echo(scope, receive, send)

    async def test(server):
        reader, _ = await server.client(POST + b"body")
        assert await reply(reader) == (200, b"/score body")
        waiting, _ = await server.client(b"GET /slow HTTP/1.1\r\n\r\n")
        await server.pass_seconds(KEEP)
        assert len(server.state.connections) == 2
        await server.pass_seconds(1)
        assert len(server.state.connections) == 1, "nothing was asked on the kept one for too long"
        await server.pass_seconds(500)
        done.set()
        assert await reply(waiting) == (200, b"/slow ")

    run(test, slow)


def test_a_client_that_does_not_read_is_cut_off():
    async def much(_scope, _receive, send):
        await say(send, b"x" * 50_000_000)

    async def test(server):
        await server.client(b"GET / HTTP/1.1\r\n\r\n")
        await server.pass_seconds(UNREAD_SECONDS)
        assert server.state.connections
        await server.pass_seconds(1)
        assert not server.state.connections

    run(test, much)


@pytest.mark.parametrize(
    "said",
    [
        b"GET / HTTP/1.1\r\nx: " + b"a" * HEAD_BYTES + b"\r\n\r\n",
        b"GET /" + b"a" * HEAD_BYTES + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * (HEADERS + 1) + b"\r\n",
    ],
    ids=["a long header", "a long path", "many headers"],
)
def test_a_head_that_is_too_large(said):
    async def test(server):
        reader, _ = await server.client(said)
        data = await rest(reader)
        assert statuses(data) == [431]
        assert b"connection: close" in data
        assert "65,536" in json.loads(data.split(b"\r\n\r\n")[1])["message"]

    run(test)


def test_a_head_that_never_ends_is_not_kept():
    async def test(server):
        reader, writer = await server.client(b"GET / HTTP/1.1\r\nx: ")
        for _ in range(9):
            writer.write(b"a" * (HEAD_BYTES // 8))
            await settle()
        assert statuses(await rest(reader)) == [431]

    run(test)


def test_a_large_body_before_the_next_head_is_no_part_of_it():
    async def test(server):
        size = 3 * HEAD_BYTES
        body = b"x" * size
        first = b"POST /1 HTTP/1.1\r\ncontent-length: %d\r\n\r\n" % size
        reader, _ = await server.client(first + body + b"GET /2 HT", b"TP/1.1\r\n\r\n")
        assert await reply(reader) == (200, b"/1 " + body)
        assert await reply(reader) == (200, b"/2 ")

    run(test)


BROKEN = {
    "no method": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
    "length and chunks": b"POST / HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "negative length": b"POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
    "no length": b"POST / HTTP/1.1\r\ncontent-length: ten\r\n\r\n",
    "no chunk": b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n",
    "blank in a name": b"GET / HTTP/1.1\r\nx y: z\r\n\r\n",
    "zero in a value": b"GET / HTTP/1.1\r\nx: a\x00b\r\n\r\n",
    "no path": b"GET  HTTP/1.1\r\n\r\n",
    "connect": b"CONNECT a:1 HTTP/1.1\r\n\r\n",
}


@pytest.mark.parametrize("said", BROKEN.values(), ids=BROKEN)
def test_what_is_no_request_is_told_so_and_hung_up_on(said):
    async def test(server):
        reader, _ = await server.client(said)
        assert statuses(await rest(reader)) == [400]

    run(test)


@pytest.mark.parametrize("said", BROKEN.values(), ids=BROKEN)
def test_what_came_whole_before_it_is_answered_first(said):
    async def late(scope, receive, send):
        await asyncio.sleep(0.02)
        await echo(scope, receive, send)

    async def test(server):
        reader, _ = await server.client(b"GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n" + said)
        data = await rest(reader)
        assert statuses(data) == [200, 200, 400]
        assert data.index(b"/1 ") < data.index(b"/2 ")

    run(test, late)


@pytest.mark.parametrize("upgrade", [b"h2c", b"websocket"])
def test_an_offer_to_upgrade_is_answered_in_http_1(upgrade):
    async def test(server):
        head = b"POST /score HTTP/1.1\r\nconnection: upgrade\r\nupgrade: %b\r\ncontent-length: 4\r\n\r\n" % upgrade
        reader, writer = await server.client(head + b"body" + head + b"next")
        assert await reply(reader) == (200, b"/score body")
        assert await reply(reader) == (200, b"/score next")
        writer.write(POST + b"last")
        assert await reply(reader) == (200, b"/score last")

    run(test)


@pytest.mark.parametrize("late", [0.0, 0.05])
def test_a_client_that_closes_its_half_gets_its_answers(late):
    async def answer(scope, receive, send):
        await asyncio.sleep(late)
        await echo(scope, receive, send)

    async def test(server):
        reader, writer = await server.client()
        writer.write(POST + b"bodyGET /2 HTTP/1.1\r\n\r\nPOST /3 HTTP/1.1\r\ncontent-length: 9\r\n\r\ncut")
        writer.write_eof()
        data = await rest(reader)
        assert data.count(b"HTTP/1.1 200") == 2
        assert b"/score body" in data
        assert b"/2 " in data
        assert b"/3" not in data
        await settle()
        assert not server.state.connections

    run(test, answer)


@pytest.mark.parametrize("said", [b"", b"GET / HT", POST + b"bo"], ids=["nothing", "half a head", "half a body"])
def test_a_client_that_closes_its_half_too_early_is_let_go(said):
    async def test(server):
        reader, writer = await server.client(said)
        writer.write_eof()
        assert await rest(reader) == b""
        await settle()
        assert not server.state.connections

    run(test)


def test_a_client_that_waits_for_a_word_before_its_body_gets_it():
    async def test(server):
        reader, writer = await server.client(
            b"POST /score HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n"
        )
        assert await reader.readexactly(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"body")
        assert await reply(reader) == (200, b"/score body")

    run(test)


class Prompt:
    """An application that says it need not wait; what it is asked to do after all is in its path."""

    prompt = True

    async def __call__(self, scope, receive, send):
        if scope["path"] == "/raise":
            raise ValueError
        if scope["path"] == "/half":
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]})
            return
        if scope["path"] == "/wait":
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asyncio.get_running_loop().create_future(), 0.01)
        await asyncio.sleep(0)
        await echo(scope, receive, send)


def test_an_answer_in_the_same_turn_may_wait_after_all():
    async def test(server):
        reader, writer = await server.client(POST + b"body")
        assert await reply(reader) == (200, b"/score body")
        writer.write(POST + b"more" + POST + b"than" + POST + b"one.")
        assert [await reply(reader) for _ in range(3)] == [
            (200, b"/score " + part) for part in (b"more", b"than", b"one.")
        ]

    run(test, Prompt())


@pytest.mark.parametrize(("path", "said"), [("raise", [500]), ("half", [])])
def test_an_application_that_fails_costs_one_connection(path, said):
    async def test(server):
        reader, _ = await server.client(f"GET /{path} HTTP/1.1\r\n\r\n".encode())
        assert statuses(await rest(reader)) == said
        other, _ = await server.client(POST + b"body")
        assert await reply(other) == (200, b"/score body")

    run(test, Prompt())


def test_head_and_what_goes_with_a_large_body_in_pieces():
    async def test(server):
        reader, writer = await server.client(b"HEAD / HTTP/1.1\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"content-length: 2" in head
        writer.write(b"POST /x HTTP/1.1\r\nconnection: close\r\ncontent-length: 300000\r\n\r\n")
        for _ in range(30):
            writer.write(b"x" * 10_000)
            await settle()
        assert await reply(reader) == (200, b"/x " + b"x" * 300_000)
        assert await rest(reader) == b""

    run(test)


def test_a_server_that_stops_closes_idle_connections_now_and_the_others_after_their_answer():
    go = asyncio.Event()

    async def late(scope, receive, send):
        await go.wait()
        await echo(scope, receive, send)

    async def test(server):
        busy, _ = await server.client(b"GET /busy HTTP/1.1\r\n\r\n")
        idle, _ = await server.client()
        for each in list(server.state.connections):
            each.shutdown()
        assert await rest(idle) == b""
        go.set()
        assert b"connection: close" in await rest(busy)

    run(test, late)


def test_where_there_are_too_many_the_one_that_has_been_idle_longest_goes():
    async def test(server):
        clients = []
        for number in range(3):
            reader, writer = await server.client(b"GET /%d HTTP/1.1\r\n\r\n" % number)
            assert (await reply(reader))[0] == 200
            clients.append((reader, writer))
            await server.pass_seconds(1)
        await server.client(b"POST /score HTTP/1.1\r\n")
        assert await rest(clients[0][0]) == b""
        assert len(server.state.connections) == 3
        clients[1][1].write(b"GET /again HTTP/1.1\r\n\r\n")
        assert await reply(clients[1][0]) == (200, b"/again ")

    run(test, most=3)


def test_where_all_are_busy_the_newest_goes():
    async def never(_scope, _receive, _send):
        await asyncio.Event().wait()

    async def test(server):
        await server.client(b"GET / HTTP/1.1\r\n\r\n")
        second, _ = await server.client()
        assert await rest(second) == b""
        assert len(server.state.connections) == 1
        for task in server.state.tasks:
            task.cancel()
        await asyncio.sleep(0)

    run(test, never, most=1)


def test_a_reply_given_before_the_body_ends_is_the_only_one():
    async def early(_scope, _receive, send):
        await say(send, b"no", 401)

    async def test(server):
        head = b"POST / HTTP/1.1\r\ncontent-length: 1000000\r\n\r\n"
        reader, _ = await server.client(head + b"x" * 100_000)
        assert await reply(reader) == (401, b"no")
        await server.pass_seconds(BODY_SECONDS + 100_000 // BODY_BYTES_A_SECOND + 1)
        assert await rest(reader) == b""

    run(test, early)


def test_a_worker_asks_for_as_many_files_as_it_may_have(monkeypatch):
    asked = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (100, 4096))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: asked.append(limits))
    assert connection.most_connections() == 4096 - 128
    assert asked == [(4096, 4096)]
    monkeypatch.setattr(resource, "getrlimit", lambda _: (64, 64))
    assert connection.most_connections() == 1
