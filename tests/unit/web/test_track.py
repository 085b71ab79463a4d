"""Unmodified Application Insights clients report here."""

import gzip
import json
import threading
import time
import zlib

import pytest
import uvicorn
from applicationinsights import TelemetryClient
from applicationinsights.channel import (
    AsynchronousQueue,
    AsynchronousSender,
    SynchronousQueue,
    SynchronousSender,
    TelemetryChannel,
)

from holter.capture.telemetry_intake import TelemetryIntake
from holter.registry import Settings
from holter.types import SeriesKind
from holter.web import app
from watched_workspace import DEPLOYMENT

TOKEN = "t0ken"


def envelope(key="any", kind="EventData", **base):
    return {
        "ver": 1,
        "name": "Microsoft.ApplicationInsights.Event",
        "time": "2013-04-01T12:00:00.5Z",
        "iKey": key,
        "data": {"baseType": kind, "baseData": base or {"ver": 2, "name": "Scored"}},
    }


def heard(shelves, source="_programs"):
    TelemetryIntake(shelves).once()
    return {name: kind for kind, name in shelves.facts.series_names(source)}


@pytest.fixture
def client(own_shelves, browse):
    return browse(app(own_shelves, TOKEN))


@pytest.fixture
def private(own_shelves, browse):
    own_shelves.settings = Settings(host="0.0.0.0", token=TOKEN, base_url="https://h.example.com")
    return browse(app(own_shelves), base_url="https://h.example.com")


@pytest.mark.parametrize("path", ["/v2/track", "/v2.1/track"])
def test_envelopes_are_taken_without_a_token_on_ones_own_machine(client, own_shelves, path):
    reply = client.post(path, json=[envelope(), envelope()])
    assert (reply.status_code, reply.json()) == (200, {"itemsReceived": 2, "itemsAccepted": 2, "errors": []})
    assert heard(own_shelves) == {"Scored": SeriesKind.EVENT}


def test_a_key_that_is_a_deployment_files_there(client, own_shelves):
    client.post("/v2/track", json=[envelope(DEPLOYMENT)])
    assert heard(own_shelves) == {}
    assert heard(own_shelves, own_shelves.registry.deployment(DEPLOYMENT).shelf) == {"Scored": SeriesKind.EVENT}


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (json.dumps(envelope()), {}),
        (json.dumps(envelope()) + "\n" + json.dumps(envelope()) + "\n", {"content-type": "application/x-json-stream"}),
        (gzip.compress(json.dumps([envelope()]).encode()), {"content-encoding": "gzip"}),
        (zlib.compress(json.dumps([envelope()]).encode()), {"content-encoding": "deflate"}),
    ],
)
def test_one_a_line_or_compressed_is_read_as_well(client, own_shelves, body, headers):
    assert client.post("/v2/track", content=body, headers=headers).status_code == 200
    assert heard(own_shelves) == {"Scored": SeriesKind.EVENT}


@pytest.mark.parametrize(
    ("body", "encoding", "why"),
    [
        (b"", "", "empty"),
        (b"not json", "", "no JSON"),
        (b'{"a"', "", "no JSON"),
        (b"\xff\xfe", "", "no JSON"),
        (b"[" * 100_000, "", "nested"),
        (gzip.compress(b"[]"), "", "no JSON"),
        (gzip.compress(b"[]")[:-4], "gzip", "ends before"),
        (b"[]", "gzip", "not gzip"),
    ],
)
def test_what_is_no_json_is_refused_with_a_reason(client, body, encoding, why):
    reply = client.post("/v2/track", content=body, headers={"content-encoding": encoding})
    assert reply.status_code == 400
    assert why in reply.json()["errors"][0]["message"]


def test_a_kilobyte_that_becomes_a_gigabyte_is_refused(client, monkeypatch):
    monkeypatch.setattr("holter.capture.envelopes.MOST_BYTES", 1 << 20)
    body = gzip.compress(b" " * (8 << 20))
    reply = client.post("/v2/track", content=body, headers={"content-encoding": "gzip"})
    assert reply.status_code == 400
    assert "more than 1 MiB" in reply.text


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (7, "JSON object"),
        ({}, "baseData"),
        ({"data": {"baseType": "EventData"}}, "baseData"),
        (envelope(kind="AvailabilityData", name="x"), "AvailabilityData"),
        (envelope(kind="MetricData", metrics=[{"name": "x", "value": "many"}]), "MetricData"),
        (envelope(kind="MetricData", ver=2), "metrics"),
        (envelope(kind="RequestData", name="x", duration="soon"), "duration"),
        (envelope(kind="ExceptionData", exceptions=[]), "ExceptionData"),
    ],
)
def test_an_envelope_that_cannot_be_used_costs_the_others_nothing(client, own_shelves, wrong, why):
    reply = client.post("/v2/track", json=[wrong, envelope()])
    told = reply.json()
    assert (reply.status_code, told["itemsReceived"], told["itemsAccepted"]) == (206, 2, 1)
    assert told["errors"][0]["index"] == 0
    assert why in told["errors"][0]["message"]
    assert heard(own_shelves) == {"Scored": SeriesKind.EVENT}


def test_a_page_elsewhere_cannot_report(client):
    reply = client.post("/v2/track", json=[envelope()], headers={"origin": "https://evil.example"})
    assert reply.status_code == 403


def test_where_others_reach_the_dashboard_the_key_must_be_the_token(private, own_shelves):
    refused = private.post("/v2/track", json=[envelope(), envelope(TOKEN)])
    assert refused.status_code == 401
    assert refused.json()["itemsAccepted"] == 0
    assert heard(own_shelves) == {}
    assert private.post("/v2/track", json=[envelope(TOKEN)]).status_code == 200
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    assert private.post("/v2/track", json=[envelope()], headers=bearer).status_code == 200
    forged = {"Authorization": "Bearer nonsense"}
    assert private.post("/v2/track", json=[envelope()], headers=forged).status_code == 401


@pytest.fixture
def address(own_shelves):
    """A dashboard that really listens."""
    server = uvicorn.Server(uvicorn.Config(app(own_shelves, TOKEN), port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}/v2/track"
    server.should_exit = True
    thread.join(10)


@pytest.mark.filterwarnings("ignore::DeprecationWarning:applicationinsights.*")
@pytest.mark.parametrize(
    ("queue", "sender"), [(SynchronousQueue, SynchronousSender), (AsynchronousQueue, AsynchronousSender)]
)
def test_the_real_client_arrives_unmodified(address, own_shelves, queue, sender):
    client = TelemetryClient(DEPLOYMENT, TelemetryChannel(None, queue(sender(address))))
    client.track_metric("PredictionCount", 30, count=3, min=8, max=12, std_dev=2)
    client.track_event("ModelPrediction", {"result": "[1 0]"}, {"seconds": 0.5})
    client.track_trace("hello", severity="WARNING")
    client.track_request("GET /", "http://x", True, duration=12)
    client.track_dependency("sql", "select 1", duration=90_061_001)
    client.track_pageview("home", "http://x")
    try:
        int("cold")
    except ValueError:
        client.track_exception()
    client.flush()
    shelf = own_shelves.registry.deployment(DEPLOYMENT).shelf
    deadline = time.monotonic() + 20
    while len(found := heard(own_shelves, shelf)) < 10 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert found == {
        "PredictionCount": SeriesKind.METRIC,
        "ModelPrediction": SeriesKind.EVENT,
        "ModelPrediction.seconds": SeriesKind.METRIC,
        "WARNING": SeriesKind.TRACE,
        "GET /": SeriesKind.REQUEST,
        "GET /.duration_ms": SeriesKind.METRIC,
        "sql": SeriesKind.DEPENDENCY,
        "sql.duration_ms": SeriesKind.METRIC,
        "home": SeriesKind.PAGE_VIEW,
        "ValueError": SeriesKind.EXCEPTION,
    }
