"""The one way of a request into the journal, whoever answers it: Holter's server, or the user's own behind a door."""

import logging
from typing import Literal

import msgspec

from holter.capture.frame import Frame
from holter.capture.journal import Journal
from holter.capture.redaction import Redactor
from holter.capture.slot import CRASHED
from holter.errors import JournalFull

_log = logging.getLogger("holter.capture")


class Recorder:
    """Records the requests that one process answers for one version of a model.

    Parameters
    ----------
    journal
        Where to.
    version, role
        What the records say about who answered.
    full
        ``refuse``: what cannot be recorded must not be answered. ``serve``: it may, and is counted as a gap.
    redactor
        What takes out of bodies what must not be written; None: nothing.

    Attributes
    ----------
    grouped
        Whether replies wait for the disk.
    gaps
        Requests that were answered and could not be recorded.
    """

    def __init__(
        self,
        journal: Journal,
        *,
        version: int,
        role: str = "champion",
        full: Literal["refuse", "serve"] = "refuse",
        redactor: Redactor | None = None,
    ) -> None:
        self._journal, self._serves, self._redactor = journal, full == "serve", redactor
        self._version, self._role = version, role
        self._clean: tuple[bytes, bytes] = (b"", b"")
        self.grouped, self.gaps = journal.grouped, 0

    def begin(self, request_id: str, received_us: int, event_us: int | None, body: bytes) -> None:
        """Keep a request that this process is about to answer, in case it does not survive it. One at a time."""
        self._journal.begin(
            Frame(
                request_id,
                received_us,
                event_us,
                CRASHED,
                self._version,
                self._role,
                0,
                False,
                False,
                body if self._redactor is None else self._cleaned(self._redactor, body),
                b"",
            )
        )

    async def keep(self, frame: Frame) -> bool:
        """Record a request with its reply, as safely as the deployment wants; False: it must be refused with 503."""
        try:
            self.append(frame)
            if self.grouped:
                await self._journal.durable()
        except JournalFull as error:
            return self._missed(frame, error)
        return True

    def write(self, frame: Frame) -> bool:
        """Do the same where replies do not wait for the disk (``grouped``): nothing is waited for."""
        try:
            self.append(frame)
        except JournalFull as error:
            return self._missed(frame, error)
        return True

    def append(self, frame: Frame) -> None:
        """Record a request with its reply, and do not wait for the disk. Raises JournalFull."""
        if self._redactor is not None:
            request, response = self._cleaned(self._redactor, frame.request), self._redactor.response(frame.response)
            frame = msgspec.structs.replace(frame, request=request, response=response)
        self._journal.append(frame)

    def _cleaned(self, redactor: Redactor, body: bytes) -> bytes:
        if self._clean[0] is not body:  # asked for before and after the answer
            self._clean = body, redactor.request(body)
        return self._clean[1]

    def _missed(self, frame: Frame, error: JournalFull) -> bool:
        self._journal.release()
        if not self._serves:
            _log.error("refused a request: %s", error)
            return False
        self._journal.miss(frame)
        self.gaps += 1
        _log.error("answered a request that is not recorded (%d so far): %s", self.gaps, error)
        return True
