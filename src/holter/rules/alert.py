"""The life of an alert."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from holter.rules.rule import Level
from holter.types import Measurement, Span


class AlertState(StrEnum):
    """Where an alert stands."""

    PENDING = "pending"
    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@dataclass(frozen=True)
class Alert:
    """One rule of one monitor, broken from some window on until it is resolved.

    ``id`` is made from monitor, rule and the first window that broke it, so the same history always makes the same
    alert. ``breaking`` and ``holding`` count consecutive windows. ``measurement`` is the one it was last judged on.
    """

    id: str
    monitor: str
    rule: str
    level: Level
    state: AlertState
    opened: Span
    judged: Span
    breaking: int
    holding: int
    measurement: Measurement
    sentence: str

    @property
    def is_open(self) -> bool:
        """Whether it still wants attention."""
        return self.state is not AlertState.RESOLVED

    def acknowledged(self) -> "Alert":
        """Return the alert with somebody looking after it."""
        return replace(self, state=AlertState.ACKNOWLEDGED)


@dataclass(frozen=True)
class AlertEvent:
    """One change of an alert: from which state to which, when, by whom and why. ``key`` is the same on every retry."""

    key: str
    alert: str
    before: AlertState | None
    after: AlertState
    at: datetime
    actor: str
    why: str
