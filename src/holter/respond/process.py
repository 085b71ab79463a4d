"""Running a command so that it can neither outlive its job nor see what it should not."""

import os
import shlex
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Final

from holter.errors import ResponseFailed
from holter.report.redacting import redact
from holter.respond.redact import environment_secrets

GRACE: Final = timedelta(seconds=5)
"""How long a command may take to end after it was asked to."""
_POLL_S: Final = 0.1
_TAIL_BYTES: Final = 2000


def words(kind: str, command: str, places: Mapping[str, str]) -> list[str]:
    """Split a command as a shell would, without ever using one, and fill ``{name}`` placeholders.

    Placeholders are filled after splitting: a path with a space stays one word. Other braces are left alone.

    Raises
    ------
    ResponseFailed
        If it is empty or a quote is not closed.

    Examples
    --------
    >>> words("command", "train --to {output}", {"output": "a b"})
    ['train', '--to', 'a b']
    """
    try:
        parts = shlex.split(command)
    except ValueError as error:
        raise ResponseFailed(kind, f"{command!r} cannot be split into words: {error}") from error
    if not parts:
        raise ResponseFailed(kind, "the command is empty")
    for name, value in places.items():
        parts = [part.replace("{" + name + "}", value) for part in parts]
    return parts


def run(
    kind: str,
    command: Sequence[str],
    *,
    folder: Path,
    cwd: Path,
    environment: Mapping[str, str],
    timeout: timedelta,
    stop: threading.Event,
) -> None:
    """Run a command to its end; what it prints goes to ``log.txt`` in the folder of the job.

    It leads its own process group, and the group ends with it. A group left over from an earlier attempt, whose
    responder was killed, is ended first.

    Raises
    ------
    ResponseFailed
        If it cannot start, exits other than 0, takes longer than ``timeout``, or ``stop`` is set.
    """
    folder.mkdir(parents=True, exist_ok=True)
    end_leftover(folder)
    log = folder / "log.txt"
    with log.open("ab") as output:
        output.write(f"$ {shlex.join(command)}\n".encode())
        output.flush()
        try:
            process = subprocess.Popen(
                command, cwd=cwd, env=dict(environment), stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise ResponseFailed(kind, f"{command[0]!r} cannot be started: {error.strerror}") from error
    (folder / "process").write_text(f"{process.pid} {_birth(process.pid)}")
    try:
        why = _wait(process, timeout, stop)
    finally:
        _end_group(process)
        (folder / "process").unlink(missing_ok=True)
    if why:
        raise ResponseFailed(kind, f"{why}. The end of its log:\n{tail(log)}")


def _wait(process: subprocess.Popen[bytes], timeout: timedelta, stop: threading.Event) -> str:
    deadline = time.monotonic() + timeout.total_seconds()
    while process.poll() is None:
        if time.monotonic() > deadline:
            return f"it did not end within {timeout.total_seconds():g} s"
        if stop.wait(_POLL_S):
            return "it was stopped: the job now belongs to another process"
    if process.returncode < 0:
        return f"it was ended by signal {signal.Signals(-process.returncode).name}"
    return f"it exited with {process.returncode}" if process.returncode else ""


def _end_group(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE.total_seconds())
    # What the command left behind in its group must not outlive the job either.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def end_leftover(folder: Path) -> None:
    """End the group of a command whose responder died, if it still runs.

    A process id is used again by others: only one that was born at the noted moment is ended.
    """
    try:
        text, birth = (folder / "process").read_text().split(" ", 1)
        pid = int(text)
    except (OSError, ValueError):
        return
    if birth and birth == _birth(pid):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
    (folder / "process").unlink(missing_ok=True)


def _birth(pid: int) -> str:
    """Start time in clock ticks since boot (proc(5), field 22); empty where there is no /proc."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return fields[19]


def tail(log: Path) -> str:
    """Return the end of a log, without the secrets of this process's environment."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
            return redact(file.read().decode(errors="replace").strip(), environment_secrets())
    except OSError:
        return ""
