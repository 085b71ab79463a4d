"""Changes the import lines of a program, and nothing else of it."""

import ast
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from typing import Final

from holter.compat.migrate.checking import check, parsed, read
from holter.compat.migrate.findings import Report
from holter.compat.migrate.knowledge import Value, named, original
from holter.compat.migrate.notebook import code_cells, notebook_encoding
from holter.compat.migrate.reading import Piece, decoded, files_of, lines_of, mentions
from holter.compat.migrate.unsupported import stays

_HOME: Final = "holter.compat."
_FROM: Final = re.compile(r"from(?:[ \t\f]|\\\r?\n)+")

_CHARACTER: Final = re.compile(r"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\u....|\\.|.", re.DOTALL)

Place = tuple[int, int]
"""Line and column, both from 0, in characters."""
Edit = tuple[Place, Place, str]
"""Two places in a program, and what is to stand between them."""


def rewrite(folder: str | Path) -> Report:
    """Let the import lines below a folder name Holter's adapters, and return what was found before.

    A file that cannot be read as Python is left as it is, as are imports of modules that have no adapter.

    Raises
    ------
    InputError
        If there is no such folder.
    """
    root, report = Path(folder), check(folder)
    changed = []
    for path in files_of(root):
        data = path.read_bytes()
        try:
            fresh = changed_bytes(path, data) if mentions(data) else data
        except SyntaxError:
            continue  # the report says so
        if fresh != data:
            _replace(path.resolve(), fresh)
            changed.append(path.name if root.is_file() else path.relative_to(root).as_posix())
    return replace(report, rewritten=tuple(changed))


def changed_bytes(path: Path, data: bytes) -> bytes:
    """Return a file with its import lines changed; all else is the same, byte for byte.

    Raises
    ------
    SyntaxError
        If it is not Python, or no notebook whose cells are.
    """
    parts = [(piece, list(_edits(piece))) for piece in read(path, data)]
    if path.suffix == ".ipynb":
        encoding = notebook_encoding(data)
        document = data.decode(encoding)
        cells = {piece.cell: edits for piece, edits in parts}
        for start, end, raw in reversed(list(_in_document(document, cells))):
            document = document[:start] + raw + document[end:]
        return document.encode(encoding)
    text, encoding = decoded(data)
    ((piece, edits),) = parts
    fresh = _applied(text, _by_character(text, edits))
    parsed(replace(piece, text=fresh))
    return fresh.encode(encoding)


def _edits(piece: Piece) -> Iterator[Edit]:
    """Yield what changes in a piece, by line and column: magics that were blotted out are as long as they were."""
    rows = lines_of(piece.text)

    def place(line: int, column: int) -> Place:
        return line - 1, len(rows[line - 1].encode()[:column].decode())

    for node in ast.walk(parsed(piece)):
        if isinstance(node, ast.ImportFrom) and not node.level and _moves(node.module or ""):
            line, column = place(node.lineno, node.col_offset)
            match = _FROM.match("".join([rows[line][column:], *rows[line + 1 : node.end_lineno]]))
            if match:
                over = lines_of(match[0])
                here = (line, column + match.end()) if len(over) == 1 else (line + len(over) - 1, len(over[-1]))
                yield here, here, _HOME
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if _moves(alias.name) and alias.end_lineno and alias.end_col_offset:
                    begin, end = place(alias.lineno, alias.col_offset), place(alias.end_lineno, alias.end_col_offset)
                    yield begin, end, _import(alias)


def _moves(name: str) -> bool:
    """Tell whether there is an adapter for a module."""
    if original(name) != name or stays(name) is not None:
        return False
    found: Value = named(name)
    return found.thing is not None


def _import(alias: ast.alias) -> str:
    """Return what is imported instead, under the name that the rest of the program knows.

    ``import azureml.core`` makes a name ``azureml``, and ``import holter.compat.azureml.core`` would make ``holter``.
    """
    if alias.asname:
        return f"{_HOME}{alias.name} as {alias.asname}"
    head, _, rest = alias.name.partition(".")
    whole = f"{_HOME}{head} as {head}"
    return f"{_HOME}{alias.name}, {whole}" if rest else whole


def _by_character(text: str, edits: Sequence[Edit]) -> list[tuple[int, int, str]]:
    starts = [0, *accumulate(map(len, lines_of(text)))]
    return sorted((starts[a] + b, starts[c] + d, words) for (a, b), (c, d), words in edits)


def _applied(text: str, edits: Sequence[tuple[int, int, str]]) -> str:
    for start, end, words in reversed(edits):
        text = text[:start] + words + text[end:]
    return text


def _in_document(document: str, cells: Mapping[int | None, Sequence[Edit]]) -> Iterator[tuple[int, int, str]]:
    """Yield edits of cells as edits of the strings that hold them."""
    for cell, parts in code_cells(document):
        edits = _by_character("".join(part.value for part in parts), cells.get(cell + 1, ()))
        before = 0
        for part in parts:
            after = before + len(part.value)
            places = _places(document[part.start : part.end])
            mine = [(places[a - before], places[b - before], words) for a, b, words in edits if before <= a < after]
            if mine:
                yield part.start, part.end, _applied(document[part.start : part.end], mine)
            before = after


def _places(raw: str) -> list[int]:
    """Return where each character of a string is in its JSON, with its quotes."""
    return [match.start() for match in _CHARACTER.finditer(raw, 1)]


def _replace(path: Path, data: bytes) -> None:
    """Put a file in the place of another at once, with its rights."""
    handle, half = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        shutil.copymode(path, half)
        Path(half).replace(path)
    except BaseException:
        Path(half).unlink(missing_ok=True)
        raise
