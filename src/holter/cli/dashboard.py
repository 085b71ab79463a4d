"""Hosting the dashboard: a socket, a server, and a note of where it is."""

import json
import os
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from holter.workspace.beating import on_signal, run
from holter.workspace.foreground import speak, supervisor_of
from holter.workspace.tree import web_file

if TYPE_CHECKING:
    from holter.registry import Shelves


def serve(root: Path, *, companion: bool) -> None:
    """Serve the dashboard until SIGTERM; its address is written to ``run/web.json`` and said on standard output."""
    import uvicorn

    from holter.registry import Shelves
    from holter.web import app
    from holter.web.otlp import sending

    speak()
    shelves = Shelves.open(root)
    listener = _listener(shelves)
    host, port = listener.getsockname()[:2]
    config = uvicorn.Config(app(shelves), log_level="warning", access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    stop = on_signal()
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True, name="web")
    thread.start()
    _announce(root, f"http://{host}:{port}/", port)
    loop = sending(shelves)
    run(() if loop is None else (loop,), stop, supervisor_of(root) if companion else None)
    server.should_exit = True
    thread.join(5)


def _listener(shelves: "Shelves") -> socket.socket:
    """Listen on the port of the settings, else on the one of last time, else on any.

    A taken port is no reason to fail: the page says where it is.
    """
    settings = shelves.settings
    for port in (settings.port, _last_port(shelves.root), 0):
        try:
            return socket.create_server((settings.host, port))
        except OSError:
            continue
    return socket.create_server((settings.host, 0))


def _last_port(root: Path) -> int:
    try:
        return int(json.loads(web_file(root).read_text())["port"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def _announce(root: Path, url: str, port: int) -> None:
    note = web_file(root)
    note.parent.mkdir(exist_ok=True)
    fresh = note.with_suffix(f".{os.getpid()}")
    fresh.write_text(json.dumps({"pid": os.getpid(), "port": port, "url": url}))
    fresh.replace(note)
    click.echo(f"dashboard: {url}")
