"""The one transaction in which a window becomes history."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from holter.monitor.answering import event_entry, job_entry, reaction
from holter.monitor.deciding import Decision
from holter.monitor.watch import Judged, Watch
from holter.rules import Alert, AlertEvent, Rule, advance
from holter.store.kept import Lease, Publication
from holter.store.protocols import Transaction
from holter.types import Measurement, Span


class Board:
    """What of a monitor is published, as one pass knows it."""

    def __init__(self, publications: Iterable[Publication] = ()) -> None:
        self.known: dict[tuple[Span, str], Publication] = {}
        self.newest = dict[str, datetime]()
        for publication in publications:
            self.add(publication)

    def add(self, publication: Publication) -> None:
        """Note one publication."""
        self.known[publication.window, publication.signal] = publication
        newest = self.newest.get(publication.signal)
        self.newest[publication.signal] = max(publication.window.end, newest or publication.window.end)

    def moves(self, window: Span, signal: str) -> bool:
        """Tell whether a window is newer than all that its signal has judged: only then may it move alerts."""
        newest = self.newest.get(signal)
        return newest is None or window.end > newest


@dataclass(frozen=True)
class Settled:
    """What came of one window: signals published for the first time, signals revised, events of alerts."""

    published: tuple[str, ...] = ()
    revised: tuple[str, ...] = ()
    events: tuple[AlertEvent, ...] = ()
    judged: Mapping[str, Judged] = field(default_factory=dict)


def settle(
    watch: Watch, lease: Lease, board: Board, window: Span, names: Sequence[str], *, quiet: bool = False
) -> Settled:
    """Judge signals in a window and publish what is new, all in one transaction.

    A signal not yet published there is published, and if no newer window of it is, moves the alerts of its rules; these
    ask for their responses unless ``quiet``. A signal published from other data is published again as the next revision
    if its measurements differ: that moves no alert and sends nothing. Raises LeaseLost, and then nothing was written.
    """
    judged = watch.judge(window, names)
    fresh = [name for name in names if (window, name) not in board.known]
    revised = [name for name in names if name not in fresh and _differs(watch, board, window, name, judged[name])]
    publications = [_publication(watch, board, window, name, judged[name]) for name in (*fresh, *revised)]
    if not publications:
        return Settled(judged=judged)
    moving = {name for name in fresh if board.moves(window, name)}
    with watch.shelves.facts.begin() as transaction:
        transaction.guard(lease)
        for publication in publications:
            if not transaction.publish(publication, judged[publication.signal].measurements):
                moving.discard(publication.signal)
        for place, decision in enumerate(_decisions(judged[name] for name in fresh if name in moving)):
            decision.write(transaction, learned=place == 0)
        events = move_alerts(watch, transaction, window, {name: judged[name] for name in moving}, quiet=quiet)
    for publication in publications:
        board.add(publication)
    return Settled(tuple(fresh), tuple(revised), events, judged)


def _decisions(judged: Iterable[Judged]) -> Iterable[Decision]:
    """Return each decision once, though several signals rest on it."""
    return {each.decision.part: each.decision for each in judged if each.decision is not None}.values()


def move_alerts(
    watch: Watch, transaction: Transaction, window: Span, judged: Mapping[str, Judged], *, quiet: bool
) -> tuple[AlertEvent, ...]:
    """Advance every rule that watches one of these signals, and ask for what follows."""
    if not any(signal_of(rule) in judged for rule in watch.entry.rules):
        return ()
    # Read inside the transaction: nobody else writes an alert until it ends.
    newest = newest_alerts(watch.shelves.facts.alerts(watch.entry.name))
    happened: list[AlertEvent] = []
    for rule in watch.entry.rules:
        if signal_of(rule) not in judged:
            continue
        before, found = newest.get(rule.name), judged[signal_of(rule)].measurements
        alert, events = advance(rule, before, found, monitor=watch.entry.name, window=window, now=watch.now)
        if alert is None or alert == before:
            continue
        transaction.save_alert(alert, events)
        for event in events:
            _follow(watch, transaction, rule, alert, event, window, quiet=quiet)
        happened += events
    return tuple(happened)


def _follow(
    watch: Watch, transaction: Transaction, rule: Rule, alert: Alert, event: AlertEvent, window: Span, *, quiet: bool
) -> None:
    transaction.record(event_entry(alert, event), watch.now)
    if quiet:
        return
    asked = reaction(watch.entry, rule, alert, event, window.end)
    for message in asked.messages:
        transaction.enqueue(message)
    for job in asked.jobs:
        transaction.ask(job)
        transaction.record(job_entry(watch.entry, alert, job), watch.now)


def newest_alerts(alerts: Iterable[Alert]) -> dict[str, Alert]:
    """Return the newest alert of each rule, open or not."""
    newest: dict[str, Alert] = {}
    for alert in alerts:
        known = newest.get(alert.rule)
        if known is None or alert.opened.end > known.opened.end:
            newest[alert.rule] = alert
    return newest


def signal_of(rule: Rule) -> str:
    """Return the signal whose metric a rule watches."""
    return rule.metric.partition(".")[0]


def stored(watch: Watch, window: Span, name: str) -> tuple[Measurement, ...]:
    """Return what is published of a signal in a window."""
    found = watch.shelves.facts.measurements(watch.entry.name, span=window)
    return tuple(each for each in found if each.window == window and each.signal == name)


def _differs(watch: Watch, board: Board, window: Span, name: str, judged: Judged) -> bool:
    if board.known[window, name].fingerprint == judged.fingerprint:
        return False
    return stored(watch, window, name) != judged.measurements


def _publication(watch: Watch, board: Board, window: Span, name: str, judged: Judged) -> Publication:
    known = board.known.get((window, name))
    if known is not None:
        return replace(known, revision=known.revision + 1, fingerprint=judged.fingerprint)
    return Publication(watch.entry.name, window, name, 0, judged.fingerprint)
