"""How the values of one column lie now, against how they lay in the baseline."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from holter.charts.theme import NARROW, WIDE, Spec, colour, framed, is_narrow, time_marks
from holter.profile import CategoricalColumn, NumericColumn, RankSummary
from holter.profile.histogram import edges_of, shares_between
from holter.profile.numbers import SINCE_1970
from holter.profile.wording import plain_number, unit_of_length

BINS: Final = 24
"""Bars of a numeric column."""
CATEGORIES: Final = 10
"""Bars of a categorical column; the rest is one more."""
FEW: Final = 12
"""Up to so many distinct values a column of numbers gets a bar for each, with room between: 24 bins would be dashes."""
REST: Final = "all others"

Floats = NDArray[np.float64]


def distribution(
    target: NumericColumn | CategoricalColumn | None,
    baseline: NumericColumn | CategoricalColumn | None,
    *,
    title: str,
    width: int = WIDE // 2,
    height: int | None = None,
) -> Spec:
    """Show one column now (bars) against its baseline (line or ticks), each as shares of its own values.

    Parameters
    ----------
    target, baseline
        Columns of two profiles; None where a side has none. Two of different kinds cannot share an axis: then only the
        target is drawn and the words say why. Nulls are not part of the shares.
    """
    if isinstance(target, NumericColumn) and isinstance(baseline, NumericColumn | None):
        return _numeric(target, baseline, title, width, height)
    if isinstance(target, CategoricalColumn) and isinstance(baseline, CategoricalColumn | None):
        return _categorical(target, baseline, title, width)
    if target is None:
        words = f"{title}: no values in this window."
        return framed({"mark": "bar", "data": {"values": []}}, title, words, width)
    spec = distribution(target, None, title=title, width=width, height=height)
    return spec | {"description": f"{spec['description']} The baseline has another type and cannot be compared."}


def _numeric(target: NumericColumn, baseline: NumericColumn | None, title: str, width: int, height: int | None) -> Spec:
    sides = [side.ranks for side in (target, baseline) if side is not None]
    edges = edges_of(sides, BINS)
    if edges is None:
        return framed({"mark": "bar", "data": {"values": []}}, title, f"{title}: no finite values.", width)
    few = few_values(sides)
    layers = (
        _binned(target, baseline, edges, width) if few is None else _one_by_one(target, baseline, few, is_narrow(width))
    )
    spec = {"height": height or (150 if is_narrow(width) else 200), "layer": layers}
    mark = "line" if few is None else "ticks"
    words = _words(title, target, baseline, mark)
    return framed(spec, title, words, width)


def _binned(target: NumericColumn, baseline: NumericColumn | None, edges: Floats, width: int) -> list[Spec]:
    bars = shares_between(target.ranks, edges)
    lines = None if baseline is None else shares_between(baseline.ranks, edges)
    x, unit = _number_axis(target.unit, edges, width)
    rows = [
        {"a": float(a) / unit, "b": float(b) / unit, "s": float(s), "base": None if lines is None else float(lines[i])}
        for i, (a, b, s) in enumerate(zip(edges[:-1], edges[1:], bars, strict=True))
    ]
    step = [*rows, rows[-1] | {"a": rows[-1]["b"]}]
    mark = {"type": "line", "stroke": colour("baseline"), "strokeWidth": 1.8, "interpolate": "step-after"}
    # both ends of y, or Vega-Lite takes a bar with two ends of x for a flat one
    y = {"y": _share_axis("s"), "y2": {"datum": 0}}
    return [
        {
            "data": {"values": rows},
            "mark": {"type": "bar", "fill": colour("bar"), "binSpacing": 1},
            "encoding": {"x": x, "x2": {"field": "b"}, **y},
        },
        {
            "data": {"values": step if lines is not None else []},
            "mark": mark,
            "encoding": {"x": x, "y": _share_axis("base")},
        },
    ]


def _number_axis(unit: str, edges: Floats, width: int) -> tuple[Spec, float]:
    """Return the axis of the values, and what they are divided by to stand on it."""
    axis = {"title": None, "grid": False, "tickCount": 4 if is_narrow(width) else 7, "labelOverlap": True}
    x: Spec = {"field": "a", "type": "quantitative", "scale": {"zero": False, "nice": False}, "axis": axis}
    if unit == SINCE_1970:
        marks = time_marks(timedelta(microseconds=float(edges[-1] - edges[0])), NARROW)
        # Vega counts time in milliseconds
        return x | {"type": "temporal", "scale": {"type": "utc", "nice": False}, "axis": axis | marks}, 1000.0
    if unit:
        name, size = unit_of_length(float(np.abs(edges).max()))
        return x | {"axis": axis | {"title": name}}, size
    return x, 1.0


def few_values(sides: Sequence[RankSummary]) -> list[float] | None:
    """Return the distinct values of all sides, if they are few and all known: then each has a bar of its own.

    Examples
    --------
    >>> few_values([RankSummary.of(np.array([5.0, 0.0, 5.0]))])
    [0.0, 5.0]
    """
    if not all(side.exact for side in sides) or any(len(side.values) > FEW for side in sides):
        return None
    values = sorted({float(value) for side in sides for value in side.values})
    return values if len(values) <= FEW else None


def _one_by_one(target: NumericColumn, baseline: NumericColumn | None, values: list[float], narrow: bool) -> list[Spec]:
    """Draw a bar for each value, in order and equally far apart."""
    now, then = (_share_of(side, values) for side in (target, baseline))
    names = [plain_number(value, target.unit) for value in values]
    names = names if len(set(names)) == len(names) else [repr(value) for value in values]
    rows = [{"c": c, "s": s, "base": base} for c, s, base in zip(names, now, then, strict=True)]
    axis = {"title": None, "grid": False, "labelAngle": -45 if narrow and len(values) > 5 else 0, "labelLimit": 90}
    x = {"field": "c", "type": "nominal", "sort": names, "axis": axis, "scale": {"padding": 0.25}}
    tick = {"type": "tick", "stroke": colour("baseline"), "color": colour("baseline"), "thickness": 2.5}
    # a lone bar must not become a wall
    bar = {"type": "bar", "fill": colour("bar"), "width": {"band": min(1.0, 0.25 * len(values))}}
    return [
        {"data": {"values": rows}, "mark": bar, "encoding": {"x": x, "y": _share_axis("s")}},
        {
            "data": {"values": [] if baseline is None else rows},
            "mark": tick | {"orient": "horizontal"},
            "encoding": {"x": x, "y": _share_axis("base")},
        },
    ]


def _share_of(side: NumericColumn | None, values: list[float]) -> list[float]:
    """Return the share of each value; 0 where a side has none."""
    if side is None or not len(side.ranks.values):
        return [0.0] * len(values)
    shares = dict(zip(side.ranks.values.astype(float).tolist(), side.ranks.weights.tolist(), strict=True))
    return [shares.get(value, 0) / side.ranks.n for value in values]


def _words(title: str, target: NumericColumn, baseline: NumericColumn | None, mark: str) -> str:
    if baseline is None:
        return f"{title}: bars show the share of values. Mean {_mean(target)}."
    told = f"bars show this window, the {mark} the baseline. Mean {_mean(target)}, in the baseline {_mean(baseline)}."
    return f"{title}: {told}"


def _mean(side: NumericColumn) -> str:
    return plain_number(side.mean, side.unit) if side.finite else "unknown"


def _share_axis(field: str) -> Spec:
    return {
        "field": field,
        "type": "quantitative",
        "axis": {"title": "share of values", "format": "~%", "tickCount": 4},
    }


def _categorical(target: CategoricalColumn, baseline: CategoricalColumn | None, title: str, width: int) -> Spec:
    now, then = _category_shares(target), _category_shares(baseline) if baseline is not None else {}
    names = sorted(set(now) | set(then), key=lambda name: (-max(now.get(name, 0), then.get(name, 0)), name))
    top, rest = names[:CATEGORIES], names[CATEGORIES:]
    # In the order of the baseline a change shows as a break of the slope.
    top.sort(key=lambda name: (-then.get(name, 0), -now.get(name, 0), name))
    rows: list[Spec] = [{"c": name, "s": now.get(name, 0.0), "base": then.get(name, 0.0)} for name in top]
    left = {"s": _left(now, top), "base": _left(then, top)}
    if rest or max(left.values()) > 1e-9:
        rows.append({"c": REST, **left})
    order = [row["c"] for row in rows]
    y = {"field": "c", "type": "nominal", "sort": order, "axis": {"title": None, "labelLimit": 110}}
    tick = {"type": "tick", "stroke": colour("baseline"), "color": colour("baseline"), "thickness": 2.5, "bandSize": 18}
    axis = {"title": "share of values", "format": "~%", "tickCount": 4, "grid": True}
    x = {"type": "quantitative", "axis": axis}
    layers: list[Spec] = [
        {"mark": {"type": "bar", "fill": colour("bar")}, "encoding": {"x": x | {"field": "s"}, "y": y}},
    ]
    if then:
        layers.append({"mark": tick, "encoding": {"x": x | {"field": "base"}, "y": y}})
    spec = {"height": {"step": 22}, "data": {"values": rows}, "layer": layers}
    words = f"{title}: bars show this window, ticks the baseline. {len(now)} values now, {len(then)} in the baseline."
    return framed(spec, title, words, width)


def _left(shares: dict[str, float], top: list[str]) -> float:
    return max(1 - sum(shares.get(name, 0.0) for name in top), 0.0) if shares else 0.0


def _category_shares(side: CategoricalColumn) -> dict[str, float]:
    total = sum(side.counts.values()) + side.other
    return {name or "(empty)": count / total for name, count in side.counts.items()} if total else {}
