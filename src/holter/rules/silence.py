"""Nobody is told for a while: silences, and maintenance that is planned."""

from dataclasses import dataclass, replace
from datetime import datetime
from fnmatch import fnmatchcase

from holter.errors import InputError
from holter.rules.alert import Alert


@dataclass(frozen=True)
class Silence:
    """A time in which nobody is told of some alerts. They live on; answers are still asked for.

    Parameters
    ----------
    id
        Its name.
    starts, ends
        When it holds, by the wall clock. A start in the future is a planned maintenance.
    reason, actor
        Why, and by whom.
    monitor, rule, feature
        Which alerts: names, or patterns (``churn-*``); ``*`` matches all, and alerts without a feature too.

    Raises
    ------
    InputError
        If it ends before it begins, or has no reason.
    """

    id: str
    starts: datetime
    ends: datetime
    reason: str
    actor: str
    monitor: str = "*"
    rule: str = "*"
    feature: str = "*"

    def __post_init__(self) -> None:
        if self.ends < self.starts:
            raise InputError(f"a silence cannot end ({self.ends.isoformat()}) before it begins.")
        if not self.reason.strip():
            raise InputError("say why: a silence without a reason is forgotten.")

    def holds(self, now: datetime) -> bool:
        """Tell whether it is in force."""
        return self.starts <= now < self.ends

    def covers(self, alert: Alert) -> bool:
        """Tell whether it is about an alert."""
        pairs = (
            (alert.monitor, self.monitor),
            (alert.rule, self.rule),
            (alert.measurement.feature or "", self.feature),
        )
        return all(fnmatchcase(name, pattern) for name, pattern in pairs)

    def ended(self, now: datetime) -> "Silence":
        """Return it ended early; one that has not begun never does."""
        return replace(self, starts=min(self.starts, now), ends=min(self.ends, now))
