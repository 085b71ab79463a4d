"""Rows of text laid out as a table: in characters and in HTML. Pure: the width of the page is an argument."""

import unicodedata
from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

_GAP: Final = "  "
_NARROWEST: Final = 6
"""Characters that a column of words keeps when the table must shrink."""
_ELLIPSIS: Final = "…"


def visible(text: str) -> str:
    r"""Return text with everything that could move a cursor or change a colour replaced.

    Names come from data; a column name must not be able to write to the reader's terminal.

    Examples
    --------
    >>> visible("a\x1b[31mb")
    'a�[31mb'
    """
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def cells_of(text: str) -> int:
    """Return how many places of a terminal a text takes: two for a wide letter, none for a combining mark.

    Source: Unicode Standard Annex 11, East Asian Width.

    Examples
    --------
    >>> cells_of("abc"), cells_of("日本"), cells_of("e\u0301")
    (3, 4, 1)
    """
    if text.isascii():
        return len(text)
    return sum(_cells(letter) for letter in text)


def _cells(letter: str) -> int:
    if unicodedata.combining(letter) or unicodedata.category(letter) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def shortened(text: str, width: int) -> str:
    """Return text of at most ``width`` places; what is left out of a longer one is out of its middle.

    Examples
    --------
    >>> shortened("customer_address_postcode", 15), shortened("age", 15)
    ('customer…stcode', 'age')
    """
    if cells_of(text) <= width:
        return text
    tail = (width - 1) * 2 // 5 + 1
    end = len(text)
    while cells_of(text[end - 1 :]) <= tail:
        end -= 1
    return _taken(text, width - 1 - cells_of(text[end:])) + _ELLIPSIS + text[end:]


def text_table(
    headers: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    right: Iterable[str] = (),
    width: int | None = None,
    notes: Sequence[str] = (),
) -> str:
    """Lay rows out under headers; columns named in ``right`` align right and keep their width.

    With a ``width``, columns of words fold, the widest first, until the table fits; numbers are never cut. A note, if
    it is not empty, stands in lines of its own below its row.

    Examples
    --------
    >>> print(text_table(["column", "nulls"], [["delay", "3 %"]], right=["nulls"], notes=["more than before"]))
    column  nulls
    ─────────────
    delay     3 %
      more than before
    """
    numeric = {place for place, header in enumerate(headers) if header in set(right)}
    cells = [[visible(cell) for cell in row] for row in rows]
    widths = [max([cells_of(header), *(cells_of(row[place]) for row in cells)]) for place, header in enumerate(headers)]
    if width is not None:
        widths = _fitted(widths, [place for place in range(len(widths)) if place not in numeric], width)
    lines = [*_laid(headers, widths, numeric), "─" * (sum(widths) + len(_GAP) * (len(widths) - 1))]
    for place, row in enumerate(cells):
        lines += _laid(row, widths, numeric)
        if place < len(notes) and notes[place]:
            note = visible(notes[place])
            lines += [_GAP + line for line in _folded(note, width - len(_GAP) if width else cells_of(note))]
    return "\n".join(lines)


def _fitted(widths: list[int], flexible: list[int], width: int) -> list[int]:
    widths = list(widths)
    over = sum(widths) + len(_GAP) * (len(widths) - 1) - width
    while over > 0:
        widest = max(flexible, key=lambda place: widths[place], default=-1)
        if widest < 0 or widths[widest] <= _NARROWEST:
            break
        widths[widest] -= 1
        over -= 1
    return widths


def _laid(row: Sequence[str], widths: Sequence[int], numeric: set[int]) -> list[str]:
    folded = [_folded(cell, width) for cell, width in zip(row, widths, strict=True)]
    lines = []
    for place in range(max(map(len, folded), default=1)):
        parts = []
        for column, (cell, width) in enumerate(zip(folded, widths, strict=True)):
            text = cell[place] if place < len(cell) else ""
            room = " " * (width - cells_of(text))
            parts.append(room + text if column in numeric else text + room)
        lines.append(_GAP.join(parts).rstrip())
    return lines


def _folded(text: str, width: int) -> list[str]:
    """Break text into lines, between words where they fit."""
    lines = []
    while cells_of(text) > width:
        piece = _taken(text, width) or text[:1]
        space = piece.rfind(" ") if text[len(piece) : len(piece) + 1] != " " else len(piece)
        cut = space if space > 0 else len(piece)
        lines.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
    return [*lines, text]


def _taken(text: str, width: int) -> str:
    """Return as much of the beginning as fits."""
    end = min(len(text), width)
    while cells_of(text[:end]) > width:
        end -= 1
    while end < len(text) and _cells(text[end]) == 0:
        end += 1
    return text[:end]


def html_table(headers: Sequence[str], rows: Iterable[Sequence[str]], *, caption: str = "") -> str:
    """Write the same rows as an HTML table, every cell escaped."""
    head = "".join(f"<th>{escape(header)}</th>" for header in headers)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f'<table class="holter">{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
