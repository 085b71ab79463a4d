"""What is known of a model over a time: the facts that an evidence pack is made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from holter.errors import BrokenLedger, NotFound
from holter.registry import Shelves
from holter.registry.entries import ModelVersion, MonitorEntry, Shelf
from holter.rules import Alert, AlertEvent
from holter.store.kept import Job, Message, Sealed
from holter.types import Measurement, Span, Traffic

DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Chain:
    """The whole chain of the ledger: the digest of each entry in order, and why it is broken (empty: it holds)."""

    digests: tuple[str, ...]
    broken: str = ""

    @property
    def head(self) -> str:
        """The digest of the last entry; empty for an empty ledger."""
        return self.digests[-1] if self.digests else ""


@dataclass(frozen=True)
class Told:
    """One alert, what happened to it, who was told, and what was asked for."""

    alert: Alert
    events: tuple[AlertEvent, ...]
    messages: tuple[Message, ...]
    jobs: tuple[Job, ...]


@dataclass(frozen=True)
class Evidence:
    """Everything a regulator asks about one model in one stretch of time.

    ``entries`` are those of the ledger that are about the model, its deployments and their monitors, by the time they
    were written. Alerts and measurements count by event time, and alerts also by when something happened to them.
    """

    model: str
    span: Span
    made: datetime
    actor: str
    versions: tuple[ModelVersion, ...]
    shelves: tuple[Shelf, ...]
    monitors: tuple[MonitorEntry, ...]
    alerts: tuple[Told, ...]
    traffic: tuple[tuple[str, datetime, int, Traffic], ...]
    measurements: tuple[tuple[str, tuple[Measurement, ...]], ...]
    entries: tuple[Sealed, ...]
    chain: Chain

    @property
    def requests(self) -> Traffic:
        """All requests of the stretch."""
        return sum((each[-1] for each in self.traffic), Traffic())


def gather(shelves: Shelves, model: str, span: Span, made: datetime, actor: str) -> Evidence:
    """Collect the evidence about a model.

    Parameters
    ----------
    shelves
        The workspace; nothing in it is changed.
    model
        Its name. A model that was deleted still has its ledger entries.
    span
        Which time is asked about.
    made, actor
        When and by whom the pack is made.

    Raises
    ------
    NotFound
        If no version, shelf or ledger entry knows such a model.
    """
    kept = tuple(each for each in shelves.registry.shelves() if each.model == model)
    names = {each.deployment for each in kept}
    monitors = tuple(each for each in shelves.registry.monitors() if each.target in names)
    about, digests = _about(shelves, model, names, {each.name for each in monitors})
    # read again rather than kept: the ledger of a workspace is much longer than what concerns one model
    found = tuple(each for each in shelves.facts.ledger() if each.entry.subject in about)
    versions = _versions(shelves, model)
    if not (versions or kept or found):
        raise NotFound("model", model, {each.model for each in shelves.registry.shelves()})
    return Evidence(
        model=model,
        span=span,
        made=made,
        actor=actor,
        versions=versions,
        shelves=kept,
        monitors=monitors,
        alerts=_alerts(shelves, [name.partition(":")[2] for name in about if name.startswith("monitor:")], span),
        traffic=tuple(each for shelf in kept for each in _by_day(shelves, shelf, span)),
        measurements=tuple((each.name, tuple(shelves.facts.measurements(each.name, span=span))) for each in monitors),
        entries=tuple(each for each in found if span.start <= each.at < span.end),
        chain=Chain(digests, _broken(shelves)),
    )


def _versions(shelves: Shelves, model: str) -> tuple[ModelVersion, ...]:
    try:
        return tuple(shelves.registry.versions(model))
    except NotFound:
        return ()


def _about(shelves: Shelves, model: str, deployments: set[str], monitors: set[str]) -> tuple[set[str], tuple[str, ...]]:
    """Return the subjects a model's entries are filed under, those of monitors that are gone too, and all digests."""
    subjects = {f"model:{model}", *(f"deployment:{name}" for name in deployments), *(f"monitor:{n}" for n in monitors)}
    digests = []
    for each in shelves.facts.ledger():
        digests.append(each.digest)
        if each.entry.subject.startswith("monitor:") and each.entry.facts.get("target") in deployments:
            subjects.add(each.entry.subject)
    return subjects, tuple(digests)


def _alerts(shelves: Shelves, monitors: Sequence[str], span: Span) -> tuple[Told, ...]:
    outbox, jobs, told = shelves.facts.outbox(), shelves.facts.jobs(), []
    for monitor in sorted(monitors):
        for alert in shelves.facts.alerts(monitor):
            events = tuple(shelves.facts.events(alert.id))
            lived = alert.opened.start < span.end and alert.judged.end > span.start
            if lived or any(span.start <= event.at < span.end for event in events):
                messages = tuple(each for each in outbox if each.alert == alert.id)
                told.append(Told(alert, events, messages, tuple(each for each in jobs if each.alert == alert.id)))
    return tuple(sorted(told, key=lambda each: (each.alert.opened.end, each.alert.id)))


def _by_day(shelves: Shelves, shelf: Shelf, span: Span) -> list[tuple[str, datetime, int, Traffic]]:
    """Add the minutes of a shelf up to days and versions."""
    days: dict[tuple[datetime, int], Traffic] = {}
    for minute, version, counts in shelves.facts.traffic_by_minute(shelf.name, span):
        key = (minute.replace(hour=0, minute=0), version)
        days[key] = days.get(key, Traffic()) + counts
    return [(shelf.deployment, day, version, counts) for (day, version), counts in sorted(days.items())]


def _broken(shelves: Shelves) -> str:
    try:
        shelves.facts.verify_ledger()
    except BrokenLedger as error:
        return str(error)
    return ""
