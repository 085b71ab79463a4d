"""A user's table in the words of records: renamed columns, a schema, a task."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from holter.errors import BadLabels, InputError, UnknownColumn
from holter.types import EVENT_TIME, LABEL, OPTIONAL, PREDICTION, RESERVED, SCORE, Kind, Schema, Task

_INSTANT: Final = pa.timestamp("us", "UTC")
MOST_CLASSES: Final = 20
"""Numbers with more distinct values than this are a quantity, not classes (our choice; ``task=`` overrides it)."""


@dataclass(frozen=True)
class Prepared:
    """A table in the columns of :mod:`holter.types.records`, what its features are, and how the task was found."""

    table: pa.Table
    schema: Schema
    reason: str


@dataclass(frozen=True)
class Roles:
    """Which columns of a user's table are no features; None where there is none."""

    time: str | None = None
    prediction: str | None = None
    score: str | None = None
    label: str | None = None

    def among(self, columns: Collection[str]) -> "Roles":
        """Return the roles whose columns are there."""
        return Roles(**{role: name for role, name in vars(self).items() if name in columns})

    def renames(self, columns: list[str]) -> dict[str, str]:
        """Return ``column -> record column``; a column that has the record's name already plays its role unasked.

        Raises
        ------
        UnknownColumn
            For a role given to a column that is not there.
        """
        found = {}
        named = ((EVENT_TIME, self.time), (PREDICTION, self.prediction), (SCORE, self.score), (LABEL, self.label))
        for record, given in named:
            if given is not None and given not in columns:
                raise UnknownColumn(given, columns)
            if given is not None or record in columns:
                found[given or record] = record
        return found


def prepare(obj: Any, roles: Roles, *, task: Task | str | None = None) -> Prepared:
    """Read a table and put it into the columns of records.

    Parameters
    ----------
    obj
        Anything :func:`holter.source.stream` reads.
    roles
        The columns that are no features. Columns with the names of records play their roles unasked, probabilities
        of classes, ends of intervals and queries among them; other record columns (request id, latency) are left out.
    task
        What the model answers; None finds it from the label, else from score and prediction.

    Raises
    ------
    UnknownColumn
        For a role given to a column that is not there.
    BadLabels
        If labels or predictions are no values of the task.
    InputError
        If the time column holds no times, or there is no such task.
    """
    from holter.source import stream

    table = stream(obj).read_all()
    renames = roles.renames(table.column_names)
    taken = RESERVED.difference(OPTIONAL)
    kept = [name for name in table.column_names if name in renames or name not in taken]
    table = table.select(kept).rename_columns([renames.get(name, name) for name in kept])
    answer, reason = _task(table, task)
    for name in (LABEL, PREDICTION):
        table = _typed(table, name, answer)
    if SCORE in table.column_names:
        table = _cast(table, SCORE, pa.float64())
    if EVENT_TIME in table.column_names:
        table = _timed(table)
    return Prepared(table, _schema(table, answer), reason)


def _schema(table: pa.Table, task: Task | None) -> Schema:
    """Take features by their types, and text by its values: what is no category here is none in any later window."""
    from holter.profile import Profile, kind_of
    from holter.source import infer_schema

    worded = [place for place, field in enumerate(table.schema) if kind_of(field.type) is Kind.CATEGORICAL]
    profile = Profile.of(table.select(worded))
    return infer_schema(table.schema, exclude=tuple(RESERVED), task=task, profile=profile)


def _task(table: pa.Table, given: Task | str | None) -> tuple[Task | None, str]:
    if given is not None:
        return as_task(given), f"{given}: as given"
    for name in (LABEL, PREDICTION):
        if name in table.column_names and name == PREDICTION and SCORE in table.column_names:
            break
        if name in table.column_names:
            return infer_task(table.column(name), what=name.strip("_"))
    if SCORE in table.column_names:
        return Task.BINARY, "binary: there is a score"
    return None, "no task: the table has no label, prediction or score"


def as_task(given: Task | str) -> Task:
    """Take a task by its name. Raises InputError."""
    try:
        return Task(given)
    except ValueError as error:
        raise InputError(f"{given!r} is no task; there are {', '.join(Task)}.") from error


def infer_task(values: pa.ChunkedArray, *, what: str = "label") -> tuple[Task, str]:
    """Tell from values what a model answers, and say why.

    Nulls say nothing. True/false and 0/1 are binary, even when only one of them occurs. Other numbers are regression
    when more than :data:`MOST_CLASSES` differ, or one has a fraction. All else is multiclass: which of two words is
    the positive one cannot be told from the words.

    Examples
    --------
    >>> infer_task(pa.chunked_array([[0, 1, 1, None]]))
    (<Task.BINARY: 'binary'>, 'binary: the label is 0 or 1')
    """
    if pa.types.is_boolean(values.type):
        return Task.BINARY, f"binary: the {what} is true or false"
    distinct = pc.unique(values.combine_chunks() if values.num_chunks != 1 else values.chunk(0)).drop_null()
    if not (pa.types.is_integer(values.type) or pa.types.is_floating(values.type) or pa.types.is_decimal(values.type)):
        hint = "; for the metrics of a binary model write 0 and 1" if len(distinct) == 2 else ""
        return Task.MULTICLASS, f"multiclass: the {what} has {len(distinct)} words{hint}"
    numbers = {float(value) for value in distinct.to_pylist()[: MOST_CLASSES + 1]}
    if numbers <= {0.0, 1.0}:
        return Task.BINARY, f"binary: the {what} is 0 or 1"
    if len(distinct) > MOST_CLASSES or any(not number.is_integer() for number in numbers):
        return Task.REGRESSION, f"regression: the {what} has {len(distinct):,} different numbers"
    return Task.MULTICLASS, f"multiclass: the {what} has {len(distinct)} different whole numbers"


def _typed(table: pa.Table, name: str, task: Task | None) -> pa.Table:
    if name not in table.column_names:
        return table
    if task is Task.MULTICLASS:
        return _cast(table, name, pa.string())
    if pa.types.is_boolean(table.column(name).type):
        table = _cast(table, name, pa.int8())
    table = _cast(table, name, pa.float64())
    if task is Task.BINARY:
        strange = pc.unique(table.column(name).combine_chunks()).drop_null().to_pylist()
        wrong = [value for value in strange if value not in (0.0, 1.0)]
        if wrong:
            raise BadLabels(f"{name.strip('_')} of a binary model is 0 or 1, here is {wrong[0]!r}.")
    return table


def _cast(table: pa.Table, name: str, dtype: pa.DataType) -> pa.Table:
    column = table.column(name)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    try:
        return table.set_column(table.column_names.index(name), name, column.cast(dtype))
    except pa.ArrowException as error:
        raise BadLabels(f"{name.strip('_')} cannot be read as {dtype}: {error}") from error


def _timed(table: pa.Table) -> pa.Table:
    """Make event times UTC; a table without zones is read as UTC, the way files are written."""
    column = table.column(EVENT_TIME)
    try:
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            column = pc.cast(column, _INSTANT)
        if not pa.types.is_timestamp(column.type) and not pa.types.is_date(column.type):
            raise InputError(f"the event time is of type {column.type}; a timestamp is needed.")
        utc = column.cast(pa.timestamp("us"), safe=False).cast(_INSTANT)
    except pa.ArrowInvalid as error:
        raise InputError(f"the event time cannot be read: {error}.") from error
    return table.set_column(table.column_names.index(EVENT_TIME), EVENT_TIME, utc)
