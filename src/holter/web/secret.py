"""The token that unlocks changes, and the smaller ones made from it."""

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from typing import Final

from holter.registry import Shelves

FILE: Final = "token"
"""Below ``run/``; only its owner may read it."""


@dataclass(frozen=True)
class Secret:
    """The token of a workspace. What is made from it opens one door only, and does not give the token away."""

    token: str

    def matches(self, given: str) -> bool:
        """Tell whether this is the token, in a time that does not depend on how much of it is right."""
        return hmac.compare_digest(given.encode(), self.token.encode())

    def made_for(self, purpose: str) -> str:
        """Return what opens one door: a form that does one thing, or the pages of a dashboard others can reach."""
        return hmac.new(self.token.encode(), purpose.encode(), hashlib.sha256).hexdigest()

    def opens(self, purpose: str, given: str) -> bool:
        """Tell whether ``given`` was made for this purpose."""
        return hmac.compare_digest(given.encode(), self.made_for(purpose).encode())


def secret_of(shelves: Shelves, token: str | None = None) -> Secret:
    """Return the token that was given or set, else the one in ``run/token``, which is made if need be."""
    chosen = token or shelves.settings.token
    if chosen:
        return Secret(chosen)
    path = shelves.folder("run") / FILE
    fresh = secrets.token_urlsafe(32)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return Secret(path.read_text(encoding="ascii").strip())
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(fresh)
    return Secret(fresh)
