"""What is said of a window, and on what grounds."""

from dataclasses import dataclass
from typing import Any, Final

from holter.rules.rule import Level
from holter.types import ContrastKey, Family, Measurement, Span

Looked = tuple[str, str, str | None, str | None]
_NAMED: Final = {"null_rate": "missing", "unseen_rate": "unseen"}
"""Metrics of data quality that are the mean of a contrast."""


def looked_at(key: ContrastKey) -> Looked:
    """Return what a contrast is about, the way measurements say it."""
    if key.family is Family.METRIC:
        return key.signal, key.name.partition(".")[2], key.feature, key.segment
    metric = key.name if key.signal == "data_quality" else ""
    return key.signal, metric, key.feature, key.segment


def asked_about(measurement: Measurement) -> tuple[Looked, ...]:
    """Return the contrasts that answer for a measurement: those of its metric, and those of its column."""
    signal, metric, where = measurement.signal, measurement.metric, (measurement.feature, measurement.segment)
    exact = (signal, _NAMED.get(metric, metric), *where)
    return (exact,) if signal == "data_quality" else (exact, (signal, "", *where))


@dataclass(frozen=True)
class Finding:
    """One difference that is real: beyond what chance and the rhythm of the baseline make.

    Parameters
    ----------
    key
        Which contrast; of a whole categorical column its name is ``mix``.
    scale
        How many windows were merged to see it.
    p
        The chance of a difference at least this large, were all as before.
    threshold
        The level it was given: p is at most that.
    effect
        Its size, in the units of ``unit``.
    unit
        ``sd`` (standard deviations of the baseline), ``share``, ``correlation``, ``w`` (Cohen's) or empty.
    level
        Information when it is real only, warning when it is also material, page when it is harm.
    sentence
        What changed, in words.
    """

    key: ContrastKey
    scale: int
    p: float
    threshold: float
    effect: float
    unit: str
    level: Level
    sentence: str

    @property
    def feature(self) -> str | None:
        """The column."""
        return self.key.feature

    @property
    def segment(self) -> str | None:
        """Which slice of the rows; None for all."""
        return self.key.segment

    @property
    def family(self) -> str:
        """What kind of contrast it is, as text."""
        return str(self.key.family)

    @property
    def name(self) -> str:
        """Which mean of the column."""
        return self.key.name

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        plain = {name: getattr(self, name) for name in ("scale", "p", "threshold", "effect", "unit", "sentence")}
        return plain | {"key": self.key.to_list(), "level": str(self.level)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Finding":
        """Read what :meth:`to_dict` wrote."""
        return cls(**{**data, "key": ContrastKey.of(data["key"]), "level": Level(data["level"])})


@dataclass(frozen=True)
class Judgement:
    """What is said of one window.

    Parameters
    ----------
    window
        Which.
    calibrated
        Whether the promised rate of false pages is kept; where it is not, nothing is an alarm.
    findings
        What is real, the most harmful and most certain first.
    on
        Whether an alarm is on in this window: one that begins, or one that is not over.
    began
        Whether it begins here.
    why
        What is missing where it is not calibrated, what goes on where an alarm is on; else empty.
    looked
        What was looked at: signal, metric (empty for contrasts of a column), feature and segment of each. The rest was
        not.
    """

    window: Span
    calibrated: bool
    findings: tuple[Finding, ...] = ()
    on: Level | None = None
    began: bool = False
    why: str = ""
    looked: frozenset[Looked] = frozenset()

    @property
    def level(self) -> Level | None:
        """The highest level of what was found, or of the alarm that is still on; None where there is nothing."""
        found = [each.level for each in self.findings] + ([self.on] if self.on else [])
        return max(found, key=list(Level).index, default=None)

    @property
    def alarm(self) -> bool:
        """Whether the window is under alarm: a warning or a page."""
        return self.on is not None

    def covers(self, measurement: Measurement) -> bool:
        """Tell whether contrasts of the measurement's column, or of its metric, were looked at."""
        return not self.looked.isdisjoint(asked_about(measurement))

    def about(self, measurement: Measurement) -> Finding | None:
        """Return the finding that answers for a measurement; None where there is none."""
        asked = asked_about(measurement)
        return next((each for each in self.findings if looked_at(each.key) in asked), None)

    @property
    def accepted(self) -> bool:
        """Whether the null may be learned from the window."""
        return self.on is None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "start": self.window.start.isoformat(),
            "end": self.window.end.isoformat(),
            "calibrated": self.calibrated,
            "level": self.level and str(self.level),
            "on": self.on and str(self.on),
            "began": self.began,
            "why": self.why,
            "findings": [finding.to_dict() for finding in self.findings],
        }
