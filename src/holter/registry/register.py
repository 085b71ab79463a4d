"""The book of models, deployments and monitors; every change to it is a ledger entry in the same transaction."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import sqlalchemy as sa

from holter.errors import NotFound
from holter.registry.book import SYSTEM, note, now, taken
from holter.registry.entries import MonitorEntry
from holter.registry.names import check_model
from holter.registry.rows import monitor_of, monitor_row
from holter.registry.wanting import Wanting
from holter.store.tables import MONITOR

_WINDOWS: Final = ("target", "signals", "every", "over")
"""What says which windows a monitor judges; whatever else changes, those that are due stay due."""


class Registry(Wanting):
    """Models, deployments and monitors of a workspace.

    Ledger subjects are ``model:NAME``, ``deployment:NAME`` and ``monitor:NAME``.
    """

    def add_monitor(self, entry: MonitorEntry, *, overwrite: bool = False, actor: str = SYSTEM) -> MonitorEntry:
        """Write down a monitor.

        One that is written down again with the same target, signals and windows began when it first did: its windows
        that still wait for labels stay due.

        Raises
        ------
        BadName
            If the name cannot be a folder.
        NotFound
            If its target is a deployment that does not exist.
        AlreadyExists
            If the name is taken and ``overwrite`` is False.
        """
        check_model(entry.name, "monitor")
        if isinstance(entry.target, str):
            self.deployment(entry.target)
        row = monitor_row(replace(entry, created_at=entry.created_at or now()), self._root)
        with self._facts.begin() as transaction:
            same = MONITOR.c.name == entry.name
            old = self._rows(sa.select(MONITOR).where(same), transaction)
            if old and not overwrite:
                raise taken("monitor", entry.name)
            if old and all(old[0]["entry"][part] == row["entry"][part] for part in _WINDOWS):
                row["created_at"] = old[0]["created_at"]
            change = MONITOR.update().where(same) if old else MONITOR.insert()
            transaction.connection.execute(change.values(**row))
            action = "monitor.replace" if old else "monitor.create"
            note(transaction, actor, action, f"monitor:{entry.name}", _facts(entry))
        return self.monitor(entry.name)

    def monitor(self, name: str) -> MonitorEntry:
        """Return a monitor. Raises NotFound."""
        rows = self._rows(sa.select(MONITOR).where(MONITOR.c.name == name))
        if not rows:
            raise NotFound("monitor", name, (one.name for one in self.monitors()))
        return monitor_of(rows[0], self._root)

    def monitors(self) -> Sequence[MonitorEntry]:
        """Return all monitors, by name."""
        return [monitor_of(row, self._root) for row in self._rows(sa.select(MONITOR).order_by(MONITOR.c.name))]

    def pause(self, name: str, paused: bool = True, *, actor: str = SYSTEM) -> MonitorEntry:
        """Stop or resume a monitor. Raises NotFound."""
        if self.monitor(name).paused != paused:
            with self._facts.begin() as transaction:
                transaction.connection.execute(MONITOR.update().where(MONITOR.c.name == name).values(paused=paused))
                note(transaction, actor, "monitor.pause" if paused else "monitor.resume", f"monitor:{name}", {})
        return self.monitor(name)

    def delete_monitor(self, name: str, *, actor: str = SYSTEM) -> None:
        """Take a monitor out of the book; what it measured stays. Raises NotFound."""
        self.monitor(name)
        with self._facts.begin() as transaction:
            transaction.connection.execute(MONITOR.delete().where(MONITOR.c.name == name))
            transaction.forget_normal(name)
            note(transaction, actor, "monitor.delete", f"monitor:{name}", {})


def _facts(entry: MonitorEntry) -> dict[str, Any]:
    """Return what the ledger keeps of a monitor: without the options of responses, which may hold secrets."""
    rules = [{**rule.to_dict(), "responses": [response.kind for response in rule.responses]} for rule in entry.rules]
    target = entry.target if isinstance(entry.target, str) else entry.target.path
    facts = {"target": target, "signals": entry.signals, "rules": rules, "every": entry.every, "over": entry.over}
    return facts | {"budget": entry.budget.to_dict()}
