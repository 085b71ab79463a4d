"""A whole profile for people and programs: one line a column."""

import json
from collections.abc import Mapping
from typing import Any, Final

import pyarrow as pa

from holter.profile.column import Column
from holter.profile.tables import html_table, text_table
from holter.profile.wording import HEADERS, NUMBERS, column_cells, column_dict

WIDTH: Final = 100
"""Places of a printed profile."""


def sentence_of(rows: int, columns: Mapping[str, Column]) -> str:
    """Say how much a profile holds."""
    return f"{rows:,} row{'' if rows == 1 else 's'}, {len(columns):,} column{'' if len(columns) == 1 else 's'}"


def profile_text(rows: int, columns: Mapping[str, Column], width: int = WIDTH) -> str:
    """Return a profile as a table of text.

    Examples
    --------
    >>> from holter.profile.opaque import OpaqueColumn
    >>> print(profile_text(2, {"blob": OpaqueColumn(2, 1, "binary")}))
    2 rows, 1 column
    <BLANKLINE>
    column  type    nulls  distinct  min · median · max, or top  shape
    ──────────────────────────────────────────────────────────────────
    blob    binary   50 %            counted, not looked into
    """
    if not columns:
        return sentence_of(rows, columns)
    cells = [column_cells(name, column, rows) for name, column in columns.items()]
    return f"{sentence_of(rows, columns)}\n\n{text_table(HEADERS, cells, right=NUMBERS, width=width)}"


def profile_html(rows: int, columns: Mapping[str, Column]) -> str:
    """Return a profile as an HTML table for a notebook, every name escaped."""
    cells = [column_cells(name, column, rows) for name, column in columns.items()]
    return html_table(HEADERS, cells, caption=sentence_of(rows, columns))


def profile_dict(rows: int, columns: Mapping[str, Column]) -> dict[str, Any]:
    """Return a profile as plain JSON values; never NaN."""
    return {"rows": rows, "columns": [column_dict(name, column) for name, column in columns.items()]}


def profile_arrow(rows: int, columns: Mapping[str, Column]) -> pa.Table:
    """Return a profile as a table of one row for each column; what is nested becomes JSON text."""
    flat = [
        {name: json.dumps(value) if isinstance(value, dict | list) else value for name, value in each.items()}
        for each in profile_dict(rows, columns)["columns"]
    ]
    names = dict.fromkeys(name for each in flat for name in each)
    # bounds are whole in one column and broken in the next; a table has one type for both
    for each in flat:
        each |= {name: float(each[name]) for name in ("min", "max") if each.get(name) is not None}
    return pa.table({name: [each.get(name) for each in flat] for name in names})
