"""Which secrets there are: in addresses, and in the environment that commands see."""

import os
from collections.abc import Iterable, Mapping
from urllib.parse import unquote, urlsplit

from holter.report.redacting import SECRET_NAME, USER_INFO


def secrets_of(url: str | None) -> list[str]:
    """Return the password of an address, as written and decoded; empty when it has none."""
    password = urlsplit(url).password if url else None
    return [password, unquote(password)] if password else []


def without_secrets(environment: Mapping[str, str], keep: Iterable[str] = ()) -> dict[str, str]:
    """Return the variables a command may see: none whose name or value looks like a secret, unless kept by name.

    Names count that speak of tokens, secrets, passwords, keys or connection addresses; values count that are an
    address with a password.
    """
    kept = set(keep)
    return {
        name: value
        for name, value in environment.items()
        if name in kept or not (SECRET_NAME.search(name) or ("://" in value and USER_INFO.search(value)))
    }


def environment_secrets() -> list[str]:
    """Return the values of this process's variables that are withheld from commands."""
    allowed = without_secrets(os.environ)
    return [value for name, value in os.environ.items() if name not in allowed and len(value) > 5]
