"""One pass over a stream that sorts its rows into buckets of time and into segments."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holter.errors import UnknownColumn
from holter.profile.bucket import EPOCH, MICROSECOND, Buckets, Place, Segment
from holter.profile.chunks import LEAST_ROWS, chunks, reader_of
from holter.profile.event_time import event_times, moment_at
from holter.profile.kinds import plain_values
from holter.profile.names import distinct_names
from holter.profile.profile import Profile
from holter.profile.value_names import value_names
from holter.types import Kind, as_utc, parse_duration

STORED_K: Final = 512
"""Values kept for each numeric column of a bucket: 6 kB at most, and a rank error of about a thousandth."""
SEGMENTS: Final = 50
"""Values of a segment column that get profiles of their own; the rows of all others are pooled."""
_PIECES: Final = 16
"""Profiles of one bucket that wait to be added up."""
_LOOSE: Final = 8_388_608
"""Numbers (128 MB) that buckets may hold beyond their final size: rows that arrive in order of time are compressed once
at the end, and those that do not more often, with a larger error, which they state."""


def buckets(
    table: Any,
    *,
    time: str,
    width: str | timedelta,
    segments: Sequence[str] = (),
    kinds: Mapping[str, Kind] | None = None,
    k: int = STORED_K,
    joint: bool = False,
    sample: int = 0,
    key: Sequence[str] = (),
    watermark: datetime | None = None,
    assume_utc: bool = False,
    threads: int = 1,
) -> Buckets:
    """Summarise a table by stretches of event time and by segments, in one pass.

    Parameters
    ----------
    table
        As for :meth:`Profile.of`.
    time
        The column with the event time: timestamps, or dates. Rows without one are counted as undated.
    width
        Length of a bucket: ``1h``, ``1d``, or a timedelta.
    segments
        Columns whose values get profiles of their own, each column by itself. The first :data:`SEGMENTS` values that
        occur (the more frequent first, within a chunk) are named, the rows of all later ones are pooled.
    kinds, k, joint, sample, key, threads
        As for :meth:`Profile.of`, for each bucket; ``k`` is what a stored bucket keeps.
    watermark
        The moment up to which events were thought complete: older rows are counted as late.
    assume_utc
        Read times without a zone as UTC. Without it they are refused.

    Raises
    ------
    UnsupportedTable
        If the object is no table.
    UnknownColumn
        If the table lacks the time, a segment or a column of the key.
    BadDuration
        If the width is no positive duration.
    BadSetting
        If the time column holds no times.
    NaiveTime
        If times have no zone.

    Examples
    --------
    >>> from datetime import UTC
    >>> moments = pa.array([datetime(2013, 1, 1, 23, tzinfo=UTC), datetime(2013, 1, 2, 1, tzinfo=UTC)])
    >>> found = buckets(pa.table({"at": moments, "x": [1.0, 2.0]}), time="at", width="1d")
    >>> [(f"{start:%d %b}", profile.columns["x"].mean) for (start, _), profile in found.profiles.items()]
    [('01 Jan', 1.0), ('02 Jan', 2.0)]
    >>> found.window().rows
    2
    """
    reader = reader_of(table)
    asked = {"kinds": kinds, "k": k, "joint": joint, "sample": sample, "key": key}
    reading = BucketReading(reader.schema, time, parse_duration(width), segments, asked, threads=threads)
    for chunk in chunks(reader):
        reading.add(chunk, watermark=watermark, assume_utc=assume_utc)
    return reading.buckets()


class BucketReading:
    """The buckets of a stream so far; what is complete can be taken out, so that memory holds open buckets only."""

    def __init__(
        self,
        schema: pa.Schema,
        time: str,
        width: timedelta,
        segments: Sequence[str],
        asked: Mapping[str, Any],
        *,
        threads: int = 1,
    ) -> None:
        self._names = distinct_names(schema.names)
        for name in (time, *segments):
            if name not in self._names:
                raise UnknownColumn(name, self._names)
        self._time, self._width, self._step = time, width, width // MICROSECOND
        self._codes = [_SegmentCodes(name) for name in segments]
        self._asked, self._threads = dict(asked), threads
        self._open: dict[Place, _Open] = {}
        self._newest = -(2**63)
        self._undated = self._late = self._disordered = 0

    def add(self, chunk: pa.RecordBatch, *, watermark: datetime | None = None, assume_utc: bool = False) -> None:
        """Take in the next rows.

        Raises
        ------
        BadSetting
            If the time column holds no times.
        NaiveTime
            If times have no zone and are not assumed to be in UTC.
        """
        named = pa.RecordBatch.from_arrays(chunk.columns, names=self._names)
        micros, fits = event_times(named.column(self._time), self._time, assume_utc=assume_utc)
        if not fits.all():
            named, micros = _taken(named, np.flatnonzero(fits)), micros[fits]
        self._count(micros, len(fits), watermark)
        starts = micros // self._step
        for codes in (None, *self._codes):
            numbers = np.zeros(len(starts), np.int64) if codes is None else codes.numbers(named.column(codes.column))
            for start, number, rows in _groups(named, starts, numbers):
                segment = None if codes is None else codes.segment(number)
                self._add_rows((moment_at(start * self._step), segment), rows)
        self._tighten()

    def closed(self, before: datetime) -> dict[Place, Profile]:
        """Take out the buckets that end at or before a moment; a row that comes later opens its bucket anew."""
        edge = as_utc(before) - self._width
        places = [place for place in self._open if place[0] <= edge]
        return {place: self._open.pop(place).profile(self._asked["k"]) for place in places}

    def buckets(self) -> Buckets:
        """Return what was not taken out, by start and then by segment."""
        places = sorted(self._open, key=lambda place: (place[0], place[1] is not None, str(place[1])))
        profiles = {place: self._open[place].profile(self._asked["k"]) for place in places}
        return Buckets(self._width, profiles, self._undated, self._late, self._disordered)

    def _count(self, micros: npt.NDArray[np.int64], rows: int, watermark: datetime | None) -> None:
        self._undated += rows - len(micros)
        if not len(micros):
            return
        if watermark is not None:
            self._late += int(np.count_nonzero(micros < (as_utc(watermark) - EPOCH) // MICROSECOND))
        newest = np.maximum.accumulate(np.concatenate(([self._newest], micros)))
        self._disordered += int(np.count_nonzero(micros < newest[:-1]))
        self._newest = int(newest[-1])

    def _add_rows(self, place: Place, rows: pa.RecordBatch) -> None:
        threads = self._threads if rows.num_rows >= LEAST_ROWS else 1
        part = Profile.of(rows, threads=threads, **self._asked)
        found = self._open.pop(place, None) or _Open()
        found.add(part, self._asked["k"])
        self._open[place] = found  # last: the buckets touched longest ago come first

    def _tighten(self) -> None:
        """Compress buckets, those touched longest ago first, while all of them hold more than there is room for."""
        spare = sum(found.loose for found in self._open.values()) - _LOOSE
        for found in self._open.values():
            if spare <= 0:
                return
            spare -= found.loose
            found.compress(self._asked["k"])


@dataclass
class _Open:
    """A bucket to which rows may still be added."""

    parts: list[Profile] = field(default_factory=list)
    loose: int = 0

    def add(self, part: Profile, k: int) -> None:
        self.parts.append(part)
        self.loose += len(part.columns) * min(part.rows, k)
        if len(self.parts) > _PIECES:
            self.parts = [Profile.total(self.parts).compressed(_PIECES * k)]

    def compress(self, k: int) -> None:
        self.parts, self.loose = [self.profile(k)], 0

    def profile(self, k: int) -> Profile:
        return Profile.total(self.parts).compressed(k)


class _SegmentCodes:
    """Small whole numbers for the values of a segment column: 0 for none, 1 for the pooled ones, then the named."""

    _NULL, _POOLED = 0, 1

    def __init__(self, column: str) -> None:
        self.column = column
        self._known: dict[str, int] = {}

    def numbers(self, array: pa.Array) -> npt.NDArray[np.int64]:
        """Return the number of each row."""
        encoded = plain_values(array).dictionary_encode()
        names = value_names(encoded.dictionary)
        indices = encoded.indices.fill_null(len(names))
        places = np.frombuffer(indices.buffers()[1], np.int32)[indices.offset :][: len(indices)]
        self._name(names, places)
        table = [self._known.get(name, self._POOLED) for name in names]
        return np.array([*table, self._NULL], np.int64)[places]

    def segment(self, number: int) -> Segment:
        """Return the segment that a number stands for."""
        if number <= self._POOLED:
            return Segment(self.column, None, pooled=number == self._POOLED)
        return Segment(self.column, list(self._known)[number - 2])

    def _name(self, names: list[str], places: npt.NDArray[np.int32]) -> None:
        room = SEGMENTS - len(self._known)
        if room <= 0 or all(name in self._known for name in names):
            return
        sizes = np.bincount(places, minlength=len(names) + 1)
        fresh: Counter[str] = Counter()
        for name, size in zip(names, sizes.tolist(), strict=False):
            if name not in self._known:
                fresh[name] += size
        for name in sorted(fresh, key=lambda name: (-fresh[name], name))[:room]:
            self._known[name] = len(self._known) + 2


def _groups(
    rows: pa.RecordBatch, starts: npt.NDArray[np.int64], numbers: npt.NDArray[np.int64]
) -> Iterator[tuple[int, int, pa.RecordBatch]]:
    """Yield the rows of each start and number; uncopied where they stand in order."""
    if not len(starts):
        return
    falls = (starts[1:] < starts[:-1]) | ((starts[1:] == starts[:-1]) & (numbers[1:] < numbers[:-1]))
    if falls.any():
        order = np.lexsort((numbers, starts))
        rows, starts, numbers = _taken(rows, order), starts[order], numbers[order]
    changes = np.flatnonzero((starts[1:] != starts[:-1]) | (numbers[1:] != numbers[:-1])) + 1
    ends = [0, *changes.tolist(), len(starts)]
    for begin, end in pairwise(ends):
        yield int(starts[begin]), int(numbers[begin]), rows.slice(begin, end - begin)


def _taken(rows: pa.RecordBatch, places: npt.NDArray[Any]) -> pa.RecordBatch:
    where = pa.Array.from_buffers(pa.int64(), len(places), [None, pa.py_buffer(places.astype(np.int64))])
    return pa.RecordBatch.from_arrays([_column_taken(array, where) for array in rows.columns], names=rows.schema.names)


def _column_taken(array: pa.Array, where: pa.Array) -> pa.Array:
    try:
        return array.take(where)
    except pa.ArrowException:  # few kernels for the rarer types
        return pa.concat_arrays([array.slice(place, 1) for place in where.to_pylist()] or [array.slice(0, 0)])
