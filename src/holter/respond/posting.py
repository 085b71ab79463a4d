"""A POST to a web address, for every channel that makes one."""

import base64
import os
from collections.abc import Iterable, Mapping
from http.client import HTTPException
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from holter.errors import DeliveryFailed, NotFound
from holter.registry import Shelves
from holter.report.redacting import public_address, redact
from holter.rules import Alert, AlertEvent
from holter.store.kept import Message

TIMEOUT_S: Final = 10.0
"""How long a receiver may keep silent."""


class _NoRedirect(HTTPRedirectHandler):
    """A redirect would turn the POST into a GET and could carry the alert to a place nobody named."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """Follow nothing."""


def post(
    channel: str, url: str, body: bytes, headers: Mapping[str, str], *, secrets: Iterable[str | None] = ()
) -> None:
    """Post a body; return when the receiver has answered 2xx.

    A user and password in the address become an ``Authorization`` header. Redirects are not followed.

    Parameters
    ----------
    channel
        The kind of response, for the error.
    url
        ``http://`` or ``https://``.
    body, headers
        What is sent.
    secrets
        What no error may repeat, besides the path of the address.

    Raises
    ------
    DeliveryFailed
        If the receiver cannot be reached or answers other than 2xx. The address is named without its path.
    """
    place = public_address(url)
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        raise DeliveryFailed(channel, place, "the address begins with neither http:// nor https://")
    try:
        bare, login = _login(parts)
        request = Request(bare, data=body, headers={**headers, **login}, method="POST")  # noqa: S310  (scheme is checked)
        with build_opener(_NoRedirect).open(request, timeout=TIMEOUT_S):
            pass
    except HTTPError as error:
        error.close()
        raise DeliveryFailed(channel, place, f"it answered {error.code}") from error
    except (URLError, OSError, HTTPException, ValueError) as error:
        why = redact(str(error).replace(url, place), [*secrets, parts.path.strip("/")])
        raise DeliveryFailed(channel, place, why) from error


def _login(parts: SplitResult) -> tuple[str, dict[str, str]]:
    """Return the address without its user part, and the header that says the same (RFC 7617)."""
    user, at, host = parts.netloc.rpartition("@")
    if not at:
        return parts.geturl(), {}
    told = base64.b64encode(unquote(user).encode()).decode()
    return parts._replace(netloc=host).geturl(), {"Authorization": f"Basic {told}"}


def options_of(shelves: Shelves, alert: Alert, message: Message, address: str) -> Mapping[str, str]:
    """Return the options of the response that asked for a message; empty when its rule is gone.

    ``address`` is the option that held the target.
    """
    try:
        rules = shelves.registry.monitor(alert.monitor).rules
    except NotFound:
        return {}
    for response in (response for rule in rules if rule.name == alert.rule for response in rule.responses):
        text = response.options.get(address, "")
        if response.kind == message.channel and message.target in (text.strip(), *map(str.strip, text.split(","))):
            return response.options
    return {}


def from_environment(text: str) -> str | None:
    """Return a secret as written, or the variable that ``$NAME`` names; None where there is none."""
    return os.environ.get(text[1:]) if text.startswith("$") else text or None


def event_of(shelves: Shelves, message: Message) -> AlertEvent:
    """Return the event that a message tells of. Raises DeliveryFailed if the alert has none of that key."""
    found = next((each for each in shelves.facts.events(message.alert) if each.key == message.event), None)
    if found is None:
        why = f"the alert has no event {message.event!r}"
        raise DeliveryFailed(message.channel, public_address(message.target), why)
    return found
