"""The user's entry script: loaded by path, initialised once, asked for every request."""

import importlib
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from holter.errors import EntryScriptFailed
from holter.serving.contract import ask_now, contract_of
from holter.serving.raw_http import make_importable

MODULE: Final = "entry_script"
"""Name of the user's module in ``sys.modules``."""
SAMPLE: Final = "sample.json"
"""A request beside the entry script: scored once before a worker takes traffic."""
_TREE_LINES: Final = 200

Run = Callable[..., object]
"""A user's ``run``; :mod:`holter.serving.contract` says how it wants to be asked."""


def load(script: Path, preload: Sequence[str] = ()) -> Run:
    """Import an entry script, call its ``init()`` once and return its ``run``.

    Modules of ``preload`` are imported before it. The folder of the script goes to the front of the import path, so
    that it finds its neighbours. A script without ``init`` has nothing to prepare.

    Raises
    ------
    EntryScriptFailed
        If a module to preload cannot be imported; if the file is not there, cannot be imported, has no ``run`` that can
        be asked, or ``init()`` raises. What was raised is its cause.
    """
    if not script.is_file():
        raise EntryScriptFailed(str(script), "there is no such file")
    make_importable()
    for name in preload:
        _preload(script, name)
    sys.path.insert(0, str(script.parent))
    spec = importlib.util.spec_from_file_location(MODULE, script)
    if spec is None or spec.loader is None:
        raise EntryScriptFailed(str(script), "it is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[MODULE] = module  # before it runs: pickles and dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    except BaseException as error:
        raise EntryScriptFailed(str(script), f"importing it raised {_named(error)}") from error
    run: Run | None = getattr(module, "run", None)
    if run is None or not callable(run):
        raise EntryScriptFailed(str(script), "it has no function run(data)")
    try:
        contract_of(run)
    except TypeError as error:
        raise EntryScriptFailed(str(script), f"its run() asks for what JSON cannot give: {error}") from error
    _initialise(script, getattr(module, "init", None))
    return run


def _preload(script: Path, name: str) -> None:
    try:
        importlib.import_module(name)
    except BaseException as error:
        raise EntryScriptFailed(str(script), f"importing {name} before it raised {_named(error)}") from error


def try_sample(script: Path, run: Run) -> bool:
    """Score the request that lies beside the script; False when there is none.

    Raises
    ------
    EntryScriptFailed
        If ``run`` raises.
    """
    sample = script.parent / SAMPLE
    if not sample.is_file():
        return False
    try:
        ask_now(contract_of(run), sample.read_bytes())
    except BaseException as error:
        raise EntryScriptFailed(str(script), f"run() on {SAMPLE} raised {_named(error)}") from error
    return True


def tree(folder: Path) -> Iterator[str]:
    """Yield what a folder holds, one indented line an entry with its bytes: the first question after a failed init."""
    yield f"{folder}{'' if folder.exists() else ' (does not exist)'}"
    count = 0
    for root, folders, files in os.walk(folder, followlinks=True):
        folders.sort()
        depth = len(Path(root).relative_to(folder).parts)
        if depth:
            yield f"{'  ' * depth}{Path(root).name}/"
        for name in sorted(files):
            count += 1
            if count > _TREE_LINES:
                yield "  ..."
                return
            path = Path(root) / name
            size = f"{path.stat().st_size} bytes" if path.exists() else "broken link"
            yield f"{'  ' * (depth + 1)}{name} ({size})"


def _initialise(script: Path, init: Callable[[], object] | None) -> None:
    if init is None:
        return
    try:
        init()
    except BaseException as error:
        raise EntryScriptFailed(str(script), f"init() raised {_named(error)}") from error


def _named(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
