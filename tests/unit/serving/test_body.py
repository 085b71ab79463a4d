"""Bodies of requests: whole, or refused without being held."""

import asyncio
import http.client
import json

import pytest

from holter.registry import DeploymentSettings
from holter.serving.body import received
from holter.serving.reply import Reply

LIMIT = 1000


class Client:
    """Sends pieces; counts how many were taken."""

    def __init__(self, *pieces, leaves=False):
        self.events = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
        if leaves:
            self.events.append({"type": "http.disconnect"})
        else:
            self.events[-1]["more_body"] = False
        self.taken = 0

    async def __call__(self):
        self.taken += 1
        return self.events[self.taken - 1]


def body(client, limit=LIMIT):
    return asyncio.run(received({"method": "POST"}, client, limit))


@pytest.mark.parametrize("sizes", [[0], [1], [LIMIT], [LIMIT - 1, 1], [1, 0, 2]])
def test_a_body_is_put_together(sizes):
    assert body(Client(*(b"x" * size for size in sizes))) == b"x" * sum(sizes)


@pytest.mark.parametrize("sizes", [[LIMIT + 1], [LIMIT, 1], [LIMIT, 1, 0], [1] * (LIMIT + 1)])
def test_a_larger_one_is_heard_out_and_refused(sizes):
    client = Client(*(b"x" * size for size in sizes))
    refused = body(client)
    assert isinstance(refused, Reply)
    assert refused.status == 413
    assert "larger than 1,000 bytes" in json.loads(refused.body)["message"]
    assert client.taken == len(sizes)


def test_one_that_does_not_end_is_cut_off():
    client = Client(*[b"x" * LIMIT] * 50)
    assert body(client).status == 413
    assert client.taken == 5


def test_a_client_that_leaves_in_the_middle_said_nothing():
    assert body(Client(b"x", leaves=True)) is None
    assert body(Client(b"x" * 2 * LIMIT, leaves=True)) is None


def test_a_query_is_the_body_of_a_get():
    scope = {"method": "GET", "query_string": b"data=[[1]]"}
    assert asyncio.run(received(scope, Client(b""), LIMIT)) == b'{"data": [[1]]}'


def test_64_mb_unless_told_otherwise(desk):
    assert DeploymentSettings().max_request_mb == 64
    assert desk.order().max_request_bytes == 64 << 20


def test_a_worker_refuses_what_is_too_large_and_goes_on(desk):
    desk.serve(max_request_bytes=LIMIT)
    whole = b'{"data": [1]}'
    fits = whole + b" " * (LIMIT - len(whole))
    assert desk.ask(body=fits).status == 200
    refused = desk.ask(body=fits + b" ", x_request_id="large")
    assert (refused.status, refused.headers["x-request-id"]) == (413, "large")
    assert refused.headers["connection"] == "close"
    assert chunked(desk.port, [fits, b" "]) == 413
    assert desk.ask(body=whole).status == 200
    assert [len(frame.request) for frame in desk.frames()] == [LIMIT, len(whole)]


def test_a_worker_without_a_limit_reads_anything(desk):
    desk.serve(max_request_bytes=0)
    assert desk.ask(body=b'{"data": [1]}' + b" " * (65 << 20)).status == 200


def chunked(port, pieces):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", "/score", iter(pieces), encode_chunked=True, headers={"Transfer-Encoding": "chunked"})
    status = connection.getresponse().status
    connection.close()
    return status
