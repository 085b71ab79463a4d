"""Rows of text as a table: for a terminal, a file and a notebook."""

import sys
from collections.abc import Iterable, Sequence
from datetime import timedelta
from html import escape
from typing import Final

_UNLIMITED: Final = 10_000
"""Columns of a table that is not shown on a terminal: one row stays one line, so that it can be searched."""


def visible(text: str) -> str:
    r"""Return text with everything that could move a cursor or change a colour replaced.

    Names come from data; a column name must not be able to write to the reader's terminal.

    Examples
    --------
    >>> visible("a\x1b[31mb")
    'a�[31mb'
    """
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def text_table(headers: Sequence[str], rows: Iterable[Sequence[str]], *, right: Iterable[str] = ()) -> str:
    """Lay rows out under headers; the columns named in ``right`` align right.

    The table is as wide as its content, or as the terminal where there is one.
    """
    from io import StringIO

    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    numeric = set(right)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for header in headers:
        table.add_column(header, justify="right" if header in numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(visible(cell)) for cell in row))
    out = StringIO()
    width = None if sys.stdout.isatty() else _UNLIMITED
    Console(file=out, width=width, color_system=None, highlight=False, emoji=False).print(table)
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    return "\n".join(line for line in lines if line)


def html_table(headers: Sequence[str], rows: Iterable[Sequence[str]], *, caption: str = "") -> str:
    """Write the same rows as an HTML table, every cell escaped."""
    head = "".join(f"<th>{escape(header)}</th>" for header in headers)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f'<table class="holter">{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'


def number(value: float | None, digits: int = 3) -> str:
    """Write a number for people; a dash where there is none.

    Examples
    --------
    >>> number(0.12345), number(20000), number(None)
    ('0.123', '20,000', '-')
    """
    if value is None:
        return "-"
    if float(value).is_integer() and abs(value) >= 1:
        return f"{int(value):,}"
    return f"{value:.{digits}g}" if abs(value) >= 1e-3 or value == 0 else f"{value:.1e}"


def every(length: timedelta) -> str:
    """Write a length of time the way it is given: ``1d``, ``90m``.

    Examples
    --------
    >>> every(timedelta(days=1)), every(timedelta(minutes=90))
    ('1d', '90m')
    """
    seconds = int(length.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def share(value: float | None) -> str:
    """Write a share as a percentage.

    Examples
    --------
    >>> share(0.0312), share(0.0), share(None)
    ('3.1 %', '0 %', '-')
    """
    if value is None:
        return "-"
    percent = 100 * value
    return f"{percent:.0f} %" if percent in (0.0, 100.0) else f"{percent:.2g} %"
