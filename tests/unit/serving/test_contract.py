"""The replies of a scoring server, case by case, over the wire."""

import http.client
import json

import pytest

SCRIPT = """
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
        if what == "error":
            return json.dumps({"error": "no such column"})
        if what == "error dict":
            return {"error": "no such column"}
        if what == "sleep":
            time.sleep(60)
        if what == "swallow":
            try:
                time.sleep(60)
            except BaseException:
                return {"swallowed": True}
        if what == "spin":
            while True:
                try:
                    while True:
                        pass
                except Exception:
                    pass
        if what == "echo":
            return data
        return json.dumps({"result": [1, 0]})
"""


@pytest.fixture
def served(desk):
    desk.serve(SCRIPT, timeout_ms=300)
    return desk


def do(what):
    return json.dumps({"do": what}).encode()


def test_each_reply_of_the_contract(served):  # one worker, every row of the table: a worker costs a second
    health = served.ask("GET", "/")
    assert (health.status, health.body) == (200, b"Healthy")
    assert health.headers["content-type"].startswith("text/html")
    assert "x-ms-run-function-failed" not in health.headers

    seed = served.ask(body=b'{"data": [[1]]}')
    assert (seed.status, seed.body) == (200, b'"{\\"result\\": [1, 0]}"')
    assert seed.headers["content-type"] == "application/json"
    assert seed.headers["x-ms-run-function-failed"] == "False"
    whole, _, decimals = seed.headers["x-ms-run-fn-exec-ms"].partition(".")
    assert whole.isdigit()
    assert len(decimals) == 3
    assert len(seed.headers["x-request-id"]) == 32
    assert seed.headers["x-ms-request-id"] == seed.headers["x-request-id"]
    assert "x-ms-client-request-id" not in seed.headers

    named = served.ask(x_request_id="r-1", x_ms_client_request_id="c-1")
    assert named.headers["x-request-id"] == named.headers["x-ms-request-id"] == "r-1"
    assert named.headers["x-ms-client-request-id"] == "c-1"

    assert served.ask(body=do("dict")).body == b'{"result": [1, 0]}'
    nothing = served.ask(body=do("none"))
    assert (nothing.status, nothing.body) == (200, b"{}")


@pytest.mark.parametrize("what", ["raise", "exit"])
def test_a_run_that_raises_costs_one_request(served, what):
    reply = served.ask(body=do(what))
    assert reply.status == 500
    assert json.loads(reply.body) == {
        "message": "An unexpected error occurred in scoring script. Check the logs for more info."
    }
    assert reply.headers["x-ms-run-function-failed"] == "True"
    assert "x-ms-run-fn-exec-ms" not in reply.headers
    assert served.ask().status == 200
    assert ("ValueError: no" if what == "raise" else "SystemExit: 3") in served.log.read_text()


def test_a_result_that_is_no_json(served):
    reply = served.ask(body=do("object"))
    assert reply.status == 500
    assert json.loads(reply.body) == {"message": "An unexpected internal error occurred. Check the logs for more info."}
    assert reply.headers["x-ms-run-function-failed"] == "False"


@pytest.mark.parametrize("what", ["sleep", "spin", "swallow"])
def test_the_time_limit_holds_against_sleep_busy_loop_and_a_script_that_catches_everything(served, what):
    reply = served.ask(body=do(what))
    assert (reply.status, reply.body) == (500, b"Scoring timeout after 300 ms")
    assert reply.headers["x-ms-run-function-failed"] == "True"
    assert served.ask().status == 200
    (timed_out,) = [frame for frame in served.frames() if frame.timed_out]
    assert timed_out.status == 500
    assert timed_out.latency_us >= 300_000


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("data=[[1,2]]&do=%22echo%22", {"data": [[1, 2]], "do": "echo"}),
        ("do=echo&n=1&n=x", {"do": "echo", "n": [1, "x"]}),
        ("do=echo&empty=", {"do": "echo", "empty": ""}),
    ],
)
def test_a_query_is_a_body(served, query, text):
    reply = served.ask("GET", f"/score?{query}")
    assert reply.status == 200
    assert json.loads(json.loads(reply.body)) == text
    (frame,) = served.frames()
    assert json.loads(frame.request) == text


def test_a_body_that_is_no_text(served):
    reply = served.ask(body=b"\xff\xfe")
    assert reply.status == 400
    assert json.loads(reply.body)["message"].startswith("Input cannot be decoded as UTF-8: ")
    (frame,) = served.frames()
    assert (frame.status, frame.request) == (400, b"\xff\xfe")


def test_methods_and_paths(served):
    for path in ("/", "/score"):
        refused = served.ask("PUT", path)
        assert refused.status == 405
        assert "message" in json.loads(refused.body)
        options = served.ask("OPTIONS", path)
        assert (options.status, options.body) == (200, b"")
        assert "GET" in options.headers["allow"]
    for path in ("/nowhere", "/score/", "/score/x"):
        missing = served.ask("GET", path)
        assert missing.status == 404
        assert path in json.loads(missing.body)["message"]
    assert served.ask("HEAD", "/").status == 200
    assert served.frames() == []


def test_a_request_id_of_more_than_a_hundred_characters(served):
    assert served.ask(x_request_id="x" * 100).headers["x-request-id"] == "x" * 100
    long = served.ask(x_request_id="x" * 101)
    assert long.status == 431
    assert long.headers["x-request-id"] != "x" * 101
    assert len(served.frames()) == 1


def test_a_form_content_type_is_scored(served):
    reply = served.ask(body=do("echo"), content_type="application/x-www-form-urlencoded")
    assert json.loads(json.loads(reply.body)) == {"do": "echo"}


def test_an_empty_and_a_large_body(served):
    assert served.ask(body=b"").status == 200
    large = json.dumps({"do": "echo", "fill": "x" * 3_000_000}).encode()
    assert json.loads(json.loads(served.ask(body=large).body)) == json.loads(large)
    assert [len(frame.request) for frame in served.frames()] == [0, len(large)]


@pytest.mark.parametrize("what", ["error", "error dict"])
def test_a_soft_failure_is_a_success_on_the_wire_and_noted_in_the_record(served, what):
    assert served.ask(body=do(what)).status == 200
    (frame,) = served.frames()
    assert frame.soft_failed
    assert frame.status == 200


def test_requests_of_one_connection_are_answered_in_order(served):
    connection = http.client.HTTPConnection("127.0.0.1", served.port)
    for number in range(5):
        connection.request("POST", "/score", json.dumps({"do": "echo", "n": number}))
        assert json.loads(json.loads(connection.getresponse().read()))["n"] == number
    connection.close()


def test_a_client_that_hangs_up_in_the_middle_of_its_body_costs_nothing(served):
    connection = http.client.HTTPConnection("127.0.0.1", served.port)
    connection.putrequest("POST", "/score")
    connection.putheader("Content-Length", "100")
    connection.endheaders()
    connection.send(b'{"da')
    connection.close()
    assert served.ask().status == 200
    assert len(served.frames()) == 1
