"""A window of many days is the sum of what is stored of its days: only what has changed is read."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from holter.profile import Profile
from holter.profile.bucketing import STORED_K
from holter.profile.outcomes import Outcomes, outcomes_of
from holter.profile.ranks import K
from holter.registry import profile_kinds
from holter.store import DeltaRecords
from holter.store.stored_profiles import Kind, StoredDays
from holter.types import PREDICTION, RESERVED, SCORE, VERSION, Schema, Span, Task

DAY: Final = timedelta(days=1)
LEAST_DAYS: Final = 2
"""Whole days a window must have: of one alone there is nothing to add up, and reading it is more exact."""
_MADE: Final = 1
"""Raised when the same records would give another stored profile than before."""


@dataclass(frozen=True)
class Summary:
    """What is left of the rows of a window: their profile, and how many each version answered."""

    profile: Profile
    versions: Mapping[int, int]


def summary(rows: pa.Table, schema: Schema, k: int = K) -> Profile:
    """Return the profile of features and answers."""
    shown = [name for name in rows.column_names if name not in RESERVED or name in (PREDICTION, SCORE)]
    return Profile.of(rows.select(shown), kinds=profile_kinds(schema), k=k)


def versions(rows: pa.Table) -> Counter[int]:
    """Count the rows of each version."""
    counted = pc.value_counts(rows[VERSION].drop_null()).to_pylist()
    return Counter({int(each["values"]): int(each["counts"]) for each in counted})


def spans_days(span: Span) -> bool:
    """Tell whether a window holds so many whole days, of UTC, that adding them up is worth it."""
    return _midnight(span.end) - _midnight(span.start + DAY - timedelta(microseconds=1)) >= LEAST_DAYS * DAY


class Days:
    """The days of one deployment.

    Numeric columns are exact while a day has at most :data:`STORED_K` distinct values; beyond it the rank error that
    the column states is about a thousandth, in a sum of days as in one day.

    Differs: in rows that are read together, a copy of a record is left out whenever it comes. Days leave out the copies
    of their own day and of the hour before it, as windows of one day always have.

    Parameters
    ----------
    records
        The records.
    stored, outcomes
        Where profiles of days, and what became of their answers, are kept.
    schema
        Features and task.
    read
        Gives the rows of a span that count.
    """

    def __init__(
        self,
        records: DeltaRecords,
        stored: StoredDays[Profile],
        outcomes: StoredDays[Outcomes],
        schema: Schema,
        read: Callable[[Span], pa.Table],
    ) -> None:
        self._records, self._stored, self._outcomes = records, stored, outcomes
        self._schema, self._read = schema, read
        told = repr((_MADE, STORED_K, records.layout(), schema))
        self._layout = hashlib.sha256(told.encode()).hexdigest()[:16]

    def window(self, span: Span) -> Summary:
        """Return the sum of the days of a window; parts of a day at its ends are read."""
        found = [self._day(part) if part.length == DAY else self._rest(part) for part in self._parts(span)]
        if not found:
            return self._rest(span)
        counted = Counter[int]()
        for each in found:
            counted.update(each.versions)
        return Summary(Profile.total([each.profile for each in found]), counted)

    def outcomes(self, span: Span, task: Task) -> tuple[Outcomes, Mapping[int, int]]:
        """Return the sums of what became of the answers in a window, and how many rows each version answered.

        A day is read again when a label of it comes, and only then.
        """
        made, counted = [], Counter[int]()
        for part in self._parts(span):
            outcomes, found = self._outcomes_of(part, task)
            made.append(outcomes)
            counted.update(found)
        return Outcomes.total(made, task), counted

    def _outcomes_of(self, part: Span, task: Task) -> tuple[Outcomes, Mapping[int, int]]:
        def make(rows: pa.Table) -> Outcomes:
            return outcomes_of(rows, task).compressed()

        if part.length < DAY:
            rows = self._read(part)
            return make(rows), versions(rows)
        return self._kept(part, self._outcomes, make, labels=True)

    def _parts(self, span: Span) -> list[Span]:
        """Return the days, and parts of days, for which there are records: a window may be of a hundred years."""
        first, last = self._records.first(), self._records.watermark()
        if first is None or last is None:
            return []
        known = Span(max(span.start, _midnight(first)), min(span.end, _midnight(last) + DAY))
        return [part for part in _days(known) if self._records.stamp(part)]

    def _rest(self, part: Span) -> Summary:
        rows = self._read(part)
        return Summary(summary(rows, self._schema), versions(rows))

    def _day(self, day: Span) -> Summary:
        def make(rows: pa.Table) -> Profile:
            return summary(rows, self._schema, STORED_K).compressed(STORED_K)

        return Summary(*self._kept(day, self._stored, make, labels=False))

    def _kept(
        self, day: Span, stored: StoredDays[Kind], make: Callable[[pa.Table], Kind], *, labels: bool
    ) -> tuple[Kind, Mapping[int, int]]:
        """Return what is stored of a day, made anew where its records, or their labels, are not what they were."""
        # Taken before the rows are read: what changes in between is found out when they are stored.
        stamp, fingerprint = self._records.stamp(day), self._records.fingerprint(day, labels=labels)
        name = f"{day.start:%Y-%m-%d}"
        kept = stored.get(name, fingerprint, self._layout)
        if kept is not None:
            return kept
        rows = self._read(day)
        made, counted = make(rows), versions(rows)

        def unchanged() -> bool:
            # labels may be removed without a trace in the records: what was made of them must not come back
            same = not labels or self._records.fingerprint(day) == fingerprint
            return same and self._records.stamp(day) == stamp

        with suppress(OSError):  # a full disk costs time here, and no answer
            stored.put(name, fingerprint, self._layout, made, counted, unchanged)
        return made, counted


def _days(span: Span) -> Iterator[Span]:
    """Cut a window at every midnight."""
    start = span.start
    while start < span.end:
        end = min(_midnight(start) + DAY, span.end)
        yield Span(start, end)
        start = end


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)
