"""Shelves: the records of deployments (Delta tables) and everything else (SQL), behind protocols.

The two implementations are loaded when first asked for, so that a room that only needs the words pays for no database.
"""

from typing import TYPE_CHECKING, Any

from holter.store.kept import (
    Entry,
    Job,
    JobState,
    Lease,
    Message,
    Publication,
    Sealed,
    StoredCourse,
    StoredNull,
    StoredSlot,
)
from holter.store.protocols import Facts, Records, Transaction

if TYPE_CHECKING:
    from holter.store.delta_records import DeltaRecords
    from holter.store.sql_facts import SqlFacts

__all__ = [
    "DeltaRecords",
    "Entry",
    "Facts",
    "Job",
    "JobState",
    "Lease",
    "Message",
    "Publication",
    "Records",
    "Sealed",
    "SqlFacts",
    "StoredCourse",
    "StoredNull",
    "StoredSlot",
    "Transaction",
]


def __getattr__(name: str) -> Any:
    if name == "SqlFacts":
        from holter.store.sql_facts import SqlFacts

        return SqlFacts
    if name == "DeltaRecords":
        from holter.store.delta_records import DeltaRecords

        return DeltaRecords
    raise AttributeError(name)
