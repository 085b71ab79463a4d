"""Traffic, telemetry and the service on the wall clock: judged on every pass, written down when it matters.

A window of a few minutes is looked at every few seconds. Writing each down would fill the disk with what did not
change, so one is published only when an alert moves, a verdict changes, or a minute has passed since the last.
Alerts move only in the transaction that publishes the window which moved them: that keeps them exactly once, as for all
other windows. Windows that passed while nothing was running are not made up for: nobody can answer them any more.

A window a minute for ever would be half a million a year for each deployment, so what is older than :data:`KEPT` goes
with the transaction that publishes a new one; that takes windows which a backfill has published there, too. The counts
by minute, the alerts, each with the measurement it rests on, and the ledger stay. A monitor on event time, or with
another signal besides, keeps all its history.
"""

from datetime import timedelta
from typing import Final

from holter.monitor.publishing import Board, Settled, move_alerts, newest_alerts
from holter.monitor.watch import Judged, Watch
from holter.registry.entries import MonitorEntry
from holter.rules import Alert, Rule, advance
from holter.store.kept import Lease, Publication
from holter.types import Span, Verdict

AT_LEAST: Final = timedelta(minutes=1)
"""Windows are published at least this often."""
KEPT: Final = timedelta(days=7)
"""How long a published window stays: long enough to see this hour of this weekday once more."""
_FLEETING: Final = (("traffic",), ("telemetry",), ("service",))
"""Signals that cost a few rows of a database to ask."""

Verdicts = tuple[tuple[str, Verdict | None], ...]


def is_live(entry: MonitorEntry) -> bool:
    """Tell whether a monitor looks at traffic, telemetry or the service, at that only, and on the wall clock."""
    return entry.signals in _FLEETING and not entry.event_clock


def settle_live(watch: Watch, lease: Lease, board: Board, last: Verdicts | None) -> tuple[Settled, Verdicts]:
    """Judge the newest closed window, and publish it if it matters.

    Parameters
    ----------
    watch, lease, board
        As for :func:`holter.monitor.publishing.settle`; the board need only know the last minute.
    last
        The verdicts of the window before; None when they are not known.

    Returns
    -------
    tuple
        What was published, and the verdicts.
    """
    (signal,) = watch.entry.signals
    window = watch.timetable.newest(watch.now, signal)
    judged = watch.judge(window, (signal,))
    verdicts = tuple((each.name, each.verdict) for each in judged[signal].measurements)
    if not board.moves(window, signal):
        return Settled(judged=judged), verdicts
    newest = board.newest.get(signal)
    lately = newest is not None and newest > window.end - AT_LEAST
    if lately and verdicts == last and not _stirs(watch, window, judged[signal]):
        return Settled(judged=judged), verdicts
    publication = Publication(watch.entry.name, window, signal, 0, judged[signal].fingerprint)
    with watch.shelves.facts.begin() as transaction:
        transaction.guard(lease)
        new = transaction.publish(publication, judged[signal].measurements)
        transaction.forget(watch.entry.name, window.end - KEPT)
        events = move_alerts(watch, transaction, window, judged, quiet=False) if new else ()
    return Settled((signal,) if new else (), (), events, judged), verdicts


def _stirs(watch: Watch, window: Span, judged: Judged) -> bool:
    """Tell whether any alert would move, or would come nearer to moving."""
    newest = newest_alerts(watch.shelves.facts.alerts(watch.entry.name))
    for rule in watch.entry.rules:
        before = newest.get(rule.name)
        after, _ = advance(rule, before, judged.measurements, monitor=watch.entry.name, window=window, now=watch.now)
        if _standing(rule, before) != _standing(rule, after):
            return True
    return False


def _standing(rule: Rule, alert: Alert | None) -> tuple[object, ...]:
    """Return what of an alert decides its future: further breaks of one that fires change nothing."""
    if alert is None or not alert.is_open:
        return ()
    return (alert.id, alert.state, alert.holding, min(alert.breaking, rule.for_windows))
