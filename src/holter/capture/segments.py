"""How the segments of a journal are found and read, while they grow and after."""

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from holter.capture.frame import HEADER, PREFIX, Frame, check_header, payload_of
from holter.errors import DamagedSegment

SUFFIX: Final = ".journal"
ABANDONED_SECONDS: Final = 3600.0
"""A half-made segment of this age was left by a crash between creating and publishing it, which takes milliseconds."""
_READ_BYTES: Final = 1 << 20


@dataclass(frozen=True)
class Damage:
    """Bytes of a segment, from ``start`` up to ``end``, that are no frame although frames follow."""

    segment: str
    start: int
    end: int


def segments(folder: Path) -> list[Path]:
    """Return the segments of a folder, by worker and number; none when there is no folder."""
    return sorted(Path(folder).glob(f"*{SUFFIX}"))


def weight(folder: Path) -> int:
    """Return the bytes that the journals of a folder hold, those that cannot be read included."""
    total = 0
    for path in Path(folder).glob("*"):
        with contextlib.suppress(FileNotFoundError):
            total += path.stat().st_size
    return total


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
