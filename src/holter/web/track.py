"""What unmodified Application Insights clients send: ``POST /v2/track``."""

from datetime import UTC, datetime
from typing import Final

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from holter.capture.envelopes import MOST_BYTES, Envelope, envelopes_of, unpacked
from holter.capture.places import telemetry_folder
from holter.capture.telemetry import OUTSIDE, Spool, spool_of
from holter.registry import Shelves
from holter.web.guard import TRUSTED, is_loopback
from holter.web.secret import Secret

_FILE_SECONDS: Final = 0.5
"""How long a reply may wait for the disk: what is accepted should be on it."""
PATHS: Final = ("/v2/track", "/v2.1/track")


def track_routes(shelves: Shelves, secret: Secret) -> APIRouter:
    """Return the routes for telemetry.

    These clients can send no token, only their instrumentation key. On a dashboard that only this machine reaches any
    key will do; on one that others reach it must be the token. A key that is the name of a deployment files the
    telemetry there; any other files it with the programs outside of the process tree.
    """
    routes = APIRouter()

    async def track(request: Request) -> Response:
        body, now = await _body(request), datetime.now(UTC)
        if body is None:
            return _reply([], f"the body has more than {MOST_BYTES >> 20} MiB", 413)
        try:
            plain = unpacked(body, request.headers.get("content-encoding", ""))
            envelopes = await run_in_threadpool(envelopes_of, plain, now)
        except ValueError as error:
            return _reply([], str(error), 400)
        if not (
            request.scope[TRUSTED]
            or is_loopback(shelves.settings.host)
            or all(secret.matches(each.key) for each in envelopes)
        ):
            return _reply(envelopes, "the instrumentation key is not the dashboard's token", 401)
        await run_in_threadpool(_file, shelves, envelopes)
        return _reply(envelopes)

    for path in PATHS:
        routes.add_api_route(path, track, methods=["POST"], include_in_schema=False)
    return routes


async def _body(request: Request) -> bytes | None:
    """Return the body; None when it is too large."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_BYTES:
            return None
        parts.append(part)
    return b"".join(parts)


def _file(shelves: Shelves, envelopes: list[Envelope]) -> None:
    sources = {entry.name: entry.shelf for entry in shelves.registry.deployments()}
    spools: set[Spool] = set()
    for envelope in envelopes:
        spool = spool_of(telemetry_folder(shelves.root, sources.get(envelope.key, OUTSIDE)))
        spools.add(spool)
        for item in envelope.items:
            spool.put(item)
    for spool in spools:
        spool.flush(_FILE_SECONDS)


def _reply(envelopes: list[Envelope], refusal: str = "", status: int = 200) -> Response:
    """Answer as the ingestion endpoint does; clients of 2021 throw away what is refused with 400, and retry 500."""
    wrong = [
        {"index": place, "statusCode": status if refusal else 400, "message": refusal or each.error}
        for place, each in enumerate(envelopes)
        if refusal or each.error
    ]
    if refusal and not envelopes:
        wrong = [{"index": 0, "statusCode": status, "message": refusal}]
    accepted = 0 if refusal else len(envelopes) - len(wrong)
    body = {"itemsReceived": len(envelopes), "itemsAccepted": accepted, "errors": wrong}
    return JSONResponse(body, 206 if wrong and accepted else 400 if wrong and not refusal else status)
