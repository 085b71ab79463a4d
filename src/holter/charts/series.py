"""One custom metric, or one kind of event, over time."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from holter.charts.theme import WIDE, Spec, colour, framed, is_narrow, moment, time_axis
from holter.charts.traffic import BUCKETS
from holter.types import Series

Minutes = Sequence[tuple[datetime, Series]]


def series(minutes: Minutes, *, title: str, counted: bool, width: int = WIDE // 2) -> Spec:
    """Show how often something happened, or what the mean of a number was.

    Parameters
    ----------
    minutes
        Start of each minute (UTC), in order, and what was told in it; absent ones are silence.
    title
        Name of the metric or event, as its author wrote it.
    counted
        True for what happens: how often a minute, with zeros where nothing did. False for a number: its mean.
    """
    if not minutes:
        return framed({"mark": "bar", "data": {"values": []}}, title, f"{title}: nothing was told.", width)
    rows, start, end = _buckets(minutes, counted=counted)
    count = sum(each.count for _, each in minutes)
    words = f"{title}: {count} in all." if counted else f"{title}: {count} values, {_range(minutes)}."
    spec = {
        "data": {"values": rows},
        "height": 110 if is_narrow(width) else 120,
        "encoding": {"x": time_axis(start, end, width, "told"), "y": _scale(counted=counted)},
        **(_bars() if counted else {"mark": _line()}),
    }
    if counted:
        spec["encoding"] |= {"x2": {"field": "u"}, "y2": {"datum": 0}}
    return framed(spec, title, words, width)


def _buckets(minutes: Minutes, *, counted: bool) -> tuple[list[Spec], datetime, datetime]:
    first, last = minutes[0][0], minutes[-1][0]
    count = int((last - first) / timedelta(minutes=1)) + 1
    step = timedelta(minutes=-(-count // BUCKETS))
    sums: dict[int, Series] = {}
    for at, told in minutes:
        place = (at - first) // step
        sums[place] = sums.get(place, Series()) + told
    rows = []
    for place in range((last - first) // step + 1):
        told, at = sums.get(place, Series()), first + place * step
        mean = told.mean if told.count else None
        value = told.count / (step / timedelta(minutes=1)) if counted else mean
        rows.append({"t": moment(at.astimezone(UTC)), "u": moment((at + step).astimezone(UTC)), "value": value})
    return rows, first, first + (place + 1) * step


def _range(minutes: Minutes) -> str:
    whole = sum((each for _, each in minutes), Series())
    return f"mean {whole.mean:.4g}, from {whole.minimum or 0:.4g} to {whole.maximum or 0:.4g}"


def _scale(*, counted: bool) -> Spec:
    axis = {"title": "a minute" if counted else "mean", "tickCount": 4}
    return {"field": "value", "type": "quantitative", "axis": axis, "scale": {"zero": counted}}


def _bars() -> Spec:
    return {"mark": {"type": "bar", "fill": colour("bar"), "binSpacing": 0.5}}


def _line() -> Spec:
    point = {"size": 10, "filled": True, "fill": colour("realised"), "opacity": 1}
    return {"type": "line", "stroke": colour("realised"), "strokeWidth": 1.8, "point": point}
