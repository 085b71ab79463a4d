"""From frames to rows of the record table, many at a time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from hashlib import blake2b
from typing import Any, Final, Self, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from holter.capture.columns import INSTANT, build, column_type, guess_type
from holter.capture.frame import SHADOW, Frame
from holter.capture.packing import Packing
from holter.capture.parsing import Reply, Request, align, parse_reply, parse_request
from holter.capture.quick import Answers, quick_reader
from holter.store.exact import exact_values, whole_features
from holter.store.naming import exact_name
from holter.types import (
    DIGEST,
    EVENT_DAY,
    EVENT_TIME,
    LATENCY,
    PREDICTION,
    RAW,
    RECEIVED_AT,
    REQUEST_ID,
    RESERVED,
    ROLE,
    ROW,
    SCORE,
    STATUS,
    VERSION,
    Schema,
    Task,
)

CHUNK_ROWS: Final = 2048
"""Rows that are Python objects at one time: few enough for the processor's cache, enough to hide the cost of Arrow."""
MAX_LEARNED: Final = 1000
"""Columns that are learned from requests, so that a caller who makes up names cannot widen the table for ever."""
_LATEST_US: Final = 253_402_300_799_999_999
"""The last microsecond of the year 9999: later times have no calendar day."""


@dataclass(frozen=True)
class Counts:
    """What was found while parsing; counts add up.

    ``unparsed`` requests were kept as they came; ``misfits`` are values that became null; ``extra`` are values that
    have no column; ``unmatched`` replies did not answer each row.
    """

    unparsed: int = 0
    misfits: int = 0
    extra: int = 0
    unmatched: int = 0

    def __add__(self, other: Self) -> "Counts":
        return Counts(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


class Layout:
    """The feature columns of a deployment: declared by a schema, or learned from what callers send.

    A column is learned with its first value, as number or text, and keeps that type.
    """

    def __init__(self, schema: Schema | None) -> None:
        self.task: Task | None = schema.task if schema else None
        self.declared = schema is not None and bool(schema.features)
        self.types: dict[str, pa.DataType | None] = {}
        if schema is not None and self.declared:
            self.types = {feature.name: column_type(feature.dtype) for feature in schema.features}
        self.names = tuple(self.types)
        self.whole = frozenset(whole_features(schema))
        self.quick = quick_reader(self.names, self.task)
        numeric = self.declared and not self.whole and set(self.types.values()) == {pa.float64()}
        self.packs = numeric and self.quick is not None

    def learn(self, request: Request) -> bool:
        """Add the columns of a request, and tell whether there were new ones; a declared layout never learns."""
        if self.declared:
            return False
        found: Iterable[str] = request.names or dict.fromkeys(name for row in request.rows for name in row)
        new = [name for name in found if name not in self.types and name not in RESERVED and _is_text(name)]
        for name in new[: max(0, MAX_LEARNED - len(self.types))]:
            self.types[name] = None
        changed = len(self.types) > len(self.names)
        self.names = tuple(self.types)
        return changed

    def column(self, name: str, values: Sequence[Any]) -> tuple[pa.Array, int] | None:
        """Return the typed column and its misfits; None while the column has no type, for want of any value."""
        dtype = self.types[name] = self.types[name] or guess_type(values)
        return None if dtype is None else build(values, dtype)


class Rows:
    """Collects the rows of one model version.

    A failed request leaves one row, with the features of its first row where they can be read, and no prediction.
    Once a binary model has answered a fraction where it might have answered a class, its 0.0 and 1.0 are scores too.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.counts = Counts()
        self.total = 0
        self._scored = False
        self._tables: list[pa.Table] = []
        self._clear()

    def _clear(self) -> None:
        self._doubtful: list[slice] = []
        self._frames: list[Frame] = []
        self._lengths: list[int] = []
        self._raw: list[bytes | None] = []
        self._values: list[Sequence[Any]] = []
        self._packing: Packing | None = Packing(len(self.layout.names)) if self.layout.packs else None
        self._predictions: list[float | str | None] = []
        self._scores: list[float | None] = []

    def add(self, frame: Frame) -> None:
        """Take the rows of a request."""
        quick = self.layout.quick
        if quick is not None and frame.status < 400 and not frame.timed_out:
            rows = quick.rows(frame.request)
            answers = quick.answers(frame.response, len(rows)) if rows else None
            if rows and answers is not None:
                self._take(frame, rows, answers)
                return
        self._add_slowly(frame)

    def _take(self, frame: Frame, rows: Sequence[Sequence[Any]], answers: Answers) -> None:
        self._frames.append(frame)
        self._lengths.append(len(rows))
        self._raw.append(None)
        if self._packing is None or not self._packing.add(rows):
            self._unpack()
            self._values.extend(rows)
        predictions, scores, scored = answers
        self._predictions.extend(predictions)
        self._scores.extend(scores)
        self._scored |= scored
        self.total += len(rows)
        if len(self._values if self._packing is None else self._packing) >= CHUNK_ROWS:
            self._flush()

    def _unpack(self) -> None:
        """Go on with rows as they are, to the end of the chunk: one of them is not all numbers."""
        if self._packing is not None:
            self._values, self._packing = self._packing.rows(), None

    def _add_slowly(self, frame: Frame) -> None:
        request = parse_request(frame.request, self.layout.names if self.layout.declared else None)
        if request is None:
            self._keep_raw(frame)
            return
        if self.layout.learn(request):
            self._flush()  # the columns before were fewer
        rows, extra = align(request, self.layout.names)
        asked = len(rows)
        lost = failed(frame)
        if lost:
            rows, extra = rows[:1], 0
        reply = Reply() if lost else parse_reply(frame.response, self.layout.task, asked)
        matched = len(reply.predictions) == len(rows)
        self._put(frame, rows, reply if matched else None, frame.request if lost and asked > 1 else None)
        if extra or not (matched or lost):
            self.counts += Counts(extra=extra, unmatched=int(not (matched or lost)))
        if len(self._values) >= CHUNK_ROWS:
            self._flush()

    def take(self) -> pa.Table | None:
        """Return what was collected and begin anew; None when there is nothing."""
        self._flush()
        tables, self._tables, self.total = self._tables, [], 0
        return concatenate(tables) if tables else None

    def take_counts(self) -> Counts:
        """Return what was counted since the last call."""
        counts, self.counts = self.counts, Counts()
        return counts

    def _keep_raw(self, frame: Frame) -> None:
        self._put(frame, [(None,) * len(self.layout.names)], None, frame.request)
        self.counts += Counts(unparsed=1)

    def _put(self, frame: Frame, rows: Sequence[Sequence[Any]], reply: Reply | None, raw: bytes | None) -> None:
        count = len(rows)
        self._frames.append(frame)
        self._lengths.append(count)
        self._raw.append(raw)
        self._unpack()
        self._values.extend(rows)
        if reply and reply.bare:
            self._take_bare(reply)
        self._predictions.extend(reply.predictions if reply else (None,) * count)
        self._scores.extend(reply.scores if reply else (None,) * count)
        self.total += count

    def _take_bare(self, reply: Reply) -> None:
        if reply.scores[0] is None:
            self._doubtful.append(slice(len(self._predictions), len(self._predictions) + len(reply.predictions)))
        else:
            self._scored = True

    def _settle(self) -> None:
        for place in self._doubtful if self._scored else ():
            self._scores[place] = cast("list[float | None]", self._predictions[place])

    def _flush(self) -> None:
        if not self._frames:
            return
        columns = _per_row(_per_frame(self._frames, self._raw), self._lengths)
        self._settle()
        if self._packing is None:
            self._build(columns)
        else:
            columns.update(zip(self.layout.names, self._packing.columns(), strict=True))
        text = self.layout.task is Task.MULTICLASS
        columns[PREDICTION] = pa.array(self._predictions, pa.string() if text else pa.float64())
        columns[SCORE] = pa.array(self._scores, pa.float64())
        self._tables.append(pa.table(columns))
        self._clear()

    def _build(self, columns: dict[str, pa.Array]) -> None:
        """Add the columns of the features, value by value where one does not fit."""
        misfits = 0
        names = self.layout.names[: len(self._values[0])]
        for name, values in zip(names, zip(*self._values, strict=True), strict=True):
            built = self.layout.column(name, values)
            if built is not None:
                columns[name] = built[0]
                misfits += built[1]
            if built is not None and name in self.layout.whole:
                exact = exact_values(values, built[0])
                if exact is not None:
                    columns[exact_name(name)] = exact
        self.counts += Counts(misfits=misfits)


def digest_of(body: bytes) -> str:
    """Return what tells one request body from another: 128 bits, as hexadecimal text."""
    return blake2b(body, digest_size=16).hexdigest()


def failed(frame: Frame) -> bool:
    """Tell whether a request was not answered: by its status, or because the deadline passed."""
    return frame.status >= 400 or frame.timed_out


def _identity(frame: Frame) -> str:
    # A retry is the same record. One that succeeds after a failure is not: it has a prediction, which must not be lost.
    # What a shadow says to the same request is another record, beside that of the version that answered it.
    digest = digest_of(frame.request)
    if frame.role == SHADOW:
        digest = f"{digest}-shadow-{frame.version}"
    return f"{digest}-{frame.status}" if failed(frame) else digest


def concatenate(tables: Sequence[pa.Table]) -> pa.Table:
    """Return the rows of all tables, with the columns of all; where types disagree the column is text."""
    try:
        return pa.concat_tables(tables, promote_options="default")
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.concat_tables(_agreed(tables), promote_options="default")


def _agreed(tables: Sequence[pa.Table]) -> Iterable[pa.Table]:
    types: dict[str, set[pa.DataType]] = {}
    for table in tables:
        for field in table.schema:
            types.setdefault(field.name, set()).add(field.type)
    wanted = {name: pa.string() for name, found in types.items() if len(found) > 1}
    for table in tables:
        named = zip(table.column_names, table.columns, strict=True)
        yield pa.table({name: column.cast(wanted.get(name, column.type)) for name, column in named})


def _is_text(name: str) -> bool:
    return name.isprintable() and 0 < len(name) <= 255


def _per_frame(frames: Sequence[Frame], raw: Sequence[bytes | None]) -> dict[str, pa.Array]:
    received = np.array([frame.received_us for frame in frames], np.int64)
    event = np.array([-1 if frame.event_us is None else frame.event_us for frame in frames], np.int64)
    event = np.where((event < 0) | (event > _LATEST_US), received, event)
    instants = pa.array(event).cast(INSTANT)
    return {
        REQUEST_ID: pa.array([frame.request_id for frame in frames], pa.string()),
        EVENT_TIME: instants,
        EVENT_DAY: pc.cast(pc.cast(instants, pa.date32()), pa.string()),
        RECEIVED_AT: pa.array(received).cast(INSTANT),
        VERSION: pa.array([frame.version for frame in frames], pa.int32()),
        ROLE: pa.array([frame.role for frame in frames], pa.string()),
        STATUS: pa.array([frame.status for frame in frames], pa.int32()),
        LATENCY: pa.array([frame.latency_us for frame in frames], pa.int64()),
        DIGEST: pa.array([_identity(frame) for frame in frames], pa.string()),
        RAW: pa.array(raw, pa.binary()),
    }


def _per_row(columns: dict[str, pa.Array], lengths: Sequence[int]) -> dict[str, pa.Array]:
    counts = np.array(lengths, np.int64)
    total = int(counts.sum())
    starts = np.repeat(np.cumsum(counts) - counts, counts)
    place = pa.array((np.arange(total) - starts).astype(np.int32))
    if total != len(lengths):
        source = pa.array(np.repeat(np.arange(len(lengths)), counts))
        columns = {name: column.take(source) for name, column in columns.items()}
    return {REQUEST_ID: columns.pop(REQUEST_ID), ROW: place, **columns}
