"""Taking requests out of journals that are still being written."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from holter.capture.frame import HEADER, PREFIX, Frame, encode
from holter.capture.segments import Damage, read, segments
from holter.capture.slot import SUFFIX as SLOT
from holter.capture.slot import kept_in


def wipe(folder: Path, matches: Callable[[Frame], bool], texts: tuple[str, ...]) -> int:
    """Blank the requests that match, in every segment and slot of a folder; return how many.

    A frame is written over in place, in one write, by one of the same length that says nothing: whoever reads or
    appends meanwhile finds every other frame where it was. What is left of a damaged segment is removed where one of
    the texts occurs in it. Meant for what is in the table already; it is on disk when this returns.
    """
    wiped = 0
    for path in segments(folder):
        with suppress(FileNotFoundError):
            wiped += _wipe_segment(path, matches)
    for path in folder.glob(f"*{SLOT}"):
        with suppress(FileNotFoundError):
            wiped += _wipe_slot(path, matches)
    for path in folder.glob("*.torn"):
        data = path.read_bytes()
        if any(text.encode() in data for text in texts if text):
            path.unlink()
            wiped += 1
    return wiped


def _wipe_segment(path: Path, matches: Callable[[Frame], bool]) -> int:
    found, at = [], len(HEADER)

    def skip(damage: Damage) -> None:
        nonlocal at
        at = damage.end

    for frame, end in read(path, damaged=skip):
        if frame.status and matches(frame):
            found.append((at, end - at, frame))
        at = end
    if not found:
        return 0
    descriptor = os.open(path, os.O_WRONLY)
    try:
        for start, length, frame in found:
            os.pwrite(descriptor, _blank(frame, length), start)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return len(found)


def _blank(frame: Frame, length: int) -> bytes:
    """Return a frame of the same length without what was asked and answered."""
    request, response = b" " * len(frame.request), b" " * len(frame.response)
    name = "-" * len(frame.request_id.encode())
    blank = encode(msgspec.structs.replace(frame, request_id=name, request=request, response=response))
    # A frame of an older Holter is shorter than it would be now. Then it is no frame any more, which readers skip.
    return blank if len(blank) == length else PREFIX.pack(length - PREFIX.size, 0) + b" " * (length - PREFIX.size)


def _wipe_slot(path: Path, matches: Callable[[Frame], bool]) -> int:
    """Blank the request of a slot if it matches, and in any case what longer requests have left behind it."""
    frame, end = kept_in(path)
    theirs = frame is not None and matches(frame)
    start = 0 if theirs else end
    descriptor = os.open(path, os.O_WRONLY)
    try:
        # A request that its worker puts there meanwhile may lose its end: it is then not known if it kills the worker.
        os.pwrite(descriptor, bytes(path.stat().st_size - start), start)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return int(theirs)
