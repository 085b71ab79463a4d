"""The journal of one deployment on its way into traffic counts and the record table.

Two things are known of a segment, each kept where it cannot lie: how far its traffic is counted (in the transaction
that adds the counts) and how far its rows are committed (in the commit that adds the rows). After a crash, reading
begins at the smaller one; what lies before the other is not taken again.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from holter.capture.counting import Minutes
from holter.capture.frame import HEADER, Frame
from holter.capture.places import journal_folder
from holter.capture.rows import Counts, Layout, Rows, concatenate
from holter.capture.segments import Damage, is_live, read, segments, sweep
from holter.capture.slot import rescue
from holter.errors import DamagedState, LeaseLost, NewerFormat, NotFound
from holter.registry import Shelves
from holter.registry.entries import Shelf
from holter.registry.redacted import recorded_schema
from holter.store import DeltaRecords
from holter.types import Schema

MAX_FRAMES: Final = 50_000
"""Frames of one pass; with :data:`MAX_BYTES` it bounds the memory of a backlog."""
MAX_BYTES: Final = 64 << 20
TIDY_EVERY: Final = 50
"""Commits after which small files are merged: a commit every two seconds would leave 43,200 of them a day."""
_log = logging.getLogger("holter.capture")


@dataclass
class _Segment:
    """A segment and how far it is read, counted and committed, in bytes."""

    path: Path
    counted: int
    committed: int
    position: int = 0
    finished: bool = False

    def __post_init__(self) -> None:
        self.position = min(self.counted, self.committed)

    @property
    def done(self) -> bool:
        return self.finished and self.committed >= self.position and self.counted >= self.position


@dataclass(frozen=True)
class Taken:
    """What one pass did: frames read, rows committed, segments removed, and whether more is waiting."""

    frames: int = 0
    counted: int = 0
    rows: int = 0
    segments: int = 0
    damaged: int = 0
    counts: Counts = field(default_factory=Counts)
    more: bool = False


class Intake:
    """Reads the segments of a deployment; holds what is read and not committed yet.

    Attributes
    ----------
    shelf
        Where what it reads is kept; the frames name versions of its model.
    """

    def __init__(self, shelves: Shelves, shelf: Shelf) -> None:
        self._shelves, self._name, self.shelf = shelves, shelf.name, shelf
        self._folder = journal_folder(shelves.root, shelf.name)
        self._segments: dict[str, _Segment] = {}
        self._refused: set[str] = set()
        self._rows: dict[int, Rows] = {}
        self._oldest_us: int | None = None
        self._commits = 0
        sweep(self._folder)

    def take(self, now: datetime, *, flush: bool) -> Taken:
        """Read what is new, count its traffic, commit rows that are many, old or wanted, remove what is finished."""
        reading = _Reading(Minutes())
        rescue(self._folder)
        for segment in self._open_segments():
            self._read(segment, reading)
            if reading.full:
                break
        self._count(reading.minutes)
        rows, counts = self._commit() if self._is_due(now, flush=flush or reading.full) else (0, Counts())
        return Taken(
            reading.frames, reading.minutes.requests, rows, self._remove(), reading.damaged, counts, reading.full
        )

    @property
    def _records(self) -> DeltaRecords:
        return self._shelves.records_on(self.shelf)  # anew each time: a roll-out may bring another schema

    def _open_segments(self) -> Iterator[_Segment]:
        for path in segments(self._folder):
            if path.name in self._refused:
                continue
            if path.name not in self._segments:
                counted = self._shelves.facts.journal_offset(path.name)
                self._segments[path.name] = _Segment(path, counted, self._records.offset(path.name))
            yield self._segments[path.name]

    def _read(self, segment: _Segment, reading: "_Reading") -> None:
        try:
            live = is_live(segment.path)  # asked first: what is read afterwards is all there will ever be
            if not live:
                rescue(self._folder)  # while the segment that says whether the worker had answered is still there
            for frame, end in read(segment.path, segment.position, damaged=reading.report):
                if end > segment.counted:
                    reading.minutes.add(frame, reading.take_gaps())
                if frame.status and end > segment.committed:
                    self._keep(frame)
                elif segment.committed >= segment.position:
                    segment.committed = max(segment.committed, end)  # no row: no commit to wait for
                reading.frames += 1
                reading.bytes += end - segment.position
                segment.position = end
                if reading.full:
                    return
        except FileNotFoundError:
            self._segments.pop(segment.path.name)
            return
        except DamagedState as error:
            self._refuse(segment.path, error)
            return
        segment.finished = not live

    def _refuse(self, path: Path, error: DamagedState) -> None:
        """Leave a segment that a newer Holter will read; set any other aside, so that it is seen, and removed one day.

        A worker that still writes it goes on.
        """
        self._segments.pop(path.name)
        if isinstance(error, NewerFormat) or is_live(path):
            self._refused.add(path.name)
            _log.error("a journal segment is left where it is", exc_info=error)
        else:
            _log.error("a journal segment is set aside", exc_info=error)
            path.replace(path.with_suffix(".unreadable"))

    def _keep(self, frame: Frame) -> None:
        rows = self._rows.get(frame.version)
        if rows is None:
            rows = self._rows[frame.version] = Rows(Layout(self._schema(frame.version)))
        rows.add(frame)
        self._oldest_us = min(self._oldest_us or frame.received_us, frame.received_us)

    def _schema(self, version: int) -> Schema | None:
        registry = self._shelves.registry
        try:
            schema = registry.version(self.shelf.model, version).schema
        except NotFound:
            return None
        if self.shelf.ended is not None:
            return schema
        return recorded_schema(schema, registry.deployment(self.shelf.deployment).settings.redact)

    def _count(self, minutes: Minutes) -> None:
        ahead = [segment for segment in self._segments.values() if segment.position > segment.counted]
        if not ahead:
            return
        with self._shelves.facts.begin() as transaction:
            for segment in ahead:
                if not transaction.advance_journal(segment.path.name, segment.counted, segment.position):
                    raise LeaseLost(segment.path.name, "this compaction")
            for version, minute, traffic in minutes:
                transaction.add_traffic(self._name, version, minute, traffic)
        for segment in ahead:
            segment.counted = segment.position

    def _is_due(self, now: datetime, *, flush: bool) -> bool:
        if self._oldest_us is None:
            return False
        waited = now.timestamp() - self._oldest_us / 1e6
        settings, total = self._shelves.settings, sum(rows.total for rows in self._rows.values())
        return flush or total >= settings.compact_rows or waited >= settings.compact_seconds

    def _commit(self) -> tuple[int, Counts]:
        tables = [table for rows in self._rows.values() if (table := rows.take()) is not None]
        table = concatenate(tables)
        ahead = [segment for segment in self._segments.values() if segment.position > segment.committed]
        self._records.append(table, {segment.path.name: segment.position for segment in ahead})
        for segment in ahead:
            segment.committed = segment.position
        self._oldest_us = None
        self._commits += 1
        if self._commits % TIDY_EVERY == 0:
            _log.debug("merged %d small files of %s", self._records.compact(), self._name)
        return len(table), sum((rows.take_counts() for rows in self._rows.values()), Counts())

    def _remove(self) -> int:
        done = [segment for segment in self._segments.values() if segment.done]
        for segment in done:
            torn = segment.path.stat().st_size - max(segment.position, len(HEADER))
            if torn > 0:
                # Almost surely a frame whose writer was killed before it answered. But a damaged length looks the same,
                # and then records lie behind it: kept for somebody to look at.
                kept = segment.path.with_suffix(".torn")
                _log.warning("%d bytes at the end of %s cannot be read; they are kept in %s", torn, segment.path, kept)
                segment.path.replace(kept)
            else:
                segment.path.unlink()
            del self._segments[segment.path.name]
        return len(done)


@dataclass
class _Reading:
    """What one pass has read so far."""

    minutes: Minutes
    frames: int = 0
    bytes: int = 0
    damaged: int = 0
    gaps: int = 0

    @property
    def full(self) -> bool:
        return self.frames >= MAX_FRAMES or self.bytes >= MAX_BYTES

    def report(self, damage: Damage) -> None:
        _log.error(
            "bytes %d to %d of %s are damaged; at least one record is lost", damage.start, damage.end, damage.segment
        )
        self.damaged += damage.end - damage.start
        self.gaps += 1

    def take_gaps(self) -> int:
        gaps, self.gaps = self.gaps, 0
        return gaps
