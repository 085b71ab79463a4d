"""The state of judging windows one after the other."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from holter.rules.null import Null, span_of
from holter.rules.packing import packed, unpacked
from holter.rules.rule import Level
from holter.types import Span

KEPT: Final = 64
"""Windows kept: enough to learn a null from, and for the longest merge."""


@dataclass(frozen=True, eq=False)
class Seen:
    """One window: when, rows and means in the order of the null's contrasts, and whether it was under alarm."""

    span: Span
    n: npt.NDArray[np.float32]
    mean: npt.NDArray[np.float64]
    alarmed: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        times = [self.span.start.timestamp(), self.span.end.timestamp()]
        return {"span": times, "n": packed(self.n), "mean": packed(self.mean), "alarmed": self.alarmed}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what :meth:`to_dict` wrote."""
        return cls(span_of(*data["span"]), unpacked(data["n"]), unpacked(data["mean"]), bool(data["alarmed"]))


@dataclass(frozen=True)
class On:
    """An alarm that is not over: its level, the contrasts it was seen in, how far each was, the evidence of an end."""

    level: Level
    since: float
    places: tuple[int, ...]
    effect: tuple[float, ...]
    cleared: tuple[float, ...]
    sentence: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        plain = {name: list(getattr(self, name)) for name in ("places", "effect", "cleared")}
        return plain | {"level": str(self.level), "since": self.since, "sentence": self.sentence}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what :meth:`to_dict` wrote."""
        lists = {name: tuple(data[name]) for name in ("places", "effect", "cleared")}
        return cls(level=Level(data["level"]), since=data["since"], sentence=data["sentence"], **lists)


@dataclass(frozen=True, eq=False)
class Course:
    """What judging remembers from window to window; :func:`holter.rules.stepping.step` returns the next.

    Parameters
    ----------
    seen
        The windows of late, oldest first.
    on
        The alarm that is on; None where there is none.
    cut
        Merges do not reach back before this time (seconds since 1970): the end of the last alarm.
    count
        How many windows were seen in all.
    rough
        Whether production turned out rougher than the baseline, so that nothing can be said yet.
    relearned
        The null that was learned anew from accepted windows, where the first did not hold.
    """

    seen: tuple[Seen, ...] = ()
    on: On | None = None
    cut: float = float("-inf")
    count: int = 0
    rough: bool = False
    relearned: Null | None = field(default=None)

    @classmethod
    def new(cls) -> Self:
        """Return the state before the first window."""
        return cls()

    def accepted(self) -> "Course":
        """Return the state after somebody accepted what is: the alarm is over, and earlier windows no longer count."""
        cut = self.seen[-1].span.end.timestamp() if self.seen else self.cut
        return replace(self, on=None, cut=cut)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values; :meth:`from_dict` reads them, bit for bit."""
        return {
            "seen": [each.to_dict() for each in self.seen],
            "on": self.on and self.on.to_dict(),
            "cut": None if self.cut == float("-inf") else self.cut,
            "count": self.count,
            "rough": self.rough,
            "relearned": self.relearned and self.relearned.to_dict(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what :meth:`to_dict` wrote."""
        return cls(
            tuple(Seen.from_dict(each) for each in data["seen"]),
            On.from_dict(data["on"]) if data["on"] else None,
            float("-inf") if data["cut"] is None else float(data["cut"]),
            int(data["count"]),
            bool(data["rough"]),
            Null.from_dict(data["relearned"]) if data["relearned"] else None,
        )
