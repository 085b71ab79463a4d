"""Whatever a client sends: the worker lives on, and nobody else's request is lost, wrong or late.

All of it goes to one worker, while a well-behaved client asks without a pause. Nothing of the hostile requests that
did not come whole may be in the record.
"""

import contextlib
import http.client
import json
import random
import socket
import ssl
import subprocess
import threading
import time

import pytest

from holter.errors import InputError
from holter.serving.connection import HEAD_BYTES
from scoring_service import PATIENCE_SECONDS, Service, said

pytestmark = pytest.mark.e2e
SCRIPT = """
    import json, os

    def run(data):
        return {"pid": os.getpid(), "data": json.loads(data)["data"]}
"""
BODY = b'{"data": [1]}'
HEAD = b"POST /score HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n" % len(BODY)
POST = HEAD + b"\r\n" + BODY
LAST = HEAD + b"Connection: close\r\n\r\n" + BODY


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    service = Service(tmp_path_factory.mktemp("hostile"))
    service.deploy("api", SCRIPT, max_request_mb=1, timeout_ms=20_000).wait()
    yield service
    service.close()


class Bystander(threading.Thread):
    """A client that asks over and over, and wants each of its own answers."""

    def __init__(self, port):
        super().__init__()
        self.port, self.answered, self.wrong, self.pids = port, 0, [], set()
        self._stop_asking = threading.Event()

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        while not self._stop_asking.wait(0.002):
            number = self.answered
            try:
                connection.request("POST", "/score", json.dumps({"data": number}), {"x-request-id": f"good-{number}"})
                reply = connection.getresponse()
                found = json.loads(reply.read())
            except (OSError, http.client.HTTPException, ValueError) as error:
                self.wrong.append(repr(error))
                connection.close()
                continue
            self.pids.add(found.get("pid"))
            if (reply.status, found.get("data")) != (200, number):
                self.wrong.append((reply.status, found))
            self.answered += 1
        connection.close()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        seen = self.answered
        while self.answered < seen + 5 and not self.wrong:
            time.sleep(0.01)
        self._stop_asking.set()
        self.join()


@pytest.fixture
def bystander(service):
    with Bystander(service.port("api")) as client:
        yield client
    assert client.wrong == []
    assert len(client.pids) == 1, "the worker was replaced"


def statuses(data):
    return [int(part[:3]) for part in data.split(b"HTTP/1.1 ")[1:]]


HOSTILE = {
    "garbage": (b"\x00\xff" * 500, [400]),
    "TLS to a plain port": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 200, [400]),
    "HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [400]),
    "no version": (b"POST /score\r\n\r\n", [400]),
    "smuggled length": (b"POST /score HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef", [400]),
    "smuggled chunks": (
        b"POST /score HTTP/1.1\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET",
        [400],
    ),
    "chunks by another name": (b"POST /score HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n5\r\nabcde\r\n", [400]),
    "length of nothing": (b"POST /score HTTP/1.1\r\nContent-Length: \r\n\r\n", [400]),
    "length beyond 64 bits": (b"POST /score HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", [400]),
    "chunk of no number": (b"POST /score HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", [400]),
    "chunk of 72 bits": (b"POST /score HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", [400]),
    "header injected": (b"POST /score HTTP/1.1\r\nx-request-id: a\rb\r\n\r\n", [400]),
    "folded header": (b"GET / HTTP/1.1\r\nx: a\r\n b\r\n\r\n", [400]),
    "huge head": (b"GET / HTTP/1.1\r\nx: " + b"a" * HEAD_BYTES + b"\r\n\r\n", [431]),
    "many headers": (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 5_000 + b"\r\n", [431]),
    "good, then garbage": (POST + b"\x00\x01\x02\r\n\r\n", [200, 400]),
    "good, chunked, good": (
        b"POST /score HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n"
        + BODY[:5] + b"\r\n8;ext=1\r\n" + BODY[5:] + b"\r\n0\r\nTrailer: x\r\n\r\n" + LAST,
        [200, 200],
    ),
    "fifty in a row": (POST * 49 + LAST, [200] * 50),
    "length too short": (b"POST /score HTTP/1.1\r\nContent-Length: 3\r\n\r\n" + BODY, [500, 400]),
    "no length": (b"POST /score HTTP/1.1\r\nConnection: close\r\n\r\n", [500]),
    "HTTP/1.0": (b"POST /score HTTP/1.0\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY, [200]),
    "absolute address": (b"GET http://x/ HTTP/1.1\r\nConnection: close\r\n\r\n", [200]),
    "an odd path": (b"GET /%ff%00/../score HTTP/1.1\r\nConnection: close\r\n\r\n", [404]),
    "no UTF-8": (b"POST /score HTTP/1.1\r\nContent-Length: 2\r\nConnection: close\r\n\r\n\xff\xfe", [400]),
    "UTF-16": (
        b"POST /score HTTP/1.1\r\nContent-Length: 28\r\nConnection: close\r\n\r\n" + BODY.decode().encode("utf-16"),
        [400],
    ),
    "called compressed": (HEAD + b"Content-Encoding: gzip\r\nConnection: close\r\n\r\n" + BODY, [200]),
    "expects a word, and does not wait": (HEAD + b"Expect: 100-continue\r\nConnection: close\r\n\r\n" + BODY, [200]),
    "offered h2c": (HEAD + b"Connection: upgrade, close\r\nUpgrade: h2c\r\n\r\n" + BODY, [200]),
    "too large, said": (b"POST /score HTTP/1.1\r\nContent-Length: 1048577\r\n\r\n" + b"x" * 1_048_577, [413]),
    "too large, in chunks": (
        b"POST /score HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + b"10000\r\n" + b"x" * 65_536 + b"\r\n"
        + (b"10000\r\n" + b"x" * 65_536 + b"\r\n") * 16 + b"0\r\n\r\n",
        [413],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("sent", "expected"), HOSTILE.values(), ids=HOSTILE)
def test_what_is_sent_at_once(service, bystander, sent, expected):
    assert statuses(said(service.port("api"), sent)) == expected


@pytest.mark.parametrize("sent", [b"", b"POST /sc", HEAD, HEAD + b"\r\n" + BODY[:5]], ids=range(4))
def test_what_is_cut_off(service, bystander, sent):
    for half_close in (True, False):
        if half_close:
            assert said(service.port("api"), sent, half_close=True) == b""
        else:
            with socket.create_connection(("127.0.0.1", service.port("api"))) as wire:
                wire.sendall(sent)
                wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")  # a reset


def test_a_half_closed_client_gets_its_answers(service, bystander):
    assert statuses(said(service.port("api"), POST * 3, half_close=True)) == [200, 200, 200]


def test_bytes_one_by_one(service, bystander):
    assert statuses(said(service.port("api"), *(bytes([byte]) for byte in LAST))) == [200]


def test_many_idle_and_many_slow_connections(service, bystander):
    with contextlib.ExitStack() as stack:
        for number in range(1_500):
            wire = stack.enter_context(socket.create_connection(("127.0.0.1", service.port("api"))))
            wire.sendall((b"", b"POST /score HT", HEAD, HEAD + b"\r\n" + BODY[:3])[number % 4])
        seen = bystander.answered
        end = time.monotonic() + PATIENCE_SECONDS
        while bystander.answered < seen + 20:
            assert time.monotonic() < end
            time.sleep(0.01)


def test_random_bytes_and_random_damage(service, bystander):
    chance = random.Random(20)
    for _ in range(300):
        sent = bytearray(LAST)
        for _ in range(chance.randint(1, 6)):
            place = chance.randrange(len(sent))
            if chance.random() < 0.5:
                sent[place] = chance.randrange(256)
            else:
                del sent[place : place + chance.randint(1, 9)]
        found = statuses(said(service.port("api"), bytes(sent), half_close=True))
        assert all(status in {100, 200, 400, 404, 405, 413, 431, 500} for status in found), sent


def test_only_what_came_whole_is_recorded_and_all_of_what_was_answered(service):
    before = service.workspace.deployment("api")
    with Bystander(service.port("api")) as client:
        said(service.port("api"), HEAD + b"x-request-id: cut\r\n\r\n" + BODY[:4], half_close=True)
        said(service.port("api"), HEAD + b"x-request-id: whole\r\nConnection: close\r\n\r\n" + BODY)
    recorded = recorded_ids(before)
    assert "whole" in recorded
    assert "cut" not in recorded
    assert {f"good-{number}" for number in range(client.answered)} <= recorded


def recorded_ids(deployment):
    """Return the ids in the table, once all of the journal is in it."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        found = set(deployment.records()["_request_id"].to_pylist())
        if "whole" in found:
            return found
        assert time.monotonic() < end
        time.sleep(0.2)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    return folder, make_certificate(folder, "one")


def make_certificate(folder, name):
    files = folder / f"{name}.pem", folder / f"{name}.key"
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    name_of = ["-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost"]
    command = ["openssl", "req", "-x509", *curve, "-keyout", files[1], "-out", files[0], "-days", "2", *name_of]
    subprocess.run(command, check=True, capture_output=True)
    return files


def test_tls_from_files_and_what_is_hostile_to_it(service, certificate):
    folder, (chain, key) = certificate
    deployment = service.deploy("safe", SCRIPT, ssl_certfile=chain, ssl_keyfile=key).wait()
    assert deployment.scoring_uri.startswith("https://")
    trusted = ssl.create_default_context(cafile=chain)
    port = service.port("safe")
    assert statuses(said(port, LAST, tls=trusted)) == [200]
    assert said(port, POST) == b"", "plain text to a TLS port"
    with socket.create_connection(("127.0.0.1", port)):  # says nothing, while others are served
        assert statuses(said(port, POST + LAST, tls=trusted)) == [200, 200]
    fresh, fresh_key = make_certificate(folder, "two")
    fresh_key.replace(key)
    fresh.replace(chain)
    renewed = ssl.create_default_context(cafile=chain)
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        with contextlib.suppress(ssl.SSLError):
            assert statuses(said(port, LAST, tls=renewed)) == [200]
            break
        assert time.monotonic() < end, "the renewed certificate is not taken"


def test_a_certificate_that_cannot_be_used_is_refused_before_anything_starts(service, certificate):
    folder, (chain, _) = certificate
    _, other = make_certificate(folder, "other")
    for settings in (
        {"ssl_certfile": folder / "none.pem"},
        {"ssl_certfile": chain, "ssl_keyfile": other},
        {"ssl_keyfile": other},
    ):
        with pytest.raises(InputError):
            service.deploy(f"bad{len(list(service.folder.iterdir()))}", SCRIPT, **settings)
