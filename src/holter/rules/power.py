"""The smallest change that would be seen."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import numpy as np

from holter.rules.merge import Merge
from holter.rules.null import Null
from holter.rules.wording import unit_of
from holter.types import Family

_LIKELY: Final = 1.2815515655446004
"""The 0.9 quantile of the normal law: a change is called visible when it is seen nine times in ten."""
_WEEK: Final = timedelta(weeks=1)


@dataclass(frozen=True)
class Visible:
    """The smallest change of one kind that is seen nine times in ten: the median over columns, and the hardest one."""

    family: str
    name: str
    unit: str
    scale: int
    smallest: float
    hardest: float
    hardest_feature: str | None


@dataclass(frozen=True)
class Power:
    """What would be seen with so many rows a window."""

    rows: int
    visible: tuple[Visible, ...]
    why: str = ""

    def __str__(self) -> str:
        if self.why:
            return f"Nothing can be promised: {self.why}."
        lines = [f"With {self.rows:,} rows a window, seen nine times in ten:"]
        for each in self.visible:
            when = "in one window" if each.scale == 1 else f"over {each.scale} windows"
            size = f"{each.smallest:.2g} {each.unit}".rstrip()
            lines.append(
                f"  {each.family} {each.name}: {size} {when} (hardest: {each.hardest_feature}, {each.hardest:.2g})"
            )
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {"rows": self.rows, "why": self.why, "visible": [vars(each) for each in self.visible]}


def power(null: Null, rows: int | None = None) -> Power:
    """Tell the smallest change of each kind that is seen in one window and in a week.

    Parameters
    ----------
    null
        What is usual.
    rows
        Rows of a window; None takes those of a usual window of the baseline.

    Returns
    -------
    Power
        A change is seen when its p-value is below the level of its contrast; the smallest one that is so nine times in
        ten lies 1.28 standard deviations beyond.
    """
    if not len(null.keys):
        return Power(rows or 0, (), "nothing was learned")
    whole = np.array([key.segment is None for key in null.keys], bool)
    usual = float(np.median(null.reference[whole])) if whole.any() else 1.0
    factor = (rows or usual) / usual
    weekly = max((s for s in null.scales if s * null.every <= _WEEK), default=1)
    places = [0] if weekly == 1 else [0, null.scales.index(weekly)]
    found = [each for place in places for each in _visible(null, place, factor)]
    return Power(round(rows or usual), tuple(found), null.missing)


def smallest(null: Null, place: int, factor: float = 1.0) -> "np.ndarray[Any, np.dtype[np.float64]]":
    """Return the smallest change of each contrast that is seen nine times in ten at a scale.

    ``factor`` is how many times as many rows a window has as one of the baseline.
    """
    size = len(null.keys)
    n = null.reference * null.scales[place] * factor
    merge = Merge(null, place, float(null.scales[place]), n, np.zeros(size), np.zeros(size), np.ones(size))
    deviation = np.sqrt(merge.variance)
    low, high = np.zeros(size), np.full(size, 100.0)
    every = np.arange(size)
    for _ in range(20):  # by bisection: the tail falls as the change grows
        middle = (low + high) / 2
        beyond = Merge(
            null, place, float(null.scales[place]), n, middle * deviation, np.zeros(size), np.ones(size)
        ).tails(every)
        seen = (beyond <= null.levels[place]) & (middle >= null.largest[place])
        low, high = np.where(seen, low, middle), np.where(seen, middle, high)
    return np.asarray(np.maximum(high * deviation, null.envelope[place]) + _LIKELY * deviation, np.float64)


def _visible(null: Null, place: int, factor: float) -> list[Visible]:
    sizes = smallest(null, place, factor)
    kinds: dict[tuple[str, str, str], list[tuple[float, str | None]]] = {}
    for key, size in zip(null.keys, sizes.tolist(), strict=True):
        if key.segment is None:
            name = "share" if key.family is Family.CATEGORICAL and key.name.startswith("share of") else key.name
            name = "residual of a category" if key.name.startswith("residual of") else name
            kinds.setdefault((str(key.family), name, unit_of(key)), []).append((size, key.feature))
    return [
        Visible(
            *kind, null.scales[place], float(np.median([size for size, _ in found])), *max(found, key=lambda e: e[0])
        )
        for kind, found in kinds.items()
    ]
