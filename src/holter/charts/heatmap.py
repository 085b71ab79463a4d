"""Which feature drifted when: one row a feature, one cell a window."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from holter.charts.theme import NARROW, WIDE, Spec, colour, framed, is_narrow, moment, time_axis
from holter.types import Measurement

CLASSES: Final = (0.05, 0.1, 0.15, 0.25)
"""Where one shade ends and the next begins. 0.1 and 0.25 are the customary marks of the population stability index
(Siddiqi 2006, Credit Risk Scorecards, p. 137); the Jensen-Shannon distance is read on the same scale."""
RECENT: Final = 7
"""Windows that count for the order of the rows."""
FEATURES: Final = 20
"""Rows drawn at most."""

Cell = tuple[str, int, datetime, datetime]


def recent_drift(measurements: Sequence[Measurement]) -> dict[str, float]:
    """Return for each feature its mean value over its last windows, the most drifted first."""
    values: dict[str, list[float]] = {}
    for m in sorted((m for m in measurements if m.window and m.feature), key=_start):
        if m.value is not None:
            values.setdefault(str(m.feature), []).append(m.value)
    means = {name: sum(seen[-RECENT:]) / len(seen[-RECENT:]) for name, seen in values.items()}
    return dict(sorted(means.items(), key=lambda pair: (-pair[1], pair[0])))


def drift_heatmap(
    measurements: Sequence[Measurement],
    *,
    title: str = "Drift by feature and window",
    metric: str = "distance",
    width: int = WIDE,
) -> Spec:
    """Show which features drifted when, the most drifted on top.

    Parameters
    ----------
    measurements
        One metric of one signal, with features and windows. Windows without a value stay empty.
    metric
        What the shades mean, for the words beside the picture.
    """
    means = recent_drift(measurements)
    shown = list(means)[:FEATURES]
    cells = _cells([m for m in measurements if m.feature in shown])
    if not cells:
        return framed({"mark": "rect", "data": {"values": []}}, title, f"{title}: nothing measured yet.", width)
    start, end = min(cell[2] for cell in cells), max(cell[3] for cell in cells)
    # One shade after the other: a renderer can then draw each shade in one stroke.
    cells.sort(key=lambda cell: cell[1])
    rows = [{"f": f, "c": _label(c), "t": moment(a), "u": moment(b)} for f, c, a, b in cells]
    spec = {
        "height": {"step": 20 if is_narrow(width) else 22},
        "data": {"values": rows},
        "mark": {"type": "rect", "stroke": colour("panel"), "strokeWidth": 1},
        "encoding": {
            "x": time_axis(start, end, width),
            "x2": {"field": "u"},
            "y": _feature_axis(shown, width),
            "fill": _shades(width),
        },
    }
    words = f"{title}, {metric}. Most drifted in the last {RECENT} windows: " + ", ".join(
        f"{name} {means[name]:.2g}" for name in shown[:3]
    )
    return framed(spec, title, words + ".", width)


def _start(m: Measurement) -> datetime:
    assert m.window is not None  # noqa: S101  (filtered by the callers)
    return m.window.start


def _cells(measurements: Sequence[Measurement]) -> list[Cell]:
    """Return stretches of one shade: neighbours alike are one cell, which keeps a year of history small."""
    known = sorted((m for m in measurements if m.window and m.value is not None), key=lambda m: (m.feature, _start(m)))
    step = _step(known)
    cells: list[Cell] = []
    for m in known:
        assert m.window is not None  # noqa: S101
        assert m.value is not None  # noqa: S101
        shade, end = sum(m.value >= bound for bound in CLASSES), m.window.end
        cell = (str(m.feature), shade, max(m.window.start, end - step), end)
        before = cells[-1] if cells else None
        if before and before[:2] == cell[:2] and before[3] == cell[2]:
            cells[-1] = (*before[:3], end)
        else:
            cells.append(cell)
    return cells


def _step(measurements: Sequence[Measurement]) -> timedelta:
    """Return how far windows are apart, which is less than their length where they overlap."""
    starts = sorted({_start(m) for m in measurements})
    longest = max((m.window.length for m in measurements if m.window), default=timedelta(0))
    return min((b - a for a, b in pairwise(starts)), default=longest)


def _label(shade: int) -> str:
    if shade == 0:
        return f"below {CLASSES[0]:g}"
    if shade == len(CLASSES):
        return f"{CLASSES[-1]:g} and more"
    return f"{CLASSES[shade - 1]:g} to {CLASSES[shade]:g}"


def _feature_axis(shown: list[str], width: int) -> Spec:
    limit = 90 if width <= NARROW else 180
    return {
        "field": "f",
        "type": "nominal",
        "sort": shown,
        "scale": {"paddingInner": 0.08},
        "axis": {"title": None, "labelLimit": limit, "labelColor": colour("ink")},
    }


def _shades(width: int) -> Spec:
    labels = [_label(shade) for shade in range(len(CLASSES) + 1)]
    return {
        "field": "c",
        "type": "ordinal",
        "scale": {"domain": labels, "range": [colour(f"heat{shade}") for shade in range(len(labels))]},
        "legend": {
            "symbolType": "square",
            "symbolStrokeWidth": 0,
            "symbolSize": 150,
            "columns": 2 if is_narrow(width) else len(labels),
        },
    }
