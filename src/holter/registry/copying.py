"""The workspace keeps its own copy of models and code: what was registered stays what it was."""

import ast
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from holter.errors import BadScript, NotFound

LARGEST_CODE: Final = 64 * 1024 * 1024
"""Bytes a source folder may hold: more is nearly always a data set or an environment that should not be copied."""

_SKIPPED: Final = frozenset(
    {".git", ".hg", ".venv", "venv", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", "node_modules"}
)
_BLOCK: Final = 1 << 20


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file, or of the names and contents of all files of a folder."""
    if path.is_file():
        return _digest(path)
    whole = hashlib.sha256()
    for file in sorted(file for file in path.rglob("*") if file.is_file()):
        whole.update(f"{file.relative_to(path).as_posix()}\0{_digest(file)}\n".encode())
    return whole.hexdigest()


def _digest(file: Path) -> str:
    content = hashlib.sha256()
    with file.open("rb") as stream:
        while block := stream.read(_BLOCK):
            content.update(block)
    return content.hexdigest()


def copy_model(source: Path, folder: Path) -> Path:
    """Copy a model file or folder into a new folder; return the copy. Raises NotFound."""
    if not source.exists():
        raise NotFound("file", str(source))
    folder.mkdir(parents=True)
    target = folder / source.name
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copyfile(source, target)
    _sync(folder)
    return target


def copy_code(source: Path | None, entry_script: str, folder: Path) -> str:
    """Copy a source folder (None: the entry script alone) into a new folder; return the script's path inside it.

    Version control, environments and caches are left out.

    Raises
    ------
    BadScript
        If the script is no Python file with ``init`` and ``run``, or the folder is too large.
    """
    root = Path(entry_script).parent if source is None else source
    script = Path(Path(entry_script).name) if source is None else _inside(root, entry_script)
    check_script(root / script)
    files = [script] if source is None else list(_code_files(root))
    size = sum((root / file).stat().st_size for file in files)
    if size > LARGEST_CODE:
        raise BadScript(
            str(root), f"the folder holds {size >> 20} MiB, more than {LARGEST_CODE >> 20}. Give one with code only."
        )
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / file, folder / file)
    _sync(folder)
    return script.as_posix()


def _inside(root: Path, entry_script: str) -> Path:
    if not root.is_dir():
        raise BadScript(entry_script, f"the source folder {root} does not exist.")
    script = (root / entry_script).resolve()
    if not script.is_relative_to(root.resolve()):
        raise BadScript(entry_script, f"it is not inside the source folder {root}.")
    return script.relative_to(root.resolve())


def _code_files(root: Path) -> Iterator[Path]:
    for folder, names, files in os.walk(root):
        names[:] = sorted(set(names) - _SKIPPED)
        for file in sorted(files):
            path = Path(folder, file)
            if path.is_file() and path.suffix != ".pyc":
                yield path.relative_to(root)


def check_script(script: Path) -> None:
    """Refuse an entry script that could never serve, before anything is started. Raises BadScript."""
    if not script.is_file():
        raise BadScript(str(script), "there is no such file.")
    if script.suffix != ".py":
        raise BadScript(str(script), "it is not a .py file.")
    try:
        tree = ast.parse(script.read_bytes(), str(script))
    except (SyntaxError, ValueError) as error:
        raise BadScript(str(script), f"it is not Python: {error}") from error
    missing = {"init", "run"} - set(_defined(tree.body))
    if missing:
        raise BadScript(str(script), f"it does not define {' and '.join(sorted(missing))}.")


def _defined(body: Iterable[ast.stmt]) -> Iterator[str]:
    for statement in body:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                yield from (alias.asname or alias.name for alias in names)
            case ast.Assign(targets=targets):
                yield from (target.id for target in targets if isinstance(target, ast.Name))
            case ast.If(body=inner, orelse=other) | ast.Try(body=inner, orelse=other):
                yield from _defined([*inner, *other])


def _sync(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
