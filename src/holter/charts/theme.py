"""One look for every picture.

Specifications carry the light colours. Each is used for one purpose only, so that a renderer can replace it by a CSS
variable or by its dark counterpart without knowing what it draws.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

Spec = dict[str, Any]
"""A Vega-Lite specification."""

WIDE: Final = 1000
"""Width in pixels of a picture for a page of 1280."""
NARROW: Final = 340
"""Width in pixels of a picture for a telephone of 390."""


@dataclass(frozen=True)
class Token:
    """A colour by its purpose, on light and on dark ground."""

    light: str
    dark: str


THEME: Final[Mapping[str, Token]] = {
    "ink": Token("#18212b", "#e6ebf1"),
    "muted": Token("#56616d", "#9fabb8"),
    "grid": Token("#e2e7ec", "#2c3743"),
    "panel": Token("#fefeff", "#151c24"),
    "realised": Token("#1b5fc1", "#6bb0ff"),
    "estimated": Token("#0a7f6b", "#42cdb2"),
    "alarm": Token("#c7361b", "#ff8163"),
    "baseline": Token("#3f4a56", "#c6d0da"),
    "bar": Token("#86b2ea", "#3d73b8"),
    "heat0": Token("#ecf0f4", "#1f2a35"),
    "heat1": Token("#fbe08c", "#5d4a1d"),
    "heat2": Token("#f5a33b", "#a2691a"),
    "heat3": Token("#d9611f", "#e8922e"),
    "heat4": Token("#8f2f10", "#ffd885"),
}
"""Blue, teal and vermilion stay apart for all common kinds of colour blindness; heat rises in lightness steps, so it
also reads in grey. In the dark the strongest heat is the brightest."""

_HEX: Final = re.compile(r"#[0-9a-f]{6}")


def colour(name: str) -> str:
    """Return the colour a specification writes for a purpose."""
    return THEME[name].light


def recoloured(spec: Spec) -> Spec:
    """Return the specification in its dark colours."""
    dark = {token.light: token.dark for token in THEME.values()}
    text = _HEX.sub(lambda found: dark.get(found[0], found[0]), json.dumps(spec))
    recoloured_spec: Spec = json.loads(text)
    return recoloured_spec


def is_narrow(width: int) -> bool:
    """Tell whether a picture is for a telephone."""
    return width < 500


def framed(spec: Spec, title: str, description: str, width: int) -> Spec:
    """Return a finished specification: schema, title, words for those who cannot see it, and the look."""
    size = 12 if is_narrow(width) else 13
    text = {"labelFontSize": size, "titleFontSize": size, "labelColor": colour("muted"), "titleColor": colour("muted")}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "title": {"text": title, "anchor": "start", "color": colour("ink"), "fontSize": size + 2, "offset": 10},
        "description": description,
        "width": width,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "padding": 4,
        "background": colour("panel"),
        **spec,
        "config": {
            "font": "system-ui, -apple-system, Segoe UI, Roboto, DejaVu Sans, sans-serif",
            "aria": False,
            "view": {"stroke": None},
            "axis": {
                **text,
                "gridColor": colour("grid"),
                "domain": False,
                "ticks": False,
                "labelPadding": 6,
                "titleFontWeight": "normal",
            },
            "legend": {**text, "orient": "top", "title": None, "labelLimit": 220, "columnPadding": 14, "offset": 6},
        },
    }


def moment(when: datetime) -> str:
    """Return a time the way Vega reads it."""
    return when.isoformat().replace("+00:00", "Z")


_TICKS: Final = tuple(
    (step * unit, {"interval": interval, "step": step}, form)
    for unit, interval, steps, form in (
        (timedelta(minutes=1), "minutes", (1, 2, 5, 10, 15, 30), "%H:%M"),
        (timedelta(hours=1), "hours", (1, 2, 3, 6, 12), "%H:%M"),
        (timedelta(days=1), "date", (1, 2, 4), "%-d %b"),
        (timedelta(weeks=1), "week", (1, 2), "%-d %b"),
    )
    for step in steps
)
"""How far apart the marks of a time axis may stand, and how they are written: two marks never read the same."""
_MONTHS: Final = ((30, 1), (61, 2), (91, 3), (182, 6), (365, 12))
"""Days between marks that are months apart, and how many months."""


def time_marks(length: timedelta, width: int) -> Spec:
    """Return which marks a time axis of some length has, and how they read: as many as fit, no two the same."""
    most = 4 if is_narrow(width) else 9
    for step, ticks, form in _TICKS:
        if length <= step * most:
            crosses = form == "%H:%M" and length > timedelta(days=1)
            return {"tickCount": ticks, "format": "%-d %b %H:%M" if crosses else form}
    months = next((months for days, months in _MONTHS if length <= timedelta(days=days) * most), 24)
    return {"tickCount": {"interval": "month", "step": months}, "format": "%b %Y"}


def time_axis(start: datetime, end: datetime, width: int, name: str = "event time") -> Spec:
    """Return the horizontal axis of a stretch of time: UTC, and saying so, with labels that fit its length."""
    length = end - start
    years = f"{start.year}" if start.year == end.year else f"{start.year} to {end.year}"
    day = f"{start.day} {start:%b} {years}" if length <= timedelta(days=1) else years
    return {
        "field": "t",
        "type": "temporal",
        "scale": {"type": "utc", "domain": [moment(start), moment(end)]},
        "axis": {
            **time_marks(length, width),
            "labelOverlap": True,
            "labelFlush": True,
            "grid": False,
            "title": f"{name}, {day}, UTC",
        },
    }
