"""A request that is asked of an application in its own process: for smoke tests, and for a shadow."""

from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from holter.serving.scope import Receive, Scope
from holter.serving.tensors import is_inference

Application = Callable[[Scope, Receive, Callable[[MutableMapping[str, Any]], Awaitable[None]]], Awaitable[None]]

_SHOWN: Final = 500
"""Characters of an answer that are enough to see what is wrong."""


class Asked(NamedTuple):
    """What was answered."""

    status: int
    body: bytes


async def ask(application: Application, body: bytes, model: str, headers: Sequence[tuple[bytes, bytes]] = ()) -> Asked:
    """Return what an application answers to a body that is posted as JSON: to ``/score``, tensors to where they go."""
    path = f"/v2/models/{model}/infer" if is_inference(body) else "/score"
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": quote(path).encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body)), *headers],
        "client": None,
        "server": None,
    }
    status, parts = 500, []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        else:
            parts.append(message.get("body", b""))

    await application(scope, receive, send)
    return Asked(status, b"".join(parts))


async def smoke(application: Application, body: bytes, model: str) -> str:
    """Return why an application cannot answer a request; empty when it can."""
    answer = await ask(application, body, model)
    if answer.status < 400:
        return ""
    said = answer.body.decode(errors="replace")[:_SHOWN]
    return f"a request that the running version has answered is answered with {answer.status}: {said}"
