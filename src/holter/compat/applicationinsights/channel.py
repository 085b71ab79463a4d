"""Senders and queues, which old code sets up and Holter has no use for: they take every setting and send nothing."""

from types import SimpleNamespace
from typing import Any

from holter.capture.telemetry import FLUSH_SECONDS, Spool, own_spool


class TelemetryContext:
    """Who speaks: ``properties`` go with every item, the rest is kept for code that reads it back."""

    def __init__(self) -> None:
        self.instrumentation_key: str | None = None
        self.properties: dict[str, Any] = {}
        for part in ("device", "cloud", "application", "user", "session", "operation", "location"):
            setattr(self, part, SimpleNamespace())


class SenderBase:
    """Would send to an address; any attribute may be set."""

    def __init__(self, service_endpoint_uri: str | None = None) -> None:
        self.service_endpoint_uri = service_endpoint_uri
        self.queue: QueueBase | None = None
        self.send_buffer_size = 100
        self.send_interval, self.send_time, self.send_timeout = 1.0, 3.0, 10.0


class SynchronousSender(SenderBase):
    """Would send at each flush."""


class AsynchronousSender(SenderBase):
    """Would send from a thread."""


class NullSender(SenderBase):
    """Would send nothing in the original as well."""


class QueueBase:
    """Would hold items until they are sent; Holter's spool has its own bounds."""

    def __init__(self, sender: SenderBase | None = None, persistence_path: str = "") -> None:
        self.sender = sender or SenderBase()
        self.sender.queue = self
        self.persistence_path = persistence_path
        self.max_queue_length = 500

    def flush(self) -> None:
        """Do what :meth:`TelemetryChannel.flush` does."""
        own_spool().flush(FLUSH_SECONDS)


class SynchronousQueue(QueueBase):
    """Goes with a :class:`SynchronousSender`."""


class AsynchronousQueue(QueueBase):
    """Goes with an :class:`AsynchronousSender`."""


class TelemetryChannel:
    """Between a client and the spool.

    Parameters
    ----------
    context, queue
        As in the original; both may be left out.
    """

    def __init__(self, context: TelemetryContext | None = None, queue: QueueBase | None = None) -> None:
        self.context = context or TelemetryContext()
        self.queue = queue or SynchronousQueue(SynchronousSender())

    @property
    def sender(self) -> SenderBase:
        """The sender of the queue."""
        return self.queue.sender

    @property
    def spool(self) -> Spool:
        """Where items really go. Differs: not in the original."""
        return own_spool()

    def flush(self) -> None:
        """Ask for what was tracked to be written; returns at once, whatever the disk does."""
        self.spool.flush(FLUSH_SECONDS)
