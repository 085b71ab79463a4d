"""The crash-safe log a scoring worker appends to, and how it is read while it grows.

A frame is in the page cache once :meth:`Journal.append` returns: it outlives ``kill -9`` of every process. It is on
disk at most ``sync_seconds`` later. A segment is locked by its writer for as long as it may grow; a segment that can be
locked is finished.
"""

import contextlib
import errno
import fcntl
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self
from uuid import uuid4

import msgspec

from holter.capture.frame import HEADER, PREFIX, Frame, check_header, encode, note_of, payload_of
from holter.errors import DamagedSegment, JournalFull

SUFFIX: Final = ".journal"
ABANDONED_SECONDS: Final = 3600.0
"""A half-made segment of this age was left by a crash between creating and publishing it, which takes milliseconds."""
_READ_BYTES: Final = 1 << 20
_log = logging.getLogger("holter.capture")


class Journal:
    """Appends frames to segments ``<worker>-<nnnn>.journal`` of a folder. One per process.

    Parameters
    ----------
    folder
        Made if it does not exist.
    segment_bytes
        A segment of at least this size is finished and the next one begun.
    sync_seconds
        How often what was written is forced to disk, in a thread.

    Attributes
    ----------
    frames, bytes
        What this journal has written.
    gaps
        Requests that were served and could not be written.
    sync_failures
        How often the disk refused a sync.
    """

    def __init__(self, folder: Path, *, segment_bytes: int = 64 << 20, sync_seconds: float = 0.2) -> None:
        self.folder, self.segment_bytes, self.sync_seconds = Path(folder), segment_bytes, sync_seconds
        self.worker = uuid4().hex
        self.frames = self.bytes = self.gaps = self.sync_failures = 0
        self._number, self._offset, self._missed = 0, 0, 0
        self._dirty, self._fit = False, True
        self._note: Frame | None = None
        self._lock, self._sync_lock, self._stop = threading.Lock(), threading.Lock(), threading.Event()
        self._retired: list[int] = []
        self.folder.mkdir(parents=True, exist_ok=True)
        self._fd = self._open_segment()
        self._syncer = threading.Thread(target=self._sync_forever, name="journal-sync", daemon=True)
        self._syncer.start()

    @property
    def path(self) -> Path:
        """The segment that is written now."""
        return self.folder / f"{self.worker}-{self._number:04d}{SUFFIX}"

    def append(self, frame: Frame) -> None:
        """Write a frame, whole or not at all.

        Raises
        ------
        JournalFull
            If the disk does not take it. What was written before stays readable, and a later call may succeed.
        """
        with self._lock:
            if self._stop.is_set():
                raise JournalFull(str(self.path), "the journal is closed")
            self._put(frame)

    def _put(self, frame: Frame) -> None:
        missed = self._missed
        data = encode(msgspec.structs.replace(frame, gaps=frame.gaps + missed) if missed else frame)
        if self._offset >= self.segment_bytes or not self._fit:
            self._rotate()
        self._write(data)
        self._missed -= missed
        self.frames += 1
        self.bytes += len(data)
        self._dirty = True

    def miss(self, frame: Frame) -> None:
        """Count a request that was served without being written.

        The next frame carries the count; if none comes, :meth:`close` writes one that says nothing else. A process that
        is killed before either takes the count with it.
        """
        with self._lock:
            self.gaps += 1
            self._missed += 1
            self._note = note_of(frame, 0)

    def sync(self) -> None:
        """Force what was written to disk, now."""
        with self._sync_lock:  # only the holder closes files, so that none is closed under a running sync
            with self._lock:
                retired, self._retired = self._retired, []
                dirty, self._dirty = self._dirty, False
                current = self._fd
            for fd in retired:
                self._datasync(fd)
                os.close(fd)
            if dirty:
                self._datasync(current)

    def close(self) -> None:
        """Force everything to disk and give up the segment; a second call does nothing."""
        with self._lock:
            if self._stop.is_set():
                return
            self._stop.set()
            self._tell_missed()
        self._syncer.join()
        self.sync()
        os.close(self._fd)

    def _tell_missed(self) -> None:
        if not self._missed or self._note is None:
            return
        try:
            self._put(self._note)
        except JournalFull as error:
            _log.error("%d requests were served and not recorded, and that is not recorded: %s", self._missed, error)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write(self, data: bytes) -> None:
        try:
            _write_whole(self._fd, data)
        except OSError as error:
            self._retreat()
            raise JournalFull(str(self.path), error.strerror or str(error)) from error
        self._offset += len(data)

    def _retreat(self) -> None:
        try:
            os.ftruncate(self._fd, self._offset)
        except OSError:
            self._fit = False  # nothing after a torn frame could be read: the next frame begins a new segment

    def _rotate(self) -> None:
        self._number += 1
        try:
            fd = self._open_segment()
        except OSError as error:
            self._number -= 1
            raise JournalFull(str(self.path), error.strerror or str(error)) from error
        self._retired.append(self._fd)
        self._fd, self._fit, self._dirty = fd, True, True

    def _open_segment(self) -> int:
        # Made under another name, so that nobody finds a segment that is not locked yet and takes it for finished.
        half = self.path.with_suffix(".new")
        fd = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _write_whole(fd, HEADER)
            half.rename(self.path)
            _sync_folder(self.folder)
        except OSError:
            os.close(fd)
            half.unlink(missing_ok=True)
            raise
        self._offset = len(HEADER)
        return fd

    def _sync_forever(self) -> None:
        while not self._stop.wait(self.sync_seconds):
            self.sync()

    def _datasync(self, fd: int) -> None:
        try:
            os.fdatasync(fd)
        except OSError:
            self.sync_failures += 1
            _log.exception("the disk refused to sync %s", self.folder)


@dataclass(frozen=True)
class Damage:
    """Bytes of a segment, from ``start`` up to ``end``, that are no frame although frames follow."""

    segment: str
    start: int
    end: int


def segments(folder: Path) -> list[Path]:
    """Return the segments of a folder, by worker and number; none when there is no folder."""
    return sorted(Path(folder).glob(f"*{SUFFIX}"))


def is_live(path: Path) -> bool:
    """Tell whether a writer still holds a segment. Once False it stays False, and the size is final."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def sweep(folder: Path) -> int:
    """Remove half-made segments that a crash has left, and return how many."""
    removed = 0
    for half in Path(folder).glob("*.new"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - half.stat().st_mtime > ABANDONED_SECONDS and not is_live(half):
                half.unlink()
                removed += 1
    return removed


def read(
    path: Path, offset: int = 0, *, damaged: Callable[[Damage], None] | None = None
) -> Iterator[tuple[Frame, int]]:
    """Yield the frames that start at ``offset`` or later, each with the offset where it ends.

    Parameters
    ----------
    path
        A segment; it may be growing.
    offset
        0, or the end of a frame as yielded before.
    damaged
        Called for damaged bytes, after which reading goes on at the next frame. None: they raise.

    Raises
    ------
    DamagedSegment
        If a frame in the middle cannot be read and nobody listens, or the file is no segment.
    NewerFormat
        If a later Holter wrote it.

    Notes
    -----
    The last frame may be incomplete: it is being written, or its writer died and never acknowledged it. Reading stops
    before it and says nothing. Its bytes come from a caller, so they are never searched for frames.
    """
    with path.open("rb", buffering=_READ_BYTES) as file:
        size = os.fstat(file.fileno()).st_size
        check_header(path.name, file.read(len(HEADER)))
        at = max(offset, len(HEADER))
        file.seek(at)
        while at + PREFIX.size <= size:
            prefix = file.read(PREFIX.size)
            end = at + PREFIX.size + PREFIX.unpack(prefix)[0] if len(prefix) == PREFIX.size else size + 1
            if end > size:
                return
            frame = payload_of(prefix, file.read(end - at - PREFIX.size))
            if frame is not None:
                yield frame, end
            else:
                found = _next_frame(file, at, end, size)
                if found is None:
                    return
                end = found
                _report(Damage(path.name, at, end), damaged)
                file.seek(end)
            at = end


def _report(damage: Damage, damaged: Callable[[Damage], None] | None) -> None:
    if damaged is None:
        raise DamagedSegment(damage.segment, damage.start)
    damaged(damage)


def _next_frame(file: BinaryIO, bad: int, end: int, size: int) -> int | None:
    """Return where the first readable frame after a bad one starts: where the bad one says it ends, else by search."""
    file.seek(bad)
    data = file.read(size - bad)
    if _frame_at(data, end - bad):
        return end
    first = bytes([0x90 | len(Frame.__struct_fields__)])  # how MessagePack begins an array of that many fields
    found = data.find(first, PREFIX.size + 1)
    while found >= 0:
        if _frame_at(data, found - PREFIX.size):
            return bad + found - PREFIX.size
        found = data.find(first, found + 1)
    return None


def _frame_at(data: bytes, at: int) -> bool:
    prefix = data[at : at + PREFIX.size]
    if len(prefix) < PREFIX.size:
        return False
    start, length = at + PREFIX.size, PREFIX.unpack(prefix)[0]
    return start + length <= len(data) and payload_of(prefix, data[start : start + length]) is not None


def _write_whole(fd: int, data: bytes) -> None:
    # A full disk takes a part, and reports the error only at the next write.
    if os.write(fd, data) != len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
