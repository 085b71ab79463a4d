"""Looking now, looking back, and asking what would have been."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

from holter.errors import LeaseLost
from holter.monitor.beat import LEASE
from holter.monitor.publishing import Board, settle, stored
from holter.monitor.targets import DATA
from holter.monitor.watch import Watch
from holter.registry import Shelves
from holter.respond import holder_name, running_clock
from holter.rules import Alert, Rule, advance
from holter.store.kept import Lease
from holter.types import Measurement, Span

_PATIENCE_S: Final = 30.0
"""How long to wait for a beat that is judging the same monitor."""
_POLL_S: Final = 0.05


def run(shelves: Shelves, name: str, now: datetime) -> list[Measurement]:
    """Judge the newest closed window now, publish it, and return what was measured.

    It is the newest window that is closed at ``now`` (or at the newest event time) and, for signals that look at
    records, not newer than the newest record. Alerts move and are answered as in a beat. A window published from the
    same data is not judged again: its measurements are returned.

    Raises
    ------
    NotFound
        If there is no such monitor.
    LeaseLost
        If another process goes on judging it for more than 30 seconds.
    """
    entry = shelves.registry.monitor(name)
    with held(shelves, name, now) as lease:
        watch = Watch.of(shelves, entry, now)
        board, windows = Board(shelves.facts.publications(name)), _newest(watch)
        measured: list[Measurement] = []
        for window in sorted(set(windows.values()), key=lambda window: window.end):
            names = [signal for signal in watch.signals if windows.get(signal) == window]
            measured += _settled(watch, lease, board, window, names, quiet=False)
        return measured


def backfill(shelves: Shelves, name: str, span: Span, now: datetime, *, answer: bool = False) -> list[Measurement]:
    """Judge every closed window that ends in a span of the past and is not published, oldest first.

    Parameters
    ----------
    shelves, name
        The workspace and the monitor.
    span
        Windows whose end lies in it, its own end included.
    now
        The wall clock.
    answer
        Whether alerts that fire ask for their responses. By default they are only written down: the past wakes nobody.

    Returns
    -------
    list
        What was measured, oldest window first; nothing for windows that are published already.
    """
    entry = shelves.registry.monitor(name)
    with held(shelves, name, now) as lease:
        watch, tell = Watch.of(shelves, entry, now), running_clock(now)
        board = Board(shelves.facts.publications(name))
        measured: list[Measurement] = []
        for window in _ending_in(watch, span):
            ready = watch.timetable.ready(window, watch.clock or now)
            missing = [signal for signal in ready if (window, signal) not in board.known]
            if missing:
                measured += _settled(watch, lease, board, window, missing, quiet=not answer)
                _renew(shelves, lease, tell())
        return measured


def replay(shelves: Shelves, name: str, rules: Sequence[Rule]) -> list[Alert]:
    """Tell which alerts these rules would have raised over the published history. Stores nothing, tells nobody.

    Returns
    -------
    list
        Alerts as they would stand now, the oldest first; those that never lasted long enough to fire are left out.
    """
    raised: list[Alert] = []
    for rule in rules:
        history: dict[Span, list[Measurement]] = {}
        for each in shelves.facts.measurements(name, metric=rule.metric):
            if each.window is not None:
                history.setdefault(each.window, []).append(each)
        raised += fold(name, rule, history)
    return sorted(raised, key=lambda alert: (alert.opened.end, alert.rule))


def fold(monitor: str, rule: Rule, history: Mapping[Span, Sequence[Measurement]]) -> list[Alert]:
    """Return the alerts of a rule that fired over windows, as they stand after the last."""
    alert, fired, alerts = None, set(), {}
    for window in sorted(history, key=lambda window: window.end):
        alert, events = advance(rule, alert, history[window], monitor=monitor, window=window, now=window.end)
        fired |= {event.alert for event in events if event.after == "firing"}
        if alert is not None:
            alerts[alert.id] = alert
    return [alert for alert in alerts.values() if alert.id in fired]


def _settled(
    watch: Watch, lease: Lease, board: Board, window: Span, names: Sequence[str], *, quiet: bool
) -> list[Measurement]:
    """Publish what is new and return what holds: old measurements where the data has not changed."""
    new = [
        name
        for name in names
        if (window, name) not in board.known or board.known[window, name].fingerprint != watch.fingerprint(window, name)
    ]
    settled = settle(watch, lease, board, window, new, quiet=quiet) if new else None
    judged = settled.judged if settled else {}
    return [
        each
        for name in names
        for each in (judged[name].measurements if name in judged else stored(watch, window, name))
    ]


def _newest(watch: Watch) -> dict[str, Span]:
    """Return for each signal the newest window it may judge now; nothing where there is none."""
    if watch.clock is None:
        return {}
    watermark, windows = watch.target.watermark(), {}
    for name, signal in watch.signals.items():
        window = watch.timetable.newest(watch.clock, name)
        if signal.needs & DATA and watermark is not None:
            last = watch.timetable.window(Span.covering(min(watermark, watch.now), watch.entry.every))
            window = min(window, last, key=lambda each: each.end)
        windows[name] = window
    return windows


def _ending_in(watch: Watch, span: Span) -> Iterator[Span]:
    slot = Span.covering(span.start, watch.entry.every)
    while slot.end <= span.end:
        yield watch.timetable.window(slot)
        slot = slot.next()


@contextmanager
def held(shelves: Shelves, name: str, now: datetime) -> Iterator[Lease]:
    """Hold a monitor, so that no beat judges it meanwhile; wait for one that does. Raises LeaseLost."""
    holder, tell = holder_name(), running_clock(now)
    while True:
        lease = shelves.facts.acquire(f"monitor:{name}", holder, LEASE, tell())
        if lease is not None:
            break
        if tell() - now > timedelta(seconds=_PATIENCE_S):
            raise LeaseLost(f"monitor:{name}", holder)
        time.sleep(_POLL_S)
    try:
        yield lease
    finally:
        shelves.facts.release(lease)


def _renew(shelves: Shelves, lease: Lease, moment: datetime) -> None:
    renewed = shelves.facts.acquire(lease.name, lease.holder, LEASE, moment)
    if renewed is None or renewed.token != lease.token:
        raise LeaseLost(lease.name, lease.holder)
