"""One page, one file: what changed between two tables."""

from collections.abc import Sequence
from typing import Final, Protocol

from holter.profile import CategoricalColumn, Column, NumericColumn, VectorColumn, Window
from holter.report.figure import Columns, Figure, distribution_figure
from holter.report.rendering import standing_alone
from holter.types import Distance, Measurement, Verdict

PICTURES: Final = 6
"""Columns drawn, the most changed first."""
SHOWN: Final = ("jensen_shannon", "psi", "kolmogorov_smirnov", "normalized_wasserstein")
"""Distances of the first table; all of them are in the one behind it."""
NAMES: Final = {
    "jensen_shannon": "Jensen-Shannon",
    "psi": "PSI",
    "hellinger": "Hellinger",
    "total_variation": "total variation",
    "l_infinity": "L-infinity",
    "kolmogorov_smirnov": "Kolmogorov-Smirnov",
    "wasserstein": "Wasserstein",
    "normalized_wasserstein": "Wasserstein / sd",
    "energy": "energy",
    "chi_squared": "chi-squared",
    "g": "G",
    "cramers_v": "Cramér's V",
}
"""Distances by the names people know."""


class Changed(Protocol):
    """What a page needs of how one column changed."""

    @property
    def column(self) -> str:
        """Its name."""

    @property
    def distances(self) -> Sequence[Distance]:
        """Every distance it has."""

    @property
    def verdict(self) -> Verdict:
        """The gravest of its measurements."""

    @property
    def why(self) -> str:
        """What raised it."""

    def distance(self, metric: str) -> Distance:
        """Return the distance of that name, or one without a value."""


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

    @property
    def columns(self) -> Sequence[Changed]:
        """How each column changed, the most changed first."""


def comparison_page(comparison: Compared) -> str:
    """Return a whole HTML page that stands alone: sentence, ranked table, pictures of the most changed columns."""
    alarmed = any(m.verdict is Verdict.ALARM for m in comparison.measurements)
    known = _known(comparison.columns)
    return standing_alone(
        "comparison.html",
        sentence=comparison.sentence,
        mood="warn" if alarmed else "good" if comparison.measurements else "unknown",
        baseline_name=comparison.baseline_name,
        target_name=comparison.target_name,
        baseline_rows=comparison.baseline.n,
        target_rows=comparison.target.n,
        figures=_figures(comparison),
        known=known,
        shown=[metric for metric in known if metric in SHOWN],
        names=NAMES,
        columns=comparison.columns,
        open=any(each.error for column in comparison.columns for each in column.distances),
        measurements=comparison.measurements,
    )


def _known(columns: Sequence[Changed]) -> list[str]:
    """Return the distances that at least one column has."""
    return [metric for metric in NAMES if any(each.distance(metric).value is not None for each in columns)]


def _figures(comparison: Compared) -> list[Figure]:
    now, then = comparison.target.profile, comparison.baseline.profile
    if now is None or then is None:
        return []
    figures = []
    for each in comparison.columns:
        target, baseline = _drawable(now.columns.get(each.column)), _drawable(then.columns.get(each.column))
        if target is not None:
            norm = " (norm)" if isinstance(now.columns[each.column], VectorColumn) else ""
            figures.append(distribution_figure(each.column + norm, target, baseline, comparison.target_name))
        if len(figures) == PICTURES:
            break
    return figures


def _drawable(column: Column | None) -> Columns | None:
    """Return what of a column has a picture: its values, or the norms of vectors."""
    if isinstance(column, VectorColumn):
        return column.norm if column.norm.finite else None
    return column if isinstance(column, NumericColumn | CategoricalColumn) else None
