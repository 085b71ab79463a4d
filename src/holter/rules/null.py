"""What is usual: everything that was learned of how windows differ while nothing is wrong."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from holter.rules.allotment import allotted, mix_levels
from holter.rules.cycles import Cycle
from holter.rules.judgement import Looked, looked_at
from holter.rules.own_part import Products
from holter.rules.packing import packed, unpacked
from holter.stats.between_variance import RHO
from holter.types import ContrastKey, Contrasts, Family, Span

Floats = npt.NDArray[np.float64]
_ROWS = ("mean", "spread", "skewness", "rows", "reference", "freedom", "memory")
_SCALED = ("chances", "floor", "largest", "envelope")


@dataclass(frozen=True, eq=False)
class Mix:
    """One categorical column as a whole: its disjoint shares, and how much they move together.

    Parameters
    ----------
    key
        The column, under the name ``mix``.
    members
        Places of its shares among the contrasts.
    chances
        The posterior over :data:`~holter.stats.between_variance.RHO`, one row a scale.
    largest
        Statistic, by its expected variance, that must be exceeded at each scale: what the baseline itself has shown.
    envelope
        Statistic that must be exceeded because of the baseline's events; 0 without any.
    """

    key: ContrastKey
    members: npt.NDArray[np.int64]
    chances: Floats
    largest: Floats
    envelope: Floats

    def rho(self, scale: int) -> Floats:
        """Return the possible rho at a scale: never below what is expected at a shorter one."""
        shorter = (self.chances[:scale] @ RHO).max(initial=0.0)
        found: Floats = np.maximum(RHO, shorter)
        return found


@dataclass(frozen=True, eq=False)
class Blocks:
    """The windows something was learned from: when, how many rows, which means."""

    spans: tuple[Span, ...]
    n: npt.NDArray[np.float32]
    mean: npt.NDArray[np.float64]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        times = [[span.start.timestamp(), span.end.timestamp()] for span in self.spans]
        return {"spans": times, "n": packed(self.n), "mean": packed(self.mean)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what :meth:`to_dict` wrote."""
        return cls(tuple(span_of(*each) for each in data["spans"]), unpacked(data["n"]), unpacked(data["mean"]))


def span_of(start: float, end: float) -> Span:
    """Return a stretch of time from two times in seconds since 1970."""
    from datetime import UTC, datetime

    return Span(datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC))


@dataclass(frozen=True, eq=False)
class Null:
    """How windows differ while nothing is wrong; what :func:`holter.rules.learning.learn` returns.

    Parameters
    ----------
    keys
        The contrasts.
    every
        Length of a window.
    level
        Chance of a false page that one window may have.
    scales
        Over how many windows it is merged.
    mean, spread, skewness
        Expected mean of each contrast without the calendar, and variance and skewness of a row.
    rows, reference
        Rows of the baseline, and of a usual block of it.
    freedom
        Of the t law that the part between blocks follows.
    memory
        Between-block variance that the baseline's own mean suffers from, as a rho: that of the longest scale.
    chances
        The posterior over :data:`~holter.stats.between_variance.RHO`: scale, contrast, value.
    floor
        Least rho of each scale and contrast: what moves one moment of a column moves the others.
    largest
        Largest standardised merge of the baseline itself.
    envelope
        What the baseline's own events (holidays, promotions) reached; a difference within counts as one of them.
    cycles
        The calendar.
    mixes
        Categorical columns as a whole.
    blocks
        What it was learned from.
    events
        Starts of the blocks that stood out.
    missing
        What it lacks to be calibrated, as a clause; empty where nothing does.
    """

    keys: tuple[ContrastKey, ...]
    every: timedelta
    level: float
    scales: tuple[int, ...]
    mean: Floats
    spread: Floats
    skewness: Floats
    rows: Floats
    reference: Floats
    freedom: Floats
    memory: Floats
    chances: npt.NDArray[np.float32]
    floor: Floats
    largest: Floats
    envelope: Floats
    cycles: tuple[Cycle, ...] = ()
    mixes: tuple[Mix, ...] = ()
    blocks: Blocks = field(default_factory=lambda: Blocks((), np.empty((0, 0), np.float32), np.empty((0, 0))))
    events: tuple[int, ...] = ()
    missing: str = ""

    @property
    def calibrated(self) -> bool:
        """Whether the promised rate of false pages is kept."""
        return not self.missing

    @cached_property
    def levels(self) -> Floats:
        """The level of each scale and contrast."""
        return allotted(self.keys, self.level, len(self.scales), Counter(mix.key.segment for mix in self.mixes))

    @cached_property
    def mix_levels(self) -> Floats:
        """The level of each scale and whole categorical column."""
        return mix_levels(self.keys, self.level, len(self.scales), [mix.key.segment for mix in self.mixes])

    @cached_property
    def shares(self) -> npt.NDArray[np.bool_]:
        """Which contrasts are shares of rows."""
        return np.array([key.share for key in self.keys], bool)

    @cached_property
    def labels(self) -> npt.NDArray[np.bool_]:
        """Which contrasts rest on labels."""
        return np.array([key.family is Family.LABEL for key in self.keys], bool)

    @cached_property
    def groups(self) -> tuple[npt.NDArray[np.int64], int]:
        """Which contrasts move together, as numbers, and how many there are."""
        known: dict[Any, int] = {}
        return np.array([known.setdefault(key.group, len(known)) for key in self.keys], np.int64), len(known)

    @cached_property
    def kinds(self) -> tuple[npt.NDArray[np.int64], ...]:
        """The contrasts of each kind (locations, scales, shares ...), over all columns."""
        found: dict[str, list[int]] = {}
        for place, key in enumerate(self.keys):
            found.setdefault("share" if key.share else f"{key.family} {key.name}", []).append(place)
        return tuple(np.array(places, np.int64) for places in found.values())

    @cached_property
    def steady(self) -> npt.NDArray[np.bool_]:
        """Which contrasts' squares are worth averaging: of columns, and not those of a few rows."""
        columns = np.array([key.family in (Family.NUMERIC, Family.CATEGORICAL) for key in self.keys], bool)
        return columns & (~self.shares | (self.mean * self.reference > 3))

    @cached_property
    def locations(self) -> npt.NDArray[np.int64]:
        """For each other moment of a column of numbers the place of its location; -1 where there is none."""
        places = {key: place for place, key in enumerate(self.keys)}
        return np.array(
            [
                places.get(replace(key, name="location"), -1)
                if key.family is Family.NUMERIC and key.name != "location"
                else -1
                for key in self.keys
            ],
            np.int64,
        )

    @cached_property
    def products(self) -> Products:
        """Which contrasts are products of which others."""
        return Products.of(self.keys)

    @cached_property
    def looked(self) -> tuple[Looked, ...]:
        """What each contrast is about, the way measurements say it."""
        return tuple(looked_at(key) for key in self.keys)

    def rho(self, scale: int, chosen: npt.NDArray[np.int64]) -> Floats:
        """Return the possible rho of chosen contrasts at a scale: one row a contrast."""
        return np.maximum(RHO, self.floor[scale, chosen, None])

    @cached_property
    def expected_rho(self) -> Floats:
        """The mean of the posterior of each scale and contrast."""
        found: Floats = np.stack(
            [
                (self.chances[scale] * np.maximum(RHO, self.floor[scale][:, None])).sum(1)
                for scale in range(len(self.scales))
            ]
        )
        return found

    def calendar(self, spans: Sequence[Span]) -> Floats:
        """Return what the calendar adds in each window, one row a window."""
        found = np.zeros((len(spans), len(self.keys)))
        for cycle in self.cycles:
            found += np.stack([cycle.weights(span) for span in spans]) @ cycle.offset
        return found

    def calendar_variance(self, spans: Sequence[Span], n: Floats) -> Floats:
        """Return the variance that uncertain phases leave in the merge of windows with these rows."""
        share = n / np.maximum(n.sum(0), 1e-300)
        found = np.zeros(len(self.keys))
        for cycle in self.cycles:
            weights = np.stack([cycle.weights(span) for span in spans])
            found += ((weights.T @ share) ** 2 * cycle.variance).sum(0)
        return found

    def explain(self) -> tuple[str, ...]:
        """Say what was learned, in sentences: days used, rhythms found, what is missing."""
        from holter.rules.explaining import explained

        return explained(self)

    def as_contrasts(self, n: npt.NDArray[Any], mean: npt.NDArray[Any]) -> Contrasts:
        """Return means as contrasts with the rows' variance that was learned."""
        return Contrasts(self.keys, n.astype(np.float64), mean.astype(np.float64), self.spread, self.skewness)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values; :meth:`from_dict` reads them, bit for bit."""
        arrays = {name: packed(getattr(self, name)) for name in (*_ROWS, *_SCALED)}
        return arrays | {
            "keys": [key.to_list() for key in self.keys],
            "every": self.every.total_seconds(),
            "level": self.level,
            "scales": list(self.scales),
            "cycles": [cycle.to_dict() for cycle in self.cycles],
            "mixes": [
                [mix.key.to_list(), mix.members.tolist(), *map(packed, (mix.chances, mix.largest, mix.envelope))]
                for mix in self.mixes
            ],
            "blocks": self.blocks.to_dict(),
            "events": list(self.events),
            "missing": self.missing,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what :meth:`to_dict` wrote."""
        mixes = [
            Mix(ContrastKey.of(key), np.array(members, np.int64), *map(unpacked, arrays))
            for key, members, *arrays in data["mixes"]
        ]
        return cls(
            keys=tuple(ContrastKey.of(plain) for plain in data["keys"]),
            every=timedelta(seconds=data["every"]),
            level=data["level"],
            scales=tuple(data["scales"]),
            **{name: unpacked(data[name]) for name in (*_ROWS, *_SCALED)},
            cycles=tuple(Cycle.from_dict(each) for each in data["cycles"]),
            mixes=tuple(mixes),
            blocks=Blocks.from_dict(data["blocks"]),
            events=tuple(data["events"]),
            missing=data["missing"],
        )
