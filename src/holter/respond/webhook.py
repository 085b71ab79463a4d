"""The channel ``webhook``: a POST of a CloudEvent, signed where there is a secret."""

import base64
import hashlib
import hmac
import json
import os
import time
from http.client import HTTPException
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from holter.errors import DeliveryFailed, NotFound
from holter.registry import Shelves
from holter.respond.answer import Channel
from holter.respond.redact import public_address, redact
from holter.rules import Alert
from holter.store.protocols import Message

TIMEOUT_S: Final = 10.0
"""How long a receiver may keep silent."""


class _NoRedirect(HTTPRedirectHandler):
    """A redirect would turn the POST into a GET and could carry the alert to a place nobody named."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """Follow nothing."""


def send(shelves: Shelves, message: Message) -> None:
    """Post one message: a CloudEvents 1.0 envelope whose id, and ``Idempotency-Key``, is the key of the message.

    With a secret (option ``secret``, ``$NAME`` for an environment variable) it is signed as Standard Webhooks
    describe: ``webhook-signature: v1,base64(HMAC-SHA256(secret, "id.timestamp.body"))``.

    Raises
    ------
    DeliveryFailed
        If the receiver cannot be reached or answers other than 2xx. The address is named without its path.
    """
    place = public_address(message.target)
    if urlsplit(message.target).scheme not in ("http", "https"):
        raise DeliveryFailed("webhook", place, "the address begins with neither http:// nor https://")
    alert = shelves.facts.alert(message.alert)
    body = json.dumps(envelope(shelves, alert, message), allow_nan=False, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/cloudevents+json; charset=utf-8", "Idempotency-Key": message.key}
    secret = _secret(shelves, alert, message.target)
    if secret:
        headers |= signature(secret, message.key, int(time.time()), body)
    try:
        request = Request(message.target, data=body, headers=headers, method="POST")  # noqa: S310  (scheme is checked)
        with build_opener(_NoRedirect).open(request, timeout=TIMEOUT_S):
            pass
    except HTTPError as error:
        error.close()
        raise DeliveryFailed("webhook", place, f"it answered {error.code}") from error
    except (URLError, OSError, HTTPException, ValueError) as error:
        why = str(error).replace(message.target, place)
        raise DeliveryFailed(
            "webhook", place, redact(why, [secret, urlsplit(message.target).path.strip("/")])
        ) from error


def envelope(shelves: Shelves, alert: Alert, message: Message) -> dict[str, Any]:
    """Return the CloudEvent: what changed in ``type``, the alert and its measurement in ``data``."""
    event = next((event for event in shelves.facts.events(alert.id) if event.key == message.event), None)
    if event is None:
        raise DeliveryFailed("webhook", public_address(message.target), f"the alert has no event {message.event!r}")
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


def _secret(shelves: Shelves, alert: Alert, target: str) -> str | None:
    """Return the secret of the response that asked for this message; None when there is none, or no rule any more."""
    try:
        rules = shelves.registry.monitor(alert.monitor).rules
    except NotFound:
        return None
    for response in (response for rule in rules if rule.name == alert.rule for response in rule.responses):
        if response.kind == "webhook" and response.options.get("url", "").strip() == target:
            text = response.options.get("secret", "")
            return os.environ.get(text[1:]) if text.startswith("$") else text or None
    return None


WEBHOOK: Final = Channel("webhook", "url", send, frozenset({"url", "secret"}))
