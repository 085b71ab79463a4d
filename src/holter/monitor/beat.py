"""The beat: one pass over all monitors."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from holter.errors import LeaseLost
from holter.monitor.live import Verdicts, is_live, settle_live
from holter.monitor.publishing import Board, Settled, settle
from holter.monitor.tidying import resolve_gone, standing
from holter.monitor.watch import Watch
from holter.registry import Shelves
from holter.registry.book import SYSTEM
from holter.registry.entries import MonitorEntry
from holter.respond import Clock, holder_name, running_clock
from holter.rules import AlertEvent
from holter.store.kept import Lease
from holter.types import Span

_log = logging.getLogger("holter.monitor")

WINDOWS: Final = 50
"""Windows that one pass judges at most for one monitor: then the next gets its turn."""
REVISITED: Final = 14
"""Newest windows that are looked at again when their data has changed (late records, late labels)."""
LEASE: Final = timedelta(seconds=60)
"""How long a monitor may stand still before another process takes it over; renewed at each window."""


@dataclass(frozen=True)
class BeatReport:
    """What one pass did.

    ``published`` and ``revised`` count (window, signal) pairs; ``busy`` names monitors that another process was judging
    and ``errors`` holds a sentence for each that could not be judged; ``remaining`` says that more windows are due.
    """

    published: int = 0
    revised: int = 0
    events: tuple[AlertEvent, ...] = ()
    busy: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    remaining: bool = False

    def __add__(self, other: "BeatReport") -> "BeatReport":
        return BeatReport(
            self.published + other.published,
            self.revised + other.revised,
            self.events + other.events,
            self.busy + other.busy,
            self.errors + other.errors,
            self.remaining or other.remaining,
        )

    @classmethod
    def of(cls, settled: Settled) -> "BeatReport":
        """Count one window."""
        return cls(len(settled.published), len(settled.revised), settled.events)


@dataclass
class _Memory:
    """What a process need not find out twice. Losing it costs time, never correctness."""

    entry: MonitorEntry
    first: datetime
    frontier: datetime
    newest: dict[str, datetime] = field(default_factory=dict)
    state: str = ""
    checked: dict[tuple[Span, str], str] = field(default_factory=dict)


class Beat:
    """Finds windows that are due, judges them, publishes them exactly once.

    Parameters
    ----------
    shelves
        The workspace.
    holder
        Name for leases, which no other process or thread may have; a fresh one by default.
    """

    def __init__(self, shelves: Shelves, holder: str | None = None) -> None:
        self._shelves = shelves
        self._holder = holder or holder_name()
        self._memory: dict[str, _Memory] = {}
        self._verdicts: dict[str, Verdicts] = {}
        self._rules: frozenset[tuple[str, str, str]] | None = None

    def once(self, now: datetime) -> BeatReport:
        """Judge what is due at ``now`` for each monitor that is not paused; one that fails costs the others nothing."""
        tell, entries = running_clock(now), self._shelves.registry.monitors()
        report = self._tidy(entries, now)
        for entry in entries:
            if entry.paused:
                continue
            try:
                report += self._monitor(entry, now, tell)
            except LeaseLost:
                report += BeatReport(busy=(entry.name,))
            except Exception as error:  # noqa: BLE001  (one monitor must not stop the others)
                _log.exception("monitor %s", entry.name)
                self._memory.pop(entry.name, None)
                report += BeatReport(errors=(f"monitor {entry.name!r}: {error}",))
        return report

    def _tidy(self, entries: Sequence[MonitorEntry], now: datetime) -> BeatReport:
        """Close what rules that are gone have left open, when any rule has come or gone since the last pass."""
        rules = standing(entries)
        if rules == self._rules:
            return BeatReport()
        events = resolve_gone(self._shelves, now, SYSTEM)
        self._rules = rules
        return BeatReport(events=events)

    def _monitor(self, entry: MonitorEntry, now: datetime, tell: Clock) -> BeatReport:
        lease = self._shelves.facts.acquire(f"monitor:{entry.name}", self._holder, LEASE, tell())
        if lease is None:
            return BeatReport(busy=(entry.name,))
        try:
            watch = Watch.of(self._shelves, entry, now)
            if is_live(entry):
                return self._live(watch, lease)
            return self._windows(watch, lease, tell)
        finally:
            self._shelves.facts.release(lease)

    def _live(self, watch: Watch, lease: Lease) -> BeatReport:
        name = watch.entry.name
        since = watch.now - watch.entry.lateness - 2 * watch.entry.every - timedelta(minutes=2)
        board = Board(self._shelves.facts.publications(name, since))
        settled, self._verdicts[name] = settle_live(watch, lease, board, self._verdicts.get(name))
        return BeatReport.of(settled)

    def _windows(self, watch: Watch, lease: Lease, tell: Clock) -> BeatReport:
        report, clock = BeatReport(), watch.clock
        if watch.first is None or clock is None:
            return report
        memory, board = self._remember(watch, watch.first)
        due = watch.timetable.due(memory.frontier, clock, board.known, WINDOWS)
        for each in due:
            report += BeatReport.of(settle(watch, lease, board, each.window, each.signals))
            self._renew(lease, tell())
        memory.newest = board.newest
        memory.frontier = watch.timetable.frontier(memory.frontier, clock, board.known)
        if len(due) == WINDOWS:
            return report + BeatReport(remaining=True)
        return report + self._revisit(watch, lease, memory, board, tell)

    def _remember(self, watch: Watch, first: datetime) -> tuple[_Memory, Board]:
        name, memory = watch.entry.name, self._memory.get(watch.entry.name)
        if memory is None or memory.entry != watch.entry or first < memory.first:
            memory = self._memory[name] = _Memory(watch.entry, first, first)
            oldest = watch.target.first() if watch.entry.event_clock else None
            if oldest is not None and oldest < first:
                _log.warning("monitor %s begins with %s; the oldest record is of %s, years before", name, first, oldest)
            return memory, Board(self._shelves.facts.publications(name))
        since = memory.frontier - (REVISITED + 1) * watch.entry.every
        board = Board(self._shelves.facts.publications(name, since))
        board.newest = {**memory.newest, **board.newest}
        return memory, board

    def _renew(self, lease: Lease, moment: datetime) -> None:
        renewed = self._shelves.facts.acquire(lease.name, self._holder, LEASE, moment)
        if renewed is None or renewed.token != lease.token:
            raise LeaseLost(lease.name, self._holder)

    def _revisit(self, watch: Watch, lease: Lease, memory: _Memory, board: Board, tell: Clock) -> BeatReport:
        """Judge the newest windows again where their data has changed since."""
        windows = watch.timetable.recent(memory.first, watch.clock or watch.now, REVISITED)
        if not windows:
            return BeatReport()
        whole = Span(windows[0].start, windows[-1].end)
        state = ";".join([str(whole), *(watch.fingerprint(whole, name) for name in watch.signals)])
        if state == memory.state:
            return BeatReport()
        report = BeatReport()
        for window in windows:
            changed = self._changed(watch, memory, board, window)
            if changed:
                report += BeatReport.of(settle(watch, lease, board, window, changed))
                self._renew(lease, tell())
        memory.checked = {key: seen for key, seen in memory.checked.items() if key[0] in windows}
        memory.state = state
        return report

    def _changed(self, watch: Watch, memory: _Memory, board: Board, window: Span) -> list[str]:
        changed = []
        for name in watch.signals:
            known = board.known.get((window, name))
            fingerprint = watch.fingerprint(window, name) if known else ""
            if known and fingerprint not in (known.fingerprint, memory.checked.get((window, name))):
                # Remembered even if it comes to the same measurements: those are published only when they differ.
                memory.checked[window, name] = fingerprint
                changed.append(name)
        return changed
