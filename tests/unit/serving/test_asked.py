"""How a run() is asked: by its signature, its decorators, or as the request itself."""

import asyncio
import json
import sys
import types
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypedDict

import msgspec
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from holter.serving.answering import Answering
from holter.serving.contract import Unreadable, ask_now, contract_of
from holter.serving.entry import load
from holter.serving.raw_http import Headers, Request, Response, Several, make_importable, rawhttp


class Flight(msgspec.Struct):
    distance: float
    carrier: Literal["AA", "B6"] = "AA"


@dataclass
class Plain:
    x: int


class Typed(TypedDict):
    x: int


def taking(kind):
    def run(data):
        return data

    run.__annotations__["data"] = kind
    return contract_of(run)


def read(contract, body, **scope):
    return contract.read(body, scope)


@pytest.mark.parametrize("kind", [str, Any, object])
def test_text_is_what_azure_gives(kind):
    assert read(taking(kind), b"[1]") == "[1]"
    with pytest.raises(UnicodeDecodeError):
        read(taking(kind), b"\xff")


def test_a_run_that_says_nothing_gets_text():
    class Model:
        def __call__(self, data: "Unknown"):  # noqa: F821  (a name that only a type checker has)
            return data

    for run in (lambda data: data, lambda: None, print, Model(), dict.get):
        assert read(contract_of(run), b"x") == "x"


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        (bytes, b"\xff", b"\xff"),
        (dict, b'{"data": 1}', {"data": 1}),
        (dict[str, float], b'{"a": 1}', {"a": 1.0}),
        (list, b'{"data": [1]}', [1]),
        (list, b" \n[1]", [1]),
        (list[Flight], b'[{"distance": 1}]', [Flight(1.0)]),
        (Flight, b'{"distance": 1, "more": 2}', Flight(1.0)),
        (Plain, b'{"x": 1}', Plain(1)),
        (Typed, b'{"x": 1}', {"x": 1}),
        (Flight | None, b"null", None),
        (Annotated[int, msgspec.Meta(ge=0)], b"3", 3),
        (float, b'{"data": 3}', 3.0),
    ],
)
def test_a_type_is_read(kind, body, expected):
    assert read(taking(kind), body) == expected


@pytest.mark.parametrize(
    ("kind", "body", "status", "words"),
    [
        (list[Flight], b'[{"distance": 1}, {"distance": "far"}]', 422, r"\$\[1\]\.distance"),
        (list[Flight], b'{"rows": []}', 422, "data"),
        (Flight, b'{"carrier": "XX", "distance": 1}', 422, "XX"),
        (Annotated[int, msgspec.Meta(ge=0)], b"-3", 422, "0"),
        (list, b"", 400, "no JSON"),
        (list, b"[1", 400, "no JSON"),
        (dict, b'{"a": "\xff"}', 400, "no JSON"),
        (np.ndarray, b'["a"', 400, "no JSON"),
        (NDArray[np.float64], b'[["a"]]', 422, "run"),
        (np.ndarray, b"[[1], [1, 2]]", 422, "run"),
    ],
)
def test_what_does_not_fit_says_where(kind, body, status, words):
    with pytest.raises(Unreadable, match=words) as caught:
        read(taking(kind), body)
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [
        (np.ndarray, "float64"),
        (NDArray[np.float32], "float32"),
        (NDArray[Any], "float64"),
        (NDArray[np.int32], "int32"),
        (np.ndarray[Any, np.dtype[np.int8]], "int8"),
    ],
)
def test_lists_become_an_array_where_the_script_asks_for_one(kind, dtype):
    found = read(taking(kind), b'{"data": [[1, 2]]}')
    assert found.dtype == dtype
    assert found.shape == (1, 2)


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        (np.ndarray, b"[]", np.empty((0, 0))),
        (np.ndarray, b"[[]]", np.empty((1, 0))),
        (np.ndarray, b"[1, 2]", np.array([1, 2])),
        (np.ndarray, b"[[[1.5]]]", np.array([[[1.5]]])),
        (np.ndarray, b'[["a", "b"]]', np.array([["a", "b"]])),
        (NDArray[np.float64], b"[[1, null]]", np.array([[1, np.nan]])),
        (NDArray[np.int64], b"[[1], [2]]", np.array([[1], [2]])),
    ],
)
def test_arrays_of_any_shape(kind, body, expected):
    found = read(taking(kind), body)
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


def test_without_numpy_nothing_is_an_array(monkeypatch):
    monkeypatch.delitem(sys.modules, "numpy")
    assert read(taking(list), b"[1]") == [1]


def test_a_type_that_json_cannot_give_is_refused_at_the_start(tmp_path):
    script = tmp_path / "score.py"
    script.write_text("def run(data: complex | range):\n    return 1\n")
    with pytest.raises(Exception, match="asks for what JSON cannot give"):
        load(script)


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (np.array([1.5, float("nan")]), b"[1.5,null]"),
        (np.float32(2), b"2.0"),
        ({"a": np.array([[1]])}, b'{"a":[[1]]}'),
        (pd.DataFrame({"a": [1, 2]}), b'[{"a":1},{"a":2}]'),
        (pd.Series([1, 2]), b"[1,2]"),
        (Flight(1.0), b'{"distance":1.0,"carrier":"AA"}'),
    ],
)
def test_arrays_and_frames_are_results_of_a_typed_run(result, expected):
    assert taking(list).write(result) == expected


def test_what_is_no_json_of_a_typed_run():
    assert Answering(lambda data: object(), 0)("x").status == 500
    typed = taking(list)
    with pytest.raises(TypeError, match="object is not JSON"):
        typed.write(object())


def test_a_run_that_waits():
    async def run(data):
        if data == "raise":
            raise SystemExit
        await asyncio.sleep(float(data))
        return None if data == "0" else {"slept": data}

    answering = Answering(run, 100)
    assert asyncio.run(answering.later("0")).body == b"{}"
    late = asyncio.run(answering.later("5"))
    assert (late.status, late.timed_out) == (500, True)
    assert asyncio.run(answering.later("raise")).status == 500
    assert ask_now(contract_of(run), b"0.001") == b'{"slept": "0.001"}'

    async def cancelled():
        waiting = asyncio.create_task(answering.later("0.05"))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(cancelled())


def test_the_request_as_flask_names_it():
    scope = {
        "method": "PUT",
        "path": "/score",
        "query_string": b"a=1&a=2&b=",
        "headers": [(b"content-type", b"application/json; charset=utf-8"), (b"host", b"x:1")],
        "client": ("1.2.3.4", 5),
        "scheme": "https",
    }
    request = Request.of(b'{"n": 1}', scope)
    assert (request.method, request.full_path, request.url) == (
        "PUT", "/score?a=1&a=2&b=", "https://x:1/score?a=1&a=2&b=",
    )  # fmt: skip
    assert (request.args["a"], request.args.getlist("a"), request.args.getlist("z")) == ("1", ["1", "2"], [])
    assert (request.mimetype, request.is_json, request.json, request.data) == (
        "application/json", True, {"n": 1}, b'{"n": 1}',
    )  # fmt: skip
    assert (request.content_length, request.get_data(as_text=True), request.remote_addr) == (8, '{"n": 1}', "1.2.3.4")
    assert request.form == request.files == {}
    bare = Request.of(b"no json", {})
    assert (bare.method, bare.host, bare.get_json(), bare.get_json(force=True, silent=True)) == ("POST", "", None, None)
    assert bare.url == "http:///score"
    with pytest.raises(ValueError, match="Expecting value"):
        bare.get_json(force=True)


def test_a_form_of_a_request():
    form = Request.of(b"a=1&b=x+y", {"headers": [(b"content-type", b"application/x-www-form-urlencoded")]})
    assert form.form == {"a": "1", "b": "x y"}
    assert form.form is form.form


def test_headers_whatever_their_case():
    headers = Headers({"X-A": "1"})
    headers["x-a"] = "2"
    assert list(headers.items()) == [("x-a", "2")]
    del headers["X-A"]
    assert len(headers) == 0
    assert Several([("a", 1), ("a", 2)])["a"] == 1


@pytest.mark.parametrize(
    ("response", "body", "kind"),
    [
        (Response("text", 201), b"text", "text/html; charset=utf-8"),
        (Response(b"bytes", 201), b"bytes", "text/html; charset=utf-8"),
        (Response({"a": 1}, 201), b'{"a": 1}', "application/json"),
        (Response("text", 201, json_str=True), b'"text"', "application/json"),
        (Response("text", 201, {"content-type": "text/csv"}), b"text", "text/csv"),
    ],
)
def test_a_response_that_a_script_makes(response, body, kind):
    reply = Answering(rawhttp(lambda _: response), 0)(None)
    assert (reply.status, reply.body, reply.content_type.decode()) == (201, body, kind)
    assert response.get_data(as_text=True) == body.decode()


@pytest.mark.parametrize(
    ("response", "status", "failed"),
    [
        (Response("", 500), 500, True),
        (Response("", 200, run_function_failed=True), 200, True),
        (Response("gone", 204), 204, False),
        (Response("", 100), 500, False),
        (Response("", 200, {"x": "a\r\nset-cookie: b"}), 500, False),
        (Response("", 200, {"x y": "a"}), 500, False),
    ],
)
def test_a_response_that_http_does_not_know_is_not_sent(response, status, failed):
    reply = Answering(rawhttp(lambda _: response), 0)(None)
    assert (reply.status, reply.failed) == (status, failed)
    assert status != 204 or reply.body == b""
    assert not any(name == b"content-length" for name, _ in reply.headers)


def test_a_soft_failure_that_a_script_words_itself():
    assert Answering(rawhttp(lambda _: Response({"error": "no"}, 200)), 0)(None).soft_failed
    assert not Answering(rawhttp(lambda _: Response({"fine": "no"}, 200)), 0)(None).soft_failed


def test_a_package_that_is_there_is_not_hidden(monkeypatch):
    make_importable()
    make_importable()
    real = types.ModuleType("azureml")
    real.__path__ = []
    monkeypatch.setitem(sys.modules, "azureml", real)
    from azureml.contrib.services.aml_request import AMLRequest

    assert AMLRequest is Request
    with pytest.raises(ImportError):
        from azureml.contrib.services import nothing_of_this_name  # noqa: F401
    for name in [name for name in sys.modules if name.startswith("azureml.")]:
        del sys.modules[name]
    assert json.dumps(sys.modules["azureml"].__name__) == '"azureml"'
