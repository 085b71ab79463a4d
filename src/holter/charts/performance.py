"""A metric over time: line, interval band, threshold, and a diamond on each window that broke the rule."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from holter.charts.theme import WIDE, Spec, colour, framed, is_narrow, moment, time_axis
from holter.rules import Alert
from holter.types import Measurement

_DASH: Final = {"realised": [1, 0], "estimated": [5, 3]}


def performance(
    measurements_by_line: Mapping[str, Sequence[Measurement]],
    threshold: float | None = None,
    alerts: Sequence[Alert] = (),
    *,
    title: str = "Performance",
    unit: str = "",
    baseline: float | None = None,
    width: int = WIDE,
    height: int | None = None,
) -> Spec:
    """Show how a metric moved, how sure that is, and where it broke its rule.

    Parameters
    ----------
    measurements_by_line
        Measurements with windows, by the name of their line: ``realised`` (from labels) or ``estimated``. A window
        without a value breaks the line.
    threshold, baseline
        Drawn as labelled horizontal lines where given, in the unit of the metric.
    alerts
        Windows these alerts cover get a diamond, if their value is on the wrong side of the threshold.
    unit
        Title of the vertical axis.
    """
    rows: list[Spec] = []
    for line, ms in measurements_by_line.items():
        broken = _broken(ms, alerts, threshold)
        rows += [_row(line, m, place in broken) for place, m in enumerate(ms) if m.window]
    spans = [m.window for ms in measurements_by_line.values() for m in ms if m.window]
    if not spans:
        return framed({"mark": "point", "data": {"values": []}}, title, f"{title}: nothing measured yet.", width)
    start, end = min(s.start for s in spans), max(s.end for s in spans)
    domain = _domain(rows, [mark for mark in (threshold, baseline) if mark is not None])
    lines, marks = [name for name in _DASH if name in measurements_by_line], _marks(end, threshold, baseline)
    bands = [_band(name, domain, unit) for name in lines]
    spec = {
        "height": height or (190 if is_narrow(width) else 250),
        "data": {"values": rows},
        "encoding": {"x": time_axis(start, end, width)},
        "layer": [*bands, _line(lines), *(_dots(name) for name in lines), _diamonds(), *marks],
    }
    return framed(spec, title, _words(title, rows, threshold), width)


def _row(line: str, m: Measurement, alert: bool) -> Spec:
    assert m.window is not None  # noqa: S101  (filtered by the caller)
    return {
        "t": moment(m.window.start + m.window.length / 2),
        "line": line,
        "v": m.value,
        "low": m.interval.low if m.interval else m.value,
        "high": m.interval.high if m.interval else m.value,
        "alert": alert,
    }


def _broken(series: Sequence[Measurement], alerts: Sequence[Alert], threshold: float | None) -> set[int]:
    """Return the places of the measurements that lie in an alert and on the side of the threshold it opened on."""
    broken: set[int] = set()
    for alert in alerts:
        limit = alert.measurement.threshold if threshold is None else threshold
        own = {place: m for place, m in enumerate(series) if m.value is not None and _covers(alert, m)}
        opened = next((m.value for m in own.values() if m.window == alert.opened), alert.measurement.value)
        for place, m in own.items():
            if limit is None or opened is None or ((m.value or 0.0) < limit) == (opened < limit):
                broken.add(place)
    return broken


def _covers(alert: Alert, m: Measurement) -> bool:
    same = (m.name, m.feature) == (alert.measurement.name, alert.measurement.feature)
    return same and m.window is not None and alert.opened.start <= m.window.start <= alert.judged.start


def _domain(rows: Sequence[Spec], marks: Sequence[float]) -> list[float]:
    """Return a range that shows every value and mark; bands of tiny windows may leave it."""
    values = [row["v"] for row in rows if row["v"] is not None] + list(marks)
    if not values:
        return [0.0, 1.0]
    low, high = min(values), max(values)
    room = (high - low) or abs(high) * 0.1 or 1.0
    ends = [row[end] for row in rows if row["v"] is not None for end in ("low", "high")]
    return [
        max(min([low, *ends]), low - room * 0.6) - room * 0.05,
        min(max([high, *ends]), high + room * 0.6) + room * 0.05,
    ]


def _colours() -> Spec:
    return {"domain": list(_DASH), "range": [colour(name) for name in _DASH]}


def _only(line: str) -> list[Spec]:
    return [{"filter": {"field": "line", "equal": line}}]


def _band(line: str, domain: list[float], unit: str) -> Spec:
    return {
        "transform": _only(line),
        "mark": {"type": "area", "fill": colour(line), "opacity": 0.17, "clip": True},
        "encoding": {
            "y": {
                "field": "low",
                "type": "quantitative",
                "scale": {"domain": domain, "zero": False, "nice": False},
                "axis": {"title": unit or None, "tickCount": 5, "grid": True},
            },
            "y2": {"field": "high"},
        },
    }


def _line(lines: list[str]) -> Spec:
    legend = {"values": lines, "symbolType": "stroke", "symbolStrokeWidth": 3, "symbolSize": 280}
    return {
        "mark": {"type": "line", "strokeWidth": 2, "clip": True, "strokeJoin": "round"},
        "encoding": {
            "y": {"field": "v", "type": "quantitative"},
            "color": {"field": "line", "type": "nominal", "scale": _colours(), "legend": legend},
            "strokeDash": {
                "field": "line",
                "type": "nominal",
                "scale": {"domain": list(_DASH), "range": list(_DASH.values())},
                "legend": legend,
            },
        },
    }


def _dots(line: str) -> Spec:
    """Draw a point for each value: one alone between two gaps has no line to be seen by."""
    return {
        "transform": _only(line),
        "mark": {"type": "point", "filled": True, "fill": colour(line), "size": 12, "opacity": 1, "clip": True},
        "encoding": {"y": {"field": "v", "type": "quantitative"}},
    }


def _diamonds() -> Spec:
    return {
        "transform": [{"filter": "datum.alert && isValid(datum.v)"}],
        "mark": {
            "type": "point",
            "shape": "diamond",
            "filled": True,
            "size": 95,
            "opacity": 1,
            "fill": colour("alarm"),
            "stroke": colour("panel"),
            "strokeWidth": 1,
        },
        "encoding": {"y": {"field": "v", "type": "quantitative"}},
    }


def _marks(end: datetime, threshold: float | None, baseline: float | None) -> list[Spec]:
    given = {"threshold": (threshold, "alarm", [6, 4]), "baseline": (baseline, "baseline", [2, 3])}
    layers: list[Spec] = []
    for name, (value, token, dash) in given.items():
        if value is None:
            continue
        below = name == "threshold" and baseline is not None and value < baseline
        row = {"t": moment(end), "v": value, "label": f"{name} {value:.3g}"}
        y = {"field": "v", "type": "quantitative"}
        layers += [
            {
                "data": {"values": [row]},
                "mark": {"type": "rule", "stroke": colour(token), "strokeDash": dash, "strokeWidth": 1.5},
                "encoding": {"x": None, "y": y},
            },
            _label(row, colour("panel"), below=below, halo=True),
            _label(row, colour(token), below=below, halo=False),
        ]
    return layers


def _label(row: Spec, ink: str, *, below: bool, halo: bool) -> Spec:
    """Write a mark's name at its right end; the halo keeps it readable where lines pass."""
    outline = {"stroke": ink, "strokeWidth": 4, "strokeJoin": "round"} if halo else {}
    place = {"align": "right", "baseline": "top" if below else "bottom", "dy": 4 if below else -4}
    return {
        "data": {"values": [row]},
        "mark": {"type": "text", "fill": ink, "fontSize": 12, **place, **outline},
        "encoding": {
            "y": {"field": "v", "type": "quantitative"},
            "text": {"field": "label", "type": "nominal"},
        },
    }


def _words(title: str, rows: Sequence[Spec], threshold: float | None) -> str:
    known = [row for row in rows if row["v"] is not None]
    if not known:
        return f"{title}: {len(rows)} windows, none with a value."
    last, alerts = known[-1], sum(row["alert"] for row in known)
    limit = "" if threshold is None else f" The threshold is {threshold:.3g}."
    return (
        f"{title} in {len(known)} windows, from {known[0]['v']:.3g} to {last['v']:.3g}, the last ending in "
        f"{last['t'][:10]}.{limit} {alerts} windows broke the rule."
    )
