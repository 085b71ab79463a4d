"""The channel ``alertmanager``: Prometheus' own Alertmanager routes, groups and silences what Holter finds."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from holter.registry import Shelves
from holter.respond.answer import Channel
from holter.respond.posting import event_of, post
from holter.rules import Alert, AlertEvent, AlertState, Level
from holter.store.kept import Message

NAME: Final = "alertmanager"
PATH: Final = "/api/v2/alerts"
REFRESH: Final = timedelta(minutes=1)
"""How often an alert that stands is told again: an Alertmanager keeps alerts in memory only, as Prometheus assumes."""
_LASTS: Final = 4 * REFRESH
"""How long it stands without being told again; Prometheus too allows for three missed tellings."""
_SEVERITY: Final = {Level.INFORMATION: "info", Level.WARNING: "warning", Level.PAGE: "critical"}


def send(shelves: Shelves, message: Message) -> None:
    """Post one alert to ``<url>/api/v2/alerts``; user and password may stand in the address.

    Labels are what stays the same through its life (``alertname`` is the rule, ``monitor``, ``severity``,
    ``holter_alert``); numbers and sentences are annotations, which may change. While an alert stands it is posted
    again every minute. Alertmanager drops what it knows already, and resolves what nobody has told it for four
    minutes.

    Raises
    ------
    DeliveryFailed
        If it cannot be reached or answers other than 2xx.
    """
    alert, event = shelves.facts.alert(message.alert), event_of(shelves, message)
    fired = [each.at for each in shelves.facts.events(alert.id) if each.after is AlertState.FIRING]
    until = event.at if event.after is AlertState.RESOLVED else datetime.now(UTC) + _LASTS
    body = json.dumps([told(alert, event, fired[0] if fired else event.at, until)], allow_nan=False, ensure_ascii=False)
    post(NAME, message.target.rstrip("/") + PATH, body.encode(), {"Content-Type": "application/json"})


def told(alert: Alert, event: AlertEvent, since: datetime, until: datetime) -> dict[str, Any]:
    """Return an alert in the words of Alertmanager's API, version 2 (``postableAlert``)."""
    return {
        "labels": {
            "alertname": alert.rule,
            "monitor": alert.monitor,
            "severity": _SEVERITY[alert.level],
            "holter_alert": alert.id,
        },
        "annotations": _annotations(alert, event),
        "startsAt": since.isoformat(),
        "endsAt": until.isoformat(),
    }


def _annotations(alert: Alert, event: AlertEvent) -> dict[str, str]:
    """Return the parts a person reads; empty ones are left out, as Alertmanager does itself."""
    measurement = alert.measurement
    parts = {
        "summary": event.why or alert.sentence,
        "metric": measurement.name,
        "feature": measurement.feature,
        "segment": measurement.segment,
        "value": None if measurement.value is None else f"{measurement.value:.6g}",
        "interval": measurement.interval and str(measurement.interval),
        "threshold": None if measurement.threshold is None else f"{measurement.threshold:.6g}",
    }
    return {name: str(text) for name, text in parts.items() if text}


ALERTMANAGER: Final = Channel(NAME, "url", send, frozenset({"url"}), refresh=REFRESH)
