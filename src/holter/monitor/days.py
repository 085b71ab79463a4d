"""The profile of a window of many days, from stored profiles of its days: only what has changed is read."""

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
from holter.profile.ranks import K
from holter.registry import profile_kinds
from holter.store import DeltaRecords
from holter.store.stored_profiles import StoredProfiles
from holter.types import PREDICTION, RESERVED, SCORE, VERSION, Schema, Span

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
    records, stored
        The records, and where profiles of them are kept.
    schema
        Features and task.
    read
        Gives the rows of a span that count.
    """

    def __init__(
        self, records: DeltaRecords, stored: StoredProfiles, schema: Schema, read: Callable[[Span], pa.Table]
    ) -> None:
        self._records, self._stored = records, stored
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
        # Taken before the rows are read: what changes in between is found out when they are stored.
        stamp, fingerprint = self._records.stamp(day), self._records.fingerprint(day, labels=False)
        name = f"{day.start:%Y-%m-%d}"
        kept = self._stored.get(name, fingerprint, self._layout)
        if kept is not None:
            return Summary(*kept)
        rows = self._read(day)
        made, counted = summary(rows, self._schema, STORED_K).compressed(STORED_K), versions(rows)
        with suppress(OSError):  # a full disk costs time here, and no answer
            self._stored.put(name, fingerprint, self._layout, made, counted, lambda: self._records.stamp(day) == stamp)
        return Summary(made, counted)


def _days(span: Span) -> Iterator[Span]:
    """Cut a window at every midnight."""
    start = span.start
    while start < span.end:
        end = min(_midnight(start) + DAY, span.end)
        yield Span(start, end)
        start = end


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)
