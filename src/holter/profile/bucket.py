"""Profiles by stretches of time and by segments, from which any window is a sum."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from holter.profile.profile import Profile
from holter.types import Span

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True)
class Segment:
    """A slice of the rows: those with one value in one column.

    Parameters
    ----------
    column
        Name of the column.
    value
        Its value as text; None for the rows without one.
    pooled
        True for the rows whose value got no segment of its own, since there were too many.

    Examples
    --------
    >>> print(Segment("country", "DE"), "|", Segment("country", None), "|", Segment("country", None, pooled=True))
    country=DE | country without a value | country of other values
    """

    column: str
    value: str | None
    pooled: bool = False

    def __str__(self) -> str:
        if self.pooled:
            return f"{self.column} of other values"
        return f"{self.column} without a value" if self.value is None else f"{self.column}={self.value}"


Place = tuple[datetime, Segment | None]
"""The start of a bucket in UTC, and the segment; None for all rows."""


@dataclass(frozen=True)
class Buckets:
    """One profile for each stretch of event time that had rows, and for each segment in it.

    Parameters
    ----------
    width
        Length of a bucket. Buckets lie on a grid that is counted from 1970 in UTC, like the windows of a monitor: days
        begin at midnight UTC, weeks on Thursday.
    profiles
        By start and segment; the profiles of all rows stand under None.
    undated
        Rows without an event time, or with one outside the years 2 to 9998. They are in no bucket.
    late
        Rows older than the watermark. They are in the bucket of their time like all others.
    disordered
        Rows older than the row before them in the stream. This depends on how the stream was cut; nothing else does.

    Notes
    -----
    A row changes its own bucket (and its segments) and no other: new, late and erased rows need no other bucket to be
    read or written.
    """

    width: timedelta
    profiles: Mapping[Place, Profile] = field(default_factory=dict)
    undated: int = 0
    late: int = 0
    disordered: int = 0

    @property
    def starts(self) -> list[datetime]:
        """Return where buckets with rows begin, in order."""
        return sorted({start for start, _ in self.profiles})

    @property
    def segments(self) -> list[Segment]:
        """Return every segment that has rows, in order of its name."""
        return sorted({segment for _, segment in self.profiles if segment is not None}, key=str)

    def window(self, span: Span | None = None, segment: Segment | None = None) -> Profile:
        """Return the profile of a stretch of time: the sum of its buckets, and of no rows where there is none.

        Parameters
        ----------
        span
            Must begin and end where buckets do; None for all of time.
        segment
            Which slice; None for all rows.

        Raises
        ------
        ValueError
            If the stretch cuts a bucket in two.
        """
        for edge in () if span is None else (span.start, span.end):
            if (edge - EPOCH) % self.width:
                raise ValueError(f"{edge.isoformat()} lies inside a bucket of {self.width}")
        found = [
            self.profiles[place]
            for place in self.profiles
            if place[1] == segment and (span is None or place[0] in span)
        ]
        return Profile.total(found)

    def __add__(self, other: "Buckets") -> "Buckets":
        return Buckets.total((self, other))

    @classmethod
    def total(cls, parts: Sequence["Buckets"]) -> "Buckets":
        """Return the buckets of all rows of all parts, which must have the same width.

        A value that one part pooled and another did not stays in both segments: its rows are all counted once.

        Raises
        ------
        ValueError
            If the widths differ.
        """
        if len({part.width for part in parts}) != 1:
            raise ValueError("buckets of different widths do not add up")
        found: dict[Place, list[Profile]] = {}
        for part in parts:
            for place, profile in part.profiles.items():
                found.setdefault(place, []).append(profile)
        return cls(
            parts[0].width,
            {place: Profile.total(profiles) for place, profiles in found.items()},
            sum(part.undated for part in parts),
            sum(part.late for part in parts),
            sum(part.disordered for part in parts),
        )

    def without(self, starts: Iterable[datetime]) -> "Buckets":
        """Return the buckets but for some, as erasure asks for it: add those of the rows that are left."""
        gone = set(starts)
        return replace(self, profiles={place: found for place, found in self.profiles.items() if place[0] not in gone})
