"""What a signal says about a window."""

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final, Self

from holter.types.time import Span

CONFIDENCE: Final = 0.95
"""Coverage of every interval that does not say otherwise."""
CERTAIN: Final = "certain"
"""Name of the test behind a fact that chance cannot make, such as a missing column."""


class Verdict(StrEnum):
    """What a measurement means, once rules have judged it."""

    OK = "ok"
    ALARM = "alarm"
    INSUFFICIENT = "insufficient"
    UNDEFINED = "undefined"
    ERROR = "error"


class Calibrated(StrEnum):
    """Whether the threshold keeps the promised rate of false alarms."""

    YES = "yes"
    IID = "iid"
    NO = "no"


@dataclass(frozen=True)
class Interval:
    """Where the true value lies, with coverage ``level``."""

    low: float
    high: float
    level: float = CONFIDENCE

    def __str__(self) -> str:
        return f"{self.low:.4g} to {self.high:.4g}"


@dataclass(frozen=True)
class Evidence:
    """What a decision rests on.

    ``p_value`` is the chance of a difference at least this large were target and baseline alike, by ``test``;
    ``effect`` is its size in the units a person knows (a distance, a difference of the metric) and ``baseline`` the
    metric's value in the baseline. What is not finite becomes None.
    """

    p_value: float | None = None
    test: str | None = None
    effect: float | None = None
    baseline: float | None = None

    def __post_init__(self) -> None:
        for name in ("p_value", "effect", "baseline"):
            number = getattr(self, name)
            if number is not None and not math.isfinite(number):
                object.__setattr__(self, name, None)


@dataclass(frozen=True)
class Measurement:
    """The value of a metric in a window.

    ``verdict`` is None from the signal unless the signal could not answer; :func:`holter.rules.decide` makes it ``ok``
    or ``alarm`` and fills ``threshold`` and ``calibrated``. Where there is no number, ``value`` is None and ``reason``
    says why and what it would take. Infinite and NaN values are refused: they have no place in a chart or in JSON.
    """

    signal: str
    metric: str
    value: float | None
    n: int
    feature: str | None = None
    segment: str | None = None
    interval: Interval | None = None
    evidence: Evidence | None = None
    window: Span | None = None
    threshold: float | None = None
    verdict: Verdict | None = None
    calibrated: Calibrated | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        if self.value is not None and not math.isfinite(self.value):
            object.__setattr__(self, "value", None)
            object.__setattr__(self, "verdict", self.verdict or Verdict.UNDEFINED)
            object.__setattr__(self, "reason", self.reason or "the value is not finite")
        interval = self.interval
        if interval is not None and not (math.isfinite(interval.low) and math.isfinite(interval.high)):
            object.__setattr__(self, "interval", None)

    @property
    def name(self) -> str:
        """``signal.metric``, the way a rule names it."""
        return f"{self.signal}.{self.metric}"

    @classmethod
    def unanswered(  # a named constructor: the fields in their own order
        cls, signal: str, metric: str, verdict: Verdict, reason: str, *, n: int = 0, feature: str | None = None
    ) -> Self:
        """Say that there is no answer, and why."""
        return cls(signal, metric, None, n, feature=feature, verdict=verdict, reason=reason)

    def judged(self, verdict: Verdict, **changes: Any) -> Self:
        """Return a copy with a verdict and what led to it (``threshold``, ``calibrated``, ``reason``)."""
        return replace(self, verdict=verdict, **changes)

    def to_dict(self) -> dict[str, Any]:
        """Return a flat dict of JSON values: no NaN, times as ISO 8601 text, absent parts as None."""
        interval, evidence, window = self.interval, self.evidence or Evidence(), self.window
        return {
            "signal": self.signal,
            "metric": self.metric,
            "feature": self.feature,
            "segment": self.segment,
            "value": self.value,
            "low": interval.low if interval else None,
            "high": interval.high if interval else None,
            "n": self.n,
            "baseline": evidence.baseline,
            "effect": evidence.effect,
            "p_value": evidence.p_value,
            "test": evidence.test,
            "threshold": self.threshold,
            "verdict": self.verdict and str(self.verdict),
            "calibrated": self.calibrated and str(self.calibrated),
            "reason": self.reason,
            "start": window.start.isoformat() if window else None,
            "end": window.end.isoformat() if window else None,
        }
