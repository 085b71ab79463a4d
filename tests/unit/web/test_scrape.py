"""What Prometheus reads."""

from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from holter.registry import MonitorEntry
from holter.serving.gauges import Gauge, write
from holter.serving.lock import workspace_lock
from holter.store.kept import Publication
from holter.types import Traffic
from holter.web import app
from holter.web.scrape import Settled
from watched_workspace import DAY, DEPLOYMENT, MONITOR, drift, span


def scrape(shelves, browse):
    client = browse(app(shelves, "t"))
    families = text_string_to_metric_families(client.get("/metrics").text)
    return {
        (sample.name, *(f"{k}={v}" for k, v in sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def test_traffic_by_deployment(shelves, browse):
    found = scrape(shelves, browse)
    name = f"deployment={DEPLOYMENT}"
    assert found["holter_errors_total", name] == 42
    requests = found["holter_requests_total", name]
    assert requests > 200_000
    assert found["holter_latency_seconds_count", name] == requests
    assert found["holter_latency_seconds_bucket", name, "le=+Inf"] == requests
    assert found["holter_latency_seconds_sum", name] == pytest.approx(requests * 0.007)
    assert found["holter_requests_total", "deployment=churn-api"] == 0


def test_minutes_that_have_settled_are_added_up_once(own_shelves):
    now, hour = datetime(2026, 5, 4, 12, 30, tzinfo=UTC), timedelta(hours=1)

    def count(minute, requests):
        with own_shelves.facts.begin() as transaction:
            transaction.add_traffic(DEPLOYMENT, 7, minute, Traffic(requests=requests))

    settled = Settled(own_shelves)
    before = settled.traffic(DEPLOYMENT, now).requests
    for passed in range(3):
        count(now + passed * hour, 10)
        assert settled.traffic(DEPLOYMENT, now + passed * hour).requests == before + 10 * (passed + 1)
    count(now - 40 * hour, 5)
    assert settled.traffic(DEPLOYMENT, now + 3 * hour).requests == before + 30
    assert settled.traffic(DEPLOYMENT, now + 50 * hour).requests == before + 30
    assert settled.traffic(DEPLOYMENT, now).requests == before + 30  # a clock that was put back
    assert Settled(own_shelves).traffic(DEPLOYMENT, now + 50 * hour).requests == before + 35


def test_open_alerts_by_level_and_monitor(shelves, browse):
    assert scrape(shelves, browse)["holter_open_alerts", "level=warning", f"monitor={MONITOR}"] == 1


def test_lag_is_told_for_live_monitors_that_have_judged(own_shelves, browse):
    own_shelves.registry.add_monitor(MonitorEntry("live", DEPLOYMENT, ("data_drift",), (), DAY, DAY))
    with own_shelves.facts.begin() as transaction:
        transaction.publish(Publication("live", span(3), "data_drift", 0, "f"), [drift(3, "carrier")])
    lags = {key[1]: value for key, value in scrape(own_shelves, browse).items() if key[0] == "holter_beat_lag_seconds"}
    assert set(lags) == {"monitor=live"}
    assert lags["monitor=live"] > 86_400


def test_an_empty_workspace_can_be_scraped(empty_shelves, browse):
    assert scrape(empty_shelves, browse) == {}


def test_health(shelves, browse):
    client = browse(app(shelves, "t"))
    assert client.get("/healthz").json() == {"status": "ok"}


def test_readiness_is_that_of_a_tree_that_is_alive(own_shelves, browse):
    client = browse(app(own_shelves, "t"))
    dead = client.get(f"/readyz/{DEPLOYMENT}")
    assert (dead.status_code, dead.json()["deployments"]) == (503, {DEPLOYMENT: False})
    with workspace_lock(own_shelves.root, 0, datetime.now(UTC)):
        alive = client.get(f"/readyz/{DEPLOYMENT}")
        assert (alive.status_code, alive.json()["status"]) == (200, "ready")
        assert client.get("/readyz").status_code == 503, "another one does not answer"
        own_shelves.registry.want("churn-api", paused=True, actor="test", reason="night")
        assert client.get("/readyz").status_code == 200, "what is paused need not answer"
        assert client.get("/readyz/nobody").status_code == 404


def test_workers_are_told_while_the_tree_is_alive(own_shelves, browse):
    place = (f"deployment={DEPLOYMENT}", "role=canary", "version=8")
    with workspace_lock(own_shelves.root, 0, datetime.now(UTC)):
        write(own_shelves.root, [Gauge(DEPLOYMENT, 8, "canary", 2, 1, 3, 9, 4, 6, 1 << 20, 1_500_000, 7)])
        found = scrape(own_shelves, browse)
    assert found["holter_workers_wanted", *place] == 2
    assert found["holter_workers_ready", *place] == 1
    assert found["holter_workers_replaced_total", *place] == 3
    assert found["holter_workers_memory_bytes", *place] == 1 << 20
    assert found["holter_workers_busy_seconds_total", *place] == 1.5
    assert found["holter_workers_waiting", *place] == 7
    assert found["holter_workers_unrecorded_total", *place] == 6
    assert ("holter_workers_ready", *place) not in scrape(own_shelves, browse)
