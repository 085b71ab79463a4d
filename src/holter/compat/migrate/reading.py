"""Programs as they lie in a folder: Python files, and the cells of notebooks."""

import io
import os
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_SKIPPED: Final = frozenset({"__pycache__", "node_modules", "site-packages", "venv"})
_MENTIONS: Final = re.compile(rb"azureml|applicationinsights")
_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")


@dataclass(frozen=True)
class Piece:
    """Lines of Python that are read together.

    Parameters
    ----------
    text
        Their text, with the magics of notebooks blotted out.
    lines
        Line of the file of each line of ``text``.
    cell
        Of a notebook, from 1.
    alone
        It is a program of its own, as what ``%%writefile`` writes.
    """

    text: str
    lines: tuple[int, ...]
    cell: int | None = None
    alone: bool = False

    def line(self, number: int) -> int:
        """Return the line of the file."""
        return self.lines[min(number, len(self.lines)) - 1] if self.lines else 1


def files_of(folder: Path) -> Iterator[Path]:
    """Yield the Python files and notebooks below a folder, in order, without those of virtual environments."""
    if folder.is_file():
        yield folder
        return
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(each for each in folders if _ours(Path(here) / each))
        for name in sorted(files):
            if name.endswith((".py", ".ipynb")):
                yield Path(here) / name


def _ours(folder: Path) -> bool:
    return folder.name not in _SKIPPED and not folder.name.startswith(".") and not (folder / "pyvenv.cfg").exists()


def mentions(data: bytes) -> bool:
    """Tell whether there is anything to look for in a file."""
    return _MENTIONS.search(data) is not None


def decoded(data: bytes) -> tuple[str, str]:
    """Return the text of a Python file and its encoding, as Python itself finds it.

    Raises
    ------
    SyntaxError
        If it says no encoding that exists, or is not in it.
    """
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    try:
        return data.decode(encoding), encoding
    except UnicodeDecodeError as error:
        raise SyntaxError(
            f"it is not {encoding}; say its encoding in its first line: # -*- coding: latin-1 -*-"
        ) from error


def lines_of(text: str) -> list[str]:
    """Return the lines of a program with their ends, as Python counts them."""
    return _LINE.findall(text)


def program(text: str) -> Piece:
    """Return a Python file as one piece."""
    return Piece(text, tuple(range(1, len(lines_of(text)) + 1)))
