"""Somebody looks after an alert."""

import time
from datetime import UTC, datetime, timedelta
from typing import Final

from holter.errors import InputError, LeaseLost
from holter.monitor.answering import event_entry
from holter.registry import Shelves
from holter.respond import holder_name
from holter.rules import Alert, AlertEvent, AlertState
from holter.store.kept import Lease

_TTL: Final = timedelta(seconds=10)
_PATIENCE_SECONDS: Final = 30.0
_POLL_SECONDS: Final = 0.1


def acknowledge(shelves: Shelves, alert_id: str, actor: str, reason: str) -> Alert:
    """Move an alert from firing to acknowledged; one that is acknowledged already stays so.

    The monitor's lease is taken for the moment it needs: a pass of the beat that runs now would write the alert back as
    it was.
    """
    alert = shelves.facts.alert(alert_id)
    lease = _lease(shelves, alert.monitor)
    try:
        alert = shelves.facts.alert(alert_id)
        if alert.state is AlertState.ACKNOWLEDGED:
            return alert
        if alert.state is not AlertState.FIRING:
            raise InputError(f"alert {alert_id} is {alert.state}; only one that fires can be acknowledged.")
        now = datetime.now(UTC)
        key = f"{alert.id}:{AlertState.ACKNOWLEDGED}:{now.isoformat()}"
        event = AlertEvent(key, alert.id, alert.state, AlertState.ACKNOWLEDGED, now, actor, reason)
        with shelves.facts.begin() as transaction:
            transaction.guard(lease)
            transaction.save_alert(alert.acknowledged(), (event,))
            transaction.record(event_entry(alert.acknowledged(), event), now)
        return alert.acknowledged()
    finally:
        shelves.facts.release(lease)


def _lease(shelves: Shelves, monitor: str) -> Lease:
    holder, deadline = holder_name(), time.monotonic() + _PATIENCE_SECONDS
    while True:
        lease = shelves.facts.acquire(f"monitor:{monitor}", holder, _TTL, datetime.now(UTC))
        if lease is not None:
            return lease
        if time.monotonic() > deadline:
            raise LeaseLost(f"monitor:{monitor}", holder)
        time.sleep(_POLL_SECONDS)
