"""What of a request and its reply may be written: named columns are dropped, hashed or cut before they touch the disk.

A policy gives each column one of ``drop`` (null), ``hash`` (HMAC-SHA-256 with the key of the workspace: the same value
is the same text, and nobody without the key can try values out) and ``truncate:N`` (the first N characters). Bodies are
parsed for it, so it costs what parsing costs; without a policy nothing is parsed. What a policy cannot be applied to
(no JSON, lists whose columns nobody knows) is not written at all.
"""

import contextlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from holter.capture.parsing import class_text, load
from holter.errors import BadSetting

HEX_DIGITS: Final = 32
"""Of the hash: 128 bits."""
_TRUNCATE: Final = re.compile(r"truncate:([0-9]{1,4})")
_KEY_BYTES: Final = 32
_encode: Final = msgspec.json.Encoder().encode

Action = Callable[[Any], Any]


def key_file(root: Path) -> Path:
    """Return where a workspace keeps the key of its hashes; without it nobody can tell which record is whose."""
    return root / "run" / "redaction.key"


def ensure_key(root: Path) -> bytes:
    """Return the key, made on first use, readable by the owner only."""
    path = key_file(root)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(f".{os.getpid()}.new")
        half.touch(mode=0o600)
        half.write_bytes(secrets.token_bytes(_KEY_BYTES))
        with contextlib.suppress(FileExistsError):
            os.link(half, path)  # whoever is first makes it; nobody replaces it
        half.unlink()
    return path.read_bytes()


def check_policy(policy: Mapping[str, str]) -> None:
    """Refuse a policy that cannot be followed.

    Raises
    ------
    BadSetting
        For an action that is none.
    """
    for column, action in policy.items():
        if action not in ("drop", "hash") and not _TRUNCATE.fullmatch(action):
            raise BadSetting("redact", f"{column}={action}: an action is drop, hash or truncate:N.")


def hashed(value: Any, key: bytes) -> str | None:
    """Return the keyed hash of a value; None stays None, and ``3``, ``3.0`` and ``"3"`` are one value."""
    text = class_text(value)
    if text is None:
        text = None if value is None else json.dumps(value, sort_keys=True)
    return None if text is None else hmac.digest(key, text.encode(), "sha256").hex()[:HEX_DIGITS]


class Redactor:
    """Applies a policy to bodies.

    Parameters
    ----------
    policy
        Action by column.
    columns
        Features of the model in its order, for rows that are lists; empty where nobody knows them.
    key
        Of the hashes.
    """

    def __init__(self, policy: Mapping[str, str], columns: Sequence[str] = (), key: bytes = b"") -> None:
        check_policy(policy)
        self._actions = {column: action_of(text, key) for column, text in policy.items()}
        self._columns = tuple(columns)

    def request(self, body: bytes) -> bytes:
        """Return what may be kept of a request; empty where nothing may.

        Examples
        --------
        >>> Redactor({"zip": "truncate:2"}, ("age", "zip")).request(b'{"data": [[44, "80331"]]}')
        b'{"data":[[44,"80"]]}'
        """
        return self._applied(body, rows=True)

    def response(self, body: bytes) -> bytes:
        """Return what may be kept of a reply: lists in it are answers, not features."""
        return self._applied(body, rows=False)

    def _applied(self, body: bytes, *, rows: bool) -> bytes:
        try:
            return _encode(self._value(load(body), rows=rows))
        except (ValueError, TypeError, RecursionError):
            return b""

    def _value(self, value: Any, *, rows: bool) -> Any:
        if isinstance(value, dict):
            return self._record(value, rows=rows)
        if isinstance(value, list):
            return self._listed(value, rows=rows)
        if isinstance(value, str) and value[:1] in ("{", "["):  # JSON inside a JSON string
            try:
                return _encode(self._value(load(value.encode()), rows=rows)).decode()
            except ValueError:
                return None
        return value

    def _record(self, record: dict[str, Any], *, rows: bool) -> dict[str, Any]:
        columns = record.get("columns")
        if isinstance(columns, list):
            return {
                name: self._placed(rest, columns) if name in ("data", "rows") else rest for name, rest in record.items()
            }
        tensor = self._actions.get(str(record.get("name")))
        if tensor is not None and "data" in record:
            return {**record, "data": _each(tensor, record["data"])}
        if "datatype" in record and "shape" in record:  # a tensor that holds all columns, or an innocent one
            return {**record, "data": self._tensor(record, rows=rows)}
        return {
            name: _each(self._actions[name], value) if name in self._actions else self._value(value, rows=rows)
            for name, value in record.items()
        }

    def _tensor(self, tensor: dict[str, Any], *, rows: bool) -> Any:
        data, shape = tensor.get("data"), tensor.get("shape")
        if not rows or not isinstance(data, list) or tensor.get("name") in self._columns:
            return data
        width = shape[-1] if isinstance(shape, list) and shape else 0
        if data and isinstance(data[0], list):
            return self._placed(data, self._columns)
        if width != len(self._columns) or len(data) % width:
            return None
        flat = [data[start : start + width] for start in range(0, len(data), width)]
        return [value for row in self._placed(flat, self._columns) for value in row]

    def _listed(self, values: list[Any], *, rows: bool) -> Any:
        if not rows or not values or any(isinstance(value, dict) for value in values):
            return [self._value(value, rows=rows) for value in values]
        if all(isinstance(value, list) for value in values):
            return self._placed(values, self._columns)
        if len(self._columns) == 1:
            return [row[0] for row in self._placed([[value] for value in values], self._columns)]
        placed = self._placed([values], self._columns)
        return None if placed is None else placed[0]

    def _placed(self, rows: Any, columns: Sequence[Any]) -> Any:
        """Apply the policy to rows that are lists in the order of ``columns``; None where they are not."""
        if not isinstance(rows, list) or not all(isinstance(row, list) and len(row) == len(columns) for row in rows):
            return None
        actions = [self._actions.get(column) for column in columns]
        return [
            [value if action is None else action(value) for value, action in zip(row, actions, strict=True)]
            for row in rows
        ]


def action_of(text: str, key: bytes) -> Action:
    """Return what an action does to a value; None stays None."""
    if text == "drop":
        return lambda _: None
    if text == "hash":
        return lambda value: hashed(value, key)
    length = int(text.partition(":")[2])
    return lambda value: None if value is None else (value if isinstance(value, str) else json.dumps(value))[:length]


def _each(action: Action, value: Any) -> Any:
    """Apply an action to one value, or to each of a column of them."""
    if isinstance(value, list):
        return [_each(action, item) for item in value]
    if isinstance(value, dict):
        return {name: _each(action, item) for name, item in value.items()}
    return action(value)
