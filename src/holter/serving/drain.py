"""A uvicorn server that stops without a failed request.

uvicorn's own shutdown closes idle connections at once; a request that is on its way on one of them then fails. Here the
listener closes first (the kernel hands new connections to the other workers of the shared socket), every reply asks for
the connection to be closed, and a connection that stays idle is closed only when patience is over.
"""

import asyncio
import logging
import socket
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import uvicorn

from holter.serving.application import Application
from holter.serving.connection import SWEEP_SECONDS, Watch, most_connections
from holter.serving.tls import Certificate

_DATE_SECONDS: Final = 1.0
"""How often uvicorn's ``Date`` header is made anew."""
_TICK_SECONDS: Final = 0.02
_log = logging.getLogger("holter.serving")


class DrainingServer:
    """Serves an application on given sockets until it is drained.

    ``certificate`` makes it speak TLS. ``stuck_seconds`` is how much longer than the patience of a drain an unfinished
    request is waited for.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        application: Application,
        stuck_seconds: float,
        listeners: Sequence[socket.socket],
        certificate: Certificate | None = None,
    ) -> None:
        self._watch = Watch(most_connections())
        config.http = self._watch.protocol()
        self._server, self._application, self._stuck_seconds = uvicorn.Server(config), application, stuck_seconds
        self._listeners, self._certificate = list(listeners), certificate
        self._patience = 0.0
        self._draining = asyncio.Event()

    async def open(self) -> None:
        """Accept connections."""
        server = self._server
        server.config.load()
        server.config.ssl = None if self._certificate is None else self._certificate.context
        server.lifespan = server.config.lifespan_class(server.config)
        await server.startup(self._listeners)
        await server.on_tick(0)
        self._sweeping = asyncio.create_task(self._sweep())

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            self._watch.sweep()
            if self._certificate is not None:
                self._certificate.refresh()

    def drain(self, patience: float) -> None:
        """Begin to stop: idle connections may stay ``patience`` seconds. A second call may only shorten it."""
        self._patience = min(patience, self._patience) if self._draining.is_set() else patience
        self._application.draining = True
        self._draining.set()

    async def until_closed(self) -> None:
        """Return once it is drained and takes no new connection."""
        while not self._draining.is_set():
            await self._server.on_tick(0)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._draining.wait(), _DATE_SECONDS)
        for server in self._server.servers:
            server.close()

    async def until_empty(self) -> None:
        """Return when the last connection is closed."""
        loop, state = asyncio.get_running_loop(), self._server.server_state
        began, asked = loop.time(), False
        _log.info("draining %d connections", len(state.connections))
        while state.connections or state.tasks:
            waited = loop.time() - began
            if not asked and waited >= self._patience:
                asked = True
                for connection in list(state.connections):
                    connection.shutdown()  # closes it now if idle, after its reply otherwise
            if waited >= self._patience + self._stuck_seconds:
                _log.error("gave up on %d connections that do not end", len(state.connections))
                return
            await asyncio.sleep(_TICK_SECONDS)
