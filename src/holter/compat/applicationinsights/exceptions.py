"""Exceptions that nobody catches, as telemetry."""

import sys
from types import TracebackType
from typing import Any

from holter.compat.applicationinsights.channel import TelemetryChannel
from holter.compat.applicationinsights.client import TelemetryClient


def enable(
    instrumentation_key: str, *args: Any, telemetry_channel: TelemetryChannel | None = None, **kwargs: Any
) -> None:
    """Track each exception that ends the program from now on; it is then reported as before.

    Raises
    ------
    InputError
        If the key is empty.
    """
    del args, kwargs
    client, before = TelemetryClient(instrumentation_key, telemetry_channel), sys.excepthook

    def track(kind: type[BaseException], value: BaseException, trace: TracebackType | None) -> None:
        client.track_exception(kind, value, trace)
        client.flush()
        before(kind, value, trace)

    sys.excepthook = track
