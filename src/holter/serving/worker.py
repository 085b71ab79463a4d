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
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec
import uvicorn
import uvloop

from holter.capture.frame import SHADOW
from holter.capture.journal import Journal
from holter.errors import HolterError
from holter.serving.application import Application
from holter.serving.asking import smoke
from holter.serving.conversation import HANG_SECONDS, STDERR, Conversation
from holter.serving.drain import DrainingServer
from holter.serving.entry import Run, load, tree, try_sample
from holter.serving.keys import Doorkeeper
from holter.serving.order import Order, Tell, line, take
from holter.serving.origins import VARIABLE as CORS_VARIABLE
from holter.serving.origins import Origins, origins_of
from holter.serving.shadow import Offsets, Shadow
from holter.serving.split import Split
from holter.serving.tls import Certificate

KEEP_ALIVE_SECONDS: Final = 75
_log = logging.getLogger("holter.serving")


def main() -> int:
    """Serve until told otherwise; 1 when the user's code cannot be used."""
    order = take(os.environ)
    logging.basicConfig(level=logging.INFO, format=f"%(asctime)s [{os.getpid()}] %(levelname)s %(name)s: %(message)s")
    control = socket.socket(fileno=order.control)
    listener = socket.socket(fileno=order.listener) if order.listener >= 0 else None
    for ours in (control, listener):  # a process that the user's code starts must not hold the port
        if ours is not None:
            ours.set_inheritable(False)
    if order.cpus:
        with suppress(OSError):  # taken from this machine since they were counted: then any will do
            os.sched_setaffinity(0, order.cpus)
    os.chdir(order.code)
    run = _prepared(order, control)
    if run is None:
        return 1
    journal = order.terms.journal(Path(order.journal)) if order.journal else None
    application = _application(order, run, journal)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_conversation(order, control, listener, application).hold())
    if journal is not None:
        journal.close()
    signal.setitimer(signal.ITIMER_REAL, 0)  # a tick of the deadline that came when nobody hears it would be our death
    return 0


def _prepared(order: Order, control: socket.socket) -> Run | None:
    """Load the user's code and try it; None once the reason why not is logged and told."""
    try:
        run = load(order.script, order.preload)
        if try_sample(order.script, run):
            _log.info("scored %s", order.script.parent / "sample.json")
    except HolterError as error:
        why, trace = str(error), "".join(traceback.format_exception(error.__cause__ or error))
        folder = "\n".join(tree(Path(order.app_root)))
        reason = f"{why}\n{trace}\nThe model folder:\n{folder}"
    else:
        reason = _smoke(order, run)
        if not reason:
            return run
    _log.error("%s", reason)
    control.sendall(line(Tell("failed", reason=reason)))
    return None


def _smoke(order: Order, run: Run) -> str:
    """Put a captured request to the new code as a client would, with nothing recorded; return what is wrong with it."""
    request = Path(order.smoke)
    if not order.smoke or not request.exists():
        return ""
    untold, body = _application(msgspec.structs.replace(order, keys=None), run, None), request.read_bytes()
    with _no_longer_than(order.timeout_ms), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(smoke(untold, body, order.model))


@contextmanager
def _no_longer_than(timeout_ms: int) -> Iterator[None]:
    """End the process when the block stays in C code for longer than a request may take."""
    if timeout_ms:
        faulthandler.dump_traceback_later(timeout_ms / 1000 + HANG_SECONDS, exit=True, file=STDERR)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


def _application(order: Order, run: Run, journal: Journal | None) -> Application:
    return Application(
        run,
        version=order.version,
        role=order.role,
        timeout_ms=order.timeout_ms,
        max_request_bytes=order.max_request_bytes,
        journal=journal,
        journal_full=order.terms.full,
        redactor=order.terms.redactor(),
        doorkeeper=Doorkeeper(Path(order.keys)) if order.keys else None,
        event_time_header=order.event_time_header or order.role == SHADOW,
        origins=Origins(origins_of(order.cors_origins or os.environ.get(CORS_VARIABLE, ""))),
        deployment=order.deployment,
        model=order.model,
        folder=order.script.parent,
    )


def _conversation(
    order: Order, control: socket.socket, listener: socket.socket | None, application: Application
) -> Conversation:
    """Return who talks to the supervisor, and serves: on a socket, or in the shadow of those who do."""
    limit = order.timeout_ms / 1000
    if listener is None:
        folder = Path(order.journal or "")
        shadow = Shadow(application, order.model, folder, Offsets(Path(order.offsets), folder))
        return Conversation(control, shadow, application, limit)
    patience = limit + 2 * HANG_SECONDS if limit else None  # longer than the canary's own supervisor waits
    split = Split(application, limit=order.max_request_bytes, seconds=patience)
    config = uvicorn.Config(
        split,
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,  # nobody asks who the client was, and asking costs
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )
    server = DrainingServer(config, application, limit + HANG_SECONDS, [listener], _certificate(order, listener))
    return Conversation(control, server, application, limit, split)


def _certificate(order: Order, listener: socket.socket) -> Certificate | None:
    """Return what the service proves its name with; a canary is asked within this machine, and speaks plainly."""
    if not order.ssl_certfile or listener.family == socket.AF_UNIX:
        return None
    return Certificate(Path(order.ssl_certfile), Path(order.ssl_keyfile or order.ssl_certfile))


if __name__ == "__main__":
    sys.exit(main())
