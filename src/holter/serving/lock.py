"""Who may serve a workspace: one process tree at a time."""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from holter.errors import StillRunning

_ATTEMPTS: Final = 5
_PAUSE_SECONDS: Final = 0.05


def lock_file(root: Path) -> Path:
    """Return the file whose lock is the right to serve; the lock ends with its holder, however that ends."""
    return root / "run" / "lock"


def tree_file(root: Path) -> Path:
    """Return the file that says who holds the lock: ``{"pid", "web_port", "started"}``."""
    return root / "run" / "tree.json"


@contextmanager
def workspace_lock(root: Path, web_port: int, started: datetime) -> Iterator[None]:
    """Hold the workspace, and say so in ``run/tree.json`` for as long.

    Raises
    ------
    StillRunning
        If another process holds it.
    """
    path = lock_file(root)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        if not _taken(file.fileno()):
            raise StillRunning(str(root), holder(root))
        tree = {"pid": os.getpid(), "web_port": web_port, "started": started.isoformat()}
        half = tree_file(root).with_suffix(".new")
        half.write_text(json.dumps(tree))
        half.replace(tree_file(root))
        try:
            yield
        finally:
            tree_file(root).unlink(missing_ok=True)


def _taken(descriptor: int) -> bool:
    """Take the lock; whoever only asks whether somebody has it holds it for a moment, hence more than one attempt."""
    for attempt in range(_ATTEMPTS):
        time.sleep(attempt * _PAUSE_SECONDS)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        return True
    return False


def holder(root: Path) -> int:
    """Return the process that said it holds the workspace; 0 when none did."""
    try:
        return int(json.loads(tree_file(root).read_text())["pid"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0
