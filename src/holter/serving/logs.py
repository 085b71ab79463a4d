"""Where the processes of a workspace write, and how those files stay small."""

import shutil
from pathlib import Path
from typing import BinaryIO, Final

ROTATE_BYTES: Final = 16 << 20
"""A log of this size is set aside as ``<name>.log.1``; the one set aside before goes."""


def process_log(root: Path, name: str) -> Path:
    """Return the log of a process of the tree: ``beat``, ``web``, ``supervisor``."""
    return root / "log" / f"{name}.log"


def deployment_log(root: Path, deployment: str) -> Path:
    """Return the log that all workers of a deployment write to, line by line."""
    return process_log(root, f"deployment-{deployment}")


def tail(path: Path, lines: int = 40) -> str:
    """Return the last lines of a log; empty when there is none."""
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - lines * 400))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])


def open_log(path: Path) -> BinaryIO:
    """Open a log to append to it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("ab")


def rotate(path: Path, limit: int = ROTATE_BYTES) -> bool:
    """Set a log aside if it has grown too large; True if so.

    It is copied and emptied, since the processes that append to it hold it open. A line written in between is lost.
    """
    if not path.exists() or path.stat().st_size < limit:
        return False
    shutil.copyfile(path, path.with_suffix(".log.1"))
    with path.open("ab") as file:
        file.truncate(0)
    return True
