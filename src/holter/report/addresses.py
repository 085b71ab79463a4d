"""Addresses as others may see them."""

from typing import Final
from urllib.parse import urlsplit

HIDDEN: Final = "***"
"""Stands where a secret was."""


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
