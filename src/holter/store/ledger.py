"""The append-only record of everything that was decided: each entry carries the digest of the one before.

Who changes, removes or reorders an entry breaks the chain, and :func:`verify` says where. Who rewrites the whole
chain and its head is not found: keep a digest elsewhere (every mail and evidence pack carries one).
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from holter.errors import BrokenLedger
from holter.store.canonical import canonical, plain
from holter.store.protocols import Entry, Sealed
from holter.store.tables import LEDGER, LEDGER_HEAD
from holter.types import as_utc

_PAGE: Final = 500
"""Entries read at a time: a reader holds no transaction while its caller works."""


def seal(seq: int, at: datetime, entry: Entry, previous: str) -> str:
    """Return the digest of an entry: SHA-256 of its canonical JSON, with the digest of the one before."""
    content = {
        "seq": seq,
        "at": as_utc(at).isoformat(timespec="microseconds"),
        "actor": entry.actor,
        "action": entry.action,
        "subject": entry.subject,
        "reason": entry.reason,
        "facts": entry.facts,
        "previous": previous,
    }
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def append(connection: sa.Connection, entry: Entry, at: datetime) -> Sealed:
    """Add an entry at the end; others that append wait until this transaction is over."""
    head = connection.execute(sa.select(LEDGER_HEAD).with_for_update()).one()
    facts = plain(entry.facts)
    entry = Entry(entry.actor, entry.action, entry.subject, entry.reason, facts)
    sealed = Sealed(head.seq + 1, as_utc(at), entry, head.digest, seal(head.seq + 1, at, entry, head.digest))
    connection.execute(
        LEDGER.insert().values(
            seq=sealed.seq,
            at=sealed.at,
            actor=entry.actor,
            action=entry.action,
            subject=entry.subject,
            reason=entry.reason,
            facts=canonical(facts),
            previous=sealed.previous,
            digest=sealed.digest,
        )
    )
    connection.execute(LEDGER_HEAD.update().values(seq=sealed.seq, digest=sealed.digest))
    return sealed


def read(
    engine: sa.Engine, *, subject: str | None = None, since: int = 0, limit: int | None = None
) -> Iterator[Sealed]:
    """Yield entries after number ``since``, oldest first, page by page."""
    left = limit
    while left is None or left > 0:
        query = sa.select(LEDGER).where(LEDGER.c.seq > since).order_by(LEDGER.c.seq)
        query = query.limit(_PAGE if left is None else min(left, _PAGE))
        if subject is not None:
            query = query.where(LEDGER.c.subject == subject)
        with engine.connect() as connection:
            rows = connection.execute(query).all()
        if not rows:
            return
        yield from map(_sealed, rows)
        since = rows[-1].seq
        left = None if left is None else left - len(rows)


def verify(engine: sa.Engine) -> int:
    """Check every entry, the order of all and the end; return how many there are.

    Raises
    ------
    BrokenLedger
        With the number of the first entry that is not what was written.
    """
    with engine.connect() as connection:
        head = connection.execute(sa.select(LEDGER_HEAD)).one_or_none()
        seq, previous = 0, ""
        for row in connection.execute(sa.select(LEDGER).order_by(LEDGER.c.seq)).yield_per(_PAGE):
            seq += 1
            _check(row, seq, previous)
            previous = row.digest
    if head is None or (head.seq, head.digest) != (seq, previous):
        raise BrokenLedger(seq + 1, "the end of the ledger is not the end that was written")
    return seq


def _check(row: Any, seq: int, previous: str) -> None:
    if row.seq != seq:
        raise BrokenLedger(seq, f"the next entry found is {row.seq}")
    if row.previous != previous:
        raise BrokenLedger(seq, "it does not follow the entry before it")
    try:
        sealed = _sealed(row)
        intact = canonical(sealed.entry.facts) == row.facts
        intact = intact and seal(seq, sealed.at, sealed.entry, previous) == row.digest
    except (ValueError, TypeError):
        intact = False
    if not intact:
        raise BrokenLedger(seq, "its content does not match its digest")


def _sealed(row: Any) -> Sealed:
    entry = Entry(row.actor, row.action, row.subject, row.reason, json.loads(row.facts))
    return Sealed(row.seq, row.at, entry, row.previous, row.digest)
