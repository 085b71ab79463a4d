"""Python's logging as telemetry."""

import logging
from typing import Any

from holter.compat.applicationinsights.channel import TelemetryChannel
from holter.compat.applicationinsights.client import TelemetryClient


class LoggingHandler(logging.Handler):
    """Tracks each record as a trace, and one with an exception as an exception.

    Parameters
    ----------
    instrumentation_key
        Any text that is not empty.
    telemetry_channel
        As for :class:`~holter.compat.applicationinsights.TelemetryClient`.
    """

    def __init__(
        self, instrumentation_key: str, *args: Any, telemetry_channel: TelemetryChannel | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.client = TelemetryClient(instrumentation_key, telemetry_channel)

    def flush(self) -> None:
        """Ask for what was logged to be written; returns at once."""
        self.client.flush()

    def emit(self, record: logging.LogRecord) -> None:
        """Track a record."""
        about = {"process": record.processName, "module": record.module, "line_number": record.lineno}
        if record.exc_info:
            kind, value, trace = record.exc_info
            self.client.track_exception(kind, value, trace, properties=about)
            return
        self.client.track_trace(self.format(record), properties=about, severity=record.levelname)


def enable(
    instrumentation_key: str,
    *args: Any,
    async_: bool = False,
    endpoint: str | None = None,
    level: int | str = logging.INFO,
    telemetry_channel: TelemetryChannel | None = None,
    **kwargs: Any,
) -> LoggingHandler:
    """Track what the root logger logs from now on, and return the handler; one a key.

    ``async_`` and ``endpoint`` have no effect: nothing is sent.

    Raises
    ------
    InputError
        If the key is empty.
    """
    del async_, endpoint
    root = logging.getLogger()
    for handler in list(root.handlers):
        if isinstance(handler, LoggingHandler) and handler.client.context.instrumentation_key == instrumentation_key:
            root.removeHandler(handler)
    added = LoggingHandler(instrumentation_key, *args, telemetry_channel=telemetry_channel, **kwargs)
    added.setLevel(level)
    root.addHandler(added)
    return added
