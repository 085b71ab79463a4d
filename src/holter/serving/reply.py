"""What a scoring server answers, case by case, and how the outcome of ``run()`` becomes an answer.

The cases and their words are those of Azure's inference server, so that a client changes nothing but the host.
"""

import json
from typing import Final, NamedTuple
from urllib.parse import parse_qsl

JSON: Final = b"application/json"
HTML: Final = b"text/html; charset=utf-8"
LONGEST_ID: Final = 100
"""Characters of an ``x-request-id``; a longer one is refused."""


class Reply(NamedTuple):
    """A status, a body, and what is said about them in the headers and in the record.

    ``failed`` is the header ``x-ms-run-function-failed``, None where ``run()`` had no part in it. ``exec_us`` is None
    where it did not come to its end. ``headers`` are those that a script has set itself.
    """

    status: int
    body: bytes
    content_type: bytes = JSON
    failed: bool | None = None
    exec_us: float | None = None
    soft_failed: bool = False
    timed_out: bool = False
    headers: tuple[tuple[bytes, bytes], ...] = ()


def message(status: int, text: str, *, failed: bool | None = None) -> Reply:
    """Return a reply ``{"message": text}``.

    Examples
    --------
    >>> message(404, "no").body
    b'{"message": "no"}'
    """
    return Reply(status, json.dumps({"message": text}).encode(), failed=failed)


HEALTHY: Final = Reply(200, b"Healthy", HTML)
EMPTY: Final = Reply(200, b"", HTML)


def undecodable(error: UnicodeDecodeError) -> Reply:
    """Return the reply to a body that is no text."""
    return message(400, f"Input cannot be decoded as UTF-8: {error}", failed=False)


def query_text(query: bytes) -> str:
    """Return the request body that a query stands for: each value read as JSON where it is, a repeated key a list.

    Examples
    --------
    >>> query_text(b"data=[[1,2]]&who=me&n=1&n=2")
    '{"data": [[1, 2]], "who": "me", "n": [1, 2]}'
    """
    values: dict[str, list[object]] = {}
    for name, text in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
        values.setdefault(name, []).append(_value(text))
    return json.dumps({name: found[0] if len(found) == 1 else found for name, found in values.items()})


def has_error(result: object) -> bool:
    """Return whether a result is a soft failure: an object, or the text of one, with a top-level ``error``.

    Examples
    --------
    >>> has_error('{"error": "no such column"}'), has_error({"error": 1}), has_error([{"error": 1}])
    (True, True, False)
    """
    if isinstance(result, str):
        if '"error"' not in result:
            return False
        try:
            result = json.loads(result)
        except ValueError:
            return False
    return isinstance(result, dict) and "error" in result


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text
