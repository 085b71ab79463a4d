"""One page, one file: what changed between two tables."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from markupsafe import Markup

from holter.profile import CategoricalColumn, NumericColumn, Window
from holter.report.figure import Figure, distribution_figure
from holter.report.rendering import rendered, style
from holter.types import Measurement, Verdict

PICTURES: Final = 6
"""Columns drawn, the most changed first."""
_GRAVEST: Final = (Verdict.ALARM, Verdict.ERROR, Verdict.INSUFFICIENT, Verdict.UNDEFINED, Verdict.OK, None)


class Compared(Protocol):
    """What a page needs of a comparison."""

    @property
    def sentence(self) -> str:
        """The result in words."""

    @property
    def baseline_name(self) -> str:
        """What the user called the one side."""

    @property
    def target_name(self) -> str:
        """What the user called the other."""

    @property
    def baseline(self) -> Window:
        """The one side, with its profile."""

    @property
    def target(self) -> Window:
        """The other, with its profile."""

    @property
    def measurements(self) -> Sequence[Measurement]:
        """Everything measured, with verdicts."""


@dataclass(frozen=True)
class _Row:
    column: str
    distance: float | None
    psi: float | None
    verdict: Verdict | None
    why: str


def comparison_page(comparison: Compared) -> str:
    """Return a whole HTML page that stands alone: sentence, ranked table, pictures of the most changed columns."""
    sheet, rows = style(), _rows(comparison.measurements)
    alarmed = any(m.verdict is Verdict.ALARM for m in comparison.measurements)
    return rendered(
        "comparison.html",
        sentence=comparison.sentence,
        mood="warn" if alarmed else "good" if comparison.measurements else "unknown",
        baseline_name=comparison.baseline_name,
        target_name=comparison.target_name,
        baseline_rows=comparison.baseline.n,
        target_rows=comparison.target.n,
        figures=_figures(comparison, rows),
        rows=rows,
        measurements=comparison.measurements,
        style=Markup(sheet),  # noqa: S704  (our own file)
        style_hash=base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode(),
    )


def _rows(measurements: Sequence[Measurement]) -> list[_Row]:
    names = dict.fromkeys(m.feature for m in measurements if m.feature is not None)
    rows = [_row(name, [m for m in measurements if m.feature == name]) for name in names]
    return sorted(rows, key=lambda row: (_GRAVEST.index(row.verdict), -(row.distance or 0.0), row.column))


def _row(name: str, own: Sequence[Measurement]) -> _Row:
    gravest = min(own, key=lambda m: _GRAVEST.index(m.verdict))
    return _Row(name, _value(own, "jensen_shannon"), _value(own, "psi"), gravest.verdict, gravest.reason)


def _value(own: Sequence[Measurement], metric: str) -> float | None:
    return next((m.value for m in own if m.signal == "data_drift" and m.metric == metric), None)


def _figures(comparison: Compared, rows: Sequence[_Row]) -> list[Figure]:
    now, then = comparison.target.profile, comparison.baseline.profile
    if now is None or then is None:
        return []
    figures = []
    for row in rows[:PICTURES]:
        target, baseline = now.columns.get(row.column), then.columns.get(row.column)
        if isinstance(target, NumericColumn | CategoricalColumn):
            known = baseline if isinstance(baseline, NumericColumn | CategoricalColumn) else None
            figures.append(distribution_figure(row.column, target, known, comparison.target_name))
    return figures
