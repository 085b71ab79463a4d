"""The YAML of ``az ml schedule create`` with ``create_monitor``: what it says, in its own words.

Both forms are read: that of the general availability of 2024 (``production_data``, ``reference_data``, thresholds by
name) and that of the preview of 2023 (``target_dataset``, ``baseline_dataset``, thresholds as a list).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from holter.errors import InputError
from holter.report.subject import every_words

_ISO: Final = re.compile(r"P(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
"""Durations of ISO 8601 without years and fractions."""
_MONTH: Final = timedelta(days=30)
_UNITS: Final = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
    "month": _MONTH,
}

Plain = Mapping[str, Any]


@dataclass(frozen=True)
class Threshold:
    """One line of ``metric_thresholds``: the kind it is for (``numerical``, ``regression``; empty: any), its value."""

    kind: str
    metric: str
    value: float


@dataclass(frozen=True)
class AzureSignal:
    """One entry of ``monitoring_signals``.

    ``features`` is None for all; ``top`` is how many of the most important were asked for. ``size`` and ``offset`` are
    the window of production data, None where the file leaves them out.
    """

    name: str
    type: str
    thresholds: tuple[Threshold, ...]
    alerts: bool
    features: tuple[str, ...] | None = None
    top: int | None = None
    segment: tuple[str, tuple[str, ...]] | None = None
    size: timedelta | None = None
    offset: timedelta | None = None
    reference: str = ""


@dataclass(frozen=True)
class AzureMonitor:
    """The file. ``remarks`` are what is there and means nothing to Holter, each with the reason."""

    name: str
    every: timedelta
    endpoint: str
    emails: tuple[str, ...]
    signals: tuple[AzureSignal, ...]
    remarks: tuple[str, ...]


def read(path: Path) -> AzureMonitor:
    """Read a file.

    Raises
    ------
    InputError
        If it is no YAML, or no monitor; with what is missing.
    OSError
        If it cannot be read.
    """
    import yaml

    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is no YAML: {error}") from error
    monitor = data.get("create_monitor") if isinstance(data, Mapping) else None
    if not isinstance(monitor, Mapping):
        raise InputError(f"{path} is no monitor of Azure ML: it has no create_monitor.")
    try:
        return _monitor(data, monitor)
    except (AttributeError, TypeError, ValueError) as error:
        raise InputError(f"{path} cannot be followed: {error}") from error


def _monitor(data: Plain, monitor: Plain) -> AzureMonitor:
    every, remarks = _trigger(data.get("trigger") or {})
    target = monitor.get("monitoring_target") or {}
    notified = monitor.get("alert_notification")
    emails = notified.get("emails") or () if isinstance(notified, Mapping) else ()
    if monitor.get("compute"):
        remarks.append("compute: Holter runs where it is installed")
    found = tuple(_signal(str(name), each or {}) for name, each in (monitor.get("monitoring_signals") or {}).items())
    return AzureMonitor(
        str(data.get("name") or ""),
        every,
        str(target.get("endpoint_deployment_id") or "").removeprefix("azureml:"),
        tuple(str(each) for each in ([emails] if isinstance(emails, str) else emails)),
        found,
        tuple(remarks),
    )


def _trigger(trigger: Plain) -> tuple[timedelta, list[str]]:
    """Return how often it fires, and what of it cannot be kept."""
    if trigger.get("type") == "cron" or "expression" in trigger:
        every = _cron(str(trigger.get("expression", "")).split())
        return every, [f"trigger: cron {trigger.get('expression')!r} became {every_words(every)}, as windows close"]
    unit = str(trigger.get("frequency", "day")).lower().rstrip("s")
    if unit not in _UNITS:
        raise ValueError(f"trigger.frequency {trigger.get('frequency')!r} is none of {', '.join(_UNITS)}")
    every = _UNITS[unit] * int(trigger.get("interval", 1))
    remarks = [
        f"trigger.{name}: a window is judged as soon as it closes"
        for name in ("schedule", "pattern")
        if trigger.get(name)
    ]
    remarks += [
        f"trigger.{name}: monitors run from their creation until they are paused"
        for name in ("start_time", "end_time")
        if trigger.get(name)
    ]
    if unit == "month":
        remarks.append("trigger.frequency: a month became 30 days")
    return every, remarks


def _cron(fields: Sequence[str]) -> timedelta:
    """Return how often a cron expression fires, to the coarsest field that is fixed."""
    if len(fields) != 5:
        raise ValueError(f"trigger.expression {' '.join(fields)!r} has not five fields")
    minute, hour, day, month, weekday = fields
    if weekday != "*":
        return timedelta(weeks=1) if re.fullmatch(r"\w+", weekday) else timedelta(days=1)
    if day != "*" or month != "*":
        return _MONTH
    if hour != "*" and not hour.startswith("*/"):
        return timedelta(days=1)
    unit, field = (timedelta(hours=1), hour) if minute.isdecimal() else (timedelta(minutes=1), minute)
    return unit * int(field.partition("*/")[2] or 1)


def _signal(name: str, data: Plain) -> AzureSignal:
    produced = _first(data.get("production_data") or data.get("target_dataset"))
    window = produced.get("data_window") or {}
    size = window.get("lookback_window_size")
    days = produced.get("data_window_size") or produced.get("lookback_period")
    features, segment = data.get("features"), data.get("data_segment") or {}
    top = features.get("top_n_feature_importance") if isinstance(features, Mapping) else None
    values = segment.get("feature_values") or ()
    return AzureSignal(
        name,
        str(data.get("type", name)),
        tuple(_thresholds(data.get("metric_thresholds") or {})),
        bool(data.get("alert_enabled", data.get("alert_notification", True))),
        tuple(str(each) for each in features) if isinstance(features, list) else None,
        None if top is None else int(top),
        (str(segment["feature_name"]), tuple(str(value) for value in values)) if segment.get("feature_name") else None,
        duration(str(size)) if size is not None else timedelta(days=int(days)) if days else None,
        duration(str(window["lookback_window_offset"])) if window.get("lookback_window_offset") is not None else None,
        _reference(data.get("reference_data") or data.get("baseline_dataset")),
    )


def _first(data: Any) -> Plain:
    """Return the first of several sources: performance has the answers and the truth, of one window."""
    found = data[0] if isinstance(data, list) and data else data
    return found if isinstance(found, Mapping) else {}


def _reference(data: Any) -> str:
    found = _first(data)
    source = found.get("input_data") or found.get("input_dataset") or {}
    return str(source.get("path") or "")


def _thresholds(data: Any) -> Iterator[Threshold]:
    if isinstance(data, list):  # the form of the preview
        for each in data:
            value = each.get("threshold", each.get("thresold"))  # as its reference page spells it
            if value is not None:
                yield Threshold(
                    str(each.get("applicable_feature_type", "")), str(each.get("metric_name")), float(value)
                )
        return
    for name, found in data.items():
        if isinstance(found, Mapping):
            yield from (Threshold(str(name), str(metric), float(value)) for metric, value in found.items())
        else:
            yield Threshold("", str(name), float(found))


def duration(text: str) -> timedelta:
    """Read ``P7D``, ``PT12H`` or ``P1M`` (30 days).

    Raises
    ------
    ValueError
        If it is none.

    Examples
    --------
    >>> duration("P1DT12H")
    datetime.timedelta(days=1, seconds=43200)
    """
    found = _ISO.fullmatch(text.strip().upper())
    if found is None or text.strip().upper() in ("P", "PT"):
        raise ValueError(f"{text!r} is no duration such as P7D")
    months, weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return months * _MONTH + timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
