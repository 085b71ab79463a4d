"""Pages at their addresses. They are drawn in threads: a picture takes some ten milliseconds."""

from datetime import UTC, datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Form, Query
from starlette.responses import HTMLResponse, RedirectResponse, Response

from holter.errors import InputError
from holter.registry import Shelves
from holter.report import (
    alert_page,
    alerts_page,
    deployment_page,
    index_page,
    ledger_page,
    message_page,
    monitor_page,
    style,
    versions_page,
)
from holter.respond import consent
from holter.web.guard import COOKIE, SESSION
from holter.web.normal import normal_page
from holter.web.secret import Secret
from holter.workspace.silencing import Silences

WEEK_S: Final = 7 * 24 * 3600
"""How long a browser stays signed in."""
ICON: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 30 30"><path d="M1 16h6l2-3 3 10 4-16 4 13 2-4h7" '
    'fill="none" stroke="#d2442a" stroke-width="2.6" stroke-linejoin="round" stroke-linecap="round"/></svg>'
)


def page_routes(shelves: Shelves, secret: Secret) -> APIRouter:
    """Return the routes of the pages people look at."""
    routes = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)
    _add_reading(routes, shelves, secret)
    _add_acting(routes, shelves, secret)
    _add_deciding(routes, shelves, secret)
    normal_page(routes, shelves, secret)
    _add_static(routes)
    return routes


def _now() -> datetime:
    return datetime.now(UTC)


def _add_reading(routes: APIRouter, shelves: Shelves, secret: Secret) -> None:
    @routes.get("/")
    def index() -> str:
        return index_page(shelves, _now())

    @routes.get("/deployments/{name}")
    def deployment(name: str) -> str:
        return deployment_page(shelves, name, _now())

    @routes.get("/deployments/{name}/versions")
    def versions(name: str) -> str:
        return versions_page(shelves, name, _now())

    @routes.get("/monitors/{name}")
    def monitor(name: str) -> str:
        return monitor_page(shelves, name, _now(), secret.made_for)

    @routes.get("/alerts")
    def alerts() -> str:
        return alerts_page(shelves, _now(), secret.made_for)

    @routes.get("/alerts/{alert}")
    def alert(alert: str) -> str:
        return alert_page(shelves, alert, _now(), secret.made_for)

    @routes.get("/ledger")
    def ledger(subject: str | None = None, before: Annotated[int | None, Query(ge=1)] = None) -> str:
        return ledger_page(shelves, _now(), subject=subject, before=before)


def _add_acting(routes: APIRouter, shelves: Shelves, secret: Secret) -> None:
    @routes.get("/sign-in")
    def ask() -> str:
        words = "This dashboard can be reached from other machines, so it asks for its token."
        return message_page("Sign in", words, _now(), sign_in=True)

    @routes.post("/sign-in")
    def sign_in(token: Annotated[str, Form()]) -> Response:
        if not secret.matches(token):
            page = message_page("Sign in", "That is not the token.", _now(), sign_in=True)
            return HTMLResponse(page, 403)
        reply = RedirectResponse("/", 303)
        safe = shelves.settings.base_url.startswith("https:")
        reply.set_cookie(COOKIE, secret.made_for(SESSION), WEEK_S, httponly=True, samesite="strict", secure=safe)
        return reply

    @routes.post("/alerts/{alert}/acknowledge")
    def acknowledge(alert: str, token: Annotated[str, Form()] = "") -> Response:
        from holter.workspace.acknowledging import acknowledge as take_over

        if not secret.opens(f"acknowledge:{alert}", token):
            raise InputError("the form is out of date; load the page again.")
        take_over(shelves, alert, "dashboard", "acknowledged on the dashboard")
        return RedirectResponse(f"/alerts/{alert}", 303)


def _add_deciding(routes: APIRouter, shelves: Shelves, secret: Secret) -> None:
    @routes.post("/alerts/{alert}/answers/{answer}/{said}")
    def decide(
        alert: str, answer: str, said: Literal["approve", "refuse"], token: Annotated[str, Form()] = ""
    ) -> Response:
        if not secret.opens(f"{said}:{answer}", token):
            raise InputError("the form is out of date; load the page again.")
        words = {"actor": "dashboard", "reason": "on the dashboard"}
        consent.decide(shelves, answer, yes=said == "approve", now=_now(), **words)
        return RedirectResponse(f"/alerts/{alert}", 303)

    @routes.post("/alerts/{alert}/silence")
    def silence(
        alert: str,
        lasting: Annotated[str, Form()],
        reason: Annotated[str, Form(max_length=2000)],
        token: Annotated[str, Form()] = "",
    ) -> Response:
        if not secret.opens(f"silence:{alert}", token):
            raise InputError("the form is out of date; load the page again.")
        found = shelves.facts.alert(alert)
        Silences(shelves).add(lasting, reason, monitor=found.monitor, rule=found.rule, by="dashboard")
        return RedirectResponse(f"/alerts/{alert}", 303)

    @routes.post("/alerts/silences/{silence}/end")
    def end(silence: str, token: Annotated[str, Form()] = "") -> Response:
        if not secret.opens(f"end:{silence}", token):
            raise InputError("the form is out of date; load the page again.")
        Silences(shelves).end(silence, reason="ended on the dashboard", by="dashboard")
        return RedirectResponse("/alerts", 303)


def _add_static(routes: APIRouter) -> None:
    kept = {"cache-control": "public, max-age=31536000, immutable"}

    @routes.get("/static/holter.css")
    def sheet() -> Response:
        return Response(style(), media_type="text/css", headers=kept)

    @routes.get("/static/icon.svg")
    def icon() -> Response:
        return Response(ICON, media_type="image/svg+xml", headers=kept)
