"""What a monitor has learned of normal behaviour, in words and numbers."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from holter.registry import Shelves
from holter.registry.entries import MonitorEntry
from holter.rules.course import Course
from holter.rules.null import Null
from holter.rules.power import Power, power
from holter.store import StoredNull

_PARTS = ("data", "labels")


@dataclass(frozen=True)
class Normal:
    """The null of a monitor, explained.

    Parameters
    ----------
    monitor
        Its name.
    calibrated
        Whether the promised rate of false pages is kept.
    missing
        What it lacks to be calibrated, as a clause; empty where nothing does.
    sentences
        What was learned: windows used, rhythms found, unrest.
    power
        The smallest change of each kind that is seen nine times in ten, in one window and in a week.
    learned
        When.
    slots
        How many accepted windows of production it was learned from, beside the baseline.
    since
        From when on another level is normal; None where it is that of the baseline.
    alarm, alarm_since
        The alarm that is on, in words, and since when; empty and None where none is.
    budget
        What the monitor may spend, in words, as it was set for the model.
    """

    monitor: str
    calibrated: bool
    missing: str
    sentences: tuple[str, ...]
    power: Power
    learned: datetime
    slots: int
    since: datetime | None
    alarm: str
    alarm_since: datetime | None
    budget: str

    @property
    def headline(self) -> str:
        """Whether it is calibrated, and what is missing or on, in one line."""
        if not self.calibrated:
            return f"Not calibrated, so drift raises no alarm: {self.missing}."
        state = f" An alarm is on since {self.alarm_since:%Y-%m-%d}: {self.alarm}." if self.alarm_since else ""
        return f"Calibrated: pages falsely no more often than {self.budget} for the model.{state}"

    def __str__(self) -> str:
        lines = [f"What is normal for {self.monitor} ({self.budget} for the model):", *self.sentences]
        lines += [f"Learned {self.learned:%Y-%m-%d %H:%M} UTC, {self.slots} windows of production among them."]
        if self.since is not None:
            lines.append(f"Another level is normal since {self.since:%Y-%m-%d %H:%M} UTC: somebody accepted it.")
        if self.alarm_since is not None:
            lines.append(f"An alarm is on since {self.alarm_since:%Y-%m-%d %H:%M} UTC: {self.alarm}.")
        return "\n".join([*lines, "", str(self.power)])

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: no NaN, times as ISO 8601 text."""
        plain = {name: getattr(self, name) for name in ("monitor", "calibrated", "missing", "slots", "alarm", "budget")}
        times = {name: getattr(self, name) for name in ("learned", "since", "alarm_since")}
        told = {"sentences": list(self.sentences), "power": self.power.to_dict()}
        return plain | told | {name: time and time.isoformat() for name, time in times.items()}


def normal_of(shelves: Shelves, entry: MonitorEntry) -> Normal | None:
    """Explain what a monitor has learned; None before the first window was judged, or where there is no baseline.

    Where production was too rough for the baseline, it is what was learned from production alone.
    """
    stored = shelves.facts.null(entry.name)
    if stored is None:
        return None
    courses = [Course.from_dict(each.state) for part in _PARTS if (each := shelves.facts.course(entry.name, part))]
    null = _null(stored, courses)
    missing = null.missing or next((_ROUGH for course in courses if course.rough), "")
    on = sorted((course.on for course in courses if course.on is not None), key=lambda each: each.since)
    return Normal(
        monitor=entry.name,
        calibrated=not missing,
        missing=missing,
        sentences=null.explain(),
        power=power(null),
        learned=stored.learned,
        slots=stored.slots,
        since=stored.since,
        alarm=on[0].sentence if on else "",
        alarm_since=datetime.fromtimestamp(on[0].since, UTC) if on else None,
        budget=str(entry.budget),
    )


_ROUGH = "windows differ from each other far more than those of the baseline"


def _null(stored: StoredNull, courses: list[Course]) -> Null:
    null = Null.from_dict(stored.state["null"])
    own = next((course.relearned for course in courses if course.relearned is not None), None)
    return null if own is None or null.calibrated else own
