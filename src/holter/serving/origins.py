"""Which web pages may score: CORS for those that are allowed, and a shut door for those that are not.

A page from anywhere can make a visitor's browser send a request to ``127.0.0.1``; CORS only keeps it from reading the
reply. A browser says so in ``Origin`` or ``Sec-Fetch-Site``. Such a request is refused unless its origin is allowed, or
is the address of this server itself, under a name that an attacker cannot let point here (DNS rebinding): a number or
``localhost``. Programs send neither header, and nothing changes for them.
"""

from collections.abc import Iterable, Sequence
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

VARIABLE: Final = "AML_CORS_ORIGINS"
"""Azure's environment variable: origins with commas between them, or ``*``."""
METHODS: Final = b"GET, POST"
_DAY: Final = b"86400"

Headers = Iterable[tuple[bytes, bytes]]


class Origins:
    """The pages that may score.

    Parameters
    ----------
    allowed
        Origins such as ``https://shop.example``; ``*``: every page.
    """

    def __init__(self, allowed: Sequence[str] = ()) -> None:
        self._any = "*" in allowed
        self._allowed = frozenset(origin.strip().rstrip("/").lower().encode() for origin in allowed)

    def admit(self, headers: Headers) -> bool:
        """Return whether a request may score, as far as its browser, if any, says where it comes from."""
        said = _browser(headers)
        origin, site = said.get(b"origin"), said.get(b"sec-fetch-site")
        if (origin is None and site is None) or self._any:
            return True
        if origin is not None:
            return origin.lower() in self._allowed or _is_own(origin, said.get(b"host", b""))
        return site in (b"same-origin", b"none") and _is_unforgeable(_name(said.get(b"host", b"")))

    def reply(self, headers: Headers, *, preflight: bool) -> list[tuple[bytes, bytes]]:
        """Return the headers that let an allowed page read the reply, or ask at all."""
        said = _browser(headers)
        origin = said.get(b"origin")
        if origin is None or not (self._any or origin.lower() in self._allowed):
            return []
        found = [(b"access-control-allow-origin", b"*" if self._any else origin), (b"vary", b"Origin")]
        if preflight and b"access-control-request-method" in said:
            found += [(b"access-control-allow-methods", METHODS), (b"access-control-max-age", _DAY)]
            wanted = said.get(b"access-control-request-headers")
            found += [(b"access-control-allow-headers", wanted)] if wanted else []
        return found


def origins_of(text: str) -> tuple[str, ...]:
    """Return the origins of a list with commas.

    Examples
    --------
    >>> origins_of("https://a.example, https://b.example:8443")
    ('https://a.example', 'https://b.example:8443')
    """
    return tuple(origin.strip() for origin in text.split(",") if origin.strip())


_SAID: Final = frozenset(
    (
        b"origin",
        b"host",
        b"sec-fetch-site",
        b"access-control-request-method",
        b"access-control-request-headers",
    )
)


def _browser(headers: Headers) -> dict[bytes, bytes]:
    return {name: value for name, value in headers if name in _SAID}


def _is_own(origin: bytes, host: bytes) -> bool:
    """Whether an origin is this server's own address as the client sees it, and that address cannot be forged."""
    _, _, own = origin.lower().partition(b"://")
    return bool(own) and own == host.lower() and _is_unforgeable(_name(host))


def _name(host: bytes) -> str:
    try:
        return urlsplit(f"//{host.decode('latin-1')}").hostname or ""
    except ValueError:
        return ""


def _is_unforgeable(name: str) -> bool:
    if name == "localhost":
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
