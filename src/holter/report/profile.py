"""One page, one file: what is in a table."""

from typing import Final

from holter.profile import CategoricalColumn, Column, NumericColumn, Profile, VectorColumn
from holter.profile.showing import sentence_of
from holter.profile.wording import HEADERS, NUMBERS, column_cells
from holter.report.figure import Figure, distribution_figure
from holter.report.rendering import standing_alone

PICTURES: Final = 24
"""Columns drawn, in the order of the table; all of them are in the list."""


def profile_page(profile: Profile, name: str) -> str:
    """Return a whole HTML page that stands alone: a table of all columns, and pictures of the first ones."""
    cells = [column_cells(each, column, profile.rows) for each, column in profile.columns.items()]
    figures = [_figure(each, column) for each, column in profile.columns.items()]
    drawn = [figure for figure in figures if figure is not None][:PICTURES]
    return standing_alone(
        "profile.html",
        name=name,
        sentence=sentence_of(profile.rows, profile.columns),
        headers=HEADERS,
        numbers=NUMBERS,
        rows=cells,
        figures=drawn,
    )


def _figure(name: str, column: Column) -> Figure | None:
    if isinstance(column, VectorColumn):
        return distribution_figure(f"{name} (norm)", column.norm) if column.norm.finite else None
    if isinstance(column, NumericColumn):
        return distribution_figure(name, column) if column.finite else None
    return distribution_figure(name, column) if isinstance(column, CategoricalColumn) and column.present else None
