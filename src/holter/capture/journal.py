"""The crash-safe log a scoring worker appends to.

A frame is in the page cache once :meth:`Journal.append` returns: it outlives ``kill -9`` of every process. It is on
disk at most ``sync_seconds`` later, or, where replies wait for that, once :meth:`Journal.durable` is over. A segment is
locked by its writer for as long as it may grow; a segment that can be locked is finished.
"""

import asyncio
import contextlib
import fcntl
import logging
import os
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from uuid import uuid4
from zlib import crc32

import msgspec

from holter.capture.frame import ENCODE, HEADER, PREFIX, Frame, note_of
from holter.capture.segments import SUFFIX, weight
from holter.capture.slot import Slot
from holter.capture.whole import write_whole
from holter.errors import JournalFull

PATIENCE_SECONDS: Final = 10.0
"""How long a reply waits for the disk before the disk counts as full."""
WEIGH_SECONDS: Final = 1.0
"""How often the journals of a folder are weighed: what comes in between may be more than the limit."""
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
    grouped
        Whether replies wait for the disk (:meth:`durable`): everything written while one sync runs shares the next.
    most_bytes
        What all journals of the folder may hold together; more is as if the disk were full. 0: anything.

    Attributes
    ----------
    frames, bytes
        What this journal has written.
    gaps
        Requests that were served and could not be written.
    sync_failures
        How often the disk refused a sync.
    """

    def __init__(
        self,
        folder: Path,
        *,
        segment_bytes: int = 64 << 20,
        sync_seconds: float = 0.2,
        grouped: bool = False,
        most_bytes: int = 0,
    ) -> None:
        self.folder, self.segment_bytes, self.sync_seconds = Path(folder), segment_bytes, sync_seconds
        self.grouped, self.most_bytes = grouped, most_bytes
        self.worker = uuid4().hex
        self.frames = self.bytes = self.gaps = self.sync_failures = 0
        self._held, self._weighed, self._broken = 0, 0.0, False
        self._waiting: list[_Waiting] = []
        self._wake = threading.Event()
        self._slot: Slot | None = None
        self._number, self._offset, self._missed = 0, 0, 0
        self._dirty, self._fit, self._closed = False, True, False
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

    def begin(self, frame: Frame) -> None:
        """Keep a frame of a request that is about to be answered, so that it is known if it kills this process.

        The frame says what the record is to say then: :data:`holter.capture.slot.CRASHED`, and no response.
        """
        try:
            if self._slot is None:
                self._slot = Slot(self.folder / f"{self.worker}.slot")
            self._slot.put(frame, self._number, self._offset)
        except OSError as error:
            _log.warning("a request is answered without being kept beforehand: %s", error)

    def release(self) -> None:
        """Keep nothing any more: the request was answered, and could not be written."""
        if self._slot is not None:
            self._slot.clear()

    def append(self, frame: Frame) -> None:
        """Write a frame, whole or not at all.

        Raises
        ------
        JournalFull
            If the disk does not take it. What was written before stays readable, and a later call may succeed.
        """
        with self._lock:
            if self._closed:
                raise JournalFull(str(self.path), "the journal is closed")
            self._put(frame)

    def _put(self, frame: Frame) -> None:
        # Written out, without a call that could be spared: every request pays for it, with a cold cache.
        if self.most_bytes and self._held >= self.most_bytes:
            raise JournalFull(str(self.path), f"the journals hold {self._held >> 20} MiB and may hold no more")
        missed = self._missed
        payload = ENCODE(msgspec.structs.replace(frame, gaps=frame.gaps + missed) if missed else frame)
        data = PREFIX.pack(len(payload), crc32(payload)) + payload
        if self._offset >= self.segment_bytes or not self._fit:
            self._rotate()
        try:
            write_whole(self._fd, data)
        except OSError as error:
            self._retreat()
            raise JournalFull(str(self.path), error.strerror or str(error)) from error
        self._offset += len(data)
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

    async def durable(self) -> None:
        """Wait until what was appended before is on disk; returns at once where replies do not wait for that.

        Raises
        ------
        JournalFull
            If the disk refuses, or has not done it after :data:`PATIENCE_SECONDS`. The frame may survive all the same.
        """
        if not self.grouped:
            return
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        with self._lock:
            self._waiting.append((loop, done))
        self._wake.set()
        try:
            await asyncio.wait_for(done, PATIENCE_SECONDS)
        except TimeoutError as error:
            raise JournalFull(str(self.path), f"the disk took more than {PATIENCE_SECONDS:g} s") from error

    def sync(self) -> None:
        """Force what was written to disk, now."""
        with self._sync_lock:  # only the holder closes files, so that none is closed under a running sync
            with self._lock:
                retired, self._retired = self._retired, []
                waiting, self._waiting = self._waiting, []
                dirty, self._dirty = self._dirty, False
                current, refused = self._fd, self._broken
            for fd in retired:
                refused |= not self._datasync(fd)
                os.close(fd)
            if dirty and not self._datasync(current):
                # What a refused sync has lost no later one brings back, and none says so: go on in another file.
                self._fit, self._broken, refused = False, True, True
            for loop, done in waiting:
                with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                    loop.call_soon_threadsafe(self._tell, done, refused)

    def _tell(self, done: "asyncio.Future[None]", refused: bool) -> None:
        if done.done():
            return
        if refused:
            done.set_exception(JournalFull(str(self.path), "the disk refused to keep it"))
        else:
            done.set_result(None)

    def close(self) -> None:
        """Force everything to disk and give up the segment; a second call does nothing."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._stop.set()
            self._tell_missed()
        self._wake.set()
        self._syncer.join()
        self.sync()
        os.close(self._fd)
        if self._slot is not None:
            self._slot.close()

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
        self._fd, self._fit, self._dirty, self._broken = fd, True, True, False

    def _open_segment(self) -> int:
        # Made under another name, so that nobody finds a segment that is not locked yet and takes it for finished.
        half = self.path.with_suffix(".new")
        fd = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            write_whole(fd, HEADER)
            half.rename(self.path)
            _sync_folder(self.folder)
        except OSError:
            os.close(fd)
            half.unlink(missing_ok=True)
            raise
        self._offset = len(HEADER)
        return fd

    def _sync_forever(self) -> None:
        while not self._stop.is_set():
            self._wake.wait(self.sync_seconds)
            self._wake.clear()
            self.sync()
            self._weigh()

    def _weigh(self) -> None:
        if self.most_bytes and time.monotonic() - self._weighed >= WEIGH_SECONDS:
            self._held, self._weighed = weight(self.folder), time.monotonic()

    def _datasync(self, fd: int) -> bool:
        try:
            os.fdatasync(fd)
        except OSError:
            self.sync_failures += 1
            _log.exception("the disk refused to sync %s", self.folder)
            return False
        return True


_Waiting = tuple[asyncio.AbstractEventLoop, "asyncio.Future[None]"]


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
