"""What a worker and its supervisor say to each other while it serves."""

import asyncio
import faulthandler
import logging
import signal
import socket
from typing import Final, Protocol

from holter.serving.application import Application
from holter.serving.order import Tell, heard, line
from holter.serving.split import Split

BEAT_SECONDS: Final = 0.25
"""How often a worker says that its event loop turns."""
HANG_SECONDS: Final = 0.7
"""How long past its time limit the loop may stand before the worker writes where it stands, and ends.

More than a beat and a tick of the deadline, so that a request which only came late is answered with a time-out.
"""
STOP_SECONDS: Final = 1.0
"""How long idle connections may stay when the whole tree goes down."""
STDERR: Final = 2
"""The descriptor itself: user code may put another object in the place of ``sys.stderr``."""
_log = logging.getLogger("holter.serving")


class Serving(Protocol):
    """What is held up by a conversation: answering on a socket, or following in the shadow."""

    async def open(self) -> None:
        """Begin."""

    def drain(self, patience: float, /) -> None:
        """Begin to stop; may be called again, with less patience."""

    async def until_closed(self) -> None:
        """Return once it is drained and takes nothing new."""

    async def until_empty(self) -> None:
        """Return when all that was taken is done."""


class Conversation:
    """Serving, as seen from the wire to the supervisor.

    ``limit`` is the longest one request may take, in seconds; 0: no limit. ``split`` is None where no canary can be.
    """

    def __init__(
        self,
        control: socket.socket,
        serving: Serving,
        application: Application,
        limit: float,
        split: Split | None = None,
    ) -> None:
        self._control, self._serving, self._application = control, serving, application
        self._limit, self._split = limit, split
        self._rest = b""
        self._listening, self._drained = asyncio.Event(), False

    async def hold(self) -> None:
        """Say ready, listen when told, beat, and return when drained."""
        loop = asyncio.get_running_loop()
        self._control.setblocking(False)
        loop.add_reader(self._control, self._hear)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._drain, STOP_SECONDS)
        await self._tell(Tell("ready"))
        await self._listening.wait()
        beating = asyncio.create_task(self._beat())
        if not self._drained:
            await self._serving.open()
            await self._tell(Tell("listening"))
            await self._serving.until_closed()
            await self._tell(Tell("closed"))
            await self._serving.until_empty()
        beating.cancel()
        faulthandler.cancel_dump_traceback_later()

    async def _beat(self) -> None:
        seen = self._application
        while True:
            if self._limit:  # a thread of C, so that it ends even a worker that never lets go of the interpreter
                faulthandler.dump_traceback_later(self._limit + HANG_SECONDS, exit=True, file=STDERR)
            beat = Tell(
                "beat",
                answered=seen.answered,
                failed=seen.failed,
                gaps=seen.gaps,
                busy_us=seen.busy_us,
                waiting=seen.waiting,
            )
            await self._tell(beat)
            await asyncio.sleep(BEAT_SECONDS)

    async def _tell(self, tell: Tell) -> None:
        try:
            await asyncio.get_running_loop().sock_sendall(self._control, line(tell))
        except OSError:
            self._drain(STOP_SECONDS)

    def _hear(self) -> None:
        try:
            data = self._control.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            _log.warning("the supervisor is gone")
            asyncio.get_running_loop().remove_reader(self._control)
            self._drain(STOP_SECONDS)
            return
        tells, self._rest = heard(self._rest + data)
        for tell in tells:
            self._follow(tell)

    def _follow(self, tell: Tell) -> None:
        if tell.word == "drain":
            self._drain(tell.patience)
        elif tell.word == "listen":
            self._listening.set()
        elif tell.word == "split" and self._split is not None:
            self._split.set(tell)

    def _drain(self, patience: float) -> None:
        self._drained = True
        self._serving.drain(patience)
        self._listening.set()
