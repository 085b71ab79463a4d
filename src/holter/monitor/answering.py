"""From what happened to an alert to who is told and what is done. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from holter.errors import NotFound
from holter.registry.entries import MonitorEntry
from holter.respond import Channel, named
from holter.respond.holding import delay
from holter.rules import Alert, AlertEvent, AlertState, Response, Rule
from holter.store.kept import Entry, Job, Message

_FIRED = frozenset({AlertState.FIRING, AlertState.ACKNOWLEDGED})


@dataclass(frozen=True)
class Reaction:
    """What follows from one event."""

    messages: tuple[Message, ...] = ()
    jobs: tuple[Job, ...] = ()


def reaction(entry: MonitorEntry, rule: Rule, alert: Alert, event: AlertEvent, at: datetime) -> Reaction:
    """Tell what an event asks for.

    An alert that begins to fire asks for every response of its rule. One that had fired and resolves tells the same
    channels, and starts nothing. Keys are made from the event, so that asking again asks for the same.
    """
    begins = event.after is AlertState.FIRING and event.before not in _FIRED
    ends = event.after is AlertState.RESOLVED and event.before in _FIRED
    if not (begins or ends):
        return Reaction()
    deployment = entry.target if isinstance(entry.target, str) else None
    messages = [message for response in rule.responses for message in _messages(response, alert, event)]
    jobs = [
        Job(
            f"{response.kind}-{_key(event.key, response.kind, str(place))}",
            alert.id,
            alert.monitor,
            deployment,
            response.kind,
            dict(response.options),
            at,
        )
        for place, response in enumerate(rule.responses)
        if begins and _channel(response) is None
    ]
    unique = {message.key: message for message in messages}
    return Reaction(tuple(unique.values()), tuple(jobs))


def event_entry(alert: Alert, event: AlertEvent) -> Entry:
    """Return the ledger entry of an event: the sentence, and the measurement it rests on."""
    facts = {"alert": alert.id, "rule": alert.rule, "level": str(alert.level), "event": event.key}
    before = str(event.before) if event.before else None
    return Entry(
        event.actor,
        f"alert.{event.after}",
        f"monitor:{alert.monitor}",
        event.why,
        facts | {"monitor": alert.monitor, "before": before, "measurement": alert.measurement.to_dict()},
    )


def job_entry(entry: MonitorEntry, alert: Alert, job: Job) -> Entry:
    """Return the ledger entry of a job that was asked for."""
    facts = {"job": job.key, "alert": alert.id, "monitor": alert.monitor, "at": job.at.isoformat()}
    actor = f"rule:{alert.monitor}/{alert.rule}"
    return Entry(actor, f"{job.kind}.wanted", subject_of(entry), alert.sentence, facts)


def subject_of(entry: MonitorEntry) -> str:
    """Return what the ledger files a job under: the deployment it acts on, or the monitor of a table."""
    return f"deployment:{entry.target}" if isinstance(entry.target, str) else f"monitor:{entry.name}"


def _channel(response: Response) -> Channel | None:
    try:
        kind = named(response.kind)
    except NotFound:
        return None  # it becomes a job that fails and says why, instead of nothing
    return kind if isinstance(kind, Channel) else None


def _messages(response: Response, alert: Alert, event: AlertEvent) -> Iterator[Message]:
    channel = _channel(response)
    wait = delay(alert.rule, response.options) if event.after is AlertState.FIRING else None
    due = event.at + wait if wait else None
    for target in channel.targets(response.options) if channel else ():
        yield Message(_key(event.key, response.kind, target), response.kind, target, alert.id, event.key, due=due)


def _key(*parts: str) -> str:
    return sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).hexdigest()[:24]
