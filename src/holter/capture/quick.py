"""The shapes that nearly all requests and replies have, decoded for a known model without looking twice.

A decoder is made once for each shape, with the model's features as fields; what it refuses goes to
:mod:`holter.capture.parsing`, which understands more and takes four times as long. Both give the same rows.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from holter.capture.parsing import THRESHOLD, WRAPPERS
from holter.types import Task

_POSITIVE: Final = (1.0,)
_NEGATIVE: Final = (0.0,)
_REPLIES: Final = ("result", "predictions")
_SHAPE: Final = re.compile(rb'\s*(?:\{\s*"(\w+)"\s*:\s*)?(?:\{\s*"(columns|index|data)"|\[\s*([\[{]))')
"""What a body begins with: a wrapper, if any, then a split table, or a list of lists or of records."""
_REPLY: Final = re.compile(rb'\s*(?:\{\s*"(\w+)"\s*:\s*)?\[')

_UNNAMEABLE: Final = re.compile(r'["\\\x00-\x1f]')
"""What msgspec refuses in the name of a field."""

Rows = Sequence[Sequence[Any]]
_Read = Callable[[bytes], Rows | None]


Answers = tuple[Sequence[Any], Sequence[float | None], bool]
"""Predictions and scores of a reply, in the order of the rows, and whether fractions were given."""


def quick_reader(names: Sequence[str], task: Task | None) -> "Quick | None":
    """Return a reader for these features; None where there are none, or one has a name that no field can have."""
    return Quick(names, task) if names and not any(map(_UNNAMEABLE.search, names)) else None


class Quick:
    """Reads the bodies of one model version.

    Parameters
    ----------
    names
        Its features, in its order.
    task
        What it answers.
    """

    def __init__(self, names: Sequence[str], task: Task | None) -> None:
        self._names, self._width, self._task = tuple(names), len(names), task
        row = _struct("Row", dict.fromkeys(names, (Any, None)))
        wrappers = [wrapper for wrapper in WRAPPERS if wrapper not in names]
        self._requests: dict[tuple[bytes, bytes], _Read] = {}
        for wrapper in ("", *wrappers):
            self._requests[wrapper.encode(), b"["] = _decoder(wrapper, list[list[Any]], self._lists)
            self._requests[wrapper.encode(), b"{"] = _decoder(wrapper, list[row], _records)  # type: ignore[valid-type]
            if "columns" not in names:
                self._requests[wrapper.encode(), b"split"] = _decoder(wrapper, _Split, self._split)
        self._replies = {name.encode(): _decoder(name, list[Any], _as_they_are) for name in ("", *_REPLIES)}
        self._request, self._reply = self._requests[b"", b"["], self._replies[b""]

    def rows(self, body: bytes) -> Rows | None:
        """Return the rows of a request, each in the order of the features; None where another reader must look.

        Examples
        --------
        >>> quick = Quick(["a", "b"], None)
        >>> quick.rows(b'{"data": [[1, 2]]}'), quick.rows(b'[{"b": 2}]'), quick.rows(b'{"a": 1}')
        ([[1, 2]], [(None, 2)], None)
        """
        try:
            return self._request(body)
        except (msgspec.DecodeError, RecursionError):
            pass
        found = _SHAPE.match(body)
        read = found and self._requests.get((found[1] or b"", b"split" if found[2] else found[3]))
        if not read:
            return None
        try:
            rows = read(body)
        except (msgspec.DecodeError, RecursionError):
            return None
        self._request = read
        return rows

    def answers(self, body: bytes, asked: int) -> Answers | None:
        """Return what a reply says to each of ``asked`` rows; None where another reader must look."""
        values = self._values(body)
        if values is None or len(values) != asked:
            return None
        if self._task is Task.BINARY:
            return _shares(values)
        if self._task is Task.MULTICLASS:
            return (values, (None,) * asked, False) if set(map(type, values)) == {str} else None
        return (values, (None,) * asked, False) if set(map(type, values)) == {float} else None

    def _values(self, body: bytes) -> Sequence[Any] | None:
        try:
            return self._reply(body)
        except (msgspec.DecodeError, RecursionError):
            pass
        found = _REPLY.match(body)
        read = found and self._replies.get(found[1] or b"")
        if not read:
            return None
        try:
            values = read(body)
        except (msgspec.DecodeError, RecursionError):
            return None
        self._reply = read
        return values

    def _lists(self, rows: Rows) -> Rows | None:
        if len(rows) == 1:
            return rows if len(rows[0]) == self._width else None
        return rows if set(map(len, rows)) == {self._width} else None

    def _split(self, split: "_Split") -> Rows | None:
        return self._lists(split.data) if split.columns == self._names else None


class _Split(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    columns: tuple[str, ...]
    data: list[list[Any]]
    index: Any = None


def _shares(values: Sequence[Any]) -> Answers | None:
    """Read probabilities; None for a list that might as well be one of classes."""
    if len(values) == 1:  # most requests of most services
        value = values[0]
        if type(value) is float and 0.0 < value < 1.0:
            return (_POSITIVE if value >= THRESHOLD else _NEGATIVE), values, True
        return None
    if set(map(type, values)) != {float} or min(values) < 0 or max(values) > 1:
        return None
    if not any(0 < value < 1 for value in values):
        return None
    return [1.0 if value >= THRESHOLD else 0.0 for value in values], values, True


def _records(records: Sequence[Any]) -> Rows | None:
    return list(map(msgspec.structs.astuple, records)) or None


def _as_they_are(values: Rows) -> Rows:
    return values


def _struct(name: str, fields: dict[str, tuple[Any, ...]]) -> type[msgspec.Struct]:
    """Return a struct of fields under any names: those of a model need not be identifiers."""
    places = [f"f{place}" for place in range(len(fields))]
    rename = dict(zip(places, fields, strict=True))
    specified: Any = [(place, *kind) for place, kind in zip(places, fields.values(), strict=True)]
    return msgspec.defstruct(name, specified, rename=rename, forbid_unknown_fields=True, gc=False)


def _decoder(wrapper: str, kind: Any, then: Callable[[Any], Rows | None]) -> _Read:
    if not wrapper:
        decode = msgspec.json.Decoder(kind).decode
        return lambda body: then(decode(body))
    wrapped: Callable[[bytes], Any] = msgspec.json.Decoder(_struct("Wrapped", {wrapper: (kind,)})).decode
    return lambda body: then(wrapped(body).f0)
