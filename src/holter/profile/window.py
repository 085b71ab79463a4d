"""What a signal is shown."""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from holter.profile.outcomes.outcomes import Outcomes
from holter.profile.profile import Profile
from holter.types import Schema, Series, Span, Traffic, Week


@dataclass(frozen=True, eq=False)
class Window:
    """A stretch of event time of one deployment or table, filled with what the signals declared.

    Parameters
    ----------
    span
        The half-open stretch; None for a whole table without a time, such as a baseline file.
    schema
        The features and the task.
    profile
        Summary of all columns; None unless a signal needs PROFILE.
    rows
        The records, in the columns of :mod:`holter.types.records`; None unless a signal needs ROWS or LABELS.
    traffic
        What happened to the requests; None for a table that others write.
    series
        What custom metrics and events said, by name; None for a table that others write.
    service
        What the process tree measured of itself (:class:`holter.types.Gauged`); None for a table that others write.
    rivals
        The records of every version that answered: champion, canary, shadow; None for a table that others write.
    weeks
        Traffic and series of the same stretch of earlier weeks, the newest first; None for a table that others write.
    segment
        Which slice of the rows this is; None for all of them.
    outcomes
        Sums of the labelled rows, where they are kept instead of the rows.
    earlier
        Sums of older records, whose labels have had their time; None where nobody kept them.
    """

    span: Span | None
    schema: Schema
    profile: Profile | None = None
    rows: pa.Table | None = None
    traffic: Traffic | None = None
    series: Mapping[str, Series] | None = None
    segment: str | None = None
    outcomes: Outcomes | None = None
    earlier: Outcomes | None = None
    service: Mapping[str, Series] | None = None
    weeks: tuple[Week, ...] | None = None
    rivals: pa.Table | None = None

    @property
    def n(self) -> int:
        """How many rows it holds, as far as it was filled."""
        if self.profile is not None:
            return self.profile.rows
        if self.rows is not None:
            return int(self.rows.num_rows)
        return 0 if self.outcomes is None else self.outcomes.rows
