"""The scored rows and the labels of one deployment, as two Delta tables."""

import hashlib
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from holter.errors import InputError, UnknownColumn
from holter.store.arrow_shape import (
    STORED,
    answer_type,
    feature_types,
    fit,
    label_fields,
    optional_fields,
    record_fields,
    resting,
    resting_features,
    restored,
    shaped,
)
from holter.store.delta_table import DataFile, Table
from holter.store.erasing import Erased, columns_called, erase, expire
from holter.store.exact import exactly, whole_features, with_exact
from holter.store.joining import days_of, distinct, with_labels
from holter.store.labels import checked_labels
from holter.store.naming import exact_name, feature_name, is_exact, stored_names
from holter.types import (
    DIGEST,
    EVENT_DAY,
    EVENT_TIME,
    LABELLED_AT,
    PREDICTION,
    RECEIVED_AT,
    REQUEST_ID,
    RESERVED,
    ROW,
    Schema,
    Span,
)

_RETRY: Final = timedelta(hours=1)
"""How long after a request its retry may still come and be found to be the same record in another window."""

_KEYS: Final = (REQUEST_ID, ROW, DIGEST)


class DeltaRecords:
    """See :class:`holter.store.Records`.

    Parameters
    ----------
    records, labels
        Folders of the two tables; made by the first append.
    schema
        Features and task: what the table starts with and what reading returns to. None: whatever comes.
    """

    def __init__(self, records: Path, labels: Path, schema: Schema | None = None) -> None:
        self._schema = schema
        self._task = None if schema is None else schema.task
        self._records = Table(records, EVENT_TIME)
        self._labels = Table(labels, LABELLED_AT)

    def append(self, rows: pa.Table, offsets: Mapping[str, int]) -> None:
        """Commit rows with the journal offsets they end at; see :meth:`holter.store.Records.append`.

        Raises
        ------
        InputError
            If a row has neither event time nor arrival.
        """
        if not len(rows) and not offsets:
            return
        rows = with_exact(rows, self._schema)
        found, stored = _named(feature_types(rows)), self._records.fields()
        fields = record_fields(self._answer_type(rows)) | optional_fields({*rows.column_names, *stored})
        features = {**found, **resting_features(self._schema), **_named(stored)}
        names = stored_names((name for name in features if name not in RESERVED), (*fields, *stored))
        fields |= {name: features[name] for name in names}
        fields |= {name: pa.int64() for name in rows.column_names if is_exact(name)}
        dated = _dated(shaped(rows, fields))
        self._records.append(dated.rename_columns([names.get(name, name) for name in fields]), offsets)

    def offset(self, segment: str) -> int:
        """Return how far a journal segment has been committed, in bytes; 0 if never."""
        return self._records.offset(segment)

    def append_labels(self, labels: pa.Table) -> int:
        """Commit labels, and return how many belong to a record that is here; others wait for theirs.

        A null label says nothing and is left out.

        Raises
        ------
        BadLabels
            If a column is missing or a label is not of the type of the task; nothing was stored.
        """
        answer = self._stored_answer_type() or resting(labels.schema.field("_label").type) or pa.float64()
        rows = checked_labels(labels, answer, self._task)
        if not len(rows):
            return 0
        stored = time.time_ns()
        rows = rows.append_column(STORED, pa.array(range(stored, stored + len(rows)), pa.int64()))
        placed = shaped(self._placed(rows), label_fields(answer))
        self._labels.append(placed, {})
        return len(rows) - int(placed[EVENT_DAY].null_count)

    def read(self, span: Span, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the records of a span; see :meth:`holter.store.Records.read`.

        Raises
        ------
        UnknownColumn
            For a feature that neither the schema nor the table has.
        """
        fields = self._fields(columns)
        keep = (ds.field(EVENT_TIME) >= span.start) & (ds.field(EVENT_TIME) < span.end)
        names = stored_names((name for name in fields if name not in RESERVED), self._records.fields())
        beside = (exact_name(name) for name in whole_features(self._schema) if name in names)
        exact = {name: pa.int64() for name in beside if name in self._records.fields()}
        stored = {names.get(name, name): dtype for name, dtype in fields.items()} | exact
        rows = self._records.read(self._touched(span), stored, keep).rename_columns([*fields, *exact])
        rows = distinct(rows, self._keys_before(span) if len(rows) else None)
        rows = with_labels(rows, self._labels_of(span) if len(rows) else None, fields[PREDICTION])
        return restored(exactly(rows, self._schema), self._schema)

    def watermark(self) -> datetime | None:
        """Return the newest event time committed; None when there is no record."""
        return max((file.newest for file in self._records.files() if file.newest is not None), default=None)

    def first(self) -> datetime | None:
        """Return the oldest event time committed; None when there is no record."""
        return min(self.beginnings(), default=None)

    def beginnings(self) -> Sequence[datetime]:
        """Return the oldest event time of each file, sorted; a file holds records of one day."""
        return sorted(file.oldest for file in self._records.files() if file.oldest is not None)

    def fingerprint(self, span: Span, *, labels: bool = True) -> str:
        """Return text that changes whenever the records or labels of a span may have changed.

        It counts the rows of the days the span touches in both tables, and the labels that still wait for a record:
        nothing is ever replaced, so whatever is added raises a count, and compaction changes none. ``labels=False``
        looks at the records alone.
        """
        counts: dict[tuple[str, str], int] = {}
        reach = Span(span.start - _RETRY, span.end)
        late = self._label_files(span) if labels else []
        for name, files in (("records", self._touched(reach)), ("labels", late)):
            for file in files:
                counts[name, file.day or ""] = counts.get((name, file.day or ""), 0) + file.rows
        return hashlib.sha256(repr(sorted(counts.items())).encode()).hexdigest()[:32]

    def stamp(self, span: Span) -> str:
        """Return text that changes with every commit that touches the records of a span, compaction among them.

        It is empty where there are no records, neither in the span nor close before it.
        """
        return "\n".join(sorted(file.path for file in self._touched(Span(span.start - _RETRY, span.end))))

    def layout(self) -> str:
        """Return text that changes whenever reading everything would give other columns or types."""
        return repr((self._schema, list(self._fields(None).items())))

    def compact(self) -> int:
        """Merge small files; return how many fewer there are. What is read stays the same.

        Labels that came before their records are put beside them.
        """
        self._settle()
        return self._records.compact() + self._labels.compact()

    def erase(self, column: str, texts: Sequence[str]) -> Erased:
        """Remove the records where a column is one of some values, given as text, and their labels; also from disk.

        Raises
        ------
        UnknownColumn
            If no record has the column, and none could: the schema does not have it either.
        """
        possible = {**resting_features(self._schema), **record_fields(pa.float64())}
        if column not in possible and not columns_called(self._records, column):
            known = [*_named(self._records.fields()), *resting_features(self._schema), REQUEST_ID]
            raise UnknownColumn(column, dict.fromkeys(known), "the table of records")
        return erase(self._records, self._labels, column, texts)

    def expire(self, records: datetime | None, labels: datetime | None) -> tuple[int, int]:
        """Remove records and labels of before a time (None: keep all); return how many. Whole days go, by event time.

        What was stored after that time stays, however old it is.
        """
        gone = 0 if records is None else expire(self._records, records)
        return gone, 0 if labels is None else expire(self._labels, labels, LABELLED_AT)

    def _settle(self) -> None:
        fields = self._labels.fields()
        with self._labels.unknown_day(fields) as (waiting, keep):
            if not len(waiting):
                return
            placed = self._placed(waiting.drop_columns([EVENT_DAY])).select(list(fields))
            if placed[EVENT_DAY].null_count < len(placed):
                self._labels.append(placed.filter(pc.is_valid(placed[EVENT_DAY])), {})
                keep(placed.filter(pc.is_null(placed[EVENT_DAY])))

    def _fields(self, columns: Sequence[str] | None) -> dict[str, pa.DataType]:
        answer = self._stored_answer_type() or pa.float64()
        known = {**resting_features(self._schema), **_named(self._records.fields())}
        features = {name: dtype for name, dtype in known.items() if name not in RESERVED}
        wanted = features if columns is None else [name for name in columns if name not in RESERVED]
        for name in wanted:
            if name not in features:
                raise UnknownColumn(name, features, "the table of records")
        beside = optional_fields(self._records.fields())
        return {name: features[name] for name in wanted} | record_fields(answer) | beside

    def _touched(self, span: Span) -> list[DataFile]:
        return days_of(self._records.files(), span)

    def _label_files(self, span: Span) -> list[DataFile]:
        files = self._labels.files()
        return [*days_of(files, span), *(file for file in files if file.day is None)]

    def _labels_of(self, span: Span) -> pa.Table | None:
        files = self._label_files(span)
        if not files:
            return None
        fields = {name: dtype for name, dtype in self._labels.fields().items() if name != EVENT_DAY}
        return self._labels.read(files, fields)

    def _keys_before(self, span: Span) -> pa.Table:
        before = Span(span.start - _RETRY, span.start)
        keep = (ds.field(EVENT_TIME) >= before.start) & (ds.field(EVENT_TIME) < before.end)
        files = self._touched(before)
        fields = record_fields(pa.float64())
        return self._records.read(files, {name: fields[name] for name in (*_KEYS, EVENT_TIME)}, keep)

    def _stored_answer_type(self) -> pa.DataType | None:
        return self._records.fields().get(PREDICTION) or answer_type(self._task)

    def _answer_type(self, rows: pa.Table) -> pa.DataType:
        stored = self._stored_answer_type()
        if stored is not None or PREDICTION not in rows.column_names:
            return stored or pa.float64()
        found = resting(rows.schema.field(PREDICTION).type)
        return pa.string() if found == pa.string() else pa.float64()

    def _placed(self, labels: pa.Table) -> pa.Table:
        """Give each label the day of its record, looking from the newest day back; null where there is none."""
        ids = pc.unique(labels[REQUEST_ID])
        wanted = ds.field(REQUEST_ID).isin(ids)
        fields = {REQUEST_ID: pa.string(), ROW: pa.int32(), EVENT_DAY: pa.string()}
        files = self._records.files()
        found = self._records.read([], fields)
        missing, complete = labels.select([REQUEST_ID, ROW]), False
        for day in sorted({file.day for file in files if file.day is not None}, reverse=True):
            there = self._records.read([file for file in files if file.day == day], fields, wanted)
            found = pa.concat_tables([found, there.group_by(list(fields)).aggregate([]).select(list(fields))])
            if complete:  # one day more than needed: a retry after midnight belongs to the day before
                break
            missing = missing.join(there, [REQUEST_ID, ROW], join_type="left anti")
            complete = not len(missing)
        return labels.join(found, [REQUEST_ID, ROW], join_type="left outer")


def _named(stored: Mapping[str, pa.DataType]) -> dict[str, pa.DataType]:
    return {feature_name(name): dtype for name, dtype in stored.items() if not is_exact(name)}


def _dated(rows: pa.Table) -> pa.Table:
    moment = pc.coalesce(rows[EVENT_TIME], rows[RECEIVED_AT])
    if moment.null_count:
        raise InputError(f"{moment.null_count} records have neither {EVENT_TIME} nor {RECEIVED_AT}.")
    rows = rows.set_column(rows.column_names.index(EVENT_TIME), EVENT_TIME, moment)
    rows = rows.set_column(rows.column_names.index(ROW), ROW, pc.fill_null(rows[ROW], 0))
    day = fit(pc.strftime(moment, "%Y-%m-%d"), pa.string())
    return rows.set_column(rows.column_names.index(EVENT_DAY), EVENT_DAY, day)
