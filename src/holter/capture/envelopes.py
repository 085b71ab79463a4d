"""What Application Insights clients send: JSON envelopes, read into the items of a spool.

The form is that of the Application Insights data model (``Microsoft/ApplicationInsights-Home``, EndpointSpecs/Schemas):
an envelope has a time, an instrumentation key (``iKey``) and ``data`` with a ``baseType`` and its ``baseData``.
"""

import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from holter.capture.telemetry import Item
from holter.types import SeriesKind

MOST_BYTES: Final = 64 << 20
"""Size of a body after decompression; a kilobyte of zeros must not become a gigabyte here."""
_DURATION: Final = re.compile(r"(?:(\d+)\.)?(\d+):(\d+):(\d+(?:\.\d+)?)")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Envelope:
    """One envelope: the key it came under, and what it says; no items where nothing of it can be used."""

    key: str
    items: tuple[Item, ...]
    error: str = ""


def unpacked(body: bytes, encoding: str) -> bytes:
    """Return a body without its compression.

    Raises
    ------
    ValueError
        If it is not what its encoding says, or too large.
    """
    if encoding.strip().lower() not in ("gzip", "deflate"):
        return body
    window = 31 if body.startswith(b"\x1f\x8b") else 15
    inflate = zlib.decompressobj(window)
    try:
        data = inflate.decompress(body, MOST_BYTES)
    except zlib.error as error:
        raise ValueError(f"the body is not {encoding}: {error}") from error
    if inflate.unconsumed_tail:
        raise ValueError(f"the body has more than {MOST_BYTES >> 20} MiB")
    if not inflate.eof:
        raise ValueError(f"the body ends before its {encoding} does")
    return data


def envelopes_of(body: bytes, now: datetime) -> list[Envelope]:
    """Read a body: a list of envelopes, one, or one a line.

    Parameters
    ----------
    now
        The time of an envelope that gives none.

    Raises
    ------
    ValueError
        If the body is no JSON.
    """
    return [_envelope(each, now) for each in _plain(body)]


def _plain(body: bytes) -> Iterable[Any]:
    if not body.strip():
        raise ValueError("the body is empty")
    try:
        found = msgspec.json.decode(body)
    except msgspec.DecodeError:
        try:
            return [msgspec.json.decode(line) for line in body.splitlines() if line.strip()]
        except (msgspec.DecodeError, RecursionError) as error:
            raise ValueError(f"the body is no JSON: {error}") from error
    except RecursionError as error:
        raise ValueError("the body is nested too deeply") from error
    return found if isinstance(found, list) else [found]


def _envelope(plain: Any, now: datetime) -> Envelope:
    if not isinstance(plain, Mapping):
        return Envelope("", (), "an envelope is a JSON object")
    key = str(plain.get("iKey") or "")
    data = plain.get("data")
    base = data.get("baseData") if isinstance(data, Mapping) else None
    if not isinstance(data, Mapping) or not isinstance(base, Mapping):
        return Envelope(key, (), "data.baseData is missing")
    reader = _READERS.get(str(data.get("baseType")))
    if reader is None:
        return Envelope(key, (), f"nothing is known of {data.get('baseType')!r}")
    try:
        return Envelope(key, tuple(reader(base, _microseconds(plain.get("time"), now))))
    except (TypeError, ValueError, LookupError, AttributeError, OverflowError) as error:
        return Envelope(key, (), f"{data.get('baseType')}: {error}")


def _microseconds(time: Any, now: datetime) -> int:
    try:
        moment = datetime.fromisoformat(str(time))
    except ValueError:
        moment = now
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _metrics(base: Mapping[str, Any], at: int) -> Iterable[Item]:
    for point in base["metrics"]:
        yield Item(
            SeriesKind.METRIC,
            str(point["name"]),
            at,
            float(point["value"]),
            int(point.get("count") or 1),
            _number(point.get("min")),
            _number(point.get("max")),
            _number(point.get("stdDev")),
            _texts(base),
        )


def _event(base: Mapping[str, Any], at: int) -> Iterable[Item]:
    yield _happened(SeriesKind.EVENT, str(base["name"]), base, at)


def _exception(base: Mapping[str, Any], at: int) -> Iterable[Item]:
    first = base["exceptions"][0]
    message = {"message": str(first.get("message", ""))}
    yield _happened(SeriesKind.EXCEPTION, str(first.get("typeName") or "Exception"), base, at, message)


def _message(base: Mapping[str, Any], at: int) -> Iterable[Item]:
    severity = SEVERITIES.get(base.get("severityLevel"), str(base.get("severityLevel") or "INFORMATION"))
    yield _happened(SeriesKind.TRACE, severity.upper(), base, at, {"message": str(base["message"])})


def _request(base: Mapping[str, Any], at: int) -> Iterable[Item]:
    yield _timed(SeriesKind.REQUEST, base, at)


def _dependency(base: Mapping[str, Any], at: int) -> Iterable[Item]:
    yield _timed(SeriesKind.DEPENDENCY, base, at)


def _page_view(base: Mapping[str, Any], at: int) -> Iterable[Item]:
    yield _happened(SeriesKind.PAGE_VIEW, str(base.get("name") or base.get("url") or ""), base, at)


def _timed(kind: SeriesKind, base: Mapping[str, Any], at: int) -> Item:
    item = _happened(kind, str(base.get("name") or ""), base, at)
    return msgspec.structs.replace(
        item, measurements={**item.measurements, "duration_ms": _milliseconds(base.get("duration"))}
    )


def _happened(
    kind: SeriesKind, name: str, base: Mapping[str, Any], at: int, more: Mapping[str, str] | None = None
) -> Item:
    numbers = {str(name): float(value) for name, value in (base.get("measurements") or {}).items() if value is not None}
    return Item(kind, name, at, properties={**_texts(base), **(more or {})}, measurements=numbers)


def _texts(base: Mapping[str, Any]) -> dict[str, str]:
    return {str(name): str(value) for name, value in (base.get("properties") or {}).items()}


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _milliseconds(duration: Any) -> float:
    """Read ``d.hh:mm:ss.fff``, which is .NET's way, or a plain number of milliseconds."""
    if isinstance(duration, int | float):
        return float(duration)
    found = _DURATION.fullmatch(str(duration or "00:00:00"))
    if found is None:
        raise ValueError(f"{duration!r} is no duration")
    days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000


SEVERITIES: Final[Mapping[Any, str]] = {0: "VERBOSE", 1: "INFORMATION", 2: "WARNING", 3: "ERROR", 4: "CRITICAL"}
_READERS: Final = {
    "MetricData": _metrics,
    "EventData": _event,
    "ExceptionData": _exception,
    "MessageData": _message,
    "RequestData": _request,
    "RemoteDependencyData": _dependency,
    "PageViewData": _page_view,
}
