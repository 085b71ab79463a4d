"""The body of a request, whole, if it is not too large."""

from typing import Final

from holter.serving.reply import Reply, message, query_text
from holter.serving.scope import Receive, Scope

_HEARD_OUT: Final = 4
"""How many times the limit is read and thrown away: most clients listen for the answer only when they have said all."""


async def received(scope: Scope, receive: Receive, limit: int) -> bytes | Reply | None:
    """Return the body of a request; for a GET what its query stands for, None where the client has gone.

    A body of more than ``limit`` bytes is a reply instead. At no time is more than the limit, and one piece, held.
    """
    if scope["method"] == "GET":
        return query_text(scope["query_string"]).encode()
    pieces: list[bytes] = []
    size = 0
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            return None
        piece: bytes = event["body"]
        size += len(piece)
        if size <= limit:
            pieces.append(piece)
        else:
            pieces.clear()
        if not event["more_body"] or size > _HEARD_OUT * limit:
            break
    if size > limit:
        return message(413, f"The body is larger than {limit:,} bytes, which is what this deployment reads.")
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)
