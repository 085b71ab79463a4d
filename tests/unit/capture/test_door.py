"""A service of one's own records as one of Holter's does."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

from holter.capture.compactor import Compactor
from holter.capture.door import CaptureMiddleware, Door, captured
from holter.capture.redaction import ensure_key, hashed
from holter.errors import JournalFull, NotFound
from holter.registry import DeploymentSettings
from holter.types import Span


async def predict(request):
    rows = (await request.json())["data"]
    if rows == "break":
        raise RuntimeError("no model")
    if rows == "soft":
        return JSONResponse({"error": "bad rows"})
    return JSONResponse([0.25 for _ in rows])


async def stream(request):
    await request.body()
    return StreamingResponse(iter([b"[0.", b"75]"]))


class Client:
    """Asks an ASGI application, as a server would."""

    def __init__(self, app):
        self.app = app

    def post(self, path, sent=None, method="POST", **headers):
        scope = {"type": "http", "method": method, "path": path, "query_string": b"", "root_path": ""}
        scope |= {"headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]}
        parts = [json.dumps(sent).encode()]
        said = []

        async def receive():
            if not parts:
                await asyncio.Event().wait()  # the client stays
            return {"type": "http.request", "body": parts.pop()}

        async def send(message):
            said.append(message)

        asyncio.run(self.app(scope, receive, send))
        body = b"".join(message.get("body", b"") for message in said)
        return said[0]["status"], body


@pytest.fixture
def deploy(shelves, tmp_path):
    def deploy(**settings):
        version = shelves.registry.version("risk", 1)
        script = str(tmp_path / "source" / "score.py")
        shelves.registry.deploy(
            "credit", version, entry_script=script, settings=DeploymentSettings(**settings), overwrite=True
        )

    return deploy


@pytest.fixture
def service(shelves):
    doors = []

    def service():
        routes = [Route(path, end, methods=["POST"]) for path, end in {"/predict": predict, "/stream": stream}.items()]
        where = {"workspace": shelves.root, "deployment": "credit", "paths": ("/predict", "/stream")}
        app = CaptureMiddleware(Starlette(routes=[*routes, Route("/other", predict, methods=["POST"])]), **where)
        doors.append(app.door)
        return Client(app), app.door

    yield service
    for door in doors:
        door.close()


def recorded(shelves):
    Compactor(shelves).once(datetime.now(UTC), flush=True)
    now = datetime.now(UTC)
    return shelves.records("credit").read(Span(now - timedelta(days=1), now + timedelta(days=1))).to_pylist()


def test_requests_of_ones_own_service_become_records(shelves, service):
    client, _ = service()
    asked = {"data": [[1, "rome"], [2, "oslo"]]}
    assert client.post("/predict", asked, x_request_id="a") == (200, b"[0.25,0.25]")
    assert client.post("/stream", {"data": [[3, "bern"]]}) == (200, b"[0.75]")
    client.post("/other", {"data": [[9, "nowhere"]]})
    assert client.post("/predict", method="GET")[0] == 405
    rows = recorded(shelves)
    assert [(row["age"], row["city"], row["_score"], row["_version"]) for row in rows] == [
        (1, "rome", 0.25, 1),
        (2, "oslo", 0.25, 1),
        (3, "bern", 0.75, 1),
    ]
    assert [row["_request_id"] for row in rows[:2]] == ["a", "a"]
    assert len(rows[2]["_request_id"]) == 32
    assert all(row["_latency_us"] > 0 for row in rows)


def test_failures_are_recorded_too(shelves, service):
    client, _ = service()
    with pytest.raises(RuntimeError, match="no model"):  # Starlette answers 500, and raises for its server
        client.post("/predict", {"data": "break"})
    assert client.post("/predict", {"data": "soft"})[0] == 200
    recorded(shelves)
    now = datetime.now(UTC)
    traffic = shelves.facts.traffic("credit", Span(now - timedelta(hours=1), now + timedelta(hours=1)))
    assert (traffic.requests, traffic.failed, traffic.soft_failed) == (2, 1, 1)


def test_what_an_application_raises_is_recorded_and_raised(shelves):
    async def broken(scope, receive, send):
        await receive()
        raise RuntimeError("bare")

    async def receive():
        return {"type": "http.request", "body": b"[[1, 2]]"}

    app = CaptureMiddleware(broken, workspace=shelves.root, deployment="credit", paths=("/score",))
    scope = {"type": "http", "method": "POST", "path": "/score", "headers": []}
    with pytest.raises(RuntimeError, match="bare"):
        asyncio.run(app(scope, receive, None))
    app.door.close()
    (row,) = recorded(shelves)
    assert row["_status"] == 500


@pytest.mark.parametrize(("full", "status", "gaps"), [("refuse", 503, 0), ("serve", 200, 1)])
def test_a_full_journal_refuses_or_counts(deploy, service, full, status, gaps):
    deploy(journal_full=full)
    client, door = service()
    door._journal._held, door._journal.most_bytes = 1, 1
    assert client.post("/predict", {"data": [[1, "rome"]]})[0] == status
    assert door.gaps == gaps


def test_replies_may_wait_for_the_disk_here_too(deploy, service, shelves):
    deploy(acknowledge="synced")
    client, _ = service()
    assert client.post("/predict", {"data": [[1, "rome"]]})[0] == 200
    assert len(recorded(shelves)) == 1


def test_a_policy_holds_here_too(deploy, service, shelves):
    deploy(redact={"city": "hash"})
    client, _ = service()
    client.post("/predict", {"data": [[1, "rome"]]})
    (row,) = recorded(shelves)
    assert row["city"] == hashed("rome", ensure_key(shelves.root))


def test_a_function_may_be_recorded_without_any_server(shelves):
    door = Door(shelves.root, "credit", version=1)

    @captured(door)
    def predict(rows):
        """Predict."""
        if not rows:
            raise ValueError("no rows")
        return np.array([0.25] * len(rows))

    assert predict([{"age": np.int64(1), "city": "rome"}, {"age": 2, "city": "oslo"}]).tolist() == [0.25, 0.25]
    with pytest.raises(ValueError, match="no rows"):
        predict([])
    door.close()
    found = [(row["age"], row["_score"], row["_status"]) for row in recorded(shelves)]
    assert found == [(1, 0.25, 200), (2, 0.25, 200), (None, None, 500)]
    assert predict.__doc__ == "Predict."


def test_a_function_whose_answer_cannot_be_recorded_is_refused(shelves):
    door = Door(shelves.root, "credit")
    door.close()
    with pytest.raises(JournalFull):
        captured(door)(lambda rows: rows)([1])


def test_a_door_that_leads_nowhere_is_not_opened(shelves, tmp_path):
    with pytest.raises(NotFound, match="workspace"):
        Door(tmp_path / "none", "credit")
    with pytest.raises(NotFound, match="cradit"):
        Door(shelves.root, "cradit")


def test_things_that_json_does_not_know_are_written_as_lists_numbers_and_text(shelves):
    from holter.capture.door import _plain

    day = datetime(2026, 1, 2, tzinfo=UTC)
    assert json.loads(_plain([np.float64(0.5), day, {1}])) == [0.5, day.isoformat(), "{1}"]
