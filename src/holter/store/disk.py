"""Make sure that what was written survives a power cut: delta-rs leaves that to its caller."""

import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote


def sync(path: Path) -> None:
    """Wait until a file, or the entries of a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def append_line(path: Path, line: str) -> None:
    """Add a line to the end of a file and wait until it is on the disk; the file and its folder are made if need be.

    Raises
    ------
    OSError
        If the whole line could not be written; then the file is as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    content = f"{line}\n".encode()
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        before = os.fstat(descriptor).st_size
        if os.write(descriptor, content) != len(content):
            os.ftruncate(descriptor, before)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    sync(path.parent)


def sync_commits(root: Path, first: int, last: int) -> None:
    """Wait until the commits ``first`` to ``last`` of a Delta table are on the disk: data first, then the log."""
    log = root / "_delta_log"
    entries = [log / f"{version:020d}.json" for version in range(first, last + 1)]
    folders = {root}
    for file in _added(root, entries):
        sync(file)
        folders.add(file.parent)
    for folder in sorted(folders):
        sync(folder)
    for entry in entries:
        sync(entry)
    sync(log)


def _added(root: Path, entries: list[Path]) -> Iterator[Path]:
    for entry in entries:
        for line in entry.read_text(encoding="utf-8").splitlines():
            added = json.loads(line).get("add")
            if added is not None:
                yield root / unquote(added["path"])
