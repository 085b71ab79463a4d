"""Whose request it is, as its body says: for a canary that keeps a customer with one version."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

MOST_BYTES: Final = 64 << 10
"""A larger body is not looked into: finding a field costs time for each byte, before anybody has answered."""
_FOUND: Final = "found"


class BodyKey:
    """Reads one field of a JSON body, and builds nothing of the rest.

    Parameters
    ----------
    path
        Names of objects within objects, the last of which holds the key. An array is followed to its first element: a
        request of several rows goes where its first row belongs.

    Examples
    --------
    >>> customer = BodyKey(("customer",))
    >>> customer.of(b'{"data": [[1, 2]], "customer": "alice"}'), customer.of(b'[{"customer": 7}, {"customer": 8}]')
    (b'alice', b'7')
    """

    def __init__(self, path: Sequence[str]) -> None:
        self._depth = len(path)
        self._decoder = msgspec.json.Decoder(_kind(path))

    def of(self, body: bytes) -> bytes | None:
        """Return the value as text, the same for 7, 7.0 and "7"; None where there is none that could be a key."""
        if len(body) > MOST_BYTES:
            return None
        try:
            found = self._decoder.decode(body)
            for _ in range(self._depth):
                found = getattr(_first(found), _FOUND)
        except (msgspec.DecodeError, RecursionError, AttributeError):
            return None
        return _text(found)


def _kind(path: Sequence[str]) -> Any:
    """Return what a body must look like as far as the path goes: objects, alone or in arrays."""
    kind: Any = Any
    for name in reversed(path):
        holds = msgspec.defstruct("Holds", [(_FOUND, kind | None, None)], rename={_FOUND: name})
        kind = holds | list[holds]  # type: ignore[valid-type]
    return kind


def _first(found: Any) -> Any:
    return found[0] if isinstance(found, list) and found else found


def _text(value: Any) -> bytes | None:
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return (str(value).encode() or None) if isinstance(value, str | int | float) else None
