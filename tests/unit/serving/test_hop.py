"""The way to a canary, and the draw: what is handed on, and what comes of a canary that misbehaves."""

import asyncio
import socket
from uuid import uuid4

import pytest

from holter.serving.hop import Hop
from holter.serving.order import Tell
from holter.serving.split import Split, place
from holter.serving.sticky import MOST_BYTES

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx-a: 1\r\ndate: now\r\n\r\nhi"
SPLIT = {"weight": 100.0, "version": 8, "key": "x-holter-key"}


class Other:
    """A server on a Unix socket that gives one answer after the other, and notes what it was asked."""

    def __init__(self, *answers):
        self.address, self.answers, self.asked, self.connections = f"\0test-{uuid4().hex}", list(answers), [], 0

    async def __aenter__(self):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(self.address)
        self._server = await asyncio.start_unix_server(self._serve, sock=listener)
        return self

    async def __aexit__(self, *_):
        self._server.close()

    async def _serve(self, reader, writer):
        self.connections += 1
        while self.answers and (data := await reader.read(1 << 16)):
            self.asked.append(data)
            answer = self.answers.pop(0)
            if answer is None:
                break
            if answer:
                writer.write(answer)
        writer.close()


class Inner:
    """The application of the version that answers."""

    def __init__(self):
        self.draining, self.bodies = False, []

    async def __call__(self, scope, receive, send):
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        self.bodies.append(body)
        await send({"type": "http.response.start", "status": 201, "headers": []})
        await send({"type": "http.response.body", "body": b"inner"})


async def ask(application, *pieces, method="POST", path="/score", headers=()):
    scope = {"method": method, "path": path, "raw_path": path.encode(), "query_string": b"q=1", "headers": [*headers]}
    left = [{"type": "http.request", "body": piece, "more_body": n < len(pieces) - 1} for n, piece in enumerate(pieces)]
    sent = []

    async def receive():
        return left.pop(0) if left else {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    await application(scope, receive, send)
    return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"]


def hop(other, *, requests=1, seconds=5.0):
    async def run():
        async with other:
            way = Hop(other.address, seconds)
            answers = [await way.ask("POST", b"/score", [(b"host", b"x")], b"1") for _ in range(requests)]
            way.close()
            await asyncio.sleep(0)
            return answers

    return asyncio.run(run())


def test_a_connection_is_used_again_and_what_is_about_it_is_not_handed_on():
    other = Other(OK, OK)
    first, second = hop(other, requests=2)
    assert first == second == (200, [(b"x-a", b"1")], b"hi")
    assert (other.connections, len(other.asked)) == (1, 2)


def test_a_connection_that_is_to_be_closed_is_not_used_again():
    closing = OK.replace(b"x-a: 1", b"connection: close")
    other = Other(closing, OK)
    assert [answer.body for answer in hop(other, requests=2)] == [b"hi", b"hi"]
    assert other.connections == 2


@pytest.mark.parametrize("answer", [None, b"no HTTP at all\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhi"])
def test_no_answer_is_none(answer):
    assert hop(Other(answer), seconds=0.5) == [None]


def test_an_answer_in_pieces_is_whole():
    chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
    assert hop(Other(chunked)) == [(200, [], b"hi")]


def test_a_connection_that_is_in_use_when_the_way_is_closed_ends_with_its_answer(tmp_path):
    async def run():
        asked, closed, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def serve(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            asked.set()
            await closed.wait()
            writer.write(OK)
            while await reader.read(100):
                pass
            ended.set()
            writer.close()

        async with await asyncio.start_unix_server(serve, tmp_path / "s"):
            way = Hop(str(tmp_path / "s"), 5.0)
            asking = asyncio.create_task(way.ask("GET", b"/", [], b""))
            await asked.wait()
            way.close()
            closed.set()
            assert (await asking).body == b"hi"
            await asyncio.wait_for(ended.wait(), 5)

    asyncio.run(run())


def test_nobody_there_is_none():
    assert asyncio.run(Hop("\0nobody-is-here", 1.0).ask("GET", b"/", [], b"")) is None


def split(other, *requests, limit=100, draining=False, **tell):
    async def run():
        inner = Inner()
        inner.draining = draining
        application = Split(inner, limit=limit, seconds=0.5)
        async with other:
            application.set(Tell("split", address=other.address, **(SPLIT | tell)))
            answers = [await ask(application, *pieces, **given) for pieces, given in requests]
            application.set(Tell("split"))
            answers.append(await ask(application, b"after"))
        return answers, inner, application

    return asyncio.run(run())


def test_what_is_drawn_is_handed_on_whole_with_an_id_and_nothing_else_is():
    other = Other(OK)
    answers, inner, application = split(
        other,
        ((b"a", b"b"), {"headers": [(b"connection", b"close"), (b"authorization", b"Bearer k")]}),
        ((b"",), {"path": "/"}),
        ((b"",), {"method": "OPTIONS"}),
        ((b"",), {"path": "/v2/models/m/versions/7/infer"}),
    )
    assert [status for status, _, _ in answers] == [200, 201, 201, 201, 201]
    assert answers[0] == (200, {b"x-a": b"1", b"content-length": b"2"}, b"hi")
    assert inner.bodies == [b"", b"", b"", b"after"]
    assert (application.handed_on, application.taken_back) == (1, 0)
    head, body = other.asked[0].split(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert (lines[0], body) == (b"POST /score?q=1 HTTP/1.1", b"ab")
    assert b"authorization: Bearer k" in lines
    assert b"connection: close" not in lines
    assert any(line.startswith(b"x-request-id: ") and len(line) == 46 for line in lines)


@pytest.mark.parametrize("answer", [None, OK.replace(b"200 OK", b"503 No"), b""])
def test_a_canary_that_fails_is_answered_for_with_the_same_body(answer):
    answers, inner, application = split(Other(answer), ((b"a", b"b"), {}))
    assert answers[0] == (201, {}, b"inner")
    assert inner.bodies == [b"ab", b"after"]
    assert application.taken_back == 1


def test_a_body_too_large_and_a_client_that_left_stay_where_they_are():
    other = Other(OK)
    answers, inner, _ = split(other, ((b"x" * 60, b"y" * 60, b"z"), {}), ((), {}))
    assert [status for status, _, _ in answers] == [201, 201, 201]
    assert inner.bodies[0] == b"x" * 60 + b"y" * 60 + b"z"
    assert other.asked == []


def test_a_worker_that_drains_says_so_on_the_answers_of_the_canary_too():
    answers, _, _ = split(Other(OK), ((b"a",), {}), draining=True)
    assert answers[0][1][b"connection"] == b"close"


def test_a_customer_is_drawn_by_a_field_of_the_body_which_is_whole_all_the_same():
    names = [f"c{number}" for number in range(40)]

    def asking(name, **more):
        return (b'{"data": [[1]], "who": {"id": ', f'"{name}"'.encode(), b"}}"), more

    twice = [asking(name) for name in names] + [asking(name, headers=[(b"x-holter-key", b"z")]) for name in names]
    answers, inner, _ = split(Other(*[OK] * 80), *twice, limit=1000, key="body:who.id", weight=50.0)
    went = [status == 200 for status, _, _ in answers[:-1]]
    assert went[:40] == went[40:]
    assert went[:40] == [place(name.encode(), 8) < 0.5 for name in names]
    assert 10 < sum(went[:40]) < 30
    assert inner.bodies[0] == b"".join(twice[went.index(False)][0])


@pytest.mark.parametrize("body", [b"", b"nope", b'{"who": null}', b'{"data": [[1]]}'])
def test_a_body_that_names_nobody_is_drawn_by_its_request_id(body):
    ids = [f"r{number}".encode() for number in range(20)]
    asked = [((body[:50], body[50:]), {"headers": [(b"x-request-id", each)]}) for each in ids]
    other = Other(*[OK] * 20)
    answers, inner, _ = split(other, *asked, limit=1000, key="body:who", weight=50.0)
    assert [status == 200 for status, _, _ in answers[:-1]] == [place(each, 8) < 0.5 for each in ids]
    assert set(inner.bodies[:-1]) == {body}
    assert all(each.endswith(b"\r\n\r\n" + body) for each in other.asked)


def test_a_body_too_large_to_look_into_is_handed_on_whole():
    body, other = b'{"who": 1, "x": "' + b"x" * MOST_BYTES + b'"}', Other(b"", OK)
    answers, _, _ = split(other, ((body[:9], body[9:]), {}), limit=0, key="body:who")
    assert answers[0][0] == 200
    assert b"".join(other.asked).endswith(b"\r\n\r\n" + body)


def test_a_customer_who_is_not_in_the_share_stays():
    other = Other(OK)
    headers = [(b"x-holter-key", b"ann"), (b"x-request-id", b"r1")]
    answers, _, _ = split(other, ((b"a",), {"headers": headers}), ((b"b",), {}), weight=1e-9)
    assert [status for status, _, _ in answers] == [201, 201, 201]
    assert other.asked == []
