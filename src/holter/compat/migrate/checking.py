"""Looks at a folder."""

import ast
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from holter.compat.migrate.findings import Finding, Report, Status
from holter.compat.migrate.notebook import notebook_encoding, pieces
from holter.compat.migrate.reading import Piece, decoded, files_of, mentions, program
from holter.compat.migrate.walking import Walker
from holter.errors import InputError

_PASSES: Final = 2
"""A name may be used above the line that sets it, as ``run()`` above ``init()``: the second pass knows it."""


def check(folder: str | Path) -> Report:
    """Say what becomes of each name of an original in the programs below a folder; nothing of them is run.

    Parameters
    ----------
    folder
        Or one file.

    Raises
    ------
    InputError
        If there is no such folder.
    """
    root = Path(folder)
    if not root.exists():
        raise InputError(f"there is no folder {root}.")
    findings: list[Finding] = []
    files = 0
    for path in files_of(root):
        files += 1
        name = path.name if root.is_file() else path.relative_to(root).as_posix()
        findings += _looked_at(path, name)
    return Report(tuple(findings), files)


def _looked_at(path: Path, name: str) -> list[Finding]:
    try:
        data = path.read_bytes()
        parts = read(path, data) if mentions(data) else []
    except (SyntaxError, OSError) as error:
        return [Finding(name, getattr(error, "lineno", None) or 1, "file", name, Status.UNSUPPORTED, _why(error))]
    shared = [part for part in parts if not part.alone]
    programs = [shared, *([part] for part in parts if part.alone)]
    return sorted(each for one in programs for each in _found(name, one))


def read(path: Path, data: bytes) -> Sequence[Piece]:
    """Return the pieces of a file.

    Raises
    ------
    SyntaxError
        If it cannot be decoded, or is no notebook.
    """
    if path.suffix == ".ipynb":
        try:
            return list(pieces(data.decode(notebook_encoding(data))))
        except UnicodeDecodeError as error:
            raise SyntaxError("it is not UTF-8, as a notebook must be") from error
    text, _ = decoded(data)
    return [program(text)]


def parsed(piece: Piece) -> ast.Module:
    """Return the statements of a piece.

    Raises
    ------
    SyntaxError
        If it is not Python.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "\d" in somebody's string is not our matter
        try:
            return ast.parse(piece.text)
        except SyntaxError:
            raise
        except (ValueError, RecursionError, MemoryError) as error:
            raise SyntaxError(str(error)) from error


def _found(name: str, program: Iterable[Piece]) -> set[Finding]:
    """Return the findings of pieces that share their names."""
    found: set[Finding] = set()
    place: list[Piece] = []

    def tell(line: int, what: str, said: str, status: Status, remedy: str) -> None:
        found.add(Finding(name, place[-1].line(line), what, said, status, remedy, place[-1].cell))

    walker = Walker(tell)
    trees: list[tuple[Piece, ast.Module]] = []
    for piece in program:
        try:
            trees.append((piece, parsed(piece)))
        except SyntaxError as error:
            line = piece.line(error.lineno or 1)
            found.add(Finding(name, line, "file", name, Status.UNSUPPORTED, _why(error), piece.cell))
    broken = set(found)
    for _ in range(_PASSES):
        found.clear()
        for piece, tree in trees:
            place.append(piece)
            walker.visit(tree)
    return found | broken


def _why(error: SyntaxError | OSError) -> str:
    if isinstance(error, SyntaxError):
        return f"it cannot be read: {error.msg}."
    return f"it cannot be read: {error.strerror or error}."
