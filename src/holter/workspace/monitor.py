"""A monitor, as a user holds it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from holter.registry import Shelves
from holter.registry.entries import MonitorEntry
from holter.rules import AlertState, Rule
from holter.rules.covering import covers
from holter.types import Span
from holter.workspace.identity import actor
from holter.workspace.printing import every
from holter.workspace.results import Alerts, Measurements, moment
from holter.workspace.watching import as_rule

if TYPE_CHECKING:
    from holter.monitor.accepting import Accepted
    from holter.monitor.by_chance import ByChance
    from holter.monitor.selftest import SelfTest
    from holter.report.normal import Normal
    from holter.workspace.why import Why


@dataclass(frozen=True)
class Monitor:
    """A name that is watched; its entry is read anew each time."""

    shelves: Shelves
    name: str

    def __repr__(self) -> str:
        entry = self.entry
        return f"<Monitor {self.name}: {entry.target} every {every(entry.every)}, {len(entry.rules)} rules>"

    @property
    def entry(self) -> MonitorEntry:
        """Target, baseline, signals, rules and interval. Raises NotFound."""
        return self.shelves.registry.monitor(self.name)

    def run(self, *, now: datetime | None = None) -> Measurements:
        """Judge the newest closed window and return what was measured, with verdicts.

        Alerts are raised and answered just as when the tree runs. A window that was published already, from the same
        data, is not judged again: what was measured then is returned.
        """
        from holter.monitor import run

        return Measurements(tuple(run(self.shelves, self.name, now or datetime.now(UTC))), self.entry.rules)

    def history(
        self, metric: str | None = None, *, feature: str | None = None, segment: str | None = None
    ) -> Measurements:
        """Return what was measured so far, oldest window first; ``metric`` is ``signal.metric``, None takes all.

        ``segment`` is None for all rows together, a label (``country=DE``), ``country=*`` or ``*`` for every segment.
        """
        found = self.shelves.facts.measurements(self.name, metric=metric, feature=feature, whole=segment is None)
        return Measurements(tuple(each for each in found if covers(segment, each.segment)), self.entry.rules)

    def newest(self) -> Measurements:
        """Return what was measured in the newest window that is published; nothing before the first."""
        end = self.shelves.facts.newest_window(self.name)
        if end is None:
            return Measurements((), self.entry.rules)
        found = self.shelves.facts.measurements(self.name, span=Span(end - self.entry.over, end))
        return Measurements(tuple(found), self.entry.rules)

    def backfill(self, start: datetime, end: datetime, *, answer: bool = False) -> Measurements:
        """Judge the windows of a stretch of the past that have not been, and return what was measured.

        The past wakes nobody: alerts are written down, and answered only with ``answer``.

        Raises
        ------
        NaiveTime
            If a time has no zone.
        """
        from holter.monitor import backfill

        found = backfill(self.shelves, self.name, Span(start, end), datetime.now(UTC), answer=answer)
        return Measurements(tuple(found), self.entry.rules)

    def why(self, *, at: datetime | None = None, alert: str | None = None) -> "Why":
        """Say why a window is as it is: who came, where the model got worse, and which rows to look at.

        Parameters
        ----------
        at
            The newest window that ends by then; None: the one judged last.
        alert
            Id of an alert: the window it rests on.

        Raises
        ------
        NotFound
            If there is no such window or alert.
        NaiveTime
            If a time has no zone.
        """
        from holter.monitor.why import why
        from holter.workspace.why import Why

        return Why(self.name, *why(self.shelves, self.name, at, alert))

    def replay(self, rules: Sequence[Rule | Mapping[str, Any]] | None = None) -> Alerts:
        """Tell which alerts these rules (None: the monitor's own) would have raised; changes nothing, tells nobody."""
        from holter.monitor import replay

        chosen = self.entry.rules if rules is None else tuple(as_rule(rule) for rule in rules)
        return Alerts(tuple(replay(self.shelves, self.name, chosen)))

    def by_chance(self, rules: Sequence[Rule | Mapping[str, Any]] | None = None) -> "Sequence[ByChance]":
        """Tell how often each of these rules (None: the monitor's own) would fire though nothing is wrong."""
        from holter.monitor.by_chance import by_chance
        from holter.monitor.watch import Watch

        chosen = self.entry.rules if rules is None else tuple(as_rule(rule) for rule in rules)
        return by_chance(Watch.of(self.shelves, self.entry, datetime.now(UTC)), chosen)

    def explain(self) -> "Normal | None":
        """Say what is normal, in words and numbers; None before the first window that had a baseline was judged."""
        from holter.report.normal import normal_of

        return normal_of(self.shelves, self.entry)

    def accept(self, reason: str, *, since: datetime | None = None) -> "Accepted":
        """Take what is for the new normal; see :func:`holter.monitor.accepting.accept`.

        Parameters
        ----------
        reason
            Why; it stands in the ledger.
        since
            When the change began; None: with the alarm that is on.

        Raises
        ------
        InputError
            If there is no reason, nothing was learned yet, or no alarm is on and no ``since`` given.
        """
        from holter.monitor.accepting import accept

        return accept(self.shelves, self.name, reason, datetime.now(UTC), actor=actor(), since=since)

    def selftest(self) -> "SelfTest":
        """Put changes into windows of the baseline that nothing was learned from, and tell the smallest that is found.

        Raises
        ------
        InputError
            If the baseline has too few windows with event times, or nothing has happened yet.
        """
        from holter.monitor.selftest import selftest
        from holter.monitor.watch import Watch

        return selftest(Watch.of(self.shelves, self.entry, datetime.now(UTC)))

    def alerts(self, *, open_only: bool = False) -> Alerts:
        """Return its alerts, newest first."""
        return Alerts(tuple(self.shelves.facts.alerts(self.name, open_only=open_only)))

    def emptiness(self, found: Measurements, now: datetime) -> str:
        """Say that the windows just judged are empty, and when what is recorded now will be; empty if they are not.

        The first run of a daily monitor looks at yesterday: what was recorded today is in a window that is still open.
        """
        from holter.monitor.targets import DATA, target_of

        windows = [each.window for each in found if each.window is not None]
        if not windows or any(each.n for each in found):
            return ""
        entry, last = self.entry, max(windows, key=lambda window: window.end)
        if target_of(self.shelves, entry).case(last, DATA).target.n:
            return ""  # there are records; the signals could not use them, and say why themselves
        words = f"Nothing was recorded in the newest closed window, {moment(last.start)} to {moment(last.end)} UTC."
        if entry.event_clock:
            return f"{words} The window that is open now closes when a record of a later window comes."
        closes = Span.covering(now, entry.every).end + entry.lateness
        return f"{words} What is recorded now is judged when its window closes, at {moment(closes)} UTC."

    def is_behind(self, moment: datetime) -> bool:
        """Tell whether the newest window that ends by a moment still waits for one of its signals.

        Raises
        ------
        NaiveTime
            If the moment has no zone.
        """
        entry = self.entry
        end = Span.covering(moment, entry.every).start
        newest = self.shelves.facts.publications(self.name, end - entry.every)
        judged = {each.signal for each in newest if each.window.end == end}
        return not judged or not judged.issuperset(entry.signals)

    @property
    def is_broken(self) -> bool:
        """Whether a rule of it is broken now: an alert fires, acknowledged or not."""
        firing = (AlertState.FIRING, AlertState.ACKNOWLEDGED)
        return any(alert.state in firing for alert in self.alerts(open_only=True))

    def pause(self) -> "Monitor":
        """Stop evaluating; what fell due meanwhile is caught up with later."""
        return self._pause(paused=True)

    def resume(self) -> "Monitor":
        """Evaluate again."""
        return self._pause(paused=False)

    def delete(self) -> None:
        """Stop watching for good. What it measured stays, and its open alerts resolve."""
        from holter.monitor.tidying import resolve_gone

        self.shelves.registry.delete_monitor(self.name, actor=actor())
        resolve_gone(self.shelves, datetime.now(UTC), actor())

    def _pause(self, *, paused: bool) -> "Monitor":
        self.shelves.registry.pause(self.name, paused, actor=actor())
        return self
