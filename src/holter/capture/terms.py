"""On what terms the requests of a deployment are recorded, whoever answers them."""

from pathlib import Path
from typing import Literal

import msgspec

from holter.capture.journal import Journal
from holter.capture.redaction import Redactor


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a process that records is told; it travels as JSON.

    ``acknowledge``: a reply is given once its record is ``written`` (it outlives every process) or ``synced`` (it
    outlives a power cut). ``most_bytes``: what the journals of a deployment may hold; 0: anything. ``redact`` is the
    policy of :mod:`holter.capture.redaction`, ``columns`` the features in their order, ``key`` the file of its key.
    """

    sync_seconds: float = 0.2
    acknowledge: Literal["written", "synced"] = "written"
    full: Literal["refuse", "serve"] = "refuse"
    most_bytes: int = 0
    redact: dict[str, str] = {}
    columns: tuple[str, ...] = ()
    key: str = ""

    def journal(self, folder: Path) -> Journal:
        """Return a journal that keeps these terms."""
        return Journal(
            folder,
            sync_seconds=self.sync_seconds,
            grouped=self.acknowledge == "synced",
            most_bytes=self.most_bytes,
        )

    def redactor(self) -> Redactor | None:
        """Return what takes out what must not be written; None where everything may be."""
        if not self.redact:
            return None
        return Redactor(self.redact, self.columns, Path(self.key).read_bytes() if self.key else b"")
