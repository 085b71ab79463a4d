"""A port that stays with a deployment for life."""

import secrets
import socket
from collections.abc import Collection
from typing import Final

from holter.errors import InputError

_FIRST: Final = 20_000
_LAST: Final = 32_767
"""Below 32768 Linux hands out no port by itself, so that no outgoing connection takes it while the service is down."""
_ATTEMPTS: Final = 500


def free_port(taken: Collection[int]) -> int:
    """Return a port of 127.0.0.1 that is free now and that no deployment has.

    Raises
    ------
    InputError
        If none can be found.
    """
    for _ in range(_ATTEMPTS):
        port = _FIRST + secrets.randbelow(_LAST - _FIRST + 1)
        if port not in taken and _is_free(port):
            return port
    raise InputError(f"no free port was found on 127.0.0.1 between {_FIRST} and {_LAST}.")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
