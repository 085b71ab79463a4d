"""REST: the same JSON as the command line, labels in, commands never."""

import io

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from holter.store.kept import Publication
from holter.types import LABEL, REQUEST_ID, Measurement
from holter.web import app
from holter.web.api import LARGEST
from watched_workspace import ALERT, DAY, DEPLOYMENT, MONITOR, START, span

TOKEN = "t0ken"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
LABELS = f"/api/deployments/{DEPLOYMENT}/labels"


@pytest.fixture
def client(shelves, browse):
    return browse(app(shelves, TOKEN))


@pytest.fixture
def writer(own_shelves, browse):
    client = browse(app(own_shelves, TOKEN), headers=BEARER)
    client.shelves = own_shelves
    return client


def test_deployments_versions_and_monitors(client):
    assert [each["name"] for each in client.get("/api/deployments").json()] == ["churn-api", DEPLOYMENT]
    assert client.get(f"/api/deployments/{DEPLOYMENT}").json()["state"] == "Healthy"
    assert [each["version"] for each in client.get(f"/api/deployments/{DEPLOYMENT}/versions").json()] == [1, 2]
    assert {each["name"] for each in client.get("/api/monitors").json()} == {MONITOR, "scores-weekly"}


def test_what_the_code_of_a_deployment_tells(client):
    told = client.get("/api/deployments/churn-api/telemetry").json()
    number, event = told["series"]
    assert (number["kind"], number["name"], number["count"]) == ("metric", "PredictionCount", 360)
    assert (event["kind"], event["count"], event["mean"]) == ("event", 26, 1.0)
    assert sum(each["count"] for each in number["minutes"]) == 360
    assert (told["dropped"], [each["properties"]["ms"] for each in told["newest"]]) == (5, [3.5])
    silent = client.get(f"/api/deployments/{DEPLOYMENT}/telemetry").json()
    assert (silent["series"], silent["newest"], silent["dropped"]) == ([], [], 0)
    assert client.get("/api/deployments/nobody/telemetry").status_code == 404


def test_measurements_of_segments_are_given_where_they_are_asked_for(writer):
    shelves, path = writer.shelves, f"/api/monitors/{MONITOR}/measurements"
    day = span(70)
    told = [
        Measurement("performance", "brier", 0.1, 90, window=day),
        Measurement("performance", "brier", 0.3, 40, segment="carrier=AA", window=day),
        Measurement("performance", "brier", 0.2, 50, segment="carrier=UA & origin=JFK", window=day),
    ]
    with shelves.facts.begin() as transaction:
        assert transaction.publish(Publication(MONITOR, day, "performance", 0, "f"), told)
    asked = {"metric": "performance.brier", "start": day.start.isoformat()}

    def given(**more):
        return [each["value"] for each in writer.get(path, params=asked | more).json()]

    assert given() == [0.1]
    assert given(segment="*") == [0.3, 0.2]
    assert given(segment="carrier=*") == [0.3]
    assert given(segment="carrier=UA & origin=*") == [0.2]


def test_why_a_window_is_as_it_is(client):
    plain = client.get(f"/api/monitors/{MONITOR}/why", params={"alert": ALERT}).json()
    assert plain["monitor"] == MONITOR
    assert plain["change"] or plain["missing"]
    assert client.get(f"/api/monitors/{MONITOR}/why", params={"alert": "nobody"}).status_code == 404


def test_measurements_by_metric_feature_and_time(client):
    path = f"/api/monitors/{MONITOR}/measurements"
    found = client.get(path, params={"metric": "performance.roc_auc"}).json()
    assert len(found) == 56
    assert found[12]["value"] is None
    assert found[12]["verdict"] == "insufficient"
    only = client.get(path, params={"metric": "data_drift.psi", "feature": "carrier", "limit": 3}).json()
    assert [each["start"][:10] for each in only] == ["2013-05-28", "2013-05-29", "2013-05-30"]
    bounds = {"metric": "performance.roc_auc", "start": START.isoformat(), "end": (START + 3 * DAY).isoformat()}
    assert len(client.get(path, params=bounds).json()) == 3
    assert len(client.get(path, params={k: bounds[k] for k in ("metric", "end")}).json()) == 3
    assert len(client.get(path, params={k: bounds[k] for k in ("metric", "start")}).json()) == 56


def test_a_time_without_a_zone_is_refused_in_words(client):
    reply = client.get(f"/api/monitors/{MONITOR}/measurements", params={"start": "2013-04-01T00:00:00"})
    assert reply.status_code == 422
    assert "no time zone" in reply.json()["error"]


@pytest.mark.parametrize(
    "path",
    ["/api/deployments/nobody", "/api/monitors/nobody/measurements", "/api/alerts/nobody", "/deployments/nobody"],
)
def test_a_name_that_nobody_has(client, path):
    reply = client.get(path)
    assert reply.status_code == 404
    assert "there is no" in reply.json()["error"]


def test_people_get_a_page_for_what_is_not_there(client):
    for path in ("/deployments/nobody", "/nothing"):
        reply = client.get(path, headers={"Accept": "text/html"})
        assert reply.status_code == 404
        assert "<h1>Not found</h1>" in reply.text


def test_a_parameter_out_of_range_is_refused_in_words(client):
    reply = client.get("/api/ledger", params={"limit": 0})
    assert reply.status_code == 422
    assert reply.json()["error"].startswith("query.limit:")
    assert client.get("/ledger", params={"before": "x"}, headers={"Accept": "text/html"}).status_code == 422


def test_alerts_and_ledger(client):
    assert len(client.get("/api/alerts").json()) == 2
    assert [each["id"] for each in client.get("/api/alerts", params={"open": True}).json()] == [ALERT]
    assert client.get(f"/api/alerts/{ALERT}").json()["rule"] == "auc-low"
    ledger = client.get("/api/ledger", params={"since": 2, "limit": 2}).json()
    assert [each["seq"] for each in ledger] == [3, 4]


def test_acknowledging_is_in_the_ledger_with_its_reason(writer):
    reply = writer.post(f"/api/alerts/{ALERT}/acknowledge", json={"reason": "on it"})
    assert reply.json()["state"] == "acknowledged"
    *_, last = writer.shelves.facts.ledger()
    assert (last.entry.actor, last.entry.reason) == ("api", "on it")
    assert last.entry.action == "alert.acknowledged"
    assert last.entry.facts["alert"] == ALERT
    assert writer.post("/api/alerts/alert-old/acknowledge").status_code == 422


def label_of(shelves, request_id):
    rows = shelves.records(DEPLOYMENT).read(span(59)).to_pylist()
    return next(row[LABEL] for row in rows if row[REQUEST_ID] == request_id)


def body_of(kind):
    table = pa.table({"request_id": ["30-0"], "label": [1.0]})
    sink = io.BytesIO()
    if kind == "text/csv":
        pa_csv.write_csv(table, sink)
    elif kind == "application/json":
        sink.write(b'[{"request_id": "30-0", "label": 1}]')
    else:
        pq.write_table(table, sink)
    return sink.getvalue()


@pytest.mark.parametrize(
    "kind", ["application/json", "text/csv", "application/vnd.apache.parquet", "application/octet-stream"]
)
def test_labels_of_every_kind_join_their_records(writer, kind):
    reply = writer.post(LABELS, content=body_of(kind), headers={"Content-Type": kind})
    assert reply.json() == {"deployment": DEPLOYMENT, "labels": 1, "known": 1}
    assert label_of(writer.shelves, "30-0") == 1.0


def test_columns_go_by_the_names_given(writer):
    reply = writer.post(
        LABELS, params={"key": "id", "label": "late", "row": "r"}, json=[{"id": "30-1", "late": 0, "r": 0}]
    )
    assert reply.json()["labels"] == 1
    assert label_of(writer.shelves, "30-1") == 0.0


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"{}", "application/json"),
        (b"[1]", "application/json"),
        (b"nonsense", "application/json"),
        (b"nonsense", "application/octet-stream"),
        (b"", "text/csv"),
        (b"x", "image/png"),
        (b"[" * 100_000, "application/json"),
        (b'[{"request_id": "a"}]', "application/json"),
        (b'[{"request_id": "30-0", "label": 7}]', "application/json"),
    ],
)
def test_a_body_that_holds_no_labels_is_refused_in_words(writer, content, kind):
    reply = writer.post(LABELS, content=content, headers={"Content-Type": kind})
    assert reply.status_code == 422
    assert reply.json()["error"]


def test_rows_scored_elsewhere_become_records_once(writer):
    path = f"/api/deployments/{DEPLOYMENT}/records?key=id&event_time=when&score=p"
    rows = [{"id": f"rest-{number}", "when": "2031-05-01T10:00:00+02:00", "p": 0.75} for number in range(3)]
    assert writer.post(path, json=rows).json() == {"deployment": DEPLOYMENT, "records": 3}
    assert writer.post(path, json=rows).json() == {"deployment": DEPLOYMENT, "records": 0}
    naive = [{"id": "naive", "when": "2031-05-01T10:00:00", "p": 0.5}]
    assert writer.post(f"{path}&zone=UTC", json=naive).json()["records"] == 1
    assert "no time zone" in writer.post(path, json=naive).json()["error"]
    assert "ISO 8601" in writer.post(path, json=[{"id": "odd", "when": "noon"}]).json()["error"]
    assert writer.post(path.replace(DEPLOYMENT, "nobody"), json=rows).status_code == 404
    assert writer.post(path, json=rows, headers={"Authorization": "Bearer wrong"}).status_code == 401


def test_silences_begin_and_end(writer):
    assert writer.get("/api/silences").json() == []
    made = writer.post("/api/silences", json={"lasting": "2h", "reason": "moving", "monitor": "flights*"}).json()
    assert made["actor"] == "api"
    assert [each["id"] for each in writer.get("/api/silences").json()] == [made["id"]]
    assert writer.post(f"/api/silences/{made['id']}/end", json={"reason": "done"}).status_code == 200
    assert writer.get("/api/silences").json() == []
    assert len(writer.get("/api/silences", params={"past": True}).json()) == 1
    for wrong in ({}, {"lasting": "soon", "reason": "x"}, {"lasting": "1h", "reason": " "}):
        assert writer.post("/api/silences", json=wrong).status_code == 422
    assert writer.post("/api/silences/nobody/end").status_code == 404


def test_labels_of_nobody_and_too_many_labels(writer):
    assert writer.post("/api/deployments/nobody/labels", json=[]).status_code == 404
    reply = writer.post(LABELS, content=b" " * (LARGEST + 1), headers={"Content-Type": "application/json"})
    assert reply.status_code == 422
    assert "64 MiB" in reply.json()["error"]


def test_commands_can_not_be_set_over_http(client):
    paths = client.get("/api/openapi.json").json()["paths"]
    changes = {path for path, verbs in paths.items() if set(verbs) - {"get"}}
    assert changes == {
        "/api/alerts/{alert}/acknowledge",
        "/api/deployments/{name}/labels",
        "/api/deployments/{name}/records",
        "/api/monitors/{name}/accept",
        "/api/answers/{answer}/approve",
        "/api/answers/{answer}/refuse",
        "/api/silences",
        "/api/silences/{silence}/end",
    }


def test_pages_answer(client):
    for path in ("/", "/alerts", f"/alerts/{ALERT}", "/ledger", f"/monitors/{MONITOR}"):
        reply = client.get(path)
        assert reply.status_code == 200
        assert reply.headers["content-type"] == "text/html; charset=utf-8"
    for path in ("", "/versions"):
        assert client.get(f"/deployments/{DEPLOYMENT}{path}").status_code == 200


def test_pages_travel_small(client):
    reply = client.get(f"/deployments/{DEPLOYMENT}", headers={"Accept-Encoding": "gzip"})
    assert reply.headers["content-encoding"] == "gzip"
    assert int(reply.headers["content-length"]) < 40_000
