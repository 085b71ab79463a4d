"""What is normal is told to programs; a change is accepted with the token, or with the form of a page."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from holter.monitor import Beat
from holter.registry import MonitorEntry, Shelves, TableTarget
from holter.types import Feature, Kind, Schema
from holter.web import app

DAY = timedelta(days=1)
FIRST = datetime(2026, 3, 2, tzinfo=UTC)
HERE = "http://127.0.0.1:8700"
TOKEN = "token-of-a-test"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


def rows(days, start, *, shift=0.0, time="_event_time", n=150):
    rng = np.random.default_rng(days)
    at = pa.array([start + DAY * i / n for i in range(days * n)], pa.timestamp("us", "UTC"))
    return pa.table({time: at, "age": rng.normal(40 + shift, 5, days * n)})


@pytest.fixture
def shelves(tmp_path):
    shelves = Shelves.open(tmp_path / "ws", create=True)
    pq.write_table(rows(30, FIRST - 30 * DAY), tmp_path / "baseline.parquet")
    after = rows(3, FIRST + 5 * DAY, shift=5.0, time="at")
    pq.write_table(pa.concat_tables([rows(5, FIRST, time="at"), after]), tmp_path / "scored.parquet")
    target = TableTarget(str(tmp_path / "scored.parquet"), "at", Schema((Feature("age", Kind.NUMERIC, "double"),)))
    baseline = tmp_path / "baseline.parquet"
    for name in ("ages", "new"):
        entry = MonitorEntry(name, target, ("data_drift",), (), DAY, DAY, event_clock=True, baseline=baseline)
        shelves.registry.add_monitor(entry)
    shelves.registry.pause("new")
    assert Beat(shelves, "test").once(FIRST + 400 * DAY).errors == ()
    return shelves


@pytest.fixture
def client(shelves, browse):
    return browse(app(shelves, TOKEN), base_url=HERE)


def test_what_is_normal_is_told(client):
    found = client.get("/api/monitors/ages/normal").json()
    assert found["calibrated"]
    assert found["alarm"].startswith("age rose")
    assert found["power"]["visible"]
    assert client.get("/api/monitors/new/normal").json() is None
    assert client.get("/api/monitors/none/normal").status_code == 404


def test_a_change_is_accepted_with_the_token_and_a_reason(client, shelves):
    assert client.post("/api/monitors/ages/accept", json={"reason": "so it is"}).status_code == 401
    assert client.post("/api/monitors/ages/accept", json={"reason": " "}, headers=BEARER).status_code == 422
    assert client.post("/api/monitors/new/accept", json={"reason": "x"}, headers=BEARER).status_code == 422
    reply = client.post("/api/monitors/ages/accept", json={"reason": "so it is"}, headers=BEARER)
    assert (reply.status_code, reply.json()["windows"]) == (200, 2)
    (entry,) = [each.entry for each in shelves.facts.ledger() if each.entry.action == "monitor.accept"]
    assert (entry.actor, entry.reason) == ("api", "so it is")


def test_the_page_has_a_form_that_works_once_and_only_for_its_monitor(client, shelves):
    page = client.get("/monitors/ages").text
    token = page.split('action="/monitors/ages/accept"')[1].split('value="')[1].split('"')[0]
    for wrong in ({"token": "guess", "reason": "x"}, {"reason": "x"}):
        assert client.post("/monitors/ages/accept", data=wrong).status_code == 422
    assert client.post("/monitors/new/accept", data={"token": token, "reason": "x"}).status_code == 422
    elsewhere = {"Origin": "http://evil.example"}
    asked = {"token": token, "reason": "so it is"}
    assert client.post("/monitors/ages/accept", data=asked, headers=elsewhere).status_code == 403
    reply = client.post("/monitors/ages/accept", data=asked, headers={"Origin": HERE})
    assert (reply.status_code, reply.headers["location"]) == (303, "/monitors/ages")
    assert 'action="/monitors/ages/accept"' not in client.get("/monitors/ages").text
    assert [each.entry.actor for each in shelves.facts.ledger()][-1] == "dashboard"
