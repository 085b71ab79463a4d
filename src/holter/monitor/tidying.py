"""Alerts whose rule is gone: nobody judges them any more, so nothing would ever close them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from holter.monitor.answering import event_entry
from holter.registry import Shelves
from holter.registry.entries import MonitorEntry
from holter.rules import Alert, AlertEvent, AlertState


def resolve_gone(shelves: Shelves, now: datetime, actor: str) -> tuple[AlertEvent, ...]:
    """Resolve every open alert whose monitor was deleted, or whose rule is no longer one of its monitor.

    A rule that keeps its name and now watches something else is another rule. Nobody is told: what would be told, and
    to whom, went with the rule.

    Parameters
    ----------
    shelves
        The workspace.
    now, actor
        When, and who is written down as having done it.

    Returns
    -------
    tuple
        One event for each alert; it says why, and stands in the ledger.
    """
    known = {entry.name: entry for entry in shelves.registry.monitors()}
    if all(_why(known.get(each.monitor), each) is None for each in shelves.facts.alerts(open_only=True)):
        return ()
    happened: list[AlertEvent] = []
    with shelves.facts.begin() as transaction:
        # Read inside the transaction: nobody else writes an alert until it ends.
        for alert in shelves.facts.alerts(open_only=True):
            why = _why(known.get(alert.monitor), alert)
            if why is None:
                continue
            event = AlertEvent(f"{alert.id}:gone", alert.id, alert.state, AlertState.RESOLVED, now, actor, why)
            resolved = replace(alert, state=AlertState.RESOLVED)
            transaction.save_alert(resolved, (event,))
            transaction.record(event_entry(resolved, event), now)
            happened.append(event)
    return tuple(happened)


def standing(entries: Sequence[MonitorEntry]) -> frozenset[tuple[str, str, str]]:
    """Return monitor, rule and metric of every rule there is: while it stays the same, no alert can have lost its."""
    return frozenset((entry.name, rule.name, rule.metric) for entry in entries for rule in entry.rules)


def _why(entry: MonitorEntry | None, alert: Alert) -> str | None:
    if entry is None:
        return f"The monitor {alert.monitor!r} was deleted."
    if any(rule.name == alert.rule and rule.watches(alert.measurement) for rule in entry.rules):
        return None
    return f"The rule {alert.rule!r} is no longer one of the monitor {alert.monitor!r}."
