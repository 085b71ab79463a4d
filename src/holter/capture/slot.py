"""The request a worker is working on, kept where it outlives the worker.

A worker that dies inside ``run()`` (a segmentation fault, a kill, no memory left) leaves no frame. So the frame of a
failed request is put into a small file of the worker before ``run()`` begins, under the same redaction policy as all
that is written; if the worker dies, the compactor finds it there. Nothing is cleared after a reply: the slot says where
in the journal the reply's frame would stand, and if it stands there the request did not kill anybody.
"""

import fcntl
import logging
import mmap
import os
from pathlib import Path
from struct import Struct
from typing import Final
from zlib import crc32

from holter.capture.frame import ENCODE, HEADER, PREFIX, Frame, encode, payload_of

SUFFIX: Final = ".slot"
CRASHED: Final = 502
"""Status of a request whose worker died: what a gateway says when the process behind it gave no answer."""
RESCUED: Final = "-rescued"
_PLACE: Final = Struct("<IQ")
"""Number of the segment and offset in it where the reply's frame would stand."""
_HEAD: Final = Struct(_PLACE.format + PREFIX.format.removeprefix("<"))
"""The place, and the prefix of the frame after it."""
_START: Final = _PLACE.size
_FIRST_BYTES: Final = 64 << 10
MOST_BYTES: Final = 64 << 20
"""A larger request is not kept: the slot is held in memory as well."""
_log = logging.getLogger("holter.capture")


class Slot:
    """A file of one worker with room for one frame, locked for as long as the worker lives.

    Writing costs a copy in memory (1.3 microseconds with the frame, measured, where ``pwrite`` takes 2.4). The room is
    taken from the disk beforehand: a page that the disk has no room for would end the process.
    """

    def __init__(self, path: Path) -> None:
        self.path, self._room = path, 0
        self._map: mmap.mmap | None = None
        half = path.with_suffix(".new")
        self._fd = os.open(half, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        half.rename(path)

    def put(self, frame: Frame, number: int, offset: int) -> None:
        """Keep a frame; what was kept before is gone. One that is too large, or for which the disk is full, is not."""
        payload = ENCODE(frame)
        length = len(payload)
        end = _HEAD.size + length
        if end > self._room and not self._grow(end):
            self.clear()
            return
        assert self._map is not None  # noqa: S101
        self._map[:end] = _HEAD.pack(number, offset, length, crc32(payload)) + payload

    def clear(self) -> None:
        """Keep nothing."""
        if self._map is not None:
            self._map[_START : _START + PREFIX.size] = bytes(PREFIX.size)

    def close(self) -> None:
        """Remove it; a second call does nothing."""
        if self._fd < 0:
            return
        self.path.unlink(missing_ok=True)
        if self._map is not None:
            self._map.close()
        os.close(self._fd)
        self._fd = -1

    def _grow(self, need: int) -> bool:
        if need > MOST_BYTES:
            return False
        room = max(_FIRST_BYTES, 1 << (need - 1).bit_length())
        try:
            os.posix_fallocate(self._fd, 0, room)
        except OSError:
            return False
        if self._map is not None:
            self._map.close()
        self._map, self._room = mmap.mmap(self._fd, room), room
        return True


def rescue(folder: Path) -> int:
    """Turn what dead workers were working on into segments of their own; return how many requests that were.

    Called before the segments of the same workers are read to their end and removed. Doing it twice, with a crash
    in between, makes one segment.
    """
    return sum(_rescued(path) for path in Path(folder).glob(f"*{SUFFIX}"))


def _rescued(path: Path) -> bool:
    try:
        fd = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        data = os.read(fd, os.fstat(fd).st_size)
    except BlockingIOError:
        return False  # its worker lives
    finally:
        os.close(fd)
    frame = _kept(data)
    new = frame is not None and not _is_answered(path, frame, *_PLACE.unpack_from(data))
    if frame is not None and new:
        _log.warning("a worker died while it answered request %s; the request is kept as failed", frame.request_id)
        _publish(path.with_name(f"{path.stem}{RESCUED}.journal"), frame)
    path.unlink(missing_ok=True)
    return new


def kept_in(path: Path) -> tuple[Frame | None, int]:
    """Return the frame in a slot and where it ends; None and 0 where there is none, or it is being replaced."""
    data = path.read_bytes()
    frame = _kept(data)
    return frame, 0 if frame is None else _HEAD.size + PREFIX.unpack_from(data, _START)[0]


def _kept(data: bytes) -> Frame | None:
    prefix = data[_START : _START + PREFIX.size]
    if len(prefix) < PREFIX.size:
        return None
    start = _START + PREFIX.size
    return payload_of(prefix, data[start : start + PREFIX.unpack(prefix)[0]])


def _is_answered(path: Path, frame: Frame, number: int, offset: int) -> bool:
    """Tell whether the journal has a frame of this very request at its place, or at the head of the next segment."""
    from holter.capture.segments import read

    for count, start in ((number, offset), (number + 1, 0)):
        segment = path.with_name(f"{path.stem}-{count:04d}.journal")
        if segment.exists():
            for found, _ in read(segment, start, damaged=lambda _: None):
                if (found.request_id, found.received_us) == (frame.request_id, frame.received_us):
                    return True
    return False


def _publish(segment: Path, frame: Frame) -> None:
    half = segment.with_suffix(".new")
    with half.open("wb") as file:
        file.write(HEADER + encode(frame))
        file.flush()
        os.fsync(file.fileno())
    half.rename(segment)
