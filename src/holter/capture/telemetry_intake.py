"""Custom metrics and events on their way from spool files into the facts.

The sums of a stretch of a file, and the offset where it ends, change in one transaction: whatever dies when, each line
is counted once.
"""

import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from holter.capture.segments import is_live
from holter.capture.telemetry import SUFFIX, Item
from holter.registry import Shelves
from holter.types import Occurrence, Series, SeriesKind

KEPT: Final = 1_000
"""Things that happened that are kept of each source, with their properties; their number by minute stays for good."""
MOST_NAMES: Final = 500
"""Names a source may use; what comes under more of them is counted under :data:`OTHER`."""
OTHER: Final = "(other)"
_READ_BYTES: Final = 8 << 20
_MINUTE_US: Final = 60_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TOLD: Final = frozenset({SeriesKind.EVENT, SeriesKind.EXCEPTION, SeriesKind.TRACE})
"""Kinds of which single occurrences are kept."""
_LATEST_US: Final = 100 * 365 * 86_400_000_000
"""Times beyond 2069 are a mistake of the sender, and would not fit into a datetime."""
_DECODER: Final = msgspec.json.Decoder(Item)
_log = logging.getLogger("holter.capture")

_Minute = tuple[SeriesKind, str, int]


@dataclass
class _Sums:
    """What a stretch of a file says."""

    minutes: dict[_Minute, Series] = field(default_factory=lambda: defaultdict(Series))
    happened: list[Occurrence] = field(default_factory=list)
    unreadable: int = 0

    def add(self, item: Item) -> None:
        since = min(max(item.at_us, 0), _LATEST_US)
        minute = since // _MINUTE_US
        count = max(item.count, 1)
        self.minutes[item.kind, item.name, minute] += Series.of(
            item.value, count, minimum=item.minimum, maximum=item.maximum, deviation=item.deviation
        )
        for name, value in item.measurements.items():
            self.minutes[SeriesKind.METRIC, f"{item.name}.{name}", minute] += Series.of(value)
        if item.kind in _TOLD:
            at = _EPOCH + timedelta(microseconds=since)
            self.happened.append(Occurrence(item.kind, item.name, at, {**item.properties, **item.measurements}))


class TelemetryIntake:
    """Reads every spool of a workspace, again and again."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves

    def once(self) -> int:
        """Count what has been written since the last pass, and return how many items there were.

        A file whose writer is gone is removed once it is read to its end.
        """
        counted = 0
        for folder in sorted(path for path in (self._shelves.root / "telemetry").glob("*") if path.is_dir()):
            names = self._shelves.facts.series_names(folder.name)
            known = {name for kind, name in names if kind is not SeriesKind.SERVICE}
            for path in sorted(folder.glob(f"*{SUFFIX}")):
                counted += self._take(folder.name, path, known)
        return counted

    def _take(self, source: str, path: Path, known: set[str]) -> int:
        live, counted = is_live(path), 0
        segment = f"telemetry/{source}/{path.name}"
        offset = self._shelves.facts.journal_offset(segment)
        for lines, end in _stretches(path, offset):
            sums = _summed(lines)
            if not self._store(source, segment, (offset, end), sums, known):
                return counted
            offset, counted = end, counted + len(lines)
        if not live:
            path.unlink(missing_ok=True)
        return counted

    def _store(self, source: str, segment: str, stretch: tuple[int, int], sums: _Sums, known: set[str]) -> bool:
        with self._shelves.facts.begin() as transaction:
            if not transaction.advance_journal(segment, *stretch):
                return False  # another process was faster
            for (kind, name, minute), series in sorted(sums.minutes.items(), key=lambda each: each[0]):
                at = _EPOCH + timedelta(minutes=minute)
                transaction.add_series(source, kind, _known(name, known), at, series)
            transaction.add_occurrences(source, sums.happened, KEPT)
        if sums.unreadable:
            _log.warning("%d lines of %s are no telemetry and are left out", sums.unreadable, segment)
        return True


def _known(name: str, known: set[str]) -> str:
    if name not in known:
        if len(known) >= MOST_NAMES:
            return OTHER
        known.add(name)
    return name


def _summed(lines: Sequence[bytes]) -> _Sums:
    sums = _Sums()
    for line in lines:
        try:
            sums.add(_DECODER.decode(line))
        except (msgspec.DecodeError, OverflowError):
            sums.unreadable += 1
    return sums


def _stretches(path: Path, offset: int) -> Iterator[tuple[Sequence[bytes], int]]:
    """Yield whole lines from ``offset`` on, some megabytes at a time, each with the offset where they end.

    The last line may be incomplete: it is being written, or its writer died.
    """
    with path.open("rb") as file:
        file.seek(offset)
        while data := file.read(_READ_BYTES):
            whole = data.rfind(b"\n") + 1
            if not whole:
                return
            offset += whole
            yield data[: whole - 1].split(b"\n"), offset
            file.seek(offset)
