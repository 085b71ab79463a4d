"""Who acts, as the ledger writes it."""

import getpass


def actor() -> str:
    """Return ``user:NAME`` for the person this process runs for; a container without a user database has no name."""
    try:
        return f"user:{getpass.getuser()}"
    except (KeyError, OSError):
        return "user:unknown"
