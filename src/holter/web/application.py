"""The ASGI application: guard, pages, REST, metrics."""

from datetime import UTC, datetime
from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp

from holter.errors import AlreadyExists, DamagedState, HolterError, InputError, LeaseLost, NotFound
from holter.registry import Shelves
from holter.report import message_page
from holter.web.api import api_routes
from holter.web.guard import Guard
from holter.web.modeldata import modeldata_routes
from holter.web.pages import page_routes
from holter.web.scrape import scrape_routes
from holter.web.secret import secret_of
from holter.web.track import track_routes

STATUS: Final[tuple[tuple[type[HolterError], int], ...]] = (
    (NotFound, 404),
    (AlreadyExists, 409),
    (LeaseLost, 409),
    (InputError, 422),
    (DamagedState, 500),
    (HolterError, 400),
)
"""The status of each error; the first class that fits."""


def app(shelves: Shelves, token: str | None = None) -> ASGIApp:
    """Return the dashboard of a workspace as an ASGI application.

    Parameters
    ----------
    token
        What unlocks changes; None takes the setting ``token``, else the one in ``run/token``, which is made if need be.
    """
    secret = secret_of(shelves, token)
    server = FastAPI(title="Holter", openapi_url="/api/openapi.json", docs_url=None, redoc_url=None)
    server.include_router(page_routes(shelves, secret))
    server.include_router(api_routes(shelves))
    server.include_router(scrape_routes(shelves))
    server.include_router(track_routes(shelves, secret))
    server.include_router(modeldata_routes(shelves))
    server.add_exception_handler(HolterError, _sorry)
    server.add_exception_handler(HTTPException, _plain)
    server.add_exception_handler(RequestValidationError, _invalid)
    return Guard(GZipMiddleware(server, minimum_size=1024), shelves.settings, secret)


async def _sorry(request: Request, error: Exception) -> Response:
    """Say what went wrong in the words of the error: JSON for programs, a page for people."""
    status = next((status for kind, status in STATUS if isinstance(error, kind)), 500)
    return await _said(request, status, str(error))


async def _plain(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  (registered for it)
    words = "there is no such page." if error.status_code == 404 else str(error.detail)
    reply = await _said(request, error.status_code, words)
    reply.headers.update(error.headers or {})
    return reply


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101  (registered for it)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    return await _said(request, 422, f"{where}: {first['msg']}.")


async def _said(request: Request, status: int, words: str) -> Response:
    if request.url.path.startswith("/api") or "text/html" not in request.headers.get("accept", ""):
        return JSONResponse({"error": words}, status)
    title = "Not found" if status == 404 else "That did not work"
    page = await run_in_threadpool(message_page, title, words[:1].upper() + words[1:], datetime.now(UTC))
    return HTMLResponse(page, status)
