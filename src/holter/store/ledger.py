"""The append-only record of everything that was decided: each entry carries the digest of the one before.

Who changes, removes or reorders an entry breaks the chain, and :func:`verify` says where. Who rewrites the whole
chain and its head is not found: keep a digest elsewhere (every mail and evidence pack carries one).
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from holter.errors import BrokenLedger
from holter.store.canonical import canonical, plain
from holter.store.kept import Entry, Sealed
from holter.store.tables import LEDGER, LEDGER_HEAD
from holter.types import as_utc

_PAGE: Final = 500
"""Entries read at a time: a reader holds no transaction while its caller works."""


@dataclass(frozen=True)
class Checked:
    """How far a chain was checked: the number and the digest of the last entry, as they were then."""

    seq: int = 0
    digest: str = ""


_NOTHING: Final = Checked()


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


def newest(engine: sa.Engine, limit: int, *, subject: str | None = None, before: int | None = None) -> Sequence[Sealed]:
    """Return at most ``limit`` entries, newest first: before a number, and about one thing.

    A subject is found as it was filed (``deployment:churn``) and by its name alone (``churn``).
    """
    found: list[Sealed] = []
    while len(found) < limit:
        query = sa.select(LEDGER).order_by(LEDGER.c.seq.desc()).limit(limit)
        if before is not None:
            query = query.where(LEDGER.c.seq < before)
        if subject is not None:
            ends = LEDGER.c.subject.endswith(f":{subject}", autoescape=True)
            query = query.where(ends | (LEDGER.c.subject == subject))
        with engine.connect() as connection:
            rows = connection.execute(query).all()
        if not rows:
            break
        # A name may hold a colon: its end alone is another name.
        found += [_sealed(row) for row in rows if subject in (None, row.subject, row.subject.partition(":")[2])]
        before = rows[-1].seq
    return found[:limit]


def verify(engine: sa.Engine, since: Checked = _NOTHING) -> Checked:
    """Check every entry after ``since``, their order, and the end; return how far the chain is checked now.

    The entry that ``since`` names is read again and must still have that digest.

    Raises
    ------
    BrokenLedger
        With the number of the first entry that is not what was written.
    """
    with engine.connect() as connection:
        head = connection.execute(sa.select(LEDGER_HEAD)).one_or_none()
        seq, previous = since.seq, since.digest
        if seq:
            seq, previous = seq - 1, _previous(connection, since)
        newer = sa.select(LEDGER).where(LEDGER.c.seq > seq).order_by(LEDGER.c.seq)
        for row in connection.execute(newer).yield_per(_PAGE):
            seq += 1
            _check(row, seq, previous)
            previous = row.digest
    if head is None or (head.seq, head.digest) != (seq, previous):
        raise BrokenLedger(seq + 1, "the end of the ledger is not the end that was written")
    return Checked(seq, previous)


def recheck(engine: sa.Engine, start: int, count: int) -> int:
    """Check ``count`` entries from number ``start`` on once more; return where to go on, 1 after the last.

    The last is looked at again by the next call, so that no seam between two calls goes unchecked.

    Raises
    ------
    BrokenLedger
        With the number of the first entry that is not what was written.
    """
    query = sa.select(LEDGER).where(LEDGER.c.seq >= start).order_by(LEDGER.c.seq).limit(count)
    with engine.connect() as connection:
        rows = connection.execute(query).all()
    previous = rows[0].previous if rows and start > 1 else ""
    for seq, row in enumerate(rows, start):
        _check(row, seq, previous)
        previous = row.digest
    return start + count - 1 if len(rows) == count else 1


def _previous(connection: sa.Connection, since: Checked) -> str:
    row = connection.execute(sa.select(LEDGER).where(LEDGER.c.seq == since.seq)).one_or_none()
    if row is None or row.digest != since.digest:
        raise BrokenLedger(since.seq, "it was checked before, and is another now")
    return str(row.previous)


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
