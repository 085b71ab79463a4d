"""How the values of one column lie now, against how they lay in the baseline."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from holter.charts.theme import WIDE, Spec, colour, framed, is_narrow
from holter.profile import CategoricalColumn, NumericColumn

BINS: Final = 24
"""Bars of a numeric column."""
CATEGORIES: Final = 10
"""Bars of a categorical column; the rest is one more."""
TRIM: Final = 0.002
"""Share cut off at either end before bins are laid: one outlier must not squeeze everything into one bar."""
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
    edges = _edges([side for side in (target, baseline) if side is not None])
    if edges is None:
        return framed({"mark": "bar", "data": {"values": []}}, title, f"{title}: no finite values.", width)
    bars, lines = _shares(target, edges), None if baseline is None else _shares(baseline, edges)
    rows = [
        {"a": float(a), "b": float(b), "s": float(s), "base": None if lines is None else float(lines[i])}
        for i, (a, b, s) in enumerate(zip(edges[:-1], edges[1:], bars, strict=True))
    ]
    step = [*rows, rows[-1] | {"a": rows[-1]["b"]}]
    x = {"field": "a", "type": "quantitative", "scale": {"zero": False, "nice": False}}
    axis = {"title": None, "grid": False, "tickCount": 4 if is_narrow(width) else 7}
    spec = {
        "height": height or (150 if is_narrow(width) else 200),
        "layer": [
            {
                "data": {"values": rows},
                "mark": {"type": "bar", "fill": colour("bar"), "binSpacing": 1},
                "encoding": {"x": x | {"axis": axis}, "x2": {"field": "b"}, "y": _share_axis("s")},
            },
            {
                "data": {"values": step if lines is not None else []},
                "mark": {
                    "type": "line",
                    "stroke": colour("baseline"),
                    "strokeWidth": 1.8,
                    "interpolate": "step-after",
                },
                "encoding": {"x": x, "y": _share_axis("base")},
            },
        ],
    }
    return framed(spec, title, _words(title, target.mean, None if baseline is None else baseline.mean), width)


def _words(title: str, mean: float | None, before: float | None) -> str:
    then = "" if before is None else f", in the baseline {before:.4g}"
    return f"{title}: bars show this window, the line the baseline. Mean {_number(mean)}{then}."


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.4g}"


def _share_axis(field: str) -> Spec:
    return {
        "field": field,
        "type": "quantitative",
        "axis": {"title": "share of values", "format": "~%", "tickCount": 4},
    }


def _edges(sides: list[NumericColumn]) -> Floats | None:
    bounds = [_quantiles(side) for side in sides if len(side.ranks.values)]
    if not bounds:
        return None
    low, high = min(low for low, _ in bounds), max(high for _, high in bounds)
    if high <= low:
        low, high = low - 0.5, low + 0.5
    return np.linspace(low, high, BINS + 1)


def _quantiles(side: NumericColumn) -> tuple[float, float]:
    values, weights = _ranks(side)
    reached = np.cumsum(weights) / weights.sum()
    last = len(values) - 1
    low, high = np.searchsorted(reached, [TRIM, 1 - TRIM])
    return float(values[min(int(low), last)]), float(values[min(int(high), last)])


def _ranks(side: NumericColumn) -> tuple[Floats, Floats]:
    return np.asarray(side.ranks.values, np.float64), np.asarray(side.ranks.weights, np.float64)


def _shares(side: NumericColumn, edges: Floats) -> Floats:
    values, weights = _ranks(side)
    if not len(values):
        return np.zeros(len(edges) - 1)
    inside, _ = np.histogram(np.clip(values, edges[0], edges[-1]), bins=edges, weights=weights)
    shares: Floats = inside / weights.sum()
    return shares


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
