"""One request as a scoring worker journals it, and its form on disk.

A segment starts with eight bytes, ``HOLTERJ`` and the format version. Then frames follow: length of the payload and its
CRC-32, both little-endian unsigned 32 bits, then the payload in MessagePack. A length of zero never occurs, so that a
hole of zeros left by a power cut is not taken for a frame.
"""

from struct import Struct
from typing import Final
from zlib import crc32

import msgspec

from holter.errors import DamagedSegment, NewerFormat

FORMAT: Final = 1
"""Version of the layout. A field may be added at the end, with a default, without a new version."""
MAGIC: Final = b"HOLTERJ"
HEADER: Final = MAGIC + bytes([FORMAT])
PREFIX: Final = Struct("<II")
SHADOW: Final = "shadow"
"""Role of a version that scores what was captured, and whose answers nobody gets."""


class Frame(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What is known of a request once it is answered.

    Times are microseconds since 1970 in UTC. ``event_us`` is None where the caller gave no event time: the request then
    happened when it was received. ``soft_failed`` means a 200 whose JSON has a top-level ``error``; ``timed_out`` means
    that the deadline passed. ``gaps`` counts requests served just before this one that could not be journalled.
    A ``status`` of 0 means that there was no request: the frame is there for its gaps alone.
    """

    request_id: str
    received_us: int
    event_us: int | None
    status: int
    version: int
    role: str
    latency_us: int
    soft_failed: bool
    timed_out: bool
    request: bytes
    response: bytes
    gaps: int = 0


def note_of(frame: Frame, gaps: int) -> Frame:
    """Return a frame that says no more than that requests like this one were not recorded.

    Examples
    --------
    >>> frame = Frame("a", 1, None, 200, 7, "champion", 5, False, False, b"[1]", b"[0]")
    >>> note = note_of(frame, 3)
    >>> note.status, note.version, note.request, note.gaps
    (0, 7, b'', 3)
    """
    return Frame("", frame.received_us, None, 0, frame.version, frame.role, 0, False, False, b"", b"", gaps)


ENCODE: Final = msgspec.msgpack.Encoder().encode
"""The payload of a frame."""
_DECODER: Final = msgspec.msgpack.Decoder(Frame)


def encode(frame: Frame) -> bytes:
    """Return the bytes of a frame on disk: prefix and payload.

    Examples
    --------
    >>> frame = Frame("a", 1, None, 200, 1, "primary", 5, False, False, b"[1]", b"[0]")
    >>> decode(encode(frame)) == frame
    True
    """
    payload = ENCODE(frame)
    return PREFIX.pack(len(payload), crc32(payload)) + payload


def decode(data: bytes) -> Frame:
    """Return the frame of exactly these bytes.

    Raises
    ------
    DamagedSegment
        If length or checksum do not fit, or the payload is no frame.
    """
    frame = payload_of(data[: PREFIX.size], data[PREFIX.size :])
    if frame is None:
        raise DamagedSegment("frame", 0)
    return frame


def payload_of(prefix: bytes, payload: bytes) -> Frame | None:
    """Return the frame if prefix and payload belong together, else None."""
    length, checksum = PREFIX.unpack(prefix)
    if not length or length != len(payload) or crc32(payload) != checksum:
        return None
    try:
        return _DECODER.decode(payload)
    except msgspec.DecodeError:
        return None


def check_header(name: str, header: bytes) -> None:
    """Refuse a file that is no journal segment, or of a later format.

    Raises
    ------
    DamagedSegment
        If the first bytes are not ours.
    NewerFormat
        If a later Holter wrote it.
    """
    if len(header) < len(HEADER) or not header.startswith(MAGIC):
        raise DamagedSegment(name, 0)
    if header[len(MAGIC)] > FORMAT:
        raise NewerFormat(f"journal segment {name}", header[len(MAGIC)], FORMAT)
