"""The tables as a picture: false alarms of every family for 1000 windows, Holter's beside those of its rivals."""

from collections.abc import Sequence
from pathlib import Path

from detection.cells import ROOT, Cell
from detection.rates import false_alarms
from detection.tables import TITLES, is_null, lines_of, matched
from holter.charts.theme import Spec, colour, framed
from holter.report.picture import svg

FOLDER = ROOT / "docs" / "pictures"
SYSTEMS = {"holter": "realised", "matched": "estimated", "bh": "alarm"}
"""Who is drawn, in which colour."""
ASKED = 1.0


def points(cells: Sequence[Cell], rows: int) -> list[dict]:
    """Return a point for each family and system."""
    found = []
    for cell in cells:
        if cell.rows != rows or not is_null(cell) or not cell.lines():
            continue
        for system in reversed(SYSTEMS):  # Holter last: on top of the others
            lines = lines_of(cell, system)
            if lines:
                rate = false_alarms(lines, system, matched(rows, cell.pace)).rate
                found.append({"family": cell.family, "who": TITLES[system], "rate": rate})
    return found


def picture(cells: Sequence[Cell], rows: int) -> Spec:
    """Return the specification; the axis is linear up to one alarm in 1000 windows and logarithmic beyond."""
    values = points(cells, rows)
    order = list(dict.fromkeys(each["family"] for each in values))
    names = [TITLES[system] for system in SYSTEMS]
    x = {
        "field": "rate",
        "type": "quantitative",
        "scale": {"type": "symlog", "constant": 1, "domain": [0, 1000]},
        "axis": {"title": "false alarms for 1000 windows", "values": [0, 1, 3, 10, 30, 100, 300, 1000]},
    }
    y = {"field": "family", "type": "nominal", "sort": order, "axis": {"title": None, "labelLimit": 160, "grid": True}}
    shades = {"domain": names, "range": [colour(each) for each in SYSTEMS.values()]}
    spec = {
        "height": {"step": 20},
        "data": {"values": values},
        "layer": [
            {
                "mark": {"type": "rule", "stroke": colour("muted"), "strokeDash": [4, 3]},
                "encoding": {"x": {"datum": ASKED, "type": "quantitative"}},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1},
                "encoding": {
                    "x": x,
                    "y": y,
                    "fill": {"field": "who", "type": "nominal", "scale": shades},
                    "shape": {"field": "who", "type": "nominal", "scale": {"domain": names}},
                },
            },
        ],
    }
    title = f"Nothing happened: who rang? Windows of {rows:,} rows"
    return framed(spec, title, f"{title}; the dashed line is what was asked for.", 720)


def draw(cells: Sequence[Cell]) -> Sequence[Path]:
    """Write one picture for each size of window that has lines; return where."""
    written = []
    for rows in sorted({cell.rows for cell in cells}):
        if points(cells, rows):
            path = FOLDER / f"false-alarms-{rows}.svg"
            path.write_text(svg(picture(cells, rows)))
            written.append(path)
    return written
