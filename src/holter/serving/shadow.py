"""A version that scores what was captured, after it was answered: nobody waits for it, and nobody gets its answers.

It follows the journals of the versions that answer. Each request is put to it as a client would, with the id and the
time of the original, and its answer goes into a journal of its own with the role ``shadow``: labels that arrive for the
original are labels for it as well. What it is too slow for is left out once the journals have been moved to the table.
"""

import asyncio
import logging
import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from holter.capture import segments as journal
from holter.capture.frame import SHADOW, Frame
from holter.capture.slot import CRASHED
from holter.errors import HolterError
from holter.serving.asking import Application, ask

_LOOK_SECONDS: Final = 0.2
_NICE: Final = 10
"""It yields to those who answer."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST_US: Final = 253_402_300_799_999_999
"""The last microsecond of the year 9999: later times have no calendar day, and the record takes the time of arrival."""
_log = logging.getLogger("holter.serving")


class Offsets:
    """How far each journal was read, noted before a request is scored: one that kills the process is not met again.

    A file that is missing or damaged stands for "from now on".
    """

    def __init__(self, path: Path, folder: Path) -> None:
        self._known = _noted(path)
        if self._known is None:
            self._known = {segment.name: segment.stat().st_size for segment in journal.segments(folder)}
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._write()

    def of(self, segment: Path) -> int:
        """Return where to go on."""
        return (self._known or {}).get(segment.name, 0)

    def note(self, segment: Path, offset: int) -> None:
        """Note that everything before an offset is done with."""
        assert self._known is not None  # noqa: S101  (since the beginning)
        self._known[segment.name] = offset
        self._write()

    def keep(self, segments: Sequence[Path]) -> None:
        """Forget the journals that are gone."""
        names = {segment.name for segment in segments}
        self._known = {name: offset for name, offset in (self._known or {}).items() if name in names}

    def close(self) -> None:
        """Give up the file."""
        os.close(self._file)

    def _write(self) -> None:
        data = msgspec.json.encode(self._known)
        os.pwrite(self._file, data, 0)
        os.ftruncate(self._file, len(data))


def _noted(path: Path) -> dict[str, int] | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, int])
    except (FileNotFoundError, msgspec.DecodeError):
        return None


class Shadow:
    """Follows the journals of a folder until it is drained.

    Parameters
    ----------
    application, model
        Of the candidate; it records by itself.
    folder
        Of the journals.
    offsets
        How far they were read.
    """

    def __init__(self, application: Application, model: str, folder: Path, offsets: Offsets) -> None:
        self._application, self._model, self._folder, self._offsets = application, model, folder, offsets
        self._draining = asyncio.Event()
        self._following: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Begin."""
        os.nice(_NICE)
        self._following = asyncio.create_task(self._follow())

    def drain(self, _patience: float) -> None:
        """Stop after the request that is being scored."""
        self._draining.set()

    async def until_closed(self) -> None:
        """Return once it is drained; raises what has ended it before."""
        assert self._following is not None  # noqa: S101  (opened first)
        waiting = asyncio.create_task(self._draining.wait())
        await asyncio.wait({waiting, self._following}, return_when=asyncio.FIRST_COMPLETED)
        self._draining.set()
        await waiting

    async def until_empty(self) -> None:
        """Return when the last answer is recorded."""
        if self._following is not None:
            await self._following
        self._offsets.close()

    async def _follow(self) -> None:
        while not self._draining.is_set():
            if not await self._catch_up():
                await asyncio.sleep(_LOOK_SECONDS)

    async def _catch_up(self) -> int:
        """Score what is new in every journal; return how many requests that were."""
        segments, scored = journal.segments(self._folder), 0
        self._offsets.keep(segments)
        for segment in segments:
            try:
                scored += await self._read(segment)
            except FileNotFoundError:
                continue  # moved to the table in the meantime
            except HolterError as error:
                _log.warning("%s", error)
        return scored

    async def _read(self, segment: Path) -> int:
        scored = 0
        for frame, end in journal.read(segment, self._offsets.of(segment), damaged=_skipped):
            if self._draining.is_set():
                break
            self._offsets.note(segment, end)
            if concerns(frame):
                scored += 1
                await ask(self._application, frame.request, self._model, _headers(frame))
                await asyncio.sleep(0)
        return scored


def concerns(frame: Frame) -> bool:
    """Tell whether a frame is a request that somebody was answered, and that killed nobody.

    Examples
    --------
    >>> frame = Frame("a", 1, None, 200, 7, "champion", 5, False, False, b"[1]", b"[0]")
    >>> killer = Frame("b", 1, None, CRASHED, 7, "champion", 0, False, False, b"[1]", b"")
    >>> concerns(frame), concerns(killer)
    (True, False)
    """
    died = frame.status == CRASHED and not frame.response
    return frame.status > 0 and frame.role != SHADOW and not died


def _headers(frame: Frame) -> list[tuple[bytes, bytes]]:
    given = frame.event_us is not None and 0 <= frame.event_us <= _LATEST_US
    microseconds = frame.event_us if given and frame.event_us is not None else frame.received_us
    at = _EPOCH + timedelta(microseconds=microseconds)
    return [(b"x-request-id", frame.request_id.encode("latin-1")), (b"x-holter-event-time", at.isoformat().encode())]


def _skipped(damage: journal.Damage) -> None:
    _log.warning("%s cannot be read from byte %d to %d", damage.segment, damage.start, damage.end)
