"""For machines that watch this machine: ``/healthz``, ``/readyz`` and ``/metrics``.

All three are answered by the process of the dashboard, which runs no model and waits for none.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from fastapi import APIRouter
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from starlette.responses import Response

from holter.capture.health import healths
from holter.registry import Shelves
from holter.registry.entries import Deployment
from holter.serving.gauges import read
from holter.types import Span, Traffic
from holter.types.traffic import LATENCY_BOUNDS_US
from holter.workspace import tree

_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)
_OF: Final = ("deployment",)
_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


def scrape_routes(shelves: Shelves) -> APIRouter:
    """Return the routes of health and metrics."""
    routes, settled = APIRouter(include_in_schema=False), Settled(shelves)

    @routes.get("/healthz")
    def health() -> dict[str, Any]:
        shelves.facts.alerts(open_only=True)
        return {"status": "ok"}

    @routes.get("/readyz")
    def all_ready(response: Response) -> dict[str, Any]:
        return _said(response, readiness(shelves, shelves.registry.deployments()))

    @routes.get("/readyz/{name}")
    def ready(name: str, response: Response) -> dict[str, Any]:
        return _said(response, readiness(shelves, [shelves.registry.deployment(name)]))

    @routes.get("/metrics")
    def metrics() -> Response:
        registry = CollectorRegistry()
        registry.register(Scrape(shelves, datetime.now(UTC), settled))
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return routes


def readiness(shelves: Shelves, deployments: Iterable[Deployment]) -> dict[str, bool]:
    """Tell of each deployment that is not paused whether it answers: by some version, on a tree that is alive."""
    alive = tree.held(shelves.root)
    return {each.name: alive and each.observed.version is not None for each in deployments if not each.wanted.paused}


def _said(response: Response, ready: Mapping[str, bool]) -> dict[str, Any]:
    whole = all(ready.values())
    response.status_code = 200 if whole else 503
    return {"status": "ready" if whole else "not ready", "deployments": dict(ready)}


class Settled:
    """Remembers the traffic of minutes more than a day old: a scrape adds up a day, not every minute there ever was.

    What is counted later than that (a journal that waited for days) shows once this process starts anew.
    """

    def __init__(self, shelves: Shelves) -> None:
        self._facts = shelves.facts
        self._sums: dict[str, tuple[datetime, Traffic]] = {}

    def traffic(self, deployment: str, now: datetime) -> Traffic:
        """Return all traffic of a deployment."""
        until, known = self._sums.get(deployment, (_LONG_AGO, Traffic()))
        edge = Span.covering(now - _DAY, _HOUR).start
        if edge > until:
            known += self._facts.traffic(deployment, Span(until, edge))
            until, _ = self._sums[deployment] = edge, known
        return known + self._facts.traffic(deployment, Span(until, now + _DAY))


class Scrape:
    """Reads the shelves anew at each scrape: the facts are the counters, and survive every process."""

    def __init__(self, shelves: Shelves, now: datetime, settled: Settled) -> None:
        self._shelves, self._now, self._settled = shelves, now, settled

    def collect(self) -> Iterator[Metric]:
        """Yield traffic and journals by deployment, open alerts by level, and how far monitors are behind."""
        yield from self._traffic()
        yield from self._journals()
        yield from self._workers()
        yield self._alerts()
        yield self._lag()

    def _traffic(self) -> Iterable[Metric]:
        requests = CounterMetricFamily("holter_requests", "Requests served.", labels=["deployment"])
        errors = CounterMetricFamily("holter_errors", "Requests that failed, soft failures too.", labels=["deployment"])
        gaps = CounterMetricFamily("holter_gaps", "Requests served but not recorded.", labels=["deployment"])
        latency = HistogramMetricFamily("holter_latency_seconds", "From request to reply.", labels=["deployment"])
        for deployment in self._shelves.registry.deployments():
            seen = self._settled.traffic(deployment.shelf, self._now)
            name = [deployment.name]
            requests.add_metric(name, seen.requests)
            errors.add_metric(name, seen.failed + seen.soft_failed)
            gaps.add_metric(name, seen.gaps)
            latency.add_metric(name, _buckets(seen), seen.latency_us / 1e6)
        return requests, errors, gaps, latency

    def _workers(self) -> Iterable[Metric]:
        """Tell how the workers are; without a living tree there are none."""
        shown = read(self._shelves.root) if tree.held(self._shelves.root) else []
        labels = ["deployment", "version", "role"]
        wanted = GaugeMetricFamily("holter_workers_wanted", "Workers that there should be.", labels=labels)
        ready = GaugeMetricFamily("holter_workers_ready", "Workers that answer.", labels=labels)
        memory = GaugeMetricFamily("holter_workers_memory_bytes", "Memory that workers hold.", labels=labels)
        replaced = CounterMetricFamily("holter_workers_replaced", "Workers lost and replaced.", labels=labels)
        busy = CounterMetricFamily("holter_workers_busy_seconds", "Time when workers took no request.", labels=labels)
        waiting = GaugeMetricFamily("holter_workers_waiting", "Requests in line for a worker.", labels=labels)
        lost = CounterMetricFamily("holter_workers_unrecorded", "Served and not recorded, told at once.", labels=labels)
        for each in shown:
            place = [each.deployment, str(each.version), each.role]
            wanted.add_metric(place, each.workers)
            ready.add_metric(place, each.listening)
            memory.add_metric(place, each.memory)
            replaced.add_metric(place, each.replaced)
            busy.add_metric(place, each.busy_us / 1e6)
            waiting.add_metric(place, each.waiting)
            lost.add_metric(place, each.gaps)
        return wanted, ready, memory, replaced, busy, waiting, lost

    def _journals(self) -> Iterable[Metric]:
        """Say how far each table is behind its journal: 0 where nothing waits."""
        lag = GaugeMetricFamily("holter_journal_lag_seconds", "Since the oldest request that waits.", labels=_OF)
        held = GaugeMetricFamily("holter_journal_bytes", "What the journals hold.", labels=_OF)
        unread = GaugeMetricFamily("holter_journal_unread_bytes", "What is not in its table yet.", labels=_OF)
        limit = GaugeMetricFamily("holter_journal_limit_bytes", "What the journals may hold.", labels=_OF)
        odd = GaugeMetricFamily("holter_journal_unreadable_bytes", "What cannot be read.", labels=_OF)
        for each in healths(self._shelves, self._now, weigh=False):
            if each.shelf.ended is None:
                name = [each.shelf.deployment]
                lag.add_metric(name, max(each.lag or 0.0, 0.0))
                held.add_metric(name, each.held)
                unread.add_metric(name, each.unread)
                if each.limit:
                    limit.add_metric(name, each.limit)
                odd.add_metric(name, each.unreadable)
        return lag, held, unread, limit, odd

    def _alerts(self) -> Metric:
        family = GaugeMetricFamily("holter_open_alerts", "Alerts that want attention.", labels=["level", "monitor"])
        counts: dict[tuple[str, str], int] = {}
        for alert in self._shelves.facts.alerts(open_only=True):
            place = (str(alert.level), alert.monitor)
            counts[place] = counts.get(place, 0) + 1
        for labels, count in counts.items():
            family.add_metric(labels, count)
        return family

    def _lag(self) -> Metric:
        """Measure from the newest window a monitor has judged; one that never judged has no number."""
        family = GaugeMetricFamily(
            "holter_beat_lag_seconds", "Since the newest judged window ended.", labels=["monitor"]
        )
        for entry in self._shelves.registry.monitors():
            if entry.paused or entry.event_clock:
                continue
            newest = self._shelves.facts.newest_window(entry.name)
            if newest is not None:
                family.add_metric([entry.name], max((self._now - newest).total_seconds(), 0.0))
        return family


def _buckets(seen: Traffic) -> list[tuple[str, float]]:
    """Return cumulated counts by upper bound in seconds, the way Prometheus wants them."""
    total, buckets = 0, []
    for bound, count in zip(LATENCY_BOUNDS_US, seen.histogram, strict=False):
        total += count
        buckets.append((str(bound / 1e6), float(total)))
    return [*buckets, ("+Inf", float(sum(seen.histogram)))]
