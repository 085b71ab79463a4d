"""One monitor at one moment: its target, signals, timetable and clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_

from holter.monitor.beginning import begins
from holter.monitor.deciding import Decision, decide_on
from holter.monitor.judging import by_segment, judge, signals_of
from holter.monitor.parts import Part
from holter.monitor.schedule import Timetable
from holter.monitor.segmented import Part as Slice
from holter.monitor.segmented import cases
from holter.monitor.targets import Case, Target, target_of
from holter.registry import Shelves
from holter.registry.entries import MonitorEntry
from holter.signals import Need, Signal
from holter.types import Measurement, Span


@dataclass(frozen=True)
class Judged:
    """What one signal said about a window, the fingerprint of the data it looked at, and the decision it rests on."""

    fingerprint: str
    measurements: tuple[Measurement, ...]
    decision: Decision | None = None


@dataclass(frozen=True)
class Watch:
    """Everything a pass needs to know of a monitor.

    ``first`` is where its history begins (None: nothing has happened yet), ``clock`` is the wall clock or the newest
    event time, ``now`` always the wall clock.
    """

    shelves: Shelves
    entry: MonitorEntry
    target: Target
    signals: Mapping[str, Signal]
    timetable: Timetable
    first: datetime | None
    clock: datetime | None
    now: datetime

    @classmethod
    def of(cls, shelves: Shelves, entry: MonitorEntry, now: datetime) -> "Watch":
        """Gather it.

        A monitor on the wall clock begins where it was created, or where its deployment took another model: what lies
        before is for :func:`backfill`, and wakes nobody. One on event time begins with the oldest record after any
        silence of years; its clock never runs ahead of the wall clock.

        Raises
        ------
        NotFound
            If its deployment is gone.
        """
        target = target_of(shelves, entry)
        # Minutes of traffic are minutes of arrival: in a replay they say nothing about the time that is replayed.
        served = isinstance(entry.target, str) and not entry.event_clock
        schema, labels = target.schema(), target.labelled()
        signals = signals_of(entry.signals, schema, entry.options, labels=labels, traffic=served)
        delays = {name: entry.lateness + _label_delay(entry, signal) for name, signal in signals.items()}
        replayed = entry.event_clock
        first, clock = _event_time(shelves, entry, target, now) if replayed else (_created(target, entry, now), now)
        timetable = Timetable(entry.every, entry.over, delays)
        return cls(shelves, entry, target, signals, timetable, first, clock, now)

    def fingerprint(self, window: Span, name: str) -> str:
        """Return the fingerprint of what a signal looks at in a window."""
        return self.target.fingerprint(window, self.signals[name].needs)

    def judge(self, window: Span, names: Sequence[str]) -> dict[str, Judged]:
        """Measure and judge some signals in a window; the window is fetched once for all of them."""
        # Taken before the data is read: what arrives in between changes it, and the window is looked at again.
        fingerprints = {name: self.fingerprint(window, name) for name in names}
        cut = [self.signals[name] for name in names if self.entry.segments and by_segment(self.signals[name])]
        needs = reduce(or_, (self.signals[name].needs for name in names), Need(0))
        case = self.target.case(window, needs | Need.ROWS if cut else needs)
        parts = cases(case, self.entry.segments, reduce(or_, (each.needs for each in cut))) if cut else ()
        decided = self._decide(window, names)
        return {name: self._judged(name, fingerprints[name], case, parts, decided) for name in names}

    def _decide(self, window: Span, names: Sequence[str]) -> dict[Part, Decision]:
        """Decide once for all signals that look at the same."""
        wanted = {Part.of(name) for name in names}
        found = {part: decide_on(self, window, part) for part in Part if part in wanted}
        return {part: decision for part, decision in found.items() if decision is not None}

    def _judged(
        self, name: str, fingerprint: str, case: Case, slices: Sequence[Slice], decided: Mapping[Part, Decision]
    ) -> Judged:
        signal = self.signals[name]
        part = Part.of(name)
        decision = decided.get(part) if part is not None else None
        judgement = None if decision is None else decision.judgement
        found = judge(signal, case, len(self.signals), slices if by_segment(signal) else (), judgement)
        return Judged(fingerprint, tuple(found), decision)


def _created(target: Target, entry: MonitorEntry, now: datetime) -> datetime:
    created, changed = entry.created_at or now, target.changed()
    return created if changed is None else max(created, changed)


def _event_time(
    shelves: Shelves, entry: MonitorEntry, target: Target, now: datetime
) -> tuple[datetime | None, datetime | None]:
    """Return where event time begins and has come to.

    One record from long ago would otherwise make every window since due (see :func:`holter.monitor.beginning.begins`).
    One from the future (a clock that is wrong, milliseconds taken for seconds) would otherwise close every
    window up to its day, and all that really happens until then would be late.
    """
    newest = target.watermark()
    reached = newest and min(newest, now)
    return begins(shelves, entry, target.first(), reached), reached


def _label_delay(entry: MonitorEntry, signal: Signal) -> timedelta:
    return entry.label_delay if Need.LABELS in signal.needs else timedelta(0)
