"""When the thing scored happened, as a client says it."""

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_LAST: Final = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND


def event_microseconds(header: bytes | None) -> int | None:
    """Read a time as microseconds since 1970 in UTC.

    Parameters
    ----------
    header
        ISO 8601 with a zone, or seconds since 1970. None, a time without a zone and anything else give None: a request
        is never refused for it, it then happened when it arrived.

    Examples
    --------
    >>> event_microseconds(b"2013-04-01T07:30:00-04:00"), event_microseconds(b"1364815800.5")
    (1364815800000000, 1364815800500000)
    """
    if not header:
        return None
    text = header.decode("latin-1").strip()
    try:
        seconds = float(text)
    except ValueError:
        return _iso(text)
    if not 0 <= seconds <= _LAST / 1e6:  # also false for NaN
        return None
    return round(seconds * 1_000_000)


def _iso(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        return None
    return (moment - _EPOCH) // _MICROSECOND
