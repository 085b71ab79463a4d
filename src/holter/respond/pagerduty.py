"""The channel ``pagerduty``: an incident is opened, and closed when the alert resolves."""

import json
from typing import Any, Final

from holter.errors import DeliveryFailed
from holter.registry import Shelves
from holter.respond.answer import Channel
from holter.respond.posting import event_of, from_environment, options_of, post
from holter.rules import Alert, AlertEvent, AlertState, Level
from holter.store.kept import Message

NAME: Final = "pagerduty"
ENDPOINT: Final = "https://events.pagerduty.com/v2/enqueue"
"""Where events go, unless the option ``url`` names another place (``https://events.eu.pagerduty.com/v2/enqueue``)."""
_SUMMARY: Final = 1024
"""Characters of a summary that PagerDuty keeps (Events API v2)."""
_SEVERITY: Final = {Level.INFORMATION: "info", Level.WARNING: "warning", Level.PAGE: "critical"}
_ACTION: Final = {AlertState.ACKNOWLEDGED: "acknowledge", AlertState.RESOLVED: "resolve"}


def send(shelves: Shelves, message: Message) -> None:
    """Send one event of PagerDuty's Events API v2. Its ``dedup_key`` is the alert: sent twice, it is one incident.

    The option ``routing_key`` names the variable that holds the integration key (``$PAGERDUTY_KEY``), so that the key
    is in no file and no database.

    Raises
    ------
    DeliveryFailed
        If there is no such variable, PagerDuty cannot be reached or answers other than 2xx; without the key.
    """
    alert = shelves.facts.alert(message.alert)
    key = from_environment(message.target)
    if not key:
        raise DeliveryFailed(NAME, message.target, f"the process tree has no variable {message.target.lstrip('$')}")
    body = json.dumps(told(alert, event_of(shelves, message), key), allow_nan=False, ensure_ascii=False).encode()
    url = options_of(shelves, alert, message, "routing_key").get("url", "").strip() or ENDPOINT
    post(NAME, url, body, {"Content-Type": "application/json"}, secrets=[key])


def told(alert: Alert, event: AlertEvent, key: str) -> dict[str, Any]:
    """Return the event: opened by ``trigger``, closed by ``resolve``."""
    return {
        "routing_key": key,
        "event_action": _ACTION.get(event.after, "trigger"),
        "dedup_key": alert.id,
        "client": "Holter",
        "payload": {
            "summary": f"{alert.monitor}: {event.why or alert.sentence}"[:_SUMMARY],
            "source": alert.monitor,
            "severity": _SEVERITY[alert.level],
            "timestamp": event.at.isoformat(),
            "component": alert.rule,
            "class": alert.measurement.name,
            "custom_details": alert.measurement.to_dict(),
        },
    }


def _refuses(target: str) -> str:
    if target.startswith("$") and len(target) > 1:
        return ""
    return "routing_key names a variable of the environment, such as $PAGERDUTY_KEY: the key itself stays out of files"


PAGERDUTY: Final = Channel(NAME, "routing_key", send, frozenset({"routing_key", "url"}), refuses=_refuses)
