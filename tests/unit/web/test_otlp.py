"""Metrics by OTLP, to a receiver that speaks the protocol."""

import gzip
import sys
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from prometheus_client.parser import text_string_to_metric_families

from holter.errors import DeliveryFailed, MissingExtra
from holter.registry.settings import Settings
from holter.serving.gauges import Gauge, write
from holter.serving.lock import workspace_lock
from holter.web import app
from holter.web.otlp import Otlp, sending
from watched_workspace import DEPLOYMENT


class Receiver:
    """An HTTP server that takes what a collector takes, and answers as it was told."""

    def __init__(self, status=200):
        self.messages, self.headers, self.paths, self.status = [], [], [], status
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                if self.headers.get("content-encoding") == "gzip":
                    body = gzip.decompress(body)
                receiver.paths.append(self.path)
                receiver.headers.append(self.headers)
                receiver.messages.append(ExportMetricsServiceRequest.FromString(body))
                self.send_response(receiver.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


def to(shelves, address, **more):
    shelves.__dict__["settings"] = Settings(otlp_endpoint=address, **more)
    return shelves


def points(message):
    """Return every number by name and labels."""
    (resource,) = message.resource_metrics
    (scope,) = resource.scope_metrics
    found = {}
    for metric in scope.metrics:
        for point in getattr(metric, metric.WhichOneof("data")).data_points:
            labels = tuple(sorted(f"{each.key}={each.value.string_value}" for each in point.attributes))
            found[(metric.name, *labels)] = metric, point
    return found


def test_a_receiver_gets_what_a_scrape_would_show(own_shelves, browse):
    place = (f"deployment={DEPLOYMENT}", "role=canary", "version=8")
    with Receiver() as receiver, workspace_lock(own_shelves.root, 0, datetime.now(UTC)):
        write(own_shelves.root, [Gauge(DEPLOYMENT, 8, "canary", 2, 1, 3, 9, 4, 6, 1 << 20, 1_500_000, 7)])
        text = browse(app(own_shelves, "t")).get("/metrics").text
        assert Otlp(to(own_shelves, receiver.address + "/")).once() > 10
    assert receiver.paths == ["/v1/metrics"]
    (message,) = receiver.messages
    found = points(message)
    attributes = {each.key: each.value.string_value for each in message.resource_metrics[0].resource.attributes}
    assert attributes["service.name"] == "holter"
    counter, requests = found["holter_requests", f"deployment={DEPLOYMENT}"]
    assert counter.sum.is_monotonic
    assert counter.sum.aggregation_temporality == 2  # cumulative
    assert requests.as_double > 200_000
    assert found["holter_workers_waiting", *place][1].as_double == 7
    assert found["holter_workers_busy_seconds", *place][1].as_double == 1.5
    _, latency = found["holter_latency_seconds", f"deployment={DEPLOYMENT}"]
    assert latency.count == sum(latency.bucket_counts) == requests.as_double
    assert len(latency.bucket_counts) == len(latency.explicit_bounds) + 1
    assert latency.sum == pytest.approx(latency.count * 0.007)
    assert not latency.HasField("min")
    shown = {
        (sample.name.removesuffix("_total"), *sorted(f"{name}={value}" for name, value in sample.labels.items()))
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if not sample.name.endswith(("_bucket", "_sum", "_count", "_created"))
    }
    assert shown == {key for key, (metric, _) in found.items() if metric.WhichOneof("data") != "histogram"}


def test_bounds_hold_what_lies_between_them(own_shelves, browse):
    with Receiver() as receiver:
        Otlp(to(own_shelves, receiver.address)).once()
    _, latency = points(receiver.messages[0])["holter_latency_seconds", f"deployment={DEPLOYMENT}"]
    families = text_string_to_metric_families(browse(app(own_shelves, "t")).get("/metrics").text)
    (family,) = (each for each in families if each.name == "holter_latency_seconds")
    mine = [
        each for each in family.samples if each.name.endswith("_bucket") and each.labels["deployment"] == DEPLOYMENT
    ]
    below, total = [], 0
    for count in latency.bucket_counts:
        total += count
        below.append(float(total))
    assert below == [each.value for each in mine]
    assert list(latency.explicit_bounds) == [float(each.labels["le"]) for each in mine[:-1]]


def test_an_empty_workspace_sends_no_numbers(empty_shelves):
    with Receiver() as receiver:
        Otlp(to(empty_shelves, receiver.address)).once()
    assert points(receiver.messages[0]) == {}


def test_headers_and_compression_are_those_of_every_exporter(own_shelves, monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20secret")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
    with Receiver() as receiver:
        Otlp(to(own_shelves, receiver.address)).once()
    assert receiver.headers[0]["authorization"] == "Bearer secret"
    assert receiver.headers[0]["content-encoding"] == "gzip"
    assert points(receiver.messages[0])


def test_a_receiver_that_refuses_is_told_and_the_next_message_is_whole(own_shelves):
    with Receiver(status=400) as receiver:
        otlp = Otlp(to(own_shelves, receiver.address))
        with pytest.raises(DeliveryFailed, match="OTLP to http://127"):
            otlp.once()
        receiver.status = 200
        assert otlp.once() > 0
        first, second = receiver.messages
    assert points(first).keys() == points(second).keys()


def test_it_is_sent_again_and_again_until_it_is_time_to_end(own_shelves):
    assert sending(to(own_shelves, "")) is None, "off by default"
    with Receiver() as receiver:
        loop, stop = sending(to(own_shelves, receiver.address, otlp_seconds=0.05)), threading.Event()
        thread = threading.Thread(target=loop.run, args=(stop,))
        thread.start()
        while len(receiver.messages) < 3:
            stop.wait(0.02)
        stop.set()
        loop.halt()
        thread.join(30)
    assert not thread.is_alive()


def test_without_the_extra_it_says_what_to_install_and_nothing_else_fails(own_shelves, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.metric_exporter", None)
    with pytest.raises(MissingExtra, match=r"pip install 'holter\[otel\]'"):
        Otlp(to(own_shelves, "http://127.0.0.1:4318"))
    assert sending(own_shelves) is None
    assert "holter[otel]" in caplog.text
