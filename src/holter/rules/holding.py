"""Whether a message about an alert is sent now, later, or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from holter.errors import BadRule
from holter.rules.alert import Alert, AlertEvent, AlertState
from holter.rules.rule import Level
from holter.rules.silence import Silence

AGAIN: Final = timedelta(minutes=1)
"""How long a message waits that is held back for a reason that may end at any moment."""
FLAPS: Final = 4
"""Times an alert has opened within a day from which on it flaps: each opening then waits for the hour."""
FLAP_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)
_EXPLAINS: Final = ("data_quality", "constraints")
"""Signals that see a dead or broken feature: its drift is then no news."""
_EXPLAINED: Final = ("data_drift", "domain_classifier", "correlation_drift", "attribution_drift")


@dataclass(frozen=True)
class Quiet:
    """Hours in which only pages are told, by UTC: ``22:00-07:00``; they may pass midnight."""

    start: time
    end: time

    @classmethod
    def of(cls, rule: str, text: str) -> "Quiet":
        """Read hours. Raises BadRule."""
        try:
            start, end = (time.fromisoformat(part.strip()) for part in text.split("-"))
        except ValueError as error:
            raise BadRule(rule, f"quiet={text!r} is not of the form 22:00-07:00") from error
        if start == end:
            raise BadRule(rule, f"quiet={text!r} is no time at all")
        return cls(start, end)

    def until(self, now: datetime) -> datetime | None:
        """Return when they end, if it is quiet now; else None."""
        clock = now.time()
        inside = self.start <= clock < self.end if self.start < self.end else not self.end <= clock < self.start
        if not inside:
            return None
        ends = now.replace(hour=self.end.hour, minute=self.end.minute, second=self.end.second, microsecond=0)
        return ends if ends > now else ends + timedelta(days=1)


@dataclass(frozen=True)
class Fate:
    """What becomes of a message: sent now (``until`` and ``dropped`` empty), held until a time, or dropped; and why."""

    until: datetime | None = None
    dropped: bool = False
    why: str = ""


SEND: Final = Fate()


@dataclass(frozen=True)
class Standing:
    """What is known when a message is due.

    Parameters
    ----------
    alert, event
        What the message is about.
    held
        Whether it, or the message of the opening it follows, has been held back before.
    unsaid
        Whether the opening that this message would close was dropped, or is yet to be told and now never will.
    waits
        For the end of an alert: when the message of its beginning, which did not arrive so far, is tried again.
    escalates
        Whether it is for those who are told when nobody looks after the alert.
    beside
        The open alerts of the same monitor.
    openings
        Ends of the windows that opened this rule's alerts of late, this one among them: by event time, as a replay of
        a year in minutes is no flapping.
    silences, quiet
        What holds messages back.
    """

    alert: Alert
    event: AlertEvent
    held: bool = False
    unsaid: bool = False
    waits: datetime | None = None
    escalates: bool = False
    beside: Sequence[Alert] = ()
    openings: Sequence[datetime] = ()
    silences: Sequence[Silence] = ()
    quiet: Quiet | None = None


def fate(standing: Standing, now: datetime) -> Fate:
    """Tell what becomes of a message that is due.

    The end of an alert is told where its opening was. An opening that was held back and is over by then is dropped:
    there is nothing left to do. What was never held back is always sent, however late: a mail server that was down
    costs no message.
    """
    alert, event = standing.alert, standing.event
    if event.after is AlertState.RESOLVED:
        if standing.unsaid:
            return Fate(dropped=True, why="its beginning was not told")
        return Fate(standing.waits, why="its beginning has not arrived yet") if standing.waits else SEND
    if standing.escalates and alert.state is not AlertState.FIRING:
        return Fate(dropped=True, why=f"the alert was {alert.state} in time")
    if standing.held and not alert.is_open:
        return Fate(dropped=True, why="it was over before anybody was to be told")
    return _silenced(standing, now) or _explained(standing, now) or _later(standing, now) or SEND


def _silenced(standing: Standing, now: datetime) -> Fate | None:
    for silence in standing.silences:
        if silence.holds(now) and silence.covers(standing.alert):
            # looked at again soon: a silence may be ended early
            return Fate(min(silence.ends, now + AGAIN), why=f"silenced by {silence.actor}: {silence.reason}")
    return None


def _explained(standing: Standing, now: datetime) -> Fate | None:
    """Hold drift of a feature back while an alert says that the feature itself is broken."""
    mine = standing.alert.measurement
    if mine.signal not in _EXPLAINED or mine.feature is None or standing.alert.level is Level.PAGE:
        return None
    for other in standing.beside:
        same = other.measurement.feature == mine.feature and other.measurement.segment in (None, mine.segment)
        if same and other.measurement.signal in _EXPLAINS and other.state is not AlertState.PENDING:
            return Fate(now + AGAIN, why=f"explained by the alert of {other.rule}: {other.sentence}")
    return None


def _later(standing: Standing, now: datetime) -> Fate | None:
    if standing.alert.level is Level.PAGE:
        return None
    ends = standing.quiet.until(now) if standing.quiet else None
    if ends is not None:
        return Fate(ends, why="quiet hours")
    latest = standing.alert.opened.end
    recent = [at for at in standing.openings if latest - FLAP_DAY <= at <= latest]
    if len(recent) >= FLAPS and not standing.held:
        return Fate(standing.event.at + _HOUR, why=f"it flaps: it began {len(recent)} times within a day")
    return None
