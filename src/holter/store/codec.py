"""Measurements, alerts, messages and jobs as rows, and back, exactly."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from holter.rules import Alert, AlertEvent, AlertState, Level, Silence
from holter.store.kept import Job, Message
from holter.types import Calibrated, Evidence, Interval, Measurement, Span, Verdict, as_utc

_PLAIN = ("signal", "metric", "feature", "segment", "value", "n", "threshold", "verdict", "calibrated", "reason")


def measurement_row(measurement: Measurement, window: Span | None) -> dict[str, Any]:
    """Return the columns of a measurement; its window only where it is not the publication's."""
    interval, evidence = measurement.interval, measurement.evidence
    own = measurement.window if measurement.window != window else None
    return {name: getattr(measurement, name) for name in _PLAIN} | {
        "low": interval and interval.low,
        "high": interval and interval.high,
        "confidence": interval and interval.level,
        "evidenced": evidence is not None,
        "p_value": evidence and evidence.p_value,
        "test": evidence and evidence.test,
        "effect": evidence and evidence.effect,
        "baseline": evidence and evidence.baseline,
        "window_start": own and own.start,
        "window_end": own and own.end,
    }


def measurement_of(row: Mapping[str, Any], window: Span | None) -> Measurement:
    """Read a measurement; without a window of its own it has the publication's."""
    interval = None if row["low"] is None else Interval(row["low"], row["high"], row["confidence"])
    evidence = Evidence(row["p_value"], row["test"], row["effect"], row["baseline"]) if row["evidenced"] else None
    own = window if row["window_start"] is None else Span(row["window_start"], row["window_end"])
    return Measurement(**{name: row[name] for name in _PLAIN}, interval=interval, evidence=evidence, window=own)


def _measurement_to_json(measurement: Measurement) -> dict[str, Any]:
    row = measurement_row(measurement, None)
    return {name: str(value) if _infinite(value) else value for name, value in row.items()}


def _infinite(value: object) -> bool:
    return isinstance(value, float) and abs(value) == float("inf")


def _measurement_from_json(data: Mapping[str, Any]) -> Measurement:
    row = dict(data)
    for name in ("low", "high", "confidence", "threshold", "p_value", "effect", "baseline"):
        row[name] = None if row[name] is None else float(row[name])
    for name in ("window_start", "window_end"):
        row[name] = None if row[name] is None else as_utc(_moment(row[name]))
    row["verdict"] = row["verdict"] and Verdict(row["verdict"])
    row["calibrated"] = row["calibrated"] and Calibrated(row["calibrated"])
    return measurement_of(row, None)


def _moment(text: str) -> Any:
    from datetime import datetime

    return datetime.fromisoformat(text)


def alert_row(alert: Alert) -> dict[str, Any]:
    """Return the columns of an alert."""
    return {
        "id": alert.id,
        "monitor": alert.monitor,
        "rule": alert.rule,
        "level": alert.level,
        "state": alert.state,
        "opened_start": alert.opened.start,
        "opened_end": alert.opened.end,
        "judged_start": alert.judged.start,
        "judged_end": alert.judged.end,
        "breaking": alert.breaking,
        "holding": alert.holding,
        "measurement": _measurement_to_json(alert.measurement),
        "sentence": alert.sentence,
    }


def alert_of(row: Mapping[str, Any]) -> Alert:
    """Read an alert."""
    return Alert(
        id=row["id"],
        monitor=row["monitor"],
        rule=row["rule"],
        level=Level(row["level"]),
        state=AlertState(row["state"]),
        opened=Span(row["opened_start"], row["opened_end"]),
        judged=Span(row["judged_start"], row["judged_end"]),
        breaking=row["breaking"],
        holding=row["holding"],
        measurement=_measurement_from_json(row["measurement"]),
        sentence=row["sentence"],
    )


def as_row(value: AlertEvent | Message | Job | Silence) -> dict[str, Any]:
    """Return the columns of a value whose fields are columns."""
    return {field.name: getattr(value, field.name) for field in fields(value)}


def event_of(row: Mapping[str, Any]) -> AlertEvent:
    """Read an event of an alert."""
    return AlertEvent(**{field.name: row[field.name] for field in fields(AlertEvent)})


def message_of(row: Mapping[str, Any]) -> Message:
    """Read a message."""
    return Message(**{field.name: row[field.name] for field in fields(Message)})


def job_of(row: Mapping[str, Any]) -> Job:
    """Read a job."""
    return Job(**{field.name: row[field.name] for field in fields(Job)})
