"""What is normal for a monitor, and that somebody takes a change for the new normal: for programs and for the page."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, Form
from starlette.responses import RedirectResponse, Response

from holter.errors import InputError
from holter.registry import Shelves
from holter.web.secret import Secret


def normal_api(routes: APIRouter, shelves: Shelves) -> None:
    """Add what programs may ask and do."""

    @routes.get("/monitors/{name}/normal")
    def normal(name: str) -> dict[str, Any] | None:
        """Explain what a monitor has learned: rhythms, thresholds, power, what is missing; null before it has."""
        from holter.report.normal import normal_of

        found = normal_of(shelves, shelves.registry.monitor(name))
        return None if found is None else found.to_dict()

    @routes.post("/monitors/{name}/accept")
    def accept(
        name: str,
        reason: Annotated[str, Body(max_length=2000)],
        since: Annotated[datetime | None, Body()] = None,
    ) -> dict[str, Any]:
        """Take what is for the new normal; the body is a JSON object: a `reason`, and `since` if no alarm is on."""
        from holter.monitor.accepting import accept as take

        return take(shelves, name, reason, datetime.now(UTC), actor="api", since=since).to_dict()


def normal_page(routes: APIRouter, shelves: Shelves, secret: Secret) -> None:
    """Add the form on the page of a monitor."""

    @routes.post("/monitors/{name}/accept")
    def accept(
        name: str, reason: Annotated[str, Form(max_length=2000)] = "", token: Annotated[str, Form()] = ""
    ) -> Response:
        from holter.monitor.accepting import accept as take

        if not secret.opens(f"accept:{name}", token):
            raise InputError("the form is out of date; load the page again.")
        take(shelves, name, reason, datetime.now(UTC), actor="dashboard")
        return RedirectResponse(f"/monitors/{name}", 303)
