"""What the workspace knows when a message is due: who is silenced, what explains it, what was held back before."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from holter.errors import BadDuration, BadRule
from holter.registry import Shelves
from holter.respond.answer import Channel
from holter.respond.posting import event_of, options_of
from holter.rules import Alert, AlertState
from holter.rules.holding import FLAPS, Fate, Quiet, Standing, fate
from holter.store.kept import Message
from holter.types import parse_duration

REPEATED: Final = "~again"
"""End of the key of a message that tells a standing alert again; keys themselves are hexadecimal."""
MARK: Final = "~"
"""Stands before the number of a repetition in the key of its message."""
OPTIONS: Final = frozenset({"after", "repeat", "quiet"})
"""Options that every channel knows: ``after`` (tell only if nobody has acknowledged the alert by then), ``repeat``
(tell again while it fires and nobody has), ``quiet`` (hours in which only pages are told)."""


def check_options(rule: str, options: Mapping[str, str]) -> None:
    """Refuse times that cannot be read. Raises BadRule."""
    for name in ("after", "repeat"):
        if name in options:
            _length(rule, name, options[name])
    if "quiet" in options:
        Quiet.of(rule, options["quiet"])


def delay(rule: str, options: Mapping[str, str]) -> timedelta | None:
    """Return how long a message waits for somebody to acknowledge its alert; None: it does not."""
    return _length(rule, "after", options["after"]) if "after" in options else None


def repeat(rule: str, options: Mapping[str, str]) -> timedelta | None:
    """Return how often a message is sent again while its alert fires; None: never."""
    return _length(rule, "repeat", options["repeat"]) if "repeat" in options else None


def _length(rule: str, name: str, text: str) -> timedelta:
    try:
        return parse_duration(text)
    except BadDuration as error:
        raise BadRule(rule, f"{name}={text!r} is no duration such as 30m or 4h") from error


class Holding:
    """Decides about the messages of one pass over the outbox; what is looked up for one serves the next.

    Parameters
    ----------
    shelves
        The workspace.
    now
        The moment of the pass.
    """

    def __init__(self, shelves: Shelves, now: datetime) -> None:
        self._shelves, self._now = shelves, now
        self._silences = tuple(shelves.facts.silences(now))
        self._alerts: dict[str, Sequence[Alert]] = {}

    def fate(self, message: Message, channel: Channel) -> Fate:
        """Tell what becomes of a message that is due."""
        alert, event = self._shelves.facts.alert(message.alert), event_of(self._shelves, message)
        options = options_of(self._shelves, alert, message, channel.address)
        ends, mine = event.after is AlertState.RESOLVED, self._of(alert.monitor)
        earlier = self._earlier(message) if ends else ()
        standing = Standing(
            alert,
            event,
            held=message.held,
            unsaid=bool(earlier) and all(each.dropped or _not_tried(each) for each in earlier),
            waits=max((e.due for e in earlier if e.sent is None and e.due and not _not_tried(e)), default=None),
            escalates="after" in options or MARK in message.key,
            beside=[] if ends else [each for each in mine if each.is_open and each.id != alert.id],
            openings=() if ends else self._openings(alert),
            silences=self._silences,
            quiet=Quiet.of(alert.rule, options["quiet"]) if "quiet" in options else None,
        )
        return fate(standing, self._now)

    def _of(self, monitor: str) -> Sequence[Alert]:
        if monitor not in self._alerts:
            self._alerts[monitor] = self._shelves.facts.alerts(monitor)
        return self._alerts[monitor]

    def _openings(self, alert: Alert) -> list[datetime]:
        """Return when the last few alerts of the rule were opened, by event time."""
        over = [each for each in self._of(alert.monitor) if each.rule == alert.rule and not each.is_open]
        return [alert.opened.end, *(each.opened.end for each in over if each.id != alert.id)][:FLAPS]

    def _earlier(self, message: Message) -> Sequence[Message]:
        """Return what the same receiver was, or is to be, told of the alert's beginning."""
        told = self._shelves.facts.outbox(receiver=(message.channel, message.target), alert=message.alert)
        return [each for each in told if each.event != message.event and MARK not in each.key]


def _not_tried(message: Message) -> bool:
    return message.sent is None and message.attempts == 0
