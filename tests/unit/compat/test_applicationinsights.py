"""The client that score scripts use: what Azure's one takes, without its waiting."""

import inspect
import json
import logging
import subprocess
import sys

import applicationinsights as original
import pytest

import holter.compat.applicationinsights as ours
from holter.capture import telemetry
from holter.capture.telemetry import SUFFIX
from holter.errors import InputError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOLTER_TELEMETRY", str(tmp_path / "spool"))
    return tmp_path / "spool"


@pytest.fixture
def client(folder):
    return ours.TelemetryClient("any key")


def tracked(folder):
    assert telemetry.own_spool().flush(10)
    return [json.loads(line) for path in folder.glob(f"*{SUFFIX}") for line in path.read_bytes().splitlines()]


MEMBERS = inspect.getmembers(original.TelemetryClient, inspect.isfunction)
PUBLIC = sorted(name for name, _ in MEMBERS if name.startswith(("track_", "flush", "add_")))


@pytest.mark.parametrize("name", PUBLIC)
def test_every_call_takes_what_the_original_takes(name):
    theirs = inspect.signature(getattr(original.TelemetryClient, name)).parameters
    mine = inspect.signature(getattr(ours.TelemetryClient, name)).parameters
    assert [(each.name, each.default) for each in mine.values()] == [
        (each.name, each.default) for each in theirs.values()
    ]


def test_the_seeds_calls_arrive(client, folder):
    client.track_metric("PredictionCount", 2)
    client.track_event("ModelPrediction", {"result": "[1 0]"})
    client.flush()
    metric, event = tracked(folder)
    assert (metric["name"], metric["value"]) == ("PredictionCount", 2.0)
    assert (event["name"], event["properties"]) == ("ModelPrediction", {"result": "[1 0]"})


def test_an_aggregated_metric_keeps_its_parts(client, folder):
    client.track_metric("ms", 30, count=3, min=8, max=12, std_dev=2, properties={"zone": 7})
    (item,) = tracked(folder)
    assert [item[name] for name in ("value", "count", "minimum", "maximum", "deviation")] == [30.0, 3, 8.0, 12.0, 2.0]
    assert item["properties"] == {"zone": "7"}


def test_the_context_goes_with_every_item(client, folder):
    client.context.properties["team"] = "risk"
    client.context.user.id = "somebody"
    client.track_event("a", {"team": "mine"})
    client.track_event("b")
    assert [item["properties"] for item in tracked(folder)] == [{"team": "mine"}, {"team": "risk"}]


def test_exceptions_requests_dependencies_traces_and_pages_are_told_apart(client, folder):
    try:
        int("cold")
    except ValueError:
        client.track_exception(properties={"where": "run"})
    client.track_exception()
    client.track_trace("hello", severity="warning")
    client.track_request("GET /", "http://x/", True, start_time="2013-04-01T12:00:00Z", duration=12.5)
    client.track_dependency("sql", "select 1", duration=3, success=False, measurements={"rows": 1})
    client.track_pageview("home", "http://x/", duration=5)
    found = tracked(folder)
    assert [(item["kind"], item["name"]) for item in found] == [
        ("exception", "ValueError"),
        ("exception", "Exception"),
        ("trace", "WARNING"),
        ("request", "GET /"),
        ("dependency", "sql"),
        ("page_view", "home"),
    ]
    assert found[0]["properties"] == {"where": "run", "message": "invalid literal for int() with base 10: 'cold'"}
    assert found[3]["at_us"] == 1_364_817_600_000_000
    assert found[3]["measurements"] == {"duration_ms": 12.5}
    assert found[4]["measurements"] == {"rows": 1.0, "duration_ms": 3.0}


class _Unprintable:
    def __str__(self):
        raise RuntimeError("no")


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.track_metric("x", "not a number"),
        lambda client: client.track_metric("x", None),
        lambda client: client.track_event("x", {"a": _Unprintable()}),
        lambda client: client.track_event("x", 7),
        lambda client: client.track_event("x", {}, {"n": "many"}),
        lambda client: client.track_request("x", "u", True, start_time="yesterday"),
        lambda client: client.track_metric("x", float("nan")),
    ],
)
def test_nothing_that_is_tracked_raises_and_what_is_lost_is_counted(client, folder, call):
    before = client.channel.spool.dropped
    call(client)
    assert client.channel.spool.dropped == before + 1


def test_a_processor_may_leave_an_item_out(client, folder):
    client.add_telemetry_processor(lambda item, context: item.name != "noise" and context is client.context)
    client.track_event("noise")
    client.track_event("signal")
    assert [item["name"] for item in tracked(folder)] == ["signal"]
    with pytest.raises(TypeError, match="is None"):
        client.add_telemetry_processor(None)


@pytest.mark.parametrize("key", ["", None])
def test_an_empty_key_is_refused_as_in_the_original(key):
    with pytest.raises(Exception, match="nstrumentation key"):
        original.TelemetryClient(key)
    with pytest.raises(InputError, match="instrumentation key"):
        ours.TelemetryClient(key)


def test_settings_for_sending_are_taken_and_have_no_effect(folder):
    sender = ours.channel.AsynchronousSender("http://127.0.0.1:9/v2/track")
    channel = ours.channel.TelemetryChannel(None, ours.channel.AsynchronousQueue(sender))
    channel.queue.max_queue_length = 10
    channel.sender.send_interval_in_milliseconds = 5
    channel.context.properties["zone"] = "eu"
    client = ours.TelemetryClient("key", channel)
    client.track_event("e")
    client.channel.queue.flush()
    assert channel.sender is sender
    assert tracked(folder)[0]["properties"] == {"zone": "eu"}


@pytest.mark.parametrize("flush", [lambda client: client.flush(), lambda client: client.channel.flush()])
def test_flush_returns_when_the_disk_hangs(client, monkeypatch, flush):
    import threading

    gone = threading.Event()
    monkeypatch.setattr("holter.capture.telemetry.os.write", lambda *_: gone.wait(20) and 0)
    client.track_event("e")
    flush(client)
    assert not gone.is_set()
    gone.set()


def test_logging_becomes_traces_and_exceptions(folder):
    handler = ours.logging.enable("key", async_=True, level="WARNING")
    again = ours.logging.enable("key", endpoint="http://nowhere")
    root = logging.getLogger()
    assert handler not in root.handlers
    try:
        logging.getLogger("score").warning("cold %d", 3)
        try:
            _ = {}["x"]
        except KeyError:
            logging.getLogger("score").exception("lost")
        again.flush()
    finally:
        root.removeHandler(again)
    trace, exception = tracked(folder)
    assert (trace["kind"], trace["name"], trace["properties"]["message"]) == ("trace", "WARNING", "cold 3")
    assert (exception["kind"], exception["name"]) == ("exception", "KeyError")


def test_an_exception_that_ends_the_program_is_tracked_and_still_reported(tmp_path):
    program = "from holter.compat.applicationinsights.exceptions import enable\nenable('key')\n1 / 0\n"
    environment = {"HOLTER_TELEMETRY": str(tmp_path), "PATH": ""}
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=False
    )
    assert ended.returncode == 1
    assert "ZeroDivisionError" in ended.stderr
    (item,) = [json.loads(line) for path in tmp_path.glob(f"*{SUFFIX}") for line in path.read_bytes().splitlines()]
    assert (item["kind"], item["name"]) == ("exception", "ZeroDivisionError")


def test_requests_to_a_wsgi_application_are_tracked(folder):
    def application(environ, start_response):
        start_response("404 Not Found", [])
        return [b"no"]

    wrapped = ours.requests.WSGIApplication("key", application)
    body = b"".join(wrapped({"PATH_INFO": "/x", "REQUEST_METHOD": "POST", "HTTP_HOST": "h"}, lambda *_: None))
    wrapped.flush()
    (item,) = tracked(folder)
    assert body == b"no"
    assert item["name"] == "POST /x"
    assert item["properties"]["success"] == "False"
    assert item["properties"]["response_code"] == "404"


def test_without_a_workspace_items_are_lost_and_that_is_said_once(tmp_path):
    program = (
        "from holter.compat.applicationinsights import TelemetryClient\n"
        "client = TelemetryClient('key')\n"
        "for _ in range(3): client.track_event('e')\n"
        "client.flush()\n"
        "print(client.channel.spool.dropped)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path, env={"PATH": ""}, check=True
    )
    assert ended.stdout == "3\n"
    assert ended.stderr.count("no workspace is near") == 1


def test_a_program_beside_a_workspace_spools_there(tmp_path):
    (tmp_path / "holter").mkdir()
    (tmp_path / "holter" / "holter.toml").touch()
    program = "from holter.compat.applicationinsights import TelemetryClient as C; C('k').track_event('e')"
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env={"PATH": ""}, check=True)
    assert len(list((tmp_path / "holter" / "telemetry" / "_programs").glob(f"*{SUFFIX}"))) == 1


def test_importing_the_client_loads_nothing_heavy():
    program = "import sys, holter.compat.applicationinsights; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert not {"numpy", "pyarrow", "sqlalchemy", "deltalake", "duckdb", "pandas", "fastapi"} & set(loaded)
