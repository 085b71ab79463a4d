"""From the journals of all deployments into their tables, again and again."""

import fcntl
import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Self
from uuid import uuid4

from holter.capture.intake import Intake, Taken
from holter.capture.places import LOCK, journal_folder
from holter.capture.purging import purge
from holter.capture.retention import EVERY, clear_leftovers, retire
from holter.capture.segments import segments
from holter.registry import Shelves
from holter.registry.entries import Shelf

LONGEST_PAUSE: Final = timedelta(seconds=60)
"""How long at most a deployment whose passes fail is left alone; the pauses double from a second."""
_VARYING: Final = re.compile(r"[0-9a-f-]{8,}|[0-9]+")
"""What differs from one failure to the next for the same reason: names of new files, counts, offsets."""
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)
_log = logging.getLogger("holter.capture")


@dataclass(frozen=True)
class Compaction:
    """What a pass over all deployments did.

    ``frames`` were read and ``counted`` as traffic; ``rows`` were committed and ``segments`` removed. Of the requests
    committed, ``unparsed`` were kept as they came and ``unmatched`` had a reply that did not answer each row;
    ``misfits`` values became null and ``extra`` had no column. ``damaged`` bytes were skipped. ``failed`` names the
    deployments whose pass failed (the log says why), now or so lately that they were left alone; nothing of them is
    lost, the next pass begins where it must.
    """

    frames: int = 0
    counted: int = 0
    rows: int = 0
    segments: int = 0
    unparsed: int = 0
    unmatched: int = 0
    misfits: int = 0
    extra: int = 0
    damaged: int = 0
    failed: tuple[str, ...] = ()

    def __add__(self, other: Self) -> "Compaction":
        return Compaction(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


@dataclass
class _Trouble:
    """What is known of a deployment whose passes fail."""

    told: set[str] = field(default_factory=set)
    failures: int = 0
    again: datetime | None = None

    def rests(self, now: datetime) -> bool:
        """Tell whether it is left alone for now; a clock that was put back makes nobody wait longer."""
        return self.again is not None and timedelta(0) < self.again - now <= LONGEST_PAUSE

    def add(self, error: Exception, now: datetime) -> bool:
        """Note a failure, and tell whether it is one that nobody has heard of."""
        what = _VARYING.sub("#", f"{type(error).__name__}: {error}")
        new = what not in self.told
        self.told.add(what)
        self.again = now + min(timedelta(seconds=2 ** min(self.failures, 6)), LONGEST_PAUSE)
        self.failures += 1
        return new


class Compactor:
    """Moves scored requests from journals into tables, each exactly once, whatever dies when."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves
        self._identity = uuid4().hex
        self._intakes: dict[str, Intake] = {}
        self._troubles: dict[str, _Trouble] = {}
        self._retired: dict[str, datetime] = {}

    def once(self, now: datetime, *, flush: bool = False) -> Compaction:
        """Make one pass over every deployment.

        Parameters
        ----------
        now
            Tells how long a record has waited; with a time zone.
        flush
            Commit everything that is in the journals, however little and however long that takes. Otherwise a pass
            reads a bounded number of frames, commits rows that are many or have waited, and leaves a deployment alone
            for a while whose passes fail.
        """
        total = Compaction()
        for shelf in self._known():
            name, trouble = shelf.name, self._troubles.get(shelf.name)
            if trouble is not None and trouble.rests(now) and not flush:
                total = replace(total, failed=(*total.failed, name))
                continue
            try:
                total += self._pass(shelf, now, flush=flush)
            except Exception as error:  # noqa: BLE001  (one deployment must not cost the others their records)
                self._failed(name, error, now)
                total = replace(total, failed=(*total.failed, name))
            else:
                if self._troubles.pop(name, None) is not None:
                    _log.info("the journals of %s are compacted again", name)
        return total

    def _known(self) -> Sequence[Shelf]:
        """Return every shelf; a journal that belongs to none is taken in, so that what it holds is not lost."""
        registry, journals = self._shelves.registry, self._shelves.root / "journal"
        known = {shelf.name for shelf in registry.shelves()}
        strays = [path.name for path in journals.glob("*") if path.name not in known and segments(path)]
        for name in strays:
            _log.warning("the journal %s belongs to no deployment; its records are kept under its name", name)
            registry.adopt(name)
        return registry.shelves()

    def _failed(self, name: str, error: Exception, now: datetime) -> None:
        self._intakes.pop(name, None)  # what it knew may be wrong now; the shelves are right
        trouble = self._troubles.setdefault(name, _Trouble())
        if trouble.add(error, now):
            _log.error("the journals of %s could not be compacted", name, exc_info=error)
        else:
            _log.debug("the journals of %s could not be compacted: %s", name, error)

    def _pass(self, shelf: Shelf, now: datetime, *, flush: bool) -> Compaction:
        if shelf.unwanted:
            if purge(self._shelves, shelf):
                self._intakes.pop(shelf.name, None)
            return Compaction()
        folder = journal_folder(self._shelves.root, shelf.name)
        total = Compaction()
        if not folder.is_dir():  # nothing is captured, but batches may be logged and frames collected
            self._retire(shelf, now)
            return total
        with self._alone(folder, wait=flush) as (alone, last):
            if not alone:
                return total
            intake = self._intakes.get(shelf.name) if last == self._identity else None
            if intake is None or intake.shelf != shelf:
                intake = self._intakes[shelf.name] = Intake(self._shelves, shelf)
            taken = Taken(more=True)
            while taken.more:
                taken = intake.take(now, flush=flush)
                total += _summed(taken)
                if not flush:
                    break
            self._retire(shelf, now)
        return total

    def _retire(self, shelf: Shelf, now: datetime) -> None:
        if timedelta(0) <= now - self._retired.get(shelf.name, _LONG_AGO) < EVERY:
            return
        self._retired[shelf.name] = now
        retire(self._shelves, shelf, now)
        clear_leftovers(self._shelves, shelf, now)

    @contextmanager
    def _alone(self, folder: Path, *, wait: bool) -> Iterator[tuple[bool, str]]:
        """Hold the folder against other processes; yield whether it could be held, and who held it last."""
        with (folder / LOCK).open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False, ""
                return
            file.seek(0)
            last = file.read()
            if last != self._identity:
                file.truncate(0)
                file.write(self._identity)
                file.flush()
            yield True, last


def _summed(taken: Taken) -> Compaction:
    counts = taken.counts
    return Compaction(
        taken.frames,
        taken.counted,
        taken.rows,
        taken.segments,
        counts.unparsed,
        counts.unmatched,
        counts.misfits,
        counts.extra,
        taken.damaged,
    )
