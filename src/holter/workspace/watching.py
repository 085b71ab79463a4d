"""From what a user says about a monitor to what the registry keeps."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from holter.errors import BadBudget, BadRule, BadSetting, InputError, UnknownColumn
from holter.registry import Shelves
from holter.registry.entries import TableTarget
from holter.rules import Budget, Rule
from holter.types import RESERVED, Schema, Span, Task, parse_duration
from holter.workspace.baseline import Roles, as_task, infer_task, prepare

_NO_TIME: Final = Span(datetime(1, 1, 1, tzinfo=UTC), datetime(1, 1, 2, tzinfo=UTC))
"""A day that no row lies in: asking for it costs little and refuses what could never be asked."""
_BUDGET: Final = re.compile(r"\s*(?P<false_pages>[-+.\deE]+)(?:\s*(?:per|/)\s*(?P<per>\w+))?\s*")
_SAMPLE_ROWS: Final = 100_000
"""Rows of a table that are looked at to find the task."""


def duration(given: str | timedelta | None, otherwise: timedelta) -> timedelta:
    """Read a duration; ``0s`` is one too, None is another's business. Raises BadDuration."""
    if given is None:
        return otherwise
    if given in ("0", "0s", timedelta(0)):
        return timedelta(0)
    return parse_duration(given)


def table_target(
    path: str | Path, roles: Roles, task: Task | str | None, features: Sequence[str] | None = None
) -> TableTarget:
    """Describe a table that others write: its roles, its features (None: all other columns), its task.

    Raises
    ------
    InputError
        If no time column is named.
    UnknownColumn
        If a named column is not there.
    UnreadableTable
        If there is no such table, or the column holds no times.
    """
    from holter.source import infer_schema, read_span, schema_of

    if roles.time is None:
        raise InputError(f"{path} is watched by event time; say which column holds it: time=")
    found = schema_of(str(path))
    named = roles.renames(found.names)
    read_span(str(path), roles.time, _NO_TIME)
    answer = as_task(task) if task is not None else _task(path, roles)
    schema: Schema = infer_schema(found, exclude=tuple(named), task=answer)
    if features is not None:
        schema = _only(schema, features)
    return TableTarget(_absolute(path), roles.time, schema, roles.prediction, roles.score, roles.label)


def _only(schema: Schema, features: Sequence[str]) -> Schema:
    for name in features:
        if name not in schema.names:
            raise UnknownColumn(name, schema.names)
    return Schema(tuple(each for each in schema.features if each.name in features), schema.task)


def _task(path: str | Path, roles: Roles) -> Task | None:
    from holter.source import stream

    telling = roles.label or (roles.prediction if roles.score is None else None)
    if telling is None:
        return Task.BINARY if roles.score else None
    head: list[pa.RecordBatch] = []
    for batch in stream(str(path), columns=[telling]):
        head.append(batch)
        if sum(len(each) for each in head) >= _SAMPLE_ROWS:
            break
    return infer_task(pa.Table.from_batches(head).column(0), what=telling)[0] if head else None


def _absolute(path: str | Path) -> str:
    """Return a path that means the same from any working directory; addresses of object stores already do."""
    return str(path) if "://" in str(path) else str(Path(path).absolute())


def keep_baseline(
    shelves: Shelves, monitor: str, baseline: Any, roles: Roles, task: Task | str | None, *, strict: bool
) -> Path:
    """Write the baseline of a monitor into the workspace, in the columns of records, and return where it lies.

    ``strict`` refuses a named column that the baseline does not have; otherwise it plays no part (the time of a
    reference file, say, whose target has one).
    """
    from holter.source import stream

    whole = stream(baseline).read_all()
    known = roles if strict else roles.among(whole.column_names)
    table = prepare(whole, known, task=task).table
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    data = sink.getvalue().to_pybytes()
    path: Path = shelves.root / "baselines" / "_monitors" / monitor / f"{hashlib.sha256(data).hexdigest()[:16]}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def known(signals: Sequence[str], options: Mapping[str, Mapping[str, Any]] = MappingProxyType({})) -> tuple[str, ...]:
    """Refuse a signal or an option nobody has now rather than in every window from now on.

    Raises
    ------
    NotFound
        If nobody has a signal, or one that has options.
    BadSetting
        If a signal has no such option, or it no such value.
    """
    from holter.signals import named

    for signal, given in options.items():
        if signals and signal not in signals:
            raise BadSetting("options", f"there are some for {signal!r}, which is not among the signals.")
        if not isinstance(given, Mapping):
            raise BadSetting("options", f"{signal!r} needs a table of its options.")
        named(signal, given)
    return tuple(named(signal).name for signal in signals)


def checked(
    given: Sequence[Rule | Mapping[str, Any]], options: Mapping[str, Mapping[str, Any]] = MappingProxyType({})
) -> tuple[Rule, ...]:
    """Return rules that can be followed, with these options of their signals.

    Raises
    ------
    BadRule
        If two have one name, one watches a metric its signal does not have, or a response lacks an option.
    NotFound
        If nobody has the signal or the response.
    """
    from holter.respond import check
    from holter.signals import named

    rules = tuple(as_rule(rule) for rule in given)
    for place, rule in enumerate(rules):
        if any(other.name == rule.name for other in rules[:place]):
            raise BadRule(rule.name, "two rules of one monitor have this name")
        signal, _, metric = rule.metric.partition(".")
        metrics = named(signal, options.get(signal, {})).metrics
        if metric not in metrics:
            raise BadRule(rule.name, f"{signal} has no metric {metric!r}; it has {', '.join(metrics)}")
        for response in rule.responses:
            check(rule.name, response)
    return rules


def checked_segments(given: Sequence[str], target: TableTarget | str, shelves: Shelves) -> tuple[str, ...]:
    """Return segments that can be cut, see :mod:`holter.profile.segmentation`.

    Raises
    ------
    UnknownColumn
        If a column is not there. What a deployment without a schema records is not known, and is not looked at.
    BadSetting
        If one cannot be read.
    """
    from holter.profile.segmentation import parse

    columns = _columns(target, shelves) if given else ()
    for text in given if columns else ():
        parse(text, columns)
    return tuple(dict.fromkeys(given))


def _columns(target: TableTarget | str, shelves: Shelves) -> tuple[str, ...]:
    if isinstance(target, TableTarget):
        from holter.source import schema_of

        return (*schema_of(target.path).names, *RESERVED)
    deployment = shelves.registry.deployment(target)
    schema = shelves.registry.version(deployment.model, deployment.wanted.version).schema
    return () if schema is None else (*schema.names, *RESERVED)


def as_budget(given: Budget | Mapping[str, Any] | float | str | None) -> Budget:
    """Take a budget, its plain values, a number of false pages per quarter, or words such as ``2 per month``.

    Raises
    ------
    BadBudget
        If it is none of these.

    Examples
    --------
    >>> print(as_budget("2 per month"), "|", as_budget(0.5), "|", as_budget(None))
    2 false pages per month | 0.5 false pages per quarter | 1 false page per quarter
    """
    if given is None or isinstance(given, Budget):
        return given or Budget()
    if isinstance(given, Mapping):
        return Budget.from_dict(given)
    words = _BUDGET.fullmatch(str(given))
    if words is None:
        raise BadBudget(f'{given!r} is not of the form "1 per quarter"')
    return Budget.from_dict({name: word for name, word in words.groupdict().items() if word is not None})


def as_rule(given: Rule | Mapping[str, Any]) -> Rule:
    """Take a rule, or the plain values of one. Raises BadRule."""
    return given if isinstance(given, Rule) else Rule.from_dict(given)
