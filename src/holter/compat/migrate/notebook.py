"""Notebooks: JSON whose strings are lines of Python, with magics between them."""

import codecs
import json
import re
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from holter.compat.migrate.reading import Piece, lines_of

_PYTHON_CELLS: Final = frozenset({"capture", "prun", "time", "timeit"})
"""Cell magics below which there is Python."""
_MAGIC: Final = re.compile(r"^([ \t]*)[%!?].*|^([ \t]*)[\w.]+\?{1,2}[ \t]*$")
_ASSIGNED: Final = re.compile(r"^([ \t]*[\w., \t]+=[ \t]*)[%!].*")
_WRITES: Final = re.compile(r"^%%writefile\s+(?:-a\s+)?\S+\.py\s*$")
_DECODER: Final = json.JSONDecoder(strict=False)
_CELL_MAGIC: Final = re.compile(r"^%%(\w+)")


@dataclass(frozen=True)
class Text:
    """A string of a JSON document.

    Parameters
    ----------
    path
        Keys and places that lead to it.
    start, end
        Where it stands in the document, with its quotes.
    """

    path: tuple[str | int, ...]
    start: int
    end: int
    value: str


def notebook_encoding(data: bytes) -> str:
    """Return UTF-8 with or without a byte order mark."""
    return "utf-8-sig" if data.startswith(codecs.BOM_UTF8) else "utf-8"


def pieces(document: str) -> Iterator[Piece]:
    """Yield the Python of the code cells of a notebook.

    Raises
    ------
    SyntaxError
        If it is no notebook.
    """
    ends = [match.start() for match in re.finditer("\n", document)]
    for cell, parts in code_cells(document):
        rows = [(line, bisect(ends, part.start) + 1) for part in parts for line in lines_of(part.value)]
        text = "".join(line for line, _ in rows)
        if not text.strip():
            continue
        plain, alone = _plain(text)
        if plain is not None:
            yield Piece(plain, tuple(number for _, number in rows), cell + 1, alone)


def code_cells(document: str) -> Iterator[tuple[int, list[Text]]]:
    """Yield the number of each code cell, from 0, and the strings of its source.

    Raises
    ------
    SyntaxError
        If the document is no notebook.
    """
    try:
        plain = json.loads(document)
        kinds = [cell.get("cell_type") for cell in plain["cells"]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise SyntaxError(f"it is no notebook of version 4: {error!r}") from error
    sources: dict[int, list[Text]] = {}
    for text in strings(document):
        if text.path[:1] == ("cells",) and text.path[2:3] == ("source",):
            sources.setdefault(int(text.path[1]), []).append(text)
    yield from ((cell, parts) for cell, parts in sorted(sources.items()) if kinds[cell] == "code")


def strings(document: str) -> Iterator[Text]:
    """Yield the strings of a JSON document that are values, with their places.

    Examples
    --------
    >>> [(text.path, text.start, text.value) for text in strings('{"a": [1, "x"]}')]
    [(('a', 1), 10, 'x')]
    """
    path: list[Any] = []
    place, key = 0, False
    while place < len(document):
        sign = document[place]
        if sign == '"':
            value, end = _DECODER.raw_decode(document, place)
            if key:
                path[-1] = value
            else:
                yield Text(tuple(path), place, end, value)
            place = end
            continue
        if sign in "{[":
            path.append("" if sign == "{" else 0)
            key = sign == "{"
        elif sign in "}]":
            path.pop()
            key = False
        elif sign == ":":
            key = False
        elif sign == "," and isinstance(path[-1], int):
            path[-1] += 1
        elif sign == ",":
            key = True
        place += 1


def _plain(text: str) -> tuple[str | None, bool]:
    """Return the Python of a cell, line for line, and whether it is a file of its own; None where it is none."""
    first, *rest = lines_of(text)
    if _WRITES.match(first):
        return "\n" + "".join(rest), True
    magic = _CELL_MAGIC.match(first)
    if magic and magic[1] not in _PYTHON_CELLS:
        return None, False
    return "".join(_without_magic(line) for line in lines_of(text)), False


def _without_magic(line: str) -> str:
    return _ASSIGNED.sub(r"\1None", _MAGIC.sub(lambda match: f"{match[1] or match[2] or ''}pass", line))
