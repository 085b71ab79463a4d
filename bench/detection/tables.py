"""Tables in Markdown, from the lines that runs left."""

import dataclasses
from collections.abc import Sequence

from detection.cells import Cell
from detection.changes import CHANGES
from detection.rates import False1000, Power, false_alarms, matched_threshold, power
from detection.streams import RHYTHMS

OTHERS = ("matched", "bh", "psi")
"""Three ways to read the lines of the rivals."""
TITLES = {
    "holter": "Holter",
    "matched": "KS/chi2, matched rate",
    "bh": "KS/chi2, Benjamini-Hochberg",
    "psi": "PSI > .2",
    "evidently": "Evidently",
    "nannyml": "NannyML",
    "iyipada": "iyipada",
}


def lines_of(cell: Cell, system: str) -> list[dict]:
    """Return the lines of a cell for another system."""
    return dataclasses.replace(cell, system="rivals" if system in OTHERS else system).lines()


def matched(rows: int, pace: str) -> float:
    """Return the threshold at which KS/chi2 rings for one in 1000 windows of independent rows."""
    lines = Cell("rivals", "iid", rows, pace).lines()
    return matched_threshold(lines) if lines else 0.0


def null_table(cells: Sequence[Cell], systems: Sequence[str]) -> str:
    """Return false alarms for 1000 windows: a row a family and size, a column a system."""
    heads = ["family", "rows", "pace", "Holter [95 %]", "bad baselines", "uncalibrated", "windows under alarm"]
    heads += [TITLES[each] for each in systems]
    table = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    for cell in cells:
        lines = cell.lines()
        if not lines:
            continue
        row = [cell.family, str(cell.rows), cell.pace, *_ours(false_alarms(lines, "holter"))]
        for system in systems:
            theirs = lines_of(cell, system)
            rate = false_alarms(theirs, system, matched(cell.rows, cell.pace)) if theirs else None
            row.append(f"{rate.rate:.3g} ({rate.baselines})" if rate else "")
        table.append(f"| {' | '.join(row)} |")
    return "\n".join(table)


def _ours(found: False1000) -> list[str]:
    return [
        f"{found.rate:.2f} [{found.low:.1f}, {found.high:.1f}]",
        f"{found.bad} of {found.baselines}",
        f"{found.uncalibrated:.0%}",
        f"{found.under_alarm:.1f}",
    ]


def peer_table(cells: Sequence[Cell]) -> str:
    """Return what peers do on the same streams: windows in which any column is called drifted."""
    table = ["| family | rows | peer | windows that ring, quiet ones | after the change | CPU s a stream |"]
    table.append("|---|---|---|---|---|---|")
    for cell in cells:
        lines = [line for line in cell.lines() if line["alarm"]]
        if not lines:
            continue
        quiet = cell.change_at if is_change(cell) else cell.windows
        before = 100 * sum(sum(line["alarm"][:quiet]) for line in lines) / (quiet * len(lines))
        after = 100 * sum(sum(line["alarm"][quiet:]) for line in lines) / max((cell.windows - quiet) * len(lines), 1)
        shown = f"{after:.0f} %" if is_change(cell) else ""
        spent = sum(line["cpu"] for line in lines) / len(lines)
        row = [cell.family, str(cell.rows), TITLES[cell.system], f"{before:.0f} %", shown, f"{spent:.0f}"]
        table.append(f"| {' | '.join(row)} |")
    return "\n".join(table)


def power_table(cells: Sequence[Cell], systems: Sequence[str]) -> str:
    """Return power and delay: a row a change and size, a column a system."""
    heads = ["change", "rows", "at window", "streams", "Holter: power, delay", "share of windows", "uncalibrated"]
    heads += [TITLES[each] for each in systems]
    table = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    for cell in cells:
        lines = cell.lines()
        if not lines:
            continue
        found = power(lines, "holter", cell.change_at)
        row = [cell.family, str(cell.rows), str(cell.change_at), str(found.streams), _found(found)]
        row += [f"{found.windows:.2f}", f"{found.uncalibrated:.0%}"]
        for system in systems:
            theirs = lines_of(cell, system)
            row.append(_found(power(theirs, system, cell.change_at, matched(cell.rows, cell.pace))) if theirs else "")
        table.append(f"| {' | '.join(row)} |")
    return "\n".join(table)


def _found(found: Power) -> str:
    return f"{found.power:.2f}, {found.delay:.1f}" if found.power else ".00"


def is_change(cell: Cell) -> bool:
    """Tell whether something happens in the streams of a cell."""
    return cell.family.rpartition("+")[2] in CHANGES


def is_null(cell: Cell) -> bool:
    """Tell whether nothing happens in the streams of a cell."""
    return not is_change(cell) and RHYTHMS[cell.family].null


def report(cells: Sequence[Cell], systems: Sequence[str] = OTHERS) -> str:
    """Return both tables."""
    nulls = null_table([cell for cell in cells if not is_change(cell)], systems)
    return f"{nulls}\n\n{power_table([cell for cell in cells if is_change(cell)], systems)}"
