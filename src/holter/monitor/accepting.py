"""A change that somebody takes for the new normal."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from holter.errors import InputError
from holter.monitor.history import held
from holter.monitor.parts import Part
from holter.registry import Shelves
from holter.rules.course import Course
from holter.store import Entry, StoredCourse
from holter.types import as_utc


@dataclass(frozen=True)
class Accepted:
    """From when on another level is normal, how many windows teach it, and the alarm that is over with it."""

    monitor: str
    since: datetime
    windows: int
    alarm: str

    def __str__(self) -> str:
        over = f" The alarm is over: {self.alarm}." if self.alarm else ""
        return (
            f"{self.monitor}: what is so since {self.since:%Y-%m-%d %H:%M} UTC is the new normal; "
            f"{self.windows} windows teach it.{over}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "monitor": self.monitor,
            "since": self.since.isoformat(),
            "windows": self.windows,
            "alarm": self.alarm,
        }


def accept(
    shelves: Shelves, name: str, reason: str, now: datetime, *, actor: str, since: datetime | None = None
) -> Accepted:
    """Take what is for the new normal: the alarm is over, its windows teach, and the ledger says who said so and why.

    How windows differ from each other stays what was learned; the level is that of the windows since the change, and
    is believed no more than so few windows allow.

    Parameters
    ----------
    shelves, name
        The workspace and the monitor.
    reason
        Why; it stands in the ledger.
    now
        The wall clock.
    actor
        Who.
    since
        When the change began; None: with the alarm that is on.

    Raises
    ------
    NotFound
        If there is no such monitor.
    InputError
        If there is no reason, nothing was learned yet, or no alarm is on and no ``since`` given.
    LeaseLost
        If another process goes on judging it.
    """
    if not reason.strip():
        raise InputError("say why this is normal from now on: --reason")
    shelves.registry.monitor(name)
    with held(shelves, name, now) as lease:
        stood = [each for part in Part if (each := shelves.facts.course(name, str(part))) is not None]
        if not stood or shelves.facts.null_key(name) is None:
            raise InputError(f"{name} has learned nothing yet, so there is nothing that could become normal.")
        courses = [Course.from_dict(each.state) for each in stood]
        begun, alarm = _alarm(courses)
        moment = as_utc(since) if since is not None else begun
        if moment is None:
            raise InputError(f"no alarm of {name} is on; say from when on another level is normal: --since")
        with shelves.facts.begin() as transaction:
            transaction.guard(lease)
            transaction.trust(name, moment)
            for standing, course in zip(stood, courses, strict=True):
                transaction.move_course(_over(standing, course))
            known = shelves.facts.slots(name, stood[0].frame.partition(":")[0], accepted_only=False)
            windows = len({slot.span for slot in known if slot.span.start >= moment})
            accepted = Accepted(name, moment, windows, alarm)
            facts = accepted.to_dict()
            transaction.record(Entry(actor, "monitor.accept", f"monitor:{name}", reason.strip(), facts), now)
    return accepted


def _alarm(courses: list[Course]) -> tuple[datetime | None, str]:
    on = sorted((course.on for course in courses if course.on is not None), key=lambda each: each.since)
    return (datetime.fromtimestamp(on[0].since, UTC), on[0].sentence) if on else (None, "")


def _over(stood: StoredCourse, course: Course) -> StoredCourse:
    return replace(stood, state=course.accepted().to_dict())
