"""The edges of a scoring server that need no server: origins, keys, tensors, descriptions, certificates."""

import json
from datetime import UTC, datetime

import pytest

from holter.errors import InputError
from holter.serving.contract import Unreadable, contract_of
from holter.serving.keys import SHORTEST, Doorkeeper, forget_keys, key_file, make_key, proofs
from holter.serving.origins import Origins, origins_of
from holter.serving.protocol import Protocol
from holter.serving.reply import Reply
from holter.serving.swagger import description
from holter.serving.tensors import body_of, inference_of, is_inference, reply_of
from holter.serving.tls import check_certificate

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TEXT = contract_of(lambda data: data)


def headers(**said):
    return [(name.replace("_", "-").encode(), value.encode()) for name, value in said.items()]


@pytest.mark.parametrize(
    ("said", "admitted"),
    [
        ({}, True),
        ({"host": "evil.example"}, True),
        ({"origin": "https://shop.example", "host": "x"}, True),
        ({"origin": "HTTPS://SHOP.example", "host": "x"}, True),
        ({"origin": "https://shop.example:444", "host": "x"}, False),
        ({"origin": "https://shop.example.evil.example", "host": "x"}, False),
        ({"origin": "null", "host": "127.0.0.1:1"}, False),
        ({"origin": "", "host": ""}, False),
        ({"origin": "http://127.0.0.1:1", "host": "127.0.0.1:1"}, True),
        ({"origin": "http://127.0.0.1:2", "host": "127.0.0.1:1"}, False),
        ({"origin": "http://[::1]:1", "host": "[::1]:1"}, True),
        ({"origin": "http://[::1", "host": "[::1"}, False),
        ({"origin": "http://localhost:1", "host": "localhost:1"}, True),
        ({"origin": "http://localhost.evil.example:1", "host": "localhost.evil.example:1"}, False),
        ({"origin": "http://evil.example", "host": "evil.example"}, False),
        ({"sec_fetch_site": "same-origin", "host": "10.0.0.1"}, True),
        ({"sec_fetch_site": "none", "host": "localhost"}, True),
        ({"sec_fetch_site": "none", "host": "evil.example"}, False),
        ({"sec_fetch_site": "same-site", "host": "localhost"}, False),
        ({"sec_fetch_site": "cross-site", "host": "localhost"}, False),
    ],
)
def test_who_may_ask(said, admitted):
    assert Origins(("https://shop.example/",)).admit(headers(**said)) is admitted
    assert Origins(("*",)).admit(headers(**said))


def test_what_an_allowed_page_is_told():
    asked = headers(
        origin="https://a.example", access_control_request_method="POST", access_control_request_headers="x-request-id"
    )
    told = dict(Origins(("https://a.example",)).reply(asked, preflight=True))
    assert told[b"access-control-allow-headers"] == b"x-request-id"
    assert told[b"access-control-allow-origin"] == b"https://a.example"
    assert Origins(("https://b.example",)).reply(asked, preflight=True) == []
    assert Origins(("*",)).reply(headers(host="x"), preflight=True) == []
    assert len(Origins(("*",)).reply(headers(origin="http://x"), preflight=True)) == 2
    assert origins_of(" , ") == ()


def test_a_key_is_kept_as_its_proof_and_replaced_alone(tmp_path):
    assert proofs(tmp_path, "api") == {}
    door = Doorkeeper(key_file(tmp_path, "api"))
    assert not door.admits(b"Bearer anything")
    first = make_key(tmp_path, "api", "primary", NOW)
    second = make_key(tmp_path, "api", "secondary", NOW, "k" * SHORTEST)
    assert first not in key_file(tmp_path, "api").read_text()
    assert all(door.admits(f"bearer  {key} ".encode()) for key in (first, second))
    fresh = make_key(tmp_path, "api", "primary", NOW)
    assert not door.admits(f"Bearer {first}".encode())
    assert door.admits(f"Bearer {fresh}".encode())
    assert door.admits(f"Bearer {second}".encode())
    assert not any(door.admits(header) for header in (b"", b"Bearer", b"Bearer ", b"Basic " + fresh.encode()))
    assert proofs(tmp_path, "api")["primary"].made == NOW
    forget_keys(tmp_path, "api")
    forget_keys(tmp_path, "api")
    assert not door.admits(f"Bearer {second}".encode())


def test_the_same_key_is_never_kept_the_same(tmp_path):
    for name in ("a", "b"):
        make_key(tmp_path, name, "primary", NOW, "k" * SHORTEST)
    assert proofs(tmp_path, "a")["primary"].digest != proofs(tmp_path, "b")["primary"].digest


@pytest.mark.parametrize("key", ["short", "k" * SHORTEST + " ", "k" * SHORTEST + "\n", "é" * SHORTEST])
def test_a_key_that_is_easily_guessed_or_mistyped(tmp_path, key):
    with pytest.raises(InputError):
        make_key(tmp_path, "api", "primary", NOW, key)
    with pytest.raises(InputError, match="tertiary"):
        make_key(tmp_path, "api", "tertiary", NOW)


def tensor(data, shape, datatype="FP64", name="x"):
    return {"name": name, "shape": shape, "datatype": datatype, "data": data}


def asked(*inputs, **more):
    return inference_of(json.dumps({"inputs": inputs, **more}).encode())


@pytest.mark.parametrize(
    ("inputs", "more", "expected"),
    [
        ([tensor([1, 2], [2])], {}, {"data": [[1.0], [2.0]]}),
        ([tensor([1, None], [1, 2])], {}, {"data": [[1.0, None]]}),
        ([tensor([], [0, 3])], {}, {"data": []}),
        ([tensor([], [2, 0])], {}, {"data": [[], []]}),
        ([tensor(list(range(8)), [2, 2, 2], "INT32")], {}, {"data": [[[0, 1], [2, 3]], [[4, 5], [6, 7]]]}),
        ([tensor([True, False], [2], "BOOL")], {}, {"data": [[True], [False]]}),
        (
            [tensor([1, 2], [2], "INT8", "a"), tensor([[1, 2], [3, 4]], [2, 2], "INT8", "b")],
            {},
            {"data": [[1, 1, 2], [2, 3, 4]], "columns": ["a", "b_0", "b_1"]},
        ),
        (
            [tensor([1], [1], "INT8", "a"), tensor(["u"], [1], "BYTES", "b")],
            {"parameters": {"content_type": "pd"}},
            {"data": [{"a": 1, "b": "u"}], "columns": ["a", "b"]},
        ),
        (
            [tensor([1], [1], "INT8", "a")],
            {"parameters": {"content_type": "pd"}},
            {"data": [{"a": 1}], "columns": ["a"]},
        ),
        ([tensor([], [0], "INT8", "a"), tensor([], [0], "INT8", "b")], {}, {"data": [], "columns": ["a", "b"]}),
    ],
)
def test_tensors_are_rows(inputs, more, expected):
    assert json.loads(body_of(asked(*inputs, **more), TEXT)) == expected


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ([tensor([1], [2])], "1 values"),
        ([tensor([1], [])], "1 values"),
        ([tensor([1], [-1])], "shape"),
        ([tensor([[1], 2], [2])], None),
        ([tensor([1.5], [1], "INT32")], "float"),
        ([tensor([1], [1], "BYTES")], "int"),
        ([tensor([1], [1], name="a"), tensor([1, 2], [2], name="b")], "a \\[1\\], b \\[2\\]"),
    ],
)
def test_tensors_that_are_not_what_they_say(inputs, words):
    if words is None:
        assert json.loads(body_of(asked(*inputs), TEXT)) == {"data": [[1.0], [2.0]]}
        return
    with pytest.raises(Unreadable, match=words):
        body_of(asked(*inputs), TEXT)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"inputs": 1}', b"\xff", b'{"inputs": [{"name": 1}]}'])
def test_what_is_no_inference(body):
    assert not is_inference(body)
    with pytest.raises(Unreadable):
        inference_of(body)


def test_the_body_of_an_inference_is_known_again():
    assert is_inference(json.dumps({"inputs": [tensor([1], [1])]}).encode())
    assert not is_inference(b'{"data": "\\"inputs\\"", "inputs": 3}')


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ([1, 2], [("predict", [2], "INT64", [1, 2])]),
        ([1, 2.5], [("predict", [2], "FP64", [1, 2.5])]),
        ([[0.1, 0.9], [0.2, 0.8]], [("predict", [2, 2], "FP64", [0.1, 0.9, 0.2, 0.8])]),
        ([[1], [1, 2]], [("predict", [2], "BYTES", ["[1]", "[1, 2]"])]),
        (["a", None], [("predict", [2], "BYTES", ["a", None])]),
        (["a", 1], [("predict", [2], "BYTES", ['"a"', "1"])]),
        ([True], [("predict", [1], "BOOL", [True])]),
        ([{"a": 1}], [("predict", [1], "BYTES", ['{"a": 1}'])]),
        (3, [("predict", [1], "INT64", [3])]),
        ([], [("predict", [0], "FP64", [])]),
        ("text", [("predict", [1], "BYTES", ["text"])]),
        ('{"a": [1], "b": [0.5]}', [("a", [1], "INT64", [1]), ("b", [1], "FP64", [0.5])]),
    ],
)
def test_results_are_tensors(result, expected):
    reply = reply_of(Reply(200, json.dumps(result).encode()), asked(tensor([1], [1])), "m", 3)
    found = json.loads(reply.body)
    assert [tuple(output.values()) for output in found["outputs"]] == expected
    assert (found["model_name"], found["model_version"]) == ("m", "3")


@pytest.mark.parametrize(
    ("reply", "status", "words"),
    [
        (Reply(200, b'"{\\"error\\": \\"no column\\"}"', soft_failed=True), 500, "no column"),
        (Reply(500, b'{"message": "raised"}', failed=True), 500, "raised"),
        (Reply(500, b"Scoring timeout", timed_out=True), 500, "Scoring timeout"),
        (Reply(422, b'["odd"]'), 422, "odd"),
    ],
)
def test_what_failed_is_an_error_of_the_protocol(reply, status, words):
    found = reply_of(reply, asked(tensor([1], [1])), "m", 3)
    assert found.status == status
    assert words in json.loads(found.body)["error"]
    assert not found.soft_failed
    assert found.timed_out == reply.timed_out


def test_outputs_that_are_asked_for():
    reply = Reply(200, b'{"a": [1], "b": [2]}')
    found = json.loads(reply_of(reply, asked(tensor([1], [1]), outputs=[{"name": "b"}]), "m", 3).body)
    assert [output["name"] for output in found["outputs"]] == ["b"]


@pytest.mark.parametrize(
    "path", ["/v2/models/", "/v2/models//ready", "/v2/models/m/x", "/v2/models/m/versions", "/v2/x", "/v1", "/v2/"]
)
def test_paths_that_are_none(path):
    assert Protocol("m", 3).allows(path) == ""


@pytest.mark.parametrize("own", ["no json", "[]", '{"info": 1}'])
def test_an_own_description_of_no_version_is_taken_for_the_second(tmp_path, own):
    (tmp_path / "swagger.json").write_text(own)
    second, third = (description(version, TEXT, tmp_path, "api", 3) for version in ("2", "3"))
    assert second.body == own.encode()
    assert json.loads(third.body)["openapi"] == "3.0.3"


def test_a_key_without_a_certificate():
    assert check_certificate(None, None) == (None, None)
    with pytest.raises(InputError, match="ssl_certfile"):
        check_certificate(None, "key.pem")
