"""The channel ``webhook``: a POST of a CloudEvent, signed where there is a secret."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any, Final

from holter.registry import Shelves
from holter.respond.answer import Channel
from holter.respond.posting import event_of, from_environment, options_of, post
from holter.rules import Alert
from holter.store.kept import Message


def send(shelves: Shelves, message: Message) -> None:
    """Post one message: a CloudEvents 1.0 envelope whose id, and ``Idempotency-Key``, is the key of the message.

    With a secret (option ``secret``, ``$NAME`` for an environment variable) it is signed as Standard Webhooks
    describe: ``webhook-signature: v1,base64(HMAC-SHA256(secret, "id.timestamp.body"))``.

    Raises
    ------
    DeliveryFailed
        If the receiver cannot be reached or answers other than 2xx. The address is named without its path.
    """
    alert = shelves.facts.alert(message.alert)
    body = json.dumps(envelope(shelves, alert, message), allow_nan=False, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/cloudevents+json; charset=utf-8", "Idempotency-Key": message.key}
    secret = from_environment(options_of(shelves, alert, message, "url").get("secret", ""))
    if secret:
        headers |= signature(secret, message.key, int(time.time()), body)
    post("webhook", message.target, body, headers, secrets=[secret])


def envelope(shelves: Shelves, alert: Alert, message: Message) -> dict[str, Any]:
    """Return the CloudEvent: what changed in ``type``, the alert and its measurement in ``data``."""
    event = event_of(shelves, message)
    return {
        "specversion": "1.0",
        "id": message.key,
        "source": f"/holter/monitors/{alert.monitor}",
        "type": f"holter.alert.{event.after}",
        "subject": alert.id,
        "time": event.at.isoformat(),
        "datacontenttype": "application/json",
        "data": {
            "alert": alert.id,
            "monitor": alert.monitor,
            "rule": alert.rule,
            "level": str(alert.level),
            "state": str(event.after),
            "sentence": alert.sentence,
            "why": event.why,
            "opened": {"start": alert.opened.start.isoformat(), "end": alert.opened.end.isoformat()},
            "measurement": alert.measurement.to_dict(),
        },
    }


def signature(secret: str, key: str, moment: int, body: bytes) -> dict[str, str]:
    """Return the three headers of Standard Webhooks 1.0; ``moment`` is in seconds since 1970."""
    raw = base64.b64decode(secret.removeprefix("whsec_")) if secret.startswith("whsec_") else secret.encode()
    digest = hmac.new(raw, f"{key}.{moment}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": key,
        "webhook-timestamp": str(moment),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


WEBHOOK: Final = Channel("webhook", "url", send, frozenset({"url", "secret"}))
