"""A mail server on loopback that keeps what arrives."""

import email
import socket
from contextlib import contextmanager

from aiosmtpd.controller import Controller


class Mailbox:
    """Mails as they arrived, and to whom each was addressed."""

    def __init__(self):
        self.mails, self.receivers = [], []

    async def handle_DATA(self, server, session, envelope):
        self.mails.append(email.message_from_bytes(envelope.content))
        self.receivers.append(list(envelope.rcpt_tos))
        return "250 OK"


@contextmanager
def mail_server():
    """Yield the mailbox and the port of a running server."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield box, port
    finally:
        controller.stop()
