"""Metrics out by OpenTelemetry (OTLP over HTTP): what ``/metrics`` shows, sent instead of fetched.

It runs in the process of the dashboard, in a thread of its own: a receiver that is slow or away costs no request and no
page anything. What could not be sent is not kept: counters count on, and the next message holds them whole.
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.samples import Sample

from holter.errors import DeliveryFailed, MissingExtra
from holter.registry import Shelves
from holter.web.scrape import Scrape, Settled
from holter.workspace.beating import Loop

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics.export import Histogram, Metric, MetricsData, NumberDataPoint

PATH: Final = "/v1/metrics"
"""Where a receiver takes metrics (OTLP specification 1.9, "OTLP/HTTP Request")."""
TIMEOUT_SECONDS: Final = 10.0
_log = logging.getLogger("holter.web")
_SINCE_UNKNOWN: Final = 0
"""Start of a counter that outlives every process: "unknown", as the data model says (metrics.proto)."""


class Otlp:
    """Sends what a scrape would show to an OpenTelemetry collector.

    Headers (say, with a token), certificates and compression are set as for every OpenTelemetry exporter, by the
    variables ``OTEL_EXPORTER_OTLP_HEADERS``, ``OTEL_EXPORTER_OTLP_CERTIFICATE`` and ``OTEL_EXPORTER_OTLP_COMPRESSION``.

    Parameters
    ----------
    shelves
        The workspace; its settings say where to send.

    Raises
    ------
    MissingExtra
        If OpenTelemetry is not installed (the extra ``otel``).
    """

    def __init__(self, shelves: Shelves) -> None:
        try:
            from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        except ImportError as error:
            raise MissingExtra("sending metrics by OTLP", "otel") from error
        self._shelves, self._settled = shelves, Settled(shelves)
        self._endpoint = shelves.settings.otlp_endpoint.rstrip("/") + PATH
        self._exporter = OTLPMetricExporter(endpoint=self._endpoint, timeout=TIMEOUT_SECONDS)

    def once(self) -> int:
        """Send once, and return how many metrics were sent.

        Raises
        ------
        DeliveryFailed
            If the receiver did not take them, after the attempts that the exporter makes within ten seconds.
        """
        from opentelemetry.sdk.metrics.export import MetricExportResult

        now = datetime.now(UTC)
        families = list(Scrape(self._shelves, now, self._settled).collect())
        found = self._exporter.export(message(families, now, self._shelves.root.name))
        if found is not MetricExportResult.SUCCESS:
            raise DeliveryFailed("OTLP", self._endpoint, "the line above says why")
        return len(families)

    def close(self) -> None:
        """End an attempt that is under way."""
        self._exporter.shutdown()


def sending(shelves: Shelves) -> Loop | None:
    """Return the work of sending again and again; None where the settings name no receiver, or nothing can send."""
    if not shelves.settings.otlp_endpoint:
        return None
    try:
        otlp = Otlp(shelves)
    except MissingExtra as error:
        _log.error("no metrics are sent: %s", error)
        return None
    return Loop("otlp", shelves.settings.otlp_seconds, otlp.once, otlp.close)


def message(families: Iterable[Family], now: datetime, workspace: str) -> "MetricsData":
    """Return families of metrics in the words of OpenTelemetry; a family without samples is left out.

    Names and labels stay what they are on ``/metrics``, so that a dashboard works with either.
    """
    from opentelemetry.sdk.metrics.export import MetricsData, ResourceMetrics, ScopeMetrics
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope

    at = int(now.timestamp() * 1e9)
    metrics = [_metric(family, at) for family in families if family.samples]
    resource = Resource({"service.name": "holter", "holter.workspace": workspace})
    return MetricsData([ResourceMetrics(resource, [ScopeMetrics(InstrumentationScope("holter"), metrics, "")], "")])


def _metric(family: Family, at: int) -> "Metric":
    from opentelemetry.sdk.metrics.export import AggregationTemporality, Gauge, Metric, Sum

    data: Any
    if isinstance(family, HistogramMetricFamily):
        data = _histogram(family.samples, at)
    elif isinstance(family, CounterMetricFamily):
        data = Sum(_points(family.samples, at), AggregationTemporality.CUMULATIVE, is_monotonic=True)
    else:
        data = Gauge(_points(family.samples, at))
    return Metric(family.name, family.documentation, "", data)


def _points(samples: Iterable[Sample], at: int) -> "list[NumberDataPoint]":
    from opentelemetry.sdk.metrics.export import NumberDataPoint

    return [NumberDataPoint(dict(each.labels), _SINCE_UNKNOWN, at, float(each.value)) for each in samples]


def _histogram(samples: Sequence[Sample], at: int) -> "Histogram":
    """Return counts within bounds: Prometheus counts all below a bound, OpenTelemetry those between two."""
    from opentelemetry.sdk.metrics.export import AggregationTemporality, Histogram, HistogramDataPoint

    points = []
    for labels in dict.fromkeys(_labels(each) for each in samples):
        mine = [each for each in samples if _labels(each) == labels]
        buckets = [each for each in mine if each.name.endswith("_bucket")]
        below = [int(each.value) for each in buckets]
        points.append(
            HistogramDataPoint(
                attributes=dict(labels),
                start_time_unix_nano=_SINCE_UNKNOWN,
                time_unix_nano=at,
                count=below[-1],
                sum=next(each.value for each in mine if each.name.endswith("_sum")),
                bucket_counts=[now - before for before, now in zip([0, *below], below, strict=False)],
                explicit_bounds=[float(each.labels["le"]) for each in buckets[:-1]],
                min=None,  # type: ignore[arg-type]  # optional in the protocol; nobody counts it
                max=None,  # type: ignore[arg-type]
            )
        )
    return Histogram(points, AggregationTemporality.CUMULATIVE)


def _labels(sample: Sample) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in sample.labels.items() if name != "le")
