"""Who may come in, and what every reply says to the browser.

Two attacks matter for a server on one's own machine. A page elsewhere may post to it (cross-site request forgery): so
changes need the token, and an ``Origin`` of our own. A page elsewhere may give its own name our address (DNS
rebinding): so the ``Host`` must be a name we know.
"""

from collections.abc import Iterable
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from holter.registry import Settings
from holter.web.secret import Secret

COOKIE: Final = "holter_session"
SESSION: Final = "session"
POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
"""No script at all, nothing from elsewhere, never in a frame."""
_HEADERS: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    # Not "no-referrer": browsers then send "Origin: null" with our own forms.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_SAFE: Final = frozenset({"GET", "HEAD"})
_OPEN: Final = ("/healthz", "/readyz", "/static/", "/sign-in")
"""What anyone may see who can reach the dashboard."""
TRUSTED: Final = "holter.trusted"
"""Key of the scope of such a request: whether it brought the token all the same."""
_INTAKE: Final = ("/v2/track", "/v2.1/track", "/modeldata/log")
"""Where clients report that know no token; the route looks at the key they have, or where they are."""
_FORMS: Final = ("/alerts/", "/monitors/", "/sign-in")
"""Forms carry a token of their own, which the route checks."""


def is_loopback(host: str) -> bool:
    """Tell whether an address is this machine's own."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Guard:
    """Checks host, origin and token of each request, and adds the security headers to each reply.

    A dashboard on this machine's own address shows its pages to whoever asks; one that others can reach asks for the
    token first. Changes need the token everywhere.
    """

    def __init__(self, app: ASGIApp, settings: Settings, secret: Secret) -> None:
        self._app, self._secret = app, secret
        self._private = not is_loopback(settings.host)
        self._hosts = frozenset(_hosts(settings))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it with 401, 403 or 421."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if not scope["path"].startswith("/static/"):
                    headers.setdefault("cache-control", "no-store")
            await send(message)

        refusal = self._refusal(scope)
        await (refusal or self._app)(scope, receive, guarded)

    def _refusal(self, scope: Scope) -> Response | None:
        headers, path, safe = Headers(scope=scope), scope["path"], scope["method"] in _SAFE
        if _name(headers.get("host", "")) not in self._hosts:
            return _no(421, "this host name is not one of the dashboard's; set base_url in holter.toml.")
        if not safe and not self._own_origin(headers):
            return _no(403, "the request comes from another page.")
        bearer = self._bearer(headers)
        if path in _INTAKE:
            scope[TRUSTED] = bearer
            return None
        if not safe and not bearer and not path.startswith(_FORMS):
            return _no(401, "changes need the header 'Authorization: Bearer <token>'; the token is in run/token.")
        if self._private and not bearer and not path.startswith(_OPEN) and not self._session(headers):
            wants_page = "text/html" in headers.get("accept", "")
            return RedirectResponse("/sign-in", 303) if wants_page else _no(401, "this dashboard needs its token.")
        return None

    def _own_origin(self, headers: Headers) -> bool:
        """Browsers say where a change comes from; programs say nothing, and have the token."""
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return False
        origin = headers.get("origin")
        return origin is None or origin.lower().partition("://")[2] == headers.get("host", "").lower()

    def _bearer(self, headers: Headers) -> bool:
        kind, _, given = headers.get("authorization", "").partition(" ")
        return kind.lower() == "bearer" and self._secret.matches(given.strip())

    def _session(self, headers: Headers) -> bool:
        return self._secret.opens(SESSION, cookie_parser(headers.get("cookie", "")).get(COOKIE, ""))


def _hosts(settings: Settings) -> Iterable[str]:
    yield from ("127.0.0.1", "localhost", "::1")
    if settings.base_url:
        yield (urlsplit(settings.base_url).hostname or "").lower()
    if settings.host not in ("0.0.0.0", "::", ""):  # noqa: S104  (asked about, not bound)
        yield settings.host.lower()


def _name(host: str) -> str:
    """Return the name in a Host header without its port; empty if it is none."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def _no(status: int, why: str) -> Response:
    return JSONResponse({"error": why}, status)
