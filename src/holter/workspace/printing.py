"""Rows of text as a table, as wide as the terminal; numbers and times for people."""

import shutil
import sys
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final

from holter.profile.tables import text_table as laid_out
from holter.profile.wording import percent

PAGE: Final = 100
"""Places of a table that must be read whole, where no terminal says otherwise."""


def page_width() -> int:
    """Return the width of the terminal, or of a page where there is none."""
    return shutil.get_terminal_size((PAGE, 24)).columns if sys.stdout.isatty() else PAGE


def text_table(headers: Sequence[str], rows: Iterable[Sequence[str]], *, right: Iterable[str] = ()) -> str:
    """Lay rows out under headers; the columns named in ``right`` align right.

    The table fits the terminal. Where there is none, one row stays one line, so that it can be searched.
    """
    return laid_out(headers, rows, right=right, width=page_width() if sys.stdout.isatty() else None)


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
    return "-" if value is None else percent(value)
