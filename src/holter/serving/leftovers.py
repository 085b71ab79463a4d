"""Workers of a supervisor that was killed: they end by themselves, unless they hang."""

import logging
import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

PATIENCE_SECONDS: Final = 5.0
"""How long a port may be held by them before they are ended."""
_KNOWN: Final = msgspec.json.Decoder(dict[int, str])
_BORN: Final = 19
"""Place of the start time among the fields behind the name of a process (proc(5), field 22 of ``stat``)."""
_log = logging.getLogger("holter.serving")


class Leftovers:
    """Knows the workers of the supervisor before, and notes those of this one for the next.

    A process id is used again by others, so each is noted with the moment of its birth.
    """

    def __init__(self, root: Path) -> None:
        self._path = root / "run" / "workers.pid"
        self._old = _read(self._path)
        self._noted: dict[int, str] = {}

    def note(self, pids: Iterable[int]) -> None:
        """Write down which workers there are, if that is news."""
        now = {pid: self._noted.get(pid) or born(pid) for pid in pids}
        if now == self._noted:
            return
        self._noted = now
        half = self._path.with_suffix(".new")
        half.write_bytes(msgspec.json.encode(now))
        half.replace(self._path)

    def end(self) -> int:
        """Kill the workers of the supervisor before that are still there; return how many that were."""
        ended = 0
        for pid, birth in self._old.items():
            if birth and birth == born(pid):
                _log.warning("worker %d of a supervisor that was killed still holds its port, and is ended", pid)
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
                    ended += 1
        self._old = {}
        return ended


def born(pid: int) -> str:
    """Return when a process was started, in clock ticks since boot; empty when there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[_BORN]
    except (OSError, IndexError):
        return ""


def _read(path: Path) -> dict[int, str]:
    try:
        return _KNOWN.decode(path.read_bytes())
    except (FileNotFoundError, msgspec.DecodeError):
        return {}
