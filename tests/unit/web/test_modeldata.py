"""``POST /modeldata/log``, by hand and as the real client does it."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime

import httpx
import pytest
import uvicorn

from holter.capture import modeldata
from holter.capture.modeldata import FrameFiles, collector_environment, frame_from
from holter.capture.telemetry import spool_of
from holter.capture.telemetry_intake import TelemetryIntake
from holter.errors import InputError, JournalFull
from holter.registry import Settings
from holter.web import app
from holter.web.modeldata import PATH, Receiver

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HEADERS = {"ce-type": "azureml.inference.model_inputs", "trace-id": "t-1", "ce-x-request-id": "r-1"}
ROWS = b'[{"x":1},{"x":2}]'


def lines(root):
    return [json.loads(line) for path in sorted(root.rglob("*.jsonl")) for line in path.read_text().splitlines()]


def post(client, content=ROWS, **headers):
    return client.post(PATH, content=content, headers={**HEADERS, **headers})


def test_a_frame_is_on_disk_before_the_answer(empty_shelves, browse):
    assert post(browse(app(empty_shelves)), **{"ce-time": "1700000000"}).status_code == 200
    (frame,) = lines(empty_shelves.root / "modeldata" / "_programs" / "model_inputs")
    assert frame["data"] == [{"x": 1}, {"x": 2}]
    assert (frame["correlationid"], frame["time"]) == ("r-1", "2023-11-14T22:13:20+00:00")


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"{", {}, 400),
        (b'{"x": 1}', {}, 400),
        (b"[1]", {}, 400),
        (b"[" * 100_000, {}, 400),
        (ROWS, {"ce-type": "azureml.inference.../../etc"}, 400),
        (ROWS, {"ce-type": ""}, 400),
        (ROWS, {"origin": "https://elsewhere.example"}, 403),
        (ROWS, {"host": "elsewhere.example"}, 421),
        (b" " * (modeldata.MOST_BYTES + 1), {}, 413),
        (b"[]", {"authorization": "Basic %%%"}, 200),
        (ROWS, {"ce-time": "1e300", "ce-x-request-id": ""}, 200),
        (ROWS, {"ce-time": "9999999999"}, 200),
    ],
)
def test_what_is_taken_and_what_is_not(empty_shelves, browse, content, headers, status):
    assert post(browse(app(empty_shelves)), content, **headers).status_code == status
    assert bool(lines(empty_shelves.root)) == (status == 200)


def test_a_frame_of_another_machine_is_refused(empty_shelves):
    import asyncio

    async def ask():
        transport = httpx.ASGITransport(app(empty_shelves), client=("192.0.2.1", 4000))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8700") as client:
            return await client.post(PATH, content=ROWS, headers=HEADERS)

    assert asyncio.run(ask()).status_code == 403


def test_a_full_disk_is_said(empty_shelves, browse, monkeypatch):
    monkeypatch.setattr(modeldata, "_write", lambda path, line: (_ for _ in ()).throw(OSError(28, "no space")))
    assert post(browse(app(empty_shelves))).status_code == 507


def test_a_folder_holds_no_more_than_it_may(tmp_path):
    files, frame = FrameFiles(tmp_path, most=250), frame_from(HEADERS, ROWS, NOW)
    files.append(frame, NOW)
    with pytest.raises(JournalFull, match="may hold no more"):
        files.append(frame, NOW)
    assert len(lines(tmp_path)) == 1


def test_half_a_line_is_taken_back(tmp_path, monkeypatch):
    files, frame = FrameFiles(tmp_path), frame_from(HEADERS, ROWS, NOW)
    files.append(frame, NOW)
    write = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: write(handle, data[:10]))
    with pytest.raises(JournalFull, match="no space"):
        files.append(frame, NOW)
    assert len(lines(tmp_path)) == 1


def test_a_frame_needs_a_collection():
    with pytest.raises(InputError, match=r"azureml\.inference\.NAME"):
        frame_from({}, ROWS, NOW)


def test_rows_are_counted_and_columns_redacted(own_shelves):
    entry = own_shelves.registry.deployments()[0]
    receiver = Receiver(own_shelves)
    frame = receiver.keep(entry.name, HEADERS, ROWS, NOW)
    assert len(frame.data) == 2
    spool_of(own_shelves.root / "telemetry" / entry.shelf).flush(5)
    TelemetryIntake(own_shelves).once()
    assert ("event", "modeldata.model_inputs") in {
        (str(kind), name) for kind, name in own_shelves.facts.series_names(entry.shelf)
    }
    receiver._known = {entry.name: (entry.shelf, receiver._redactor({"x": "drop"}))}
    assert receiver.keep(entry.name, HEADERS, ROWS, NOW).data == [{"x": None}, {"x": None}]


@pytest.mark.parametrize("settings", [Settings(port=0), Settings(host="192.0.2.7", token="t")])
def test_no_worker_is_sent_to_a_receiver_that_it_cannot_reach(settings):
    assert collector_environment(settings, "churn") == {}


SCORE = """
import pandas as pd
from azureml.ai.monitoring import Collector

failures = []
inputs = Collector(name="model_inputs", on_error=failures.append)
outputs = Collector(name="model_outputs", on_error=failures.append)
frame = pd.DataFrame({"x": [1.5, 2.5], "city": ["Rome", None]})
for _ in range(500):
    context = inputs.collect(frame)
    outputs.collect(pd.DataFrame({"prediction": [0, 1]}), context)
assert not failures, failures
"""


def test_the_real_collector_in_an_unchanged_script(own_shelves):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    entry = own_shelves.registry.deployments()[0]
    server = uvicorn.Server(uvicorn.Config(app(own_shelves), host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    folder = own_shelves.root / "modeldata" / entry.shelf
    count = f"len([1 for path in pathlib.Path({str(folder)!r}).rglob('*.jsonl') for _ in path.open()])"
    wait = f"import time, pathlib\nwhile {count} < 1000: time.sleep(0.1)"
    try:
        environment = os.environ | dict(collector_environment(Settings(port=port), entry.name))
        subprocess.run([sys.executable, "-c", SCORE + wait], check=True, env=environment, timeout=120)
    finally:
        server.should_exit = True
        thread.join()
    frames = lines(folder)
    assert len(frames) == 1000
    assert {frame["type"] for frame in frames} == {"azureml.inference.model_inputs", "azureml.inference.model_outputs"}
    assert len({frame["correlationid"] for frame in frames}) == 500
    assert frames[0]["data"] == [{"x": 1.5, "city": "Rome"}, {"x": 2.5, "city": None}]
