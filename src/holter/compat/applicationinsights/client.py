"""The client that score scripts use to measure themselves."""

import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from holter.capture.telemetry import Item
from holter.compat.applicationinsights.channel import TelemetryChannel, TelemetryContext
from holter.errors import InputError
from holter.types import SeriesKind

Properties = Mapping[str, Any] | None
Processor = Callable[[Item, TelemetryContext], bool | None]


class TelemetryClient:
    """Tracks metrics, events and the like. No call waits for a disk or a network, and none raises.

    Parameters
    ----------
    instrumentation_key
        Any text that is not empty.
    telemetry_channel
        As in the original; its settings for sending have no effect.

    Raises
    ------
    InputError
        If the key is empty.
    """

    def __init__(self, instrumentation_key: str, telemetry_channel: TelemetryChannel | None = None) -> None:
        if not instrumentation_key:
            raise InputError("an instrumentation key is needed; any text that is not empty will do.")
        self._channel = telemetry_channel or TelemetryChannel()
        self._context = TelemetryContext()
        self._context.instrumentation_key = instrumentation_key
        self._context.properties.update(self._channel.context.properties)
        self._processors: list[Processor] = []

    @property
    def context(self) -> TelemetryContext:
        """Who speaks; ``context.properties`` go with every item."""
        return self._context

    @property
    def channel(self) -> TelemetryChannel:
        """What items go through."""
        return self._channel

    def flush(self) -> None:
        """Ask for what was tracked to be written; returns at once, whatever the disk does."""
        self._channel.flush()

    def track_metric(
        self,
        name: str,
        value: float,
        type: Any = None,
        count: int | None = None,
        min: float | None = None,
        max: float | None = None,
        std_dev: float | None = None,
        properties: Properties = None,
    ) -> None:
        """Track a number, or the sum ``value`` of ``count`` numbers that were added up before."""
        del type
        spread = {"minimum": min, "maximum": max, "deviation": std_dev}
        numbers = {"value": value, **{field: number for field, number in spread.items() if number is not None}}
        self._track(SeriesKind.METRIC, name, properties, count=count, numbers=numbers)

    def track_event(self, name: str, properties: Properties = None, measurements: Properties = None) -> None:
        """Track something that happened, with texts and numbers about it."""
        self._track(SeriesKind.EVENT, name, properties, measurements)

    def track_trace(self, name: str, properties: Properties = None, severity: str | None = None) -> None:
        """Track a line of a log; it is counted under its severity."""
        texts = {**(properties or {}), "message": name}
        self._track(SeriesKind.TRACE, (severity or "INFO").upper(), texts)

    def track_exception(
        self,
        type: type[BaseException] | None = None,
        value: BaseException | None = None,
        tb: TracebackType | None = None,
        properties: Properties = None,
        measurements: Properties = None,
    ) -> None:
        """Track an exception: the one given, or the one that is being handled."""
        if type is None or value is None:
            type, value, tb = sys.exc_info()
        del tb
        texts = {**(properties or {}), "message": "" if value is None else str(value)}
        self._track(SeriesKind.EXCEPTION, "Exception" if type is None else type.__name__, texts, measurements)

    def track_request(
        self,
        name: str,
        url: str,
        success: bool,
        start_time: str | None = None,
        duration: float | None = None,
        response_code: Any = None,
        http_method: str | None = None,
        properties: Properties = None,
        measurements: Properties = None,
        request_id: str | None = None,
    ) -> None:
        """Track a request that this program answered; ``duration`` in milliseconds."""
        texts = {"url": url, "success": success, "response_code": response_code, "http_method": http_method or "GET"}
        more = {**(properties or {}), **texts, "request_id": request_id or ""}
        numbers = {**(measurements or {}), "duration_ms": duration or 0}
        self._track(SeriesKind.REQUEST, name, more, numbers, at=start_time)

    def track_dependency(
        self,
        name: str,
        data: str,
        type: str | None = None,
        target: str | None = None,
        duration: float | None = None,
        success: bool | None = None,
        result_code: Any = None,
        properties: Properties = None,
        measurements: Properties = None,
        dependency_id: str | None = None,
    ) -> None:
        """Track a call this program made to another; ``duration`` in milliseconds."""
        texts = {"data": data, "type": type, "target": target, "success": success, "result_code": result_code}
        more = {**(properties or {}), **texts, "dependency_id": dependency_id or ""}
        self._track(SeriesKind.DEPENDENCY, name, more, {**(measurements or {}), "duration_ms": duration or 0})

    def track_pageview(
        self, name: str, url: str, duration: float = 0, properties: Properties = None, measurements: Properties = None
    ) -> None:
        """Track a page that somebody looked at; ``duration`` in milliseconds."""
        numbers = {**(measurements or {}), "duration_ms": duration}
        self._track(SeriesKind.PAGE_VIEW, name, {**(properties or {}), "url": url}, numbers)

    def add_telemetry_processor(self, telemetry_processor: Processor) -> None:
        """Ask a function about each item (and the context); an item it answers with False is left out.

        Raises
        ------
        TypeError
            If it is None.
        """
        if telemetry_processor is None:
            raise TypeError("telemetry_processor is None; give a function of an item and a context.")
        self._processors.insert(0, telemetry_processor)

    def _track(
        self,
        kind: SeriesKind,
        name: str,
        properties: Properties,
        measurements: Properties = None,
        *,
        at: str | None = None,
        count: int | None = None,
        numbers: Mapping[str, Any] | None = None,
    ) -> None:
        try:
            item = Item(
                kind,
                str(name),
                _microseconds(at),
                count=int(count or 1),
                properties={
                    str(key): str(text) for key, text in {**self._context.properties, **(properties or {})}.items()
                },
                measurements={str(key): float(number) for key, number in (measurements or {}).items()},
                **{field: float(number) for field, number in (numbers or {}).items()},
            )
            allowed = self._allowed(item)
        except Exception:  # noqa: BLE001  (telemetry must never break what it measures: any object may come in here)
            self._channel.spool.lose()
            return
        if allowed:
            self._channel.spool.put(item)

    def _allowed(self, item: Item) -> bool:
        return all(processor(item, self._context) is not False for processor in self._processors)


def _microseconds(moment: str | None) -> int:
    if moment is None:
        return time.time_ns() // 1000
    parsed = datetime.fromisoformat(moment)
    aware = parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed
    return int(aware.timestamp() * 1_000_000)
