"""Erasing a person: from journals, records, labels, and the profiles and samples that were taken of them."""

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from holter.capture.compactor import Compactor
from holter.capture.places import LOCK, journal_folder
from holter.capture.redaction import ensure_key, hashed
from holter.capture.wiping import wipe
from holter.errors import UnknownColumn
from holter.registry import Shelves
from holter.registry.entries import Shelf
from holter.store import Entry
from holter.store.erasing import Erased

SAMPLES: Final = ("baselines", "jobs")
"""Folders of the workspace with Parquet files of rows that were records once: what models were trained on and with."""


@dataclass(frozen=True)
class Erasure:
    """What was erased: records, labels, requests in journals, rows of samples, and the days that have changed."""

    records: int
    labels: int
    requests: int
    samples: int
    days: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"{self.records:,} records, {self.labels:,} labels, {self.requests:,} requests in journals and "
            f"{self.samples:,} rows of baselines and training data erased."
        )


def erase(shelves: Shelves, deployment: str, column: str, value: str, *, actor: str, now: datetime) -> Erasure:
    """Erase the records of a deployment where a column has a value, wherever the workspace keeps them.

    Reached are all shelves of the name: also what a deleted deployment, or another model under the name, has left. A
    column that a policy hashes is found by the value as it was. What comes in later is recorded as ever. The ledger
    gets an entry with the keyed hash of the value, not the value. Erasing again erases what a crash has left.

    Raises
    ------
    NotFound
        If there is no such deployment and nothing is left of one.
    UnknownColumn
        If no record has the column, nor could have it, and no baseline or training data does.
    """
    found = shelves.registry.shelves(deployment)
    if not found:
        shelves.registry.deployment(deployment)
    Compactor(shelves).once(now, flush=True)  # what is in a journal only can be found by nobody
    key = ensure_key(shelves.root)
    texts = (value, hashed(value, key) or value)
    parts = _on_all(shelves, found, column, texts)
    samples = sum(_from_samples(shelves.root / folder, column, texts) for folder in SAMPLES)
    erased = Erasure(
        sum(part.records for part, _ in parts),
        sum(part.labels for part, _ in parts),
        sum(wiped for _, wiped in parts),
        samples,
        tuple(sorted({day for part, _ in parts for day in part.days})),
    )
    facts = {"column": column, "value": texts[1], "records": erased.records, "labels": erased.labels}
    with shelves.facts.begin() as transaction:
        transaction.record(Entry(actor, "records.erase", f"deployment:{deployment}", "", facts), now)
    return erased


def _on_all(shelves: Shelves, found: Sequence[Shelf], column: str, texts: tuple[str, ...]) -> list[tuple[Erased, int]]:
    """Erase on every shelf that has the column: another model under the name may have had other features."""
    parts, unknown = [], None
    for shelf in found:
        try:
            parts.append(_on(shelves, shelf, column, texts))
        except UnknownColumn as error:
            unknown = error
    if unknown is not None and not parts and not _sampled(shelves.root, column):
        raise unknown
    return parts


def _on(shelves: Shelves, shelf: Shelf, column: str, texts: tuple[str, ...]) -> tuple[Erased, int]:
    folder = journal_folder(shelves.root, shelf.name)
    with _alone(folder):
        erased = shelves.records_on(shelf).erase(column, texts)
        shelves.prune(shelf, erased.days)
        ids = {request_id for request_id, _ in erased.keys}
        wiped = wipe(folder, lambda frame: frame.request_id in ids, texts) if folder.is_dir() else 0
    return erased, wiped


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep compactors away: what they hold in memory must not come back."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate(0)  # nobody ran last: whoever runs next begins with what the shelves say
        yield


def _sampled(root: Path, column: str) -> bool:
    """Tell whether rows that were records once have a column."""
    files = (path for folder in SAMPLES for path in (root / folder).rglob("*.parquet"))
    return any(column in pq.read_schema(path).names for path in files)


def _from_samples(folder: Path, column: str, texts: tuple[str, ...]) -> int:
    return sum(_from_sample(path, column, texts) for path in sorted(folder.rglob("*.parquet")))


def _from_sample(path: Path, column: str, texts: tuple[str, ...]) -> int:
    if column not in pq.read_schema(path).names:
        return 0
    rows = pq.read_table(path, partitioning=None)
    theirs = pc.is_in(rows[column].cast(pa.string()), pa.array(_forms(texts), pa.string()))
    count = int(pc.sum(theirs).as_py() or 0)
    if count:
        half = path.with_name(f".{uuid4().hex}")
        pq.write_table(rows.filter(pc.invert(theirs)), half, compression="zstd")
        half.replace(path)
    return count


def _forms(texts: tuple[str, ...]) -> list[str]:
    """Return how a value may look once its column is cast to text: 3 is also 3.0."""
    forms = set(texts)
    for text in texts:
        try:
            forms |= {str(pa.scalar(float(text)).cast(pa.string()).as_py()), str(int(float(text)))}
        except (ValueError, OverflowError):
            continue
    return sorted(forms)
