"""A mail server that keeps each message as a file, so that the demo's mails can be opened and read."""

from pathlib import Path
from typing import Any


class MailboxOnDisk:
    """Handler for aiosmtpd: message after message as ``0001.eml``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: ARG002, N802  (aiosmtpd's names)
        """Write the message and acknowledge it."""
        number = len(list(self.folder.glob("*.eml"))) + 1
        (self.folder / f"{number:04}.eml").write_bytes(envelope.content)
        return "250 OK"
