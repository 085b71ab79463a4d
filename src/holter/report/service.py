"""How the service of a deployment is now, as the process tree has measured it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from holter.registry import Shelves
from holter.types import Series, SeriesKind, Span

LATELY: Final = timedelta(minutes=2)
"""What is now: the minute that runs and the one before; what is measured goes into its minute."""


def lately(shelves: Shelves, shelf: str, now: datetime) -> Mapping[str, Series]:
    """Return what the process tree measured of a service lately, by :class:`holter.types.Gauged`.

    Empty while nothing runs.
    """
    span = Span(now - LATELY, now + timedelta(minutes=1))
    return {name: series for (_, name), series in shelves.facts.series(shelf, span, (SeriesKind.SERVICE,)).items()}
