"""The HTTP contract of the scoring server, one line a reply, as a client of Azure's inference server knows it.

Every line goes over the wire to a service that ``holter`` started. ``{n}`` in an expected header stands for a number.
"""

import json
import re
from dataclasses import dataclass, field

import pytest

from scoring_service import Answer, Service, inference_schema

PLAIN = """
    import json, time

    def run(data):
        request = json.loads(data) if data else {}
        what = request.get("do") if isinstance(request, dict) else None
        if what == "raise":
            raise ValueError("no")
        if what == "exit":
            raise SystemExit(3)
        if what == "object":
            return object()
        if what == "none":
            return None
        if what == "dict":
            return {"result": [1, 0]}
        if what == "sleep":
            time.sleep(60)
        if what == "echo":
            return data
        if what == "soft":
            return json.dumps({"error": "no such column"})
        return json.dumps({"result": [1, 0]})
"""
SCHEMA = """
    import numpy as np
    from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
    from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
    from inference_schema.schema_decorators import input_schema, output_schema

    @input_schema("data", NumpyParameterType(np.array([[1.0, 2.0]])))
    @input_schema("scale", StandardPythonParameterType(1.0))
    @output_schema(NumpyParameterType(np.array([3.0])))
    def run(data, scale=2.0):
        return (data.sum(axis=1) * scale).tolist()
"""
RAW = """
    from {request} import AMLRequest, rawhttp
    from {response} import AMLResponse

    @rawhttp
    def run(request):
        assert isinstance(request, AMLRequest)
        if request.method == "GET":
            return AMLResponse(str.encode(request.full_path), 200)
        if request.method == "POST":
            if "image" in request.files:
                image = request.files["image"]
                found = {{"name": image.filename, "size": len(image.read()), **request.form}}
                return AMLResponse(found, 200, json_str=True)
            body = bytearray(request.get_data(False))
            body.reverse()
            answer = AMLResponse(bytes(body), int(request.args.get("status", 200)))
            answer.headers["X-Seen"] = request.headers.get("X-Sent", "nothing")
            return answer
        return AMLResponse("bad request", 500)
"""
TYPED = """
    import msgspec

    class Flight(msgspec.Struct):
        distance: float
        carrier: str = "AA"

    def run(flights: list[Flight]):
        return [flight.distance * (2 if flight.carrier == "AA" else 1) for flight in flights]
"""
ARRAY = """
    import numpy as np

    def run(data: np.ndarray):
        return data.sum(axis=1)
"""
STRUCT = """
    import msgspec

    class Order(msgspec.Struct):
        amount: float
        lines: list[int] = []

    def run(order: Order) -> dict:
        return {"total": order.amount + sum(order.lines)}
"""
WAITS = """
    import asyncio, json

    async def run(data):
        seconds = json.loads(data)["seconds"]
        await asyncio.sleep(seconds)
        if seconds == 0:
            raise ValueError("no")
        return {"slept": seconds}
"""
RUN_RAISED = {"message": "An unexpected error occurred in scoring script. Check the logs for more info."}
NOT_JSON = {"message": "An unexpected internal error occurred. Check the logs for more info."}
FORM = (
    b'--x\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n12345\r\n'
    b'--x\r\nContent-Disposition: form-data; name="who"\r\n\r\nme\r\n--x--\r\n'
)


@dataclass(frozen=True)
class Row:
    """One line of the table: what is asked, and what must come back."""

    name: str
    deployment: str
    ask: tuple
    status: int
    body: object = None
    headers: dict[str, str] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    sent: dict[str, str] = field(default_factory=dict)


def do(what):
    return ("POST", "/score", json.dumps({"do": what}).encode())


def score(body, path="/score"):
    return ("POST", path, body)


def rows(*values):
    return json.dumps([{"distance": value} for value in values]).encode()


JSON = {"content_type": "application/json"}
FORM_TYPE = {"content_type": "application/x-www-form-urlencoded"}
SUCCEEDED = {"x-ms-run-function-failed": "False", "x-ms-run-fn-exec-ms": "{n}"}
FAILED = {"x-ms-run-function-failed": "True"}
NO_RUN = ("x-ms-run-function-failed", "x-ms-run-fn-exec-ms")
PREFLIGHT = {"origin": "https://shop.example", "access_control_request_method": "POST"}
TENSOR = {"name": "x", "shape": [2, 2], "datatype": "FP64", "data": [1, 2, 3, 4]}
TENSORS = [
    {"name": "a", "shape": [2], "datatype": "INT64", "data": [1, 2]},
    {"name": "b", "shape": [2, 1], "datatype": "FP32", "data": [[0.5], [1.5]]},
]


def infer(*inputs, path="/v2/models/m/infer", **more):
    return ("POST", path, json.dumps({"inputs": inputs, **more}).encode())


def outputs(name, shape, kind, data, **more):
    tensor = {"name": name, "shape": shape, "datatype": kind, "data": data}
    return {"model_name": "m", "model_version": "1", **more, "outputs": [tensor]}


TABLE = (
    # The reply-by-reply table.
    Row("health", "plain", ("GET", "/"), 200, b"Healthy", {"content-type": "text/html; charset=utf-8"}, NO_RUN),
    Row("json twice", "plain", score(b'{"data": [[1]]}'), 200, b'"{\\"result\\": [1, 0]}"', SUCCEEDED),
    Row("ids are made", "plain", score(b"{}"), 200, None, {"x-request-id": "{id}", "x-ms-request-id": "{id}"},
        ("x-ms-client-request-id",)),
    Row("ids are echoed", "plain", score(b"{}"), 200, None,
        {"x-request-id": "r", "x-ms-request-id": "r", "x-ms-client-request-id": "c"},
        sent={"x_request_id": "r", "x_ms_client_request_id": "c"}),
    Row("an object", "plain", do("dict"), 200, {"result": [1, 0]}, SUCCEEDED),
    Row("query", "plain", ("GET", "/score?data=[[1,2]]&do=%22echo%22"), 200, '{"data": [[1, 2]], "do": "echo"}'),
    Row("query, a key twice", "plain", ("GET", "/score?do=echo&n=1&n=x"), 200, '{"do": "echo", "n": [1, "x"]}'),
    Row("run raises", "plain", do("raise"), 500, RUN_RAISED, FAILED, ("x-ms-run-fn-exec-ms",)),
    Row("run exits", "plain", do("exit"), 500, RUN_RAISED, FAILED, ("x-ms-run-fn-exec-ms",)),
    Row("no JSON", "plain", do("object"), 500, NOT_JSON, {"x-ms-run-function-failed": "False"}),
    Row("None", "plain", do("none"), 200, b"{}", SUCCEEDED),
    Row("timeout", "plain", do("sleep"), 500, b"Scoring timeout after 300 ms", FAILED, ("x-ms-run-fn-exec-ms",)),
    Row("no UTF-8", "plain", score(b"\xff"), 400, re.compile("^Input cannot be decoded as UTF-8: ")),
    Row("PUT", "plain", ("PUT", "/score", b"{}"), 405, re.compile("PUT"), {"allow": "GET, POST, OPTIONS"}),
    Row("DELETE /", "plain", ("DELETE", "/"), 405, re.compile("DELETE"), {"allow": "GET, HEAD, OPTIONS"}),
    Row("OPTIONS", "plain", ("OPTIONS", "/score"), 200, b"", {"allow": "GET, POST, OPTIONS"}, NO_RUN),
    Row("OPTIONS /", "plain", ("OPTIONS", "/"), 200, b"", {}, NO_RUN),
    Row("unknown path", "plain", ("GET", "/nowhere"), 404, re.compile("/nowhere")),
    Row("a slash too much", "plain", ("POST", "/score/", b"{}"), 404, re.compile("/score/")),
    Row("long request id", "plain", score(b"{}"), 431, re.compile("100"), {}, NO_RUN, {"x_request_id": "x" * 101}),
    Row("form", "plain", do("echo"), 200, '{"do": "echo"}', SUCCEEDED, sent=FORM_TYPE),
    Row("a soft failure", "plain", do("soft"), 200, '{"error": "no such column"}', SUCCEEDED),
    Row("HEAD", "plain", ("HEAD", "/"), 200, b""),
    # inference-schema
    Row("schema", "schema", score(b'{"data": [[1, 2]], "scale": 3}'), 200, [9.0], SUCCEEDED, sent=JSON),
    Row("schema, default", "schema", score(b'{"data": [[1, 2]]}'), 200, [6.0], SUCCEEDED, sent=JSON),
    Row("schema, with charset", "schema", score(b'{"data": [[1, 2]]}'), 200, [6.0],
        sent={"content_type": "application/json; charset=utf-8"}),
    Row("schema, no JSON type", "schema", score(b'{"data": [[1]]}'), 415, re.compile("application/json"),
        sent=FORM_TYPE),
    Row("schema, no object", "schema", score(b"[1]"), 400, re.compile("data, scale"), sent=JSON),
    Row("schema, broken", "schema", score(b"{"), 400, re.compile("no JSON"), sent=JSON),
    Row("schema, missing", "schema", score(b'{"scale": 1}'), 400, re.compile("lacks data"), sent=JSON),
    Row("schema, unknown", "schema", score(b'{"data": [[1]], "x": 1}'), 400, re.compile("has x"), sent=JSON),
    Row("schema, query", "schema", ("GET", "/score?data=[[1,2]]"), 200, [6.0]),
    # @rawhttp
    Row("raw GET", "raw", ("GET", "/score?a=1"), 200, b"/score?a=1", SUCCEEDED),
    Row("raw POST", "raw", score(b"\x00\x01\xff"), 200, b"\xff\x01\x00", {"x-seen": "yes"}, sent={"x_sent": "yes"}),
    Row("raw, status", "raw", score(b"ab", "/score?status=418"), 418, b"ba", {"x-ms-run-function-failed": "False"}),
    Row("raw, failed", "raw", score(b"ab", "/score?status=503"), 503, b"ba", FAILED),
    Row("raw, any method", "raw", ("PUT", "/score", b""), 500, b"bad request", FAILED),
    Row("raw, impossible", "raw", score(b"ab", "/score?status=7"), 500, NOT_JSON),
    Row("raw, form with a file", "raw", score(FORM), 200, {"name": "a.png", "size": 5, "who": "me"},
        {"content-type": "application/json"}, sent={"content_type": "multipart/form-data; boundary=x"}),
    Row("raw, the other import", "raw2", score(b"ab"), 200, b"ba", SUCCEEDED),
    Row("raw, OPTIONS", "raw", ("OPTIONS", "/score"), 200, b""),
    # Descriptions
    Row("swagger", "schema", ("GET", "/swagger.json"), 200, re.compile('"swagger": "2.0"')),
    Row("swagger 2", "schema", ("GET", "/swagger.json?version=2"), 200, re.compile('"swagger": "2.0"')),
    Row("swagger 3", "schema", ("GET", "/swagger.json?version=3"), 200, re.compile('"openapi": "3.0')),
    Row("swagger 3.1", "typed", ("GET", "/swagger.json?version=3.1"), 200, re.compile('"openapi": "3.1.*carrier')),
    Row("swagger of anything", "plain", ("GET", "/swagger.json?version=3"), 200, re.compile("ServiceInput")),
    Row("swagger, unknown", "plain", ("GET", "/swagger.json?version=4"), 404, re.compile("version 4")),
    Row("swagger, own 2", "array", ("GET", "/swagger.json?version=2"), 200, {"swagger": "2.0", "own": 2}),
    Row("swagger, own 3", "array", ("GET", "/swagger.json?version=3"), 200, {"own": 3}),
    Row("swagger, own free", "array", ("GET", "/swagger.json?version=3.1"), 200, {"openapi": "3.1.0", "own": 31}),
    # CORS, and browsers
    Row("CORS", "plain", score(b"{}"), 200, None,
        {"access-control-allow-origin": "https://shop.example", "vary": "Origin"}, sent={"origin": "https://shop.example"}),
    Row("CORS, asked before", "plain", ("OPTIONS", "/score"), 200, b"",
        {"access-control-allow-methods": "GET, POST", "access-control-allow-origin": "https://shop.example"},
        sent=PREFLIGHT),
    Row("CORS, a stranger asks before", "plain", ("OPTIONS", "/score"), 200, b"", {}, ("access-control-allow-origin",),
        {**PREFLIGHT, "origin": "https://evil.example"}),
    Row("CORS, as Azure sets it", "typed", score(rows(1)), 200, [2.0], {"access-control-allow-origin": "*"},
        sent={"origin": "https://anywhere.example"}),
    Row("a stranger's page", "plain", score(b"{}"), 403, re.compile("cors_origins"), {}, NO_RUN,
        {"origin": "https://evil.example"}),
    Row("a stranger's image", "plain", ("GET", "/score?data=1"), 403, re.compile("origin"), {}, NO_RUN,
        {"sec_fetch_site": "cross-site"}),
    Row("a rebound name", "plain", score(b"{}"), 403, re.compile("origin"), {}, NO_RUN,
        {"origin": "http://evil.example:1", "host": "evil.example:1"}),
    Row("a rebound name reads", "plain", ("GET", "/score?data=1"), 403, re.compile("origin"), {}, NO_RUN,
        {"sec_fetch_site": "same-origin", "host": "evil.example:1"}),
    Row("its own page", "plain", score(b"{}"), 200, sent={"origin": "http://localhost:1", "host": "localhost:1"}),
    Row("typed into a browser", "plain", ("GET", "/score?data=1"), 200, sent={"sec_fetch_site": "none"}),
    Row("a program behind any name", "plain", score(b"{}"), 200, sent={"host": "models.internal"}),
    # A run() that says what it takes
    Row("structs", "typed", score(b'[{"distance": 2}, {"distance": 3, "carrier": "B6"}]'), 200, [4.0, 3.0], SUCCEEDED),
    Row("structs by name", "typed", score(b'{"flights": [{"distance": 2}]}'), 200, [4.0], SUCCEEDED),
    Row("structs, wrong", "typed", score(b'[{"distance": "far"}]'), 422, re.compile(r"\$\[0\]\.distance"),
        {"x-ms-run-function-failed": "False"}),
    Row("structs, missing", "typed", score(b"[{}]"), 422, re.compile("distance")),
    Row("structs, broken", "typed", score(b'[{"distance": 2'), 400, re.compile("no JSON")),
    Row("structs, no UTF-8", "typed", score(b'[{"carrier": "\xff"}]'), 400, re.compile("UTF-8|utf-8")),
    Row("an object", "struct", score(b'{"amount": 1, "lines": [2, 3]}'), 200, {"total": 6.0}),
    Row("an object, a list came", "struct", score(b"[]"), 422, re.compile("object")),
    Row("an array", "array", score(b'{"data": [[1, 2], [3, 4]]}'), 200, [3.0, 7.0]),
    Row("an array, bare", "array", score(b" [[1, 2]]"), 200, [3.0]),
    Row("an array, ragged", "array", score(b"[[1, 2], [3]]"), 422, re.compile(r"run\(data\)")),
    Row("an array, by query", "array", ("GET", "/score?data=[[1,2]]"), 200, [3.0]),
    Row("it waits", "waits", score(b'{"seconds": 0.01}'), 200, {"slept": 0.01}, SUCCEEDED),
    Row("it waits too long", "waits", score(b'{"seconds": 9}'), 500, b"Scoring timeout after 500 ms", FAILED),
    Row("it waits and raises", "waits", score(b'{"seconds": 0}'), 500, RUN_RAISED, FAILED),
    # Open Inference Protocol
    Row("live", "array", ("GET", "/v2/health/live"), 200, {"live": True}),
    Row("ready", "array", ("GET", "/v2/health/ready"), 200, {"ready": True}),
    Row("server", "array", ("GET", "/v2"), 200, {"name": "holter", "version": "{any}", "extensions": []}),
    Row("model", "array", ("GET", "/v2/models/m"), 200, re.compile('"versions":\\["1"\\]')),
    Row("model ready", "array", ("GET", "/v2/models/m/ready"), 200, {"name": "m", "ready": True}),
    Row("version ready", "array", ("GET", "/v2/models/m/versions/1/ready"), 200, {"name": "m", "ready": True}),
    Row("other model", "array", ("GET", "/v2/models/x/ready"), 404, re.compile('^{"error":"There is no model x')),
    Row("other version", "array", infer(TENSOR, path="/v2/models/m/versions/9/infer"), 404, re.compile('"error"')),
    Row("infer", "array", infer(TENSOR), 200, outputs("predict", [2], "FP64", [3.0, 7.0]), SUCCEEDED),
    Row("infer, version", "array", infer(TENSOR, path="/v2/models/m/versions/1/infer"), 200,
        outputs("predict", [2], "FP64", [3.0, 7.0])),
    Row("infer, id", "array", infer(TENSOR, id="a-1"), 200, outputs("predict", [2], "FP64", [3.0, 7.0], id="a-1"),
        {"x-request-id": "a-1"}),
    Row("infer, nested", "array", infer({**TENSOR, "data": [[1, 2], [3, 4]]}), 200,
        outputs("predict", [2], "FP64", [3.0, 7.0])),
    Row("infer, columns", "array", infer(*TENSORS), 200, outputs("predict", [2], "FP64", [1.5, 3.5])),
    Row("infer, text", "plain", infer(TENSOR), 200, outputs("result", [2], "INT64", [1, 0])),
    Row("infer, schema", "schema", infer(TENSOR), 200, outputs("predict", [2], "FP64", [6.0, 14.0])),
    Row("infer, records", "typed", infer({**TENSORS[1], "name": "distance"}, parameters={"content_type": "pd"}), 422,
        re.compile('"error"')),
    Row("infer, shape", "array", infer({**TENSOR, "shape": [3, 2]}), 400, re.compile('"error".*4 values')),
    Row("infer, kind", "array", infer({**TENSOR, "datatype": "FP128"}), 400, re.compile('"error".*FP128')),
    Row("infer, other values", "array", infer({**TENSOR, "data": [1, 2, 3, "x"]}), 400, re.compile('"error".*str')),
    Row("infer, nothing", "array", infer(), 400, re.compile('"error"')),
    Row("infer, no request", "array", ("POST", "/v2/models/m/infer", b"{}"), 400, re.compile('"error".*inputs')),
    Row("infer, no such output", "array", infer(TENSOR, outputs=[{"name": "x"}]), 400, re.compile('"error".*predict')),
    Row("infer, binary", "array", infer(TENSOR), 400, re.compile('"error".*binary'),
        sent={"inference_header_content_length": "10"}),
    Row("infer, raw", "raw", infer(TENSOR), 400, re.compile('"error"')),
    Row("infer, GET", "array", ("GET", "/v2/models/m/infer"), 405),
)  # fmt: skip


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    service = Service(tmp_path_factory.mktemp("contract"))
    azure, newer = "azureml.contrib.services.aml_", "azureml_inference_server_http.api.aml_"
    own = {
        "swagger2.json": '{"swagger": "2.0", "own": 2}',
        "swagger3.json": '{"own": 3}',
        "swagger.json": '{"openapi": "3.1.0", "own": 31}',
    }
    service.deploy("plain", PLAIN, timeout_ms=300, cors_origins="https://shop.example")
    service.deploy("schema", SCHEMA, beside=inference_schema())
    service.deploy("raw", RAW.format(request=azure + "request", response=azure + "response"))
    service.deploy("raw2", RAW.format(request=newer + "request", response=newer + "response"))
    service.deploy("typed", TYPED, environment={"AML_CORS_ORIGINS": "*"})
    service.deploy("array", ARRAY, beside=own)
    service.deploy("struct", STRUCT)
    service.deploy("waits", WAITS, timeout_ms=500)
    for deployment in service.workspace.deployments():
        service.workspace.deployment(deployment.name).wait()
    yield service
    service.close()


def agrees(found: Answer, expected: object) -> bool:
    if isinstance(expected, bytes):
        return found.body == expected
    if isinstance(expected, re.Pattern):
        text = found.body.decode()
        said = json.loads(text).get("message", text) if text.startswith('{"message"') else text
        return bool(expected.search(said))
    value = json.loads(found.body)
    if isinstance(expected, dict) and "{any}" in expected.values():
        return value.keys() == expected.keys()
    return value == expected


def fits(value: str | None, expected: str) -> bool:
    if expected == "{n}":
        return value is not None and bool(re.fullmatch(r"\d+\.\d{3}", value))
    if expected == "{id}":
        return value is not None and bool(re.fullmatch(r"[0-9a-f]{32}", value))
    return value == expected


@pytest.mark.e2e
@pytest.mark.parametrize("row", TABLE, ids=[f"{row.deployment}: {row.name}" for row in TABLE])
def test_reply(service, row):
    found = service.ask(row.deployment, *row.ask, **row.sent)
    assert found.status == row.status, found.body
    assert row.body is None or agrees(found, row.body), found.body
    wrong = {
        name: found.headers.get(name) for name, value in row.headers.items() if not fits(found.headers.get(name), value)
    }
    assert not wrong
    assert not set(row.absent) & set(found.headers)


def test_a_start_that_fails_logs_the_traceback_and_the_model_folder(service):
    deployment = service.deploy("broken", "def init():\n    raise OSError('no weights')\ndef run(data): pass")
    with pytest.raises(Exception, match="no weights"):
        deployment.wait()
    log = deployment.logs()
    assert "Traceback" in log
    assert "model.txt (7 bytes)" in log
