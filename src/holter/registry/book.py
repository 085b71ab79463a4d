"""What every page of the registry's book needs: the database, the folder, and an entry for each change."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from holter.errors import AlreadyExists
from holter.store import Entry, SqlFacts
from holter.store.transaction import SqlTransaction

SYSTEM: Final = "holter"
"""Who acts when nobody is named."""


class Book:
    """Where entries stand, and the workspace folder that takes their files.

    Parameters
    ----------
    facts
        Where the entries stand.
    root
        The workspace folder.
    """

    def __init__(self, facts: SqlFacts, root: Path) -> None:
        self._facts, self._root = facts, root.absolute()

    def _rows(self, query: sa.Select[Any], transaction: SqlTransaction | None = None) -> Sequence[dict[str, Any]]:
        if transaction is not None:
            return [dict(row) for row in transaction.connection.execute(query).mappings()]
        with self._facts.engine.connect() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]


def now() -> datetime:
    """Return this moment."""
    return datetime.now(UTC)


def taken(what: str, name: str) -> AlreadyExists:
    """Return the error for a name that somebody has."""
    return AlreadyExists(what, name, "Give another name, or replace it: --overwrite (in Python overwrite=True).")


def note(
    transaction: SqlTransaction, actor: str, action: str, subject: str, facts: Mapping[str, Any], reason: str = ""
) -> None:
    """Add a ledger entry about a change, in the transaction of the change."""
    transaction.record(Entry(actor, action, subject, reason, facts), now())
