"""A real workspace, a real mail server and a real web receiver."""

import json
import socket
import ssl
import threading
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from aiosmtpd.controller import Controller

from holter.registry import Shelves
from holter.rules import Alert, AlertEvent, AlertState, Level
from holter.store.kept import Message
from holter.types import Interval, Measurement, Span

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
DAY = Span(datetime(2026, 5, 3, tzinfo=UTC), datetime(2026, 5, 4, tzinfo=UTC))


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def open_shelves(tmp_path, monkeypatch):
    def opened(**settings):
        for name, value in settings.items():
            monkeypatch.setenv(f"HOLTER_{name.upper()}", value)
        return Shelves.open(tmp_path / "ws", create=True)

    return opened


@pytest.fixture
def shelves(open_shelves):
    return open_shelves()


@pytest.fixture
def raise_alert():
    """Return a function that stores an alert that fires, with messages to (channel, target)."""
    return _raise_alert


def _raise_alert(shelves, *messages, alert_id="a1", monitor="daily", rule="auc", window=DAY):
    measurement = Measurement("performance", "roc_auc", 0.61, 900, interval=Interval(0.58, 0.64), window=window)
    alert = Alert(
        alert_id,
        monitor,
        rule,
        Level.WARNING,
        AlertState.FIRING,
        window,
        window,
        1,
        0,
        measurement,
        "AUC fell to 0.61 <b>.",
    )
    event = AlertEvent(
        f"{alert_id}-e", alert_id, None, AlertState.FIRING, NOW, f"rule:{monitor}/{rule}", alert.sentence
    )
    with shelves.facts.begin() as transaction:
        transaction.save_alert(alert, [event])
        for place, (channel, target) in enumerate(messages):
            transaction.enqueue(Message(f"{alert_id}-m{place}", channel, target, alert_id, event.key))
    return alert


class Post:
    """Collects mails; ``refuse`` answers the next ones with an error."""

    def __init__(self):
        self.mails, self.refuse = [], 0

    async def handle_DATA(self, server, session, envelope):
        if self.refuse:
            self.refuse -= 1
            return "451 try again later"
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        return "250 taken"


class _AnyPort(Controller):
    """Takes a free port; aiosmtpd itself would connect to port 0 to see whether it runs."""

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        if self.ssl_context is None:
            super()._trigger_server()
            return
        trusting = ssl._create_unverified_context()
        with socket.create_connection(("127.0.0.1", self.port), 5) as plain, trusting.wrap_socket(plain) as safe:
            safe.recv(1024)


@pytest.fixture
def mail_server():
    """Return a function that starts a mail server with these options and returns its port."""
    started = []

    def start(handler, **options):
        controller = _AnyPort(handler, hostname="127.0.0.1", port=0, **options)
        controller.start()
        started.append(controller)
        return controller.port

    yield start
    for controller in started:
        controller.stop()


@pytest.fixture
def post(mail_server):
    handler = Post()
    handler.url = f"smtp://127.0.0.1:{mail_server(handler)}"
    return handler


class Sink(ThreadingHTTPServer):
    """Collects posts; ``statuses`` are the next answers, 204 after that; ``gate`` holds answers back until set."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Sinking)
        self.posts, self.statuses, self.gate = [], [], threading.Event()
        self.gate.set()
        self.url = f"http://127.0.0.1:{self.server_port}/hook/secret-path"


class _Sinking(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.gate.wait(30)
        self.server.posts.append((dict(self.headers), body, json.loads(body)))
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 204)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture
def sink():
    server = Sink()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.gate.set()
    server.shutdown()
    server.server_close()
    thread.join()
