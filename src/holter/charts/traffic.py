"""How many requests came, how many failed, how long they took."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from holter.charts.theme import WIDE, Spec, colour, framed, is_narrow, moment, time_axis
from holter.types import Traffic

BUCKETS: Final = 120
"""Points drawn at most; more minutes are added up."""

Minutes = Sequence[tuple[datetime, Traffic]]


def traffic(minutes: Minutes, *, title: str = "Requests and latency", width: int = WIDE // 2) -> Spec:
    """Show requests and failures a minute, and below them the latency that 95 of 100 requests stayed under.

    Parameters
    ----------
    minutes
        Start of each minute (UTC) and what happened in it; several of one minute are added up, absent ones are silence.
    """
    if not minutes:
        return framed({"mark": "bar", "data": {"values": []}}, title, f"{title}: no requests.", width)
    rows, start, end = _buckets(minutes)
    axis, height = time_axis(start, end, width, "arrival"), 95 if is_narrow(width) else 105
    total, failed = sum((t for _, t in minutes), Traffic()), sum(t.failed + t.soft_failed for _, t in minutes)
    p95 = total.quantile_ms(0.95)
    quiet = axis | {"axis": axis["axis"] | {"labels": False, "title": None}}
    upper = {"width": "container", "height": height, "layer": _counts(), "encoding": {"x": quiet}}
    lower = {"width": "container", "height": height, **_latency(axis)}
    inner = width - 70
    spec = {
        "data": {"values": rows},
        "vconcat": [upper | {"width": inner}, lower | {"width": inner}],
        "spacing": 12,
        "autosize": {"type": "pad"},
    }
    words = f"{title}: {total.requests} requests, {failed} failed, p95 {p95 or 0:.3g} ms."
    framed_spec = framed(spec, title, words, width)
    del framed_spec["width"]
    return framed_spec


def _buckets(minutes: Minutes) -> tuple[list[Spec], datetime, datetime]:
    first, last = min(at for at, _ in minutes), max(at for at, _ in minutes)
    count = int((last - first) / timedelta(minutes=1)) + 1
    step = timedelta(minutes=-(-count // BUCKETS))
    sums: dict[int, Traffic] = {}
    for at, seen in minutes:
        place = (at - first) // step
        sums[place] = sums.get(place, Traffic()) + seen
    span = step / timedelta(minutes=1)
    rows = []
    for place in range((last - first) // step + 1):
        seen, at = sums.get(place, Traffic()), first + place * step
        failed = seen.failed + seen.soft_failed
        rows.append(
            {
                "t": moment(at.astimezone(UTC)),
                "u": moment((at + step).astimezone(UTC)),
                "requests": seen.requests / span,
                "failed": failed / span,
                "p95": seen.quantile_ms(0.95),
            }
        )
    return rows, first, first + (place + 1) * step


def _counts() -> list[Spec]:
    def bars(field: str, token: str) -> Spec:
        y = {"field": field, "type": "quantitative", "axis": {"title": "requests / min", "tickCount": 3}}
        return {
            "mark": {"type": "bar", "fill": colour(token), "binSpacing": 0.5},
            "encoding": {"x2": {"field": "u"}, "y": y, "y2": {"datum": 0}},
        }

    return [bars("requests", "bar"), bars("failed", "alarm")]


def _latency(axis: Spec) -> Spec:
    return {
        "mark": {"type": "line", "stroke": colour("realised"), "strokeWidth": 1.8, "point": _point()},
        "encoding": {
            "x": axis,
            "y": {"field": "p95", "type": "quantitative", "axis": {"title": "p95, ms", "tickCount": 3}},
        },
    }


def _point() -> Spec:
    return {"size": 10, "filled": True, "fill": colour("realised"), "opacity": 1}
