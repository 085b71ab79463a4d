"""Keeping secrets out of errors, logs and the ledger."""

import os
import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import unquote, urlsplit

from holter.report.addresses import HIDDEN, public_address

_USER_INFO: Final = re.compile(r"(?<=://)[^/@\s]+(?=@)")
_SECRET_NAME: Final = re.compile(
    r"TOKEN|SECRET|PASSW|CREDENTIAL|APIKEY|API_KEY|PRIVATE_KEY|ACCESS_KEY|_URL$|_DSN$|CONNECTION_STRING", re.IGNORECASE
)


def redact(text: str, secrets: Iterable[str | None] = ()) -> str:
    """Return text without these secrets and without the user part of any address in it.

    Examples
    --------
    >>> redact("login at smtp://me:pa55@mail.example failed for pa55", ["pa55"])
    'login at smtp://***@mail.example failed for ***'
    """
    for secret in sorted({secret for secret in secrets if secret}, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return _USER_INFO.sub(HIDDEN, text)


def secrets_of(url: str | None) -> list[str]:
    """Return the password of an address, as written and decoded; empty when it has none."""
    password = urlsplit(url).password if url else None
    return [password, unquote(password)] if password else []


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
    if _SECRET_NAME.search(name) and not value.startswith("$"):
        return HIDDEN
    return public_address(value) if urlsplit(value).scheme in ("http", "https") else redact(value)


def without_secrets(environment: Mapping[str, str], keep: Iterable[str] = ()) -> dict[str, str]:
    """Return the variables a command may see: none whose name or value looks like a secret, unless kept by name.

    Names count that speak of tokens, secrets, passwords, keys or connection addresses; values count that are an
    address with a password.
    """
    kept = set(keep)
    return {
        name: value
        for name, value in environment.items()
        if name in kept or not (_SECRET_NAME.search(name) or ("://" in value and _USER_INFO.search(value)))
    }


def environment_secrets() -> list[str]:
    """Return the values of this process's variables that are withheld from commands."""
    allowed = without_secrets(os.environ)
    return [value for name, value in os.environ.items() if name not in allowed and len(value) > 5]
