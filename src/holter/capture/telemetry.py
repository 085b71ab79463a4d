"""What user code measures of itself, on its way to disk: it never waits, and what is lost is counted.

Items go through a queue to a thread, which appends them as lines of JSON to a file of the spool folder. The beat reads
the files (:mod:`holter.capture.telemetry_intake`). A file is locked by its writer for as long as it may grow.
"""

import atexit
import fcntl
import logging
import math
import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Final, TypeVar
from uuid import uuid4

import msgspec

from holter.capture.places import TELEMETRY, telemetry_folder
from holter.capture.whole import append_whole
from holter.types import SeriesKind

SUFFIX: Final = ".items"
OUTSIDE: Final = "_programs"
"""Source of what programs outside of the process tree measure; no deployment can have this name."""
FLUSH_SECONDS: Final = 0.0
"""How long :meth:`Spool.flush` waits unless told otherwise: not at all, for it is called in the middle of a request."""
LAST_SECONDS: Final = 1.0
"""How long the end of the process may wait for the disk."""
LONGEST_NAME: Final = 512
LONGEST_TEXT: Final = 8192
"""Characters of a name and of a property; Application Insights cuts there as well."""
MOST_VALUES: Final = 100
"""Properties and measurements kept of one item."""
_WRITE_SECONDS: Final = 0.2
_ROTATE_BYTES: Final = 4 << 20
_log = logging.getLogger("holter.capture")
_T = TypeVar("_T")


class Item(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that user code told.

    ``at_us`` is microseconds since 1970 in UTC. ``value`` is the sum of ``count`` values, whose spread the other fields
    tell when they were added up before. An event and the like count as a value of 1; ``measurements`` are numbers that
    came with it.
    """

    kind: SeriesKind
    name: str
    at_us: int
    value: float = 1.0
    count: int = 1
    minimum: float | None = None
    maximum: float | None = None
    deviation: float | None = None
    properties: dict[str, str] = {}
    measurements: dict[str, float] = {}


class Spool:
    """A queue, and the thread that empties it into a folder.

    Parameters
    ----------
    folder
        Made when the first item is written.
    most_items
        How many may wait in memory; more are dropped and counted.
    most_bytes
        How much may lie in the folder unread; more is dropped and counted.

    Attributes
    ----------
    dropped
        Items lost so far in this process. The next line that is written says how many went before it.
    """

    def __init__(self, folder: Path, *, most_items: int = 10_000, most_bytes: int = 64 << 20) -> None:
        self.folder, self._most_items, self._most_bytes = Path(folder), most_items, most_bytes
        self.dropped = 0
        self._told = 0
        self._queue: deque[bytes] = deque()
        self._taken = self._written = 0
        self._wake, self._done = threading.Event(), threading.Condition()
        self._fd, self._size, self._owner = -1, 0, 0
        self._thread: threading.Thread | None = None

    def put(self, item: Item) -> None:
        """Take an item and never wait; one without a finite value, or that finds the queue full, is dropped."""
        if self._owner != os.getpid():
            self._begin()
        if len(self._queue) >= self._most_items or not math.isfinite(item.value):
            self.dropped += 1
            return
        self._queue.append(msgspec.json.encode(_bounded(item)) + b"\n")
        self._taken += 1

    def lose(self, count: int = 1) -> None:
        """Count items that could not even be made."""
        if self._owner != os.getpid():
            self._begin()
        self.dropped += count

    def flush(self, seconds: float = FLUSH_SECONDS) -> bool:
        """Ask for what was put so far to be written, wait so long at most, and tell whether it was."""
        wanted = self._taken
        self._wake.set()
        with self._done:
            return self._done.wait_for(lambda: self._written >= wanted, seconds)

    def _begin(self) -> None:
        """Start the thread, once for each process: one that was forked has none, and its parent keeps the file."""
        if self._fd >= 0:
            os.close(self._fd)
        self._owner, self._fd = os.getpid(), -1
        self._queue.clear()
        self._written = self._taken
        self._wake, self._done = threading.Event(), threading.Condition()
        self._thread = threading.Thread(target=self._write_forever, name="telemetry", daemon=True)
        self._thread.start()
        atexit.register(self.flush, LAST_SECONDS)

    def _write_forever(self) -> None:
        while True:
            self._wake.wait(_WRITE_SECONDS)
            self._wake.clear()
            if not self._queue and self._told == self.dropped:
                continue
            try:
                self._write()
            except OSError as error:
                _log.debug("telemetry waits: %s", error)
                time.sleep(_WRITE_SECONDS)

    def _write(self) -> None:
        """Write what waits, whole or not at all; what the disk does not take goes on waiting."""
        waiting = list(self._queue)
        if not self._opened():
            self._drop(len(waiting))
            return
        lost = self.dropped - self._told
        lines = b"".join(waiting) + (_lost(lost) if lost else b"")
        append_whole(self._fd, lines, self._size)
        self._size += len(lines)
        self._told += lost
        self._remove(len(waiting))

    def _drop(self, count: int) -> None:
        self.dropped += count
        self._remove(count)

    def _remove(self, count: int) -> None:
        for _ in range(count):
            self._queue.popleft()
        with self._done:
            self._written += count
            self._done.notify_all()

    def _opened(self) -> bool:
        """Have a file to write to; False when the folder holds as much as it may."""
        if self._fd >= 0 and self._size >= _ROTATE_BYTES:
            os.close(self._fd)
            self._fd = -1
        if self._fd >= 0:
            return True
        self.folder.mkdir(parents=True, exist_ok=True)
        if sum(path.stat().st_size for path in self.folder.glob(f"*{SUFFIX}")) >= self._most_bytes:
            return False
        path = self.folder / f"{uuid4().hex}{SUFFIX}"
        half = path.with_suffix(".new")  # nobody finds a file that is not locked yet and takes it for finished
        fd = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        half.rename(path)
        self._fd, self._size = fd, 0
        return True


def _bounded(item: Item) -> Item:
    """Cut what is longer than anybody reads: a million events of a megabyte each would fill the disk."""
    properties = {name[:LONGEST_NAME]: text[:LONGEST_TEXT] for name, text in _first(item.properties)}
    measurements = {name[:LONGEST_NAME]: number for name, number in _first(item.measurements) if math.isfinite(number)}
    name = item.name[:LONGEST_NAME] or "(no name)"
    return msgspec.structs.replace(item, name=name, properties=properties, measurements=measurements)


def _first(values: dict[str, _T]) -> Iterator[tuple[str, _T]]:
    return islice(values.items(), MOST_VALUES)


def _lost(count: int) -> bytes:
    item = Item(SeriesKind.LOST, "dropped", time.time_ns() // 1000, float(count), count)
    return msgspec.json.encode(item) + b"\n"


class Nowhere(Spool):
    """Where items go when no workspace is near: nowhere, counted, and said once."""

    def __init__(self) -> None:
        super().__init__(Path())
        self._said = False

    def put(self, item: Item) -> None:
        """Count an item that is lost."""
        del item
        self.lose()

    def lose(self, count: int = 1) -> None:
        """Count items that are lost; the first says why."""
        self.dropped += count
        if not self._said:
            self._said = True
            _log.warning("telemetry is lost: no workspace is near. Set HOLTER_WORKSPACE to its folder.")

    def flush(self, seconds: float = FLUSH_SECONDS) -> bool:
        """Return at once: nothing waits."""
        del seconds
        return True


def own_spool() -> Spool:
    """Return the spool of this process.

    In a scoring worker it is the deployment's (``HOLTER_TELEMETRY``); elsewhere that of the workspace which
    ``HOLTER_WORKSPACE`` names, or of the one in ``./holter``.
    """
    return _spool_for(os.environ.get(TELEMETRY), os.environ.get("HOLTER_WORKSPACE"))


@lru_cache
def _spool_for(folder: str | None, workspace: str | None) -> Spool:
    if folder:
        return spool_of(Path(folder))
    root = Path(workspace or "holter").absolute()
    known = (root / "holter.toml").is_file() or (root / "holter.db").is_file()
    return spool_of(telemetry_folder(root, OUTSIDE)) if known else Nowhere()


@lru_cache
def spool_of(folder: Path) -> Spool:
    """Return the one spool that all clients of a process share for a folder."""
    return Spool(folder)
