"""Which names can stand in a path, an address and a mail subject."""

import re
from typing import Final

from holter.errors import BadName

_MODEL: Final = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-\._]{0,254}")
_DEPLOYMENT: Final = re.compile(r"(?=.{3,32}$)[a-z]([-a-z0-9]*[a-z0-9])?")


def check_model(name: str, what: str = "model") -> None:
    """Refuse a name of a model or monitor that could not be a folder. Raises BadName."""
    if not _MODEL.fullmatch(name):
        raise BadName(what, name, "letters, digits, '-', '.' and '_', beginning with a letter or digit, at most 255.")


def check_deployment(name: str) -> None:
    """Refuse a name of a deployment that could not be part of an address. Raises BadName."""
    if not _DEPLOYMENT.fullmatch(name):
        raise BadName(
            "deployment", name, "3 to 32 small letters, digits and '-', beginning with a letter, not ending with '-'."
        )
