"""Keeping secrets out of pages, errors, logs and the ledger."""

import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import urlsplit

HIDDEN: Final = "***"
"""Stands where a secret was."""
USER_INFO: Final = re.compile(r"(?<=://)[^/@\s]+(?=@)")
"""The user and password of an address."""
SECRET_NAME: Final = re.compile(
    r"TOKEN|SECRET|PASSW|CREDENTIAL|APIKEY|API_KEY|PRIVATE_KEY|ACCESS_KEY|_URL$|_DSN$|CONNECTION_STRING", re.IGNORECASE
)
"""Names of variables and options that speak of secrets."""


def redact(text: str, secrets: Iterable[str | None] = ()) -> str:
    """Return text without these secrets and without the user part of any address in it.

    Examples
    --------
    >>> redact("login at smtp://me:pa55@mail.example failed for pa55", ["pa55"])
    'login at smtp://***@mail.example failed for ***'
    """
    for secret in sorted({secret for secret in secrets if secret}, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return USER_INFO.sub(HIDDEN, text)


def public_address(target: str) -> str:
    """Return a target fit for pages and the ledger.

    A web address comes without path and query, where the keys of chat tools hide, and without user and password.

    Examples
    --------
    >>> public_address("https://hooks.example/services/T0/B0/key")
    'https://hooks.example/***'
    >>> public_address("team@example.com")
    'team@example.com'
    """
    parts = urlsplit(target)
    if not parts.scheme or not parts.hostname:
        return target
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}/{HIDDEN}"


def public_options(options: Mapping[str, str]) -> dict[str, str]:
    """Return the options of a response fit for a page: a secret hidden, unless it only names a variable.

    Examples
    --------
    >>> public_options({"url": "https://hooks.example/key", "secret": "s3cret", "to": "team@example.com"})
    {'url': 'https://hooks.example/***', 'secret': '***', 'to': 'team@example.com'}
    >>> public_options({"secret": "$HOOK_SECRET"})
    {'secret': '$HOOK_SECRET'}
    """
    return {name: _public(name, value) for name, value in options.items()}


def _public(name: str, value: str) -> str:
    if SECRET_NAME.search(name) and not value.startswith("$"):
        return HIDDEN
    return public_address(value) if urlsplit(value).scheme in ("http", "https") else redact(value)
