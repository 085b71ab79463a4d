"""One scoring process: ``python -m holter.serving.worker``, started by the supervisor.

It loads the user's code, says that it is ready, and answers from the shared listening socket once it is told to. It
ends when it is told to drain, on SIGTERM, and when its supervisor is gone.
"""

import asyncio
import faulthandler
import logging
import os
import signal
import socket
import sys
import traceback
from pathlib import Path
from typing import Final

import uvicorn
import uvloop

from holter.capture.journal import Journal
from holter.errors import HolterError
from holter.serving.application import Application
from holter.serving.drain import DrainingServer
from holter.serving.entry import Run, load, tree, try_sample
from holter.serving.keys import Doorkeeper
from holter.serving.order import Order, Tell, heard, line, take

BEAT_SECONDS: Final = 0.5
"""How often a worker says that its event loop turns."""
HANG_SECONDS: Final = 3.0
"""How long past its time limit the loop may stand before the worker writes where it stands, and ends."""
STOP_SECONDS: Final = 1.0
"""How long idle connections may stay when the whole tree goes down."""
KEEP_ALIVE_SECONDS: Final = 75
_STDERR: Final = 2
"""The descriptor itself: user code may put another object in the place of ``sys.stderr``."""
_log = logging.getLogger("holter.serving")


def main() -> int:
    """Serve until told otherwise; 1 when the user's code cannot be used."""
    order = take(os.environ)
    logging.basicConfig(level=logging.INFO, format=f"%(asctime)s [{os.getpid()}] %(levelname)s %(name)s: %(message)s")
    control, listener = socket.socket(fileno=order.control), socket.socket(fileno=order.listener)
    for ours in (control, listener):  # a process that the user's code starts must not hold the port
        ours.set_inheritable(False)
    os.chdir(order.code)
    run = _prepared(order, control)
    if run is None:
        return 1
    journal = Journal(Path(order.journal)) if order.journal else None
    application = _application(order, run, journal)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_Conversation(order, control, listener, application).hold())
    if journal is not None:
        journal.close()
    return 0


def _prepared(order: Order, control: socket.socket) -> Run | None:
    """Load the user's code; None once the reason why not is logged and told."""
    try:
        run = load(order.script)
        if try_sample(order.script, run):
            _log.info("scored %s", order.script.parent / "sample.json")
    except HolterError as error:
        trace = "".join(traceback.format_exception(error.__cause__ or error))
        folder = "\n".join(tree(Path(order.app_root)))
        _log.error("%s\n%s\nThe model folder:\n%s", error, trace, folder)
        control.sendall(line(Tell("failed", reason=f"{error}\n{trace}")))
        return None
    return run


def _application(order: Order, run: Run, journal: Journal | None) -> Application:
    return Application(
        run,
        version=order.version,
        role=order.role,
        timeout_ms=order.timeout_ms,
        max_request_bytes=order.max_request_bytes,
        journal=journal,
        journal_full=order.journal_full,
        doorkeeper=Doorkeeper(Path(order.keys)) if order.keys else None,
        event_time_header=order.event_time_header,
    )


class _Conversation:
    """Serving, as seen from the wire to the supervisor."""

    def __init__(self, order: Order, control: socket.socket, listener: socket.socket, application: Application) -> None:
        self._order, self._control, self._listener, self._application = order, control, listener, application
        config = uvicorn.Config(
            application,
            http="httptools",
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
        )
        self._server = DrainingServer(config, application, order.timeout_ms / 1000 + HANG_SECONDS)
        self._rest = b""
        self._listening = asyncio.Event()

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
        if not self._application.draining:
            await self._server.open([self._listener])
            await self._tell(Tell("listening"))
            await self._server.until_closed()
            await self._tell(Tell("closed"))
            await self._server.until_empty()
        beating.cancel()
        faulthandler.cancel_dump_traceback_later()

    async def _beat(self) -> None:
        limit = self._order.timeout_ms / 1000
        while True:
            if limit:  # a thread of C, so that it ends even a worker that never lets go of the interpreter
                faulthandler.dump_traceback_later(limit + HANG_SECONDS, exit=True, file=_STDERR)
            await self._tell(Tell("beat", answered=self._application.answered, gaps=self._application.gaps))
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
            if tell.word == "drain":
                self._drain(tell.patience)
            elif tell.word == "listen":
                self._listening.set()

    def _drain(self, patience: float) -> None:
        self._server.drain(patience)
        self._listening.set()


if __name__ == "__main__":
    sys.exit(main())
