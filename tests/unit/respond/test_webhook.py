import base64
import hashlib
import hmac
import json
import socket
from datetime import timedelta

import pytest

from holter.errors import DeliveryFailed, NotFound
from holter.registry.entries import MonitorEntry, TableTarget
from holter.respond import posting, webhook
from holter.rules import Response, Rule
from holter.store.kept import Message
from holter.types import Schema


def watch(shelves, url, **options):
    rule = Rule("auc", "performance.roc_auc", below=0.7, responses=(Response("webhook", {"url": url, **options}),))
    target = TableTarget("/nowhere/*.parquet", "at", Schema(()))
    shelves.registry.add_monitor(MonitorEntry("daily", target, (), (rule,), timedelta(days=1), timedelta(days=1)))


def sent(shelves, sink):
    webhook.send(shelves, shelves.facts.outbox()[0])
    return sink.posts[-1]


def test_posts_a_cloud_event(shelves, sink, raise_alert):
    raise_alert(shelves, ("webhook", sink.url))
    headers, _, event = sent(shelves, sink)
    assert headers["Content-Type"].startswith("application/cloudevents+json")
    assert headers["Idempotency-Key"] == event["id"] == "a1-m0"
    assert event["specversion"] == "1.0"
    assert event["type"] == "holter.alert.firing"
    assert event["source"] == "/holter/monitors/daily"
    assert event["subject"] == "a1"
    assert event["data"]["measurement"]["value"] == 0.61
    assert event["data"]["sentence"] == "AUC fell to 0.61 <b>."
    assert "webhook-signature" not in {name.lower() for name in headers}


@pytest.mark.parametrize("secret", ["open sesame", "$HOOK_SECRET", "whsec_" + base64.b64encode(b"raw").decode()])
def test_signs_with_a_secret(shelves, sink, raise_alert, monkeypatch, secret):
    monkeypatch.setenv("HOOK_SECRET", "from the environment")
    watch(shelves, sink.url, secret=secret)
    raise_alert(shelves, ("webhook", sink.url))
    headers, body, _ = sent(shelves, sink)
    headers = {name.lower(): value for name, value in headers.items()}
    key = {"$": b"from the environment", "w": b"raw", "o": b"open sesame"}[secret[0]]
    told = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = base64.b64encode(hmac.new(key, told, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{wanted}"
    assert secret not in body.decode()


def test_the_secret_of_another_address_is_not_used(shelves, sink, raise_alert):
    watch(shelves, "http://127.0.0.1:9/other", secret="x")
    raise_alert(shelves, ("webhook", sink.url))
    headers, _, _ = sent(shelves, sink)
    assert "webhook-signature" not in {name.lower() for name in headers}


@pytest.mark.parametrize("status", [301, 307, 400, 404, 500, 503])
def test_anything_but_success_fails_without_the_path(shelves, sink, raise_alert, status):
    sink.statuses = [status]
    raise_alert(shelves, ("webhook", sink.url))
    with pytest.raises(DeliveryFailed, match=str(status)) as caught:
        sent(shelves, sink)
    assert "secret-path" not in str(caught.value)
    assert len(sink.posts) == 1  # a redirect is not followed


def test_nobody_there(shelves, raise_alert):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        raise_alert(shelves, ("webhook", f"http://127.0.0.1:{unused.getsockname()[1]}/secret-path"))
        with pytest.raises(DeliveryFailed, match="refused") as caught:
            webhook.send(shelves, shelves.facts.outbox()[0])
    assert "secret-path" not in str(caught.value)


def test_silence_is_a_failure(shelves, sink, raise_alert, monkeypatch):
    monkeypatch.setattr(posting, "TIMEOUT_S", 0.2)
    sink.gate.clear()
    raise_alert(shelves, ("webhook", sink.url))
    with pytest.raises(DeliveryFailed, match="timed out"):
        webhook.send(shelves, shelves.facts.outbox()[0])


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x/y", "no address", ""])
def test_other_schemes_are_refused(shelves, raise_alert, url):
    alert = raise_alert(shelves)
    with pytest.raises(DeliveryFailed, match="neither"):
        webhook.send(shelves, Message("k", "webhook", url, alert.id, "a1-e"))


def test_an_event_that_is_gone(shelves, sink, raise_alert):
    alert = raise_alert(shelves)
    with pytest.raises(DeliveryFailed, match="no event"):
        webhook.send(shelves, Message("k", "webhook", sink.url, alert.id, "other"))
    with pytest.raises(NotFound):
        webhook.send(shelves, Message("k", "webhook", sink.url, "nobody", "other"))


def test_the_envelope_is_json_without_nan(shelves, raise_alert):
    alert = raise_alert(shelves)
    envelope = webhook.envelope(shelves, alert, Message("k", "webhook", "http://x", alert.id, "a1-e"))
    assert json.loads(json.dumps(envelope, allow_nan=False)) == envelope
