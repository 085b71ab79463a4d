"""Who is first: a bar for each name, the longest on top."""

from collections.abc import Sequence
from typing import Final

from holter.charts.theme import WIDE, Spec, colour, framed
from holter.types import Measurement, Verdict

SHOWN: Final = 12
"""Bars drawn at most."""


def ranked(measurements: Sequence[Measurement], *, title: str, unit: str = "", width: int = WIDE // 2) -> Spec:
    """Show which features changed most in one window.

    Parameters
    ----------
    measurements
        One metric, one window, one measurement a feature. Those without a value are left out; those that raised an
        alarm are drawn in the colour of alarms.
    """
    known = [m for m in measurements if m.value is not None]
    top = sorted(known, key=lambda m: (-(m.value or 0), m.feature or ""))[:SHOWN]
    rows = [{"f": m.feature or m.metric, "v": m.value, "alarm": m.verdict is Verdict.ALARM} for m in top]
    y = {
        "field": "f",
        "type": "nominal",
        "sort": [row["f"] for row in rows],
        "axis": {"title": None, "labelLimit": 110},
    }
    x = {"field": "v", "type": "quantitative", "axis": {"title": unit or None, "tickCount": 4}}
    fill = {"condition": {"test": "datum.alarm", "value": colour("alarm")}, "value": colour("bar")}
    spec = {
        "height": {"step": 22},
        "data": {"values": rows},
        "layer": [
            {"mark": {"type": "bar"}, "encoding": {"x": x, "y": y, "fill": fill}},
            {
                "mark": {"type": "text", "align": "left", "dx": 4, "fill": colour("muted"), "fontSize": 12},
                "encoding": {"x": x, "y": y, "text": {"field": "v", "type": "quantitative", "format": ".2f"}},
            },
        ],
    }
    words = ", ".join(f"{row['f']} {row['v']:.2g}" for row in rows[:3]) or "no feature has a value"
    return framed(spec, title, f"{title}: {words}.", width)
