"""Requests to a WSGI application, as telemetry."""

import time
from collections.abc import Callable, Iterable
from typing import Any

from holter.compat.applicationinsights.channel import TelemetryChannel
from holter.compat.applicationinsights.client import TelemetryClient


class WSGIApplication:
    """Wraps an application and tracks each request with its duration and status.

    Parameters
    ----------
    instrumentation_key
        Any text that is not empty.
    wsgi_application
        The application that answers.
    telemetry_channel
        As for :class:`~holter.compat.applicationinsights.TelemetryClient`.
    """

    def __init__(
        self,
        instrumentation_key: str,
        wsgi_application: Callable[..., Iterable[bytes]],
        *args: Any,
        telemetry_channel: TelemetryChannel | None = None,
        **kwargs: Any,
    ) -> None:
        del args, kwargs
        self.client = TelemetryClient(instrumentation_key, telemetry_channel)
        self._application = wsgi_application

    def flush(self) -> None:
        """Ask for what was tracked to be written; returns at once."""
        self.client.flush()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request."""
        begun, status = time.perf_counter(), ["0"]

        def started(text: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            status[0] = text.partition(" ")[0]
            return start_response(text, headers, *rest)

        yield from self._application(environ, started)
        path, method = environ.get("PATH_INFO") or "/", environ.get("REQUEST_METHOD", "GET")
        spent = (time.perf_counter() - begun) * 1000
        address = f"{environ.get('wsgi.url_scheme', 'http')}://{environ.get('HTTP_HOST', '')}{path}"
        self.client.track_request(
            f"{method} {path}",
            address,
            success=status[0] < "400",
            duration=spent,
            response_code=status[0],
            http_method=method,
        )
