"""The process tree of a workspace: start it, ask about it, stop it.

The tree is alive exactly while its supervisor holds the lock on ``run/lock``: a lock is given back by the kernel when
its holder dies, however it dies, and a process number is not.
"""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from holter.errors import NotRunning, TreeFailed
from holter.serving.lock import lock_file, tree_file
from holter.serving.logs import process_log, tail

_START_SECONDS: Final = 30.0
_DASHBOARD_SECONDS: Final = 15.0
_STOP_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.05


@dataclass(frozen=True)
class TreeStatus:
    """Whether a workspace is served, by which process, and where its dashboard is.

    ``pid``, ``started`` and ``dashboard`` are None while nothing runs, or until the process has said so.
    """

    workspace: str
    running: bool
    pid: int | None = None
    started: str | None = None
    dashboard: str | None = None

    def __str__(self) -> str:
        if not self.running:
            return f"{self.workspace}: not running. Start it with: holter up --detach"
        page = f", dashboard {self.dashboard}" if self.dashboard else ""
        return f"{self.workspace}: running as process {self.pid or 'unknown'}{page}"

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def held(root: Path) -> bool:
    """Tell whether a living process holds the lock of the workspace."""
    try:
        descriptor = os.open(lock_file(root), os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)


def web_file(root: Path) -> Path:
    """Return the file in which the dashboard says where it is: ``{"pid", "port", "url"}``."""
    return root / "run" / "web.json"


def status(root: Path) -> TreeStatus:
    """Return how the process tree of a workspace is."""
    if not held(root):
        return TreeStatus(str(root), running=False)
    tree, web = _read(tree_file(root)), _read(web_file(root))
    found = {
        "pid": tree.get("pid"),
        "started": tree.get("started"),
        "dashboard": web.get("url") if _lives(web.get("pid")) else None,
    }
    return TreeStatus(str(root), running=True, **found)


def _lives(pid: object) -> bool:
    """Tell whether a process is there: the note of a dashboard that was killed says where it no longer is."""
    try:
        os.kill(int(str(pid)), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        pass  # another user's: it lives
    return True


def _read(path: Path) -> Mapping[str, Any]:
    """Read a small JSON file; one that is missing, or half written when its writer was killed, says nothing."""
    try:
        found = json.loads(path.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return found if isinstance(found, dict) else {}


def command(root: Path, *words: str) -> list[str]:
    """Return the command line of a process of this tree: this interpreter, this Holter, that workspace."""
    return [sys.executable, "-m", "holter", *words, "--workspace", str(root)]


def start(root: Path) -> TreeStatus:
    """Start the tree in the background, in a session of its own, unless it runs; its words go to ``log/up.log``.

    Raises
    ------
    TreeFailed
        If it ends, or has not taken the lock after half a minute; with the end of its log.
    """
    log = process_log(root, "up")
    if held(root):
        return status(root)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        process = subprocess.Popen(
            command(root.resolve(), "up"),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    said_so = _until(lambda: status(root).pid is not None or process.poll() is not None, _START_SECONDS)
    if process.poll() is not None and not held(root):
        raise TreeFailed(str(root), f"ended at once with code {process.returncode}", tail(log))
    if not said_so:
        raise TreeFailed(str(root), f"did not start within {_START_SECONDS:.0f} s", tail(log))
    return status(root)


def await_dashboard(root: Path, *, timeout: float = _DASHBOARD_SECONDS) -> TreeStatus:
    """Return the status as soon as the dashboard is there, or after ``timeout`` seconds as it then is."""
    _until(lambda: status(root).dashboard is not None, timeout)
    return status(root)


def ensure(root: Path) -> None:
    """See to it that the tree runs; a helper process starts it, so that it is no child of the caller.

    Raises
    ------
    TreeFailed
        If it cannot be started.
    """
    if held(root):
        return
    done = subprocess.run(
        command(root.resolve(), "up", "--detach", "--at-once"), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise TreeFailed(str(root), "could not be started", done.stderr.strip())


def stop(root: Path, *, timeout: float = _STOP_SECONDS) -> int:
    """Ask the tree to end and wait until it has; return the number of the process that held it.

    Raises
    ------
    NotRunning
        If there is nothing to stop.
    TreeFailed
        If it is still there after ``timeout`` seconds.
    """
    pid = status(root).pid
    if pid is None:
        raise NotRunning(str(root))
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError as error:
        raise NotRunning(str(root)) from error
    if not _until(lambda: not held(root), timeout):
        raise TreeFailed(str(root), f"did not end within {timeout:.0f} s of being asked (process {pid})")
    return pid


def _until(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True
