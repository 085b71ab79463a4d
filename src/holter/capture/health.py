"""How the journal of a shelf stands: what it holds, how far behind its table is, and what will happen next."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from holter.capture.places import journal_folder
from holter.capture.retention import leftovers
from holter.capture.segments import read, segments
from holter.errors import HolterError
from holter.registry import Shelves
from holter.registry.entries import Shelf
from holter.types.service import LATE_SECONDS, NEARLY_FULL

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Health:
    """What a shelf has on disk and in its journal.

    ``unread`` bytes of the journal's ``held`` are not in the table yet, the oldest of them since ``lag`` seconds (None:
    nothing waits). ``limit`` bytes may be held (0: any). ``unreadable`` bytes nobody can read; the first of them will
    be removed at ``clears``. ``stored`` are the bytes of records and labels, 0 where nobody weighed them.
    """

    shelf: Shelf
    stored: int
    held: int
    unread: int
    lag: float | None
    limit: int
    full: str
    unreadable: int = 0
    clears: datetime | None = None

    @property
    def warning(self) -> str:
        """What somebody should know now; empty when all is well."""
        found = []
        if self.limit and self.held >= NEARLY_FULL * self.limit:
            then = "are refused" if self.full == "refuse" else "are no longer recorded"
            found.append(f"the journal holds {self.held >> 20} of {self.limit >> 20} MiB, then requests {then}")
        if self.lag is not None and self.lag > LATE_SECONDS:
            found.append(f"records wait in the journal since {timedelta(seconds=int(self.lag))}; does holter up run?")
        if self.clears is not None:
            found.append(f"{self.unreadable:,} bytes cannot be read and are removed from {self.clears:%Y-%m-%d} on")
        return "; ".join(found)


def health_of(shelves: Shelves, shelf: Shelf, now: datetime, *, weigh: bool = True) -> Health:
    """Look at a shelf: one frame of each segment, and, to ``weigh`` its tables, the size of every file of theirs."""
    folder, settings = journal_folder(shelves.root, shelf.name), shelves.settings
    waiting = [_waiting(shelves, shelf, path) for path in segments(folder)]
    since = [moment for _, moment in waiting if moment is not None]
    odd = [(path.stat().st_size, path.stat().st_mtime) for path in leftovers(folder)]
    clears = min((mtime for _, mtime in odd), default=None)
    return Health(
        shelf,
        stored=sum(_weight(shelves.root / kind / shelf.name) for kind in ("records", "labels") if weigh),
        held=_weight(folder),
        unread=sum(size for size, _ in waiting),
        lag=(now - min(since)).total_seconds() if since else None,
        limit=settings.journal_max_mb << 20,
        full=_full(shelves, shelf),
        unreadable=sum(size for size, _ in odd),
        clears=None
        if clears is None
        else datetime.fromtimestamp(clears, UTC) + timedelta(days=settings.journal_keep_days),
    )


def healths(shelves: Shelves, now: datetime, *, weigh: bool = True) -> list[Health]:
    """Look at every shelf, those of deleted deployments too."""
    return [health_of(shelves, shelf, now, weigh=weigh) for shelf in shelves.registry.shelves()]


def _full(shelves: Shelves, shelf: Shelf) -> str:
    deployed = {entry.shelf: entry.settings.journal_full for entry in shelves.registry.deployments()}
    return deployed.get(shelf.name) or shelves.settings.journal_full


def _waiting(shelves: Shelves, shelf: Shelf, path: Path) -> tuple[int, datetime | None]:
    """Return the bytes of a segment that are not counted and in the table yet, and since when the first of them waits.

    Both are asked for: a table that refuses every commit falls behind while its traffic is counted.
    """
    try:
        counted, committed = shelves.facts.journal_offset(path.name), shelves.records_on(shelf).offset(path.name)
        unread = path.stat().st_size - min(counted, committed)
        frames = read(path, min(counted, committed), damaged=lambda _: None) if unread > 0 else ()
        waits = (frame for frame, end in frames if end > counted or (frame.status and end > committed))
        frame = next(waits, None)
    except (FileNotFoundError, HolterError):
        return 0, None
    return (0, None) if frame is None else (unread, _EPOCH + timedelta(microseconds=frame.received_us))


def _weight(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            continue
    return total
