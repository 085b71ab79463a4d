"""What the code of a deployment has told of itself lately: numbers, events, and what was lost on the way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from holter.charts.series import Minutes, series
from holter.registry import Shelves
from holter.report.figure import HALF, Figure, drawn
from holter.report.wording import minute
from holter.types import Occurrence, Series, SeriesKind, Span
from holter.types.series import TOLD

LOOKED_BACK: Final = timedelta(hours=24)
PICTURES: Final = 4
"""Names that get a picture; the others are in the table."""
NEWEST: Final = 20
"""Things that happened that are listed."""
_FIRST: Final = (SeriesKind.METRIC, SeriesKind.EVENT, SeriesKind.EXCEPTION)
_ROWS: Final = 60


@dataclass(frozen=True)
class Told:
    """What one name has told, as a whole and by the minute."""

    kind: SeriesKind
    name: str
    whole: Series
    minutes: Minutes

    def to_dict(self) -> dict[str, Any]:
        """Return plain values; ``minutes`` are oldest first."""
        by_minute = [{"minute": at.isoformat(), **_plain(each)} for at, each in self.minutes]
        return {"kind": str(self.kind), "name": self.name, **_plain(self.whole), "minutes": by_minute}


@dataclass(frozen=True)
class Telemetry:
    """What a deployment has told in a stretch of time.

    ``dropped`` items were lost: a queue or a disk was full. ``newest`` are things that happened, newest first.
    """

    span: Span
    told: Sequence[Told]
    newest: Sequence[Occurrence]
    dropped: int

    def __bool__(self) -> bool:
        return bool(self.told or self.newest or self.dropped)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "start": self.span.start.isoformat(),
            "end": self.span.end.isoformat(),
            "dropped": self.dropped,
            "series": [each.to_dict() for each in self.told],
            "newest": [
                {"kind": str(e.kind), "name": e.name, "at": e.at.isoformat(), "properties": dict(e.properties)}
                for e in self.newest
            ],
        }

    @property
    def figures(self) -> Sequence[Figure]:
        """The pictures of the first few names."""
        return [_figure(each) for each in self.told[:PICTURES]]


def telemetry(shelves: Shelves, deployment: str, now: datetime) -> Telemetry:
    """Gather what a deployment has told in the last 24 hours.

    Raises
    ------
    NotFound
        If there is none of that name.
    """
    source = shelves.registry.deployment(deployment).shelf
    span, facts = Span(now - LOOKED_BACK, now), shelves.facts
    found: Mapping[tuple[SeriesKind, str], Series] = facts.series(source, span, TOLD)
    lost = sum(whole.count for (kind, _), whole in found.items() if kind is SeriesKind.LOST)
    order = sorted((key for key in found if key[0] is not SeriesKind.LOST), key=_place)
    told = [Told(*key, found[key], facts.series_by_minute(source, span, *key)) for key in order]
    return Telemetry(span, told, facts.occurrences(source, NEWEST), lost)


def _place(key: tuple[SeriesKind, str]) -> tuple[int, str, str]:
    kind, name = key
    return (_FIRST.index(kind) if kind in _FIRST else len(_FIRST), str(kind), name)


def _figure(told: Told) -> Figure:
    counted = told.kind is not SeriesKind.METRIC
    kind = str(told.kind).replace("_", " ")
    what = "how often a minute" if counted else "mean of each minute"
    rows = [
        (minute(at), f"{each.count:,}", f"{each.mean:.4g}", f"{each.minimum or 0:.4g}", f"{each.maximum or 0:.4g}")
        for at, each in reversed(told.minutes[-_ROWS:])
    ]
    heads = ("minute, UTC", "count", "mean", "smallest", "largest")

    return drawn(
        told.name,
        f"Custom {kind}: {what}, last 24 hours.",
        lambda width: series(told.minutes, title=told.name, counted=counted, width=width),
        heads,
        rows,
        HALF,
    )


def _plain(told: Series) -> dict[str, Any]:
    return {"count": told.count, "mean": told.mean, "minimum": told.minimum, "maximum": told.maximum}
