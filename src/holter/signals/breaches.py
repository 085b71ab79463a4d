"""Where a table is not what it was agreed to be, told from its profile."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np

from holter.profile import CategoricalColumn, Column, NumericColumn, Profile, TextColumn, VectorColumn
from holter.profile.lengths import Lengths
from holter.profile.numbers import LENGTH, SINCE_1970, SINCE_MIDNIGHT
from holter.profile.opaque import OpaqueColumn
from holter.profile.wording import percent, plain_number
from holter.signals.constraint import ColumnConstraint, Constraints
from holter.types import RESERVED, parse_duration

EXAMPLES: Final = 3
"""Values shown of those that break a constraint."""
_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_UNITS: Final = {SINCE_1970: "time", SINCE_MIDNIGHT: "time of day", LENGTH: "duration"}
_WORDED: Final = ("allowed", "empty", "shortest", "longest")
_MEANT: Final = (
    (NumericColumn, ("not_finite", "least", "most", "allowed")),
    (CategoricalColumn, _WORDED),
    (TextColumn, _WORDED),
    (VectorColumn, ("shortest", "longest")),
)
"""Which constraints mean something for which kind of column."""


@dataclass(frozen=True)
class Breach:
    """One constraint that does not hold.

    Parameters
    ----------
    column
        None where it concerns the table.
    constraint
        The word of the file, such as ``nulls``.
    observed, allowed
        What is there, and what may be, as a person reads it.
    examples
        A few of the values that break it, where there are such.
    """

    column: str | None
    constraint: str
    observed: str
    allowed: str
    examples: tuple[str, ...] = ()

    def __str__(self) -> str:
        shown = f" (such as {', '.join(self.examples)})" if self.examples else ""
        return f"{self.constraint}: {self.observed}, allowed {self.allowed}{shown}"

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return vars(self) | {"examples": list(self.examples)}


def breaches(profile: Profile, held: Constraints, now: datetime | None = None) -> Iterator[Breach]:
    """Yield what does not hold, first of the table and then column by column.

    Whether values are unique is not told by a profile: :class:`holter.signals.unique.UniqueReading` tells it.

    Parameters
    ----------
    profile
        Of the table; columns with ``allowed`` must have been read as categories.
    held
        What was agreed.
    now
        What freshness is counted from; None: freshness is not asked.

    Examples
    --------
    >>> import pyarrow as pa
    >>> held = Constraints.from_dict({"columns": {"age": {"type": "integer", "least": 18}}})
    >>> print(*breaches(Profile.of(pa.table({"age": [17, 40, 55, 60]})), held))
    least: 25 % below, allowed 18 (such as 17)
    """
    yield from _of_table(profile, held)
    if now is not None:
        yield from _age(profile, held, now)
    for name, wanted in held.columns.items():
        column = profile.columns.get(name)
        if column is None:
            if wanted.required:
                yield Breach(name, "required", "no such column", "must be there")
        elif not profile.rows:
            continue
        else:
            yield from _of_column(name, column, wanted, profile.rows)


def _of_table(profile: Profile, held: Constraints) -> Iterator[Breach]:
    rows = profile.rows
    if held.least_rows is not None and rows < held.least_rows:
        yield Breach(None, "least_rows", f"{rows:,} rows", f"at least {held.least_rows:,}")
    if held.most_rows is not None and rows > held.most_rows:
        yield Breach(None, "most_rows", f"{rows:,} rows", f"at most {held.most_rows:,}")
    if not held.extra_columns:
        for name in sorted(set(profile.columns) - set(held.columns) - {held.time, *held.key} - RESERVED):
            yield Breach(name, "extra_columns", "is there", "is not named")
    for name in (each for each in (*held.key, held.time) if each and each not in profile.columns):
        if name not in held.columns or not held.columns[name].required:
            yield Breach(name, "required", "no such column", "must be there")


def _age(profile: Profile, held: Constraints, now: datetime) -> Iterator[Breach]:
    column = profile.columns.get(held.time or "")
    if held.fresh is None or column is None:
        return
    if not isinstance(column, NumericColumn) or column.unit != SINCE_1970 or column.maximum is None:
        yield Breach(held.time, "fresh", "holds no times", f"at most {held.fresh} old")
        return
    age = (now - _EPOCH) - timedelta(microseconds=float(column.maximum))
    if age > parse_duration(held.fresh):
        old = plain_number(age.total_seconds() * 1e6, LENGTH)
        newest = plain_number(column.maximum, SINCE_1970)
        yield Breach(held.time, "fresh", f"{old} old", f"at most {held.fresh}", (newest,))


def _of_column(name: str, column: Column, wanted: ColumnConstraint, rows: int) -> Iterator[Breach]:
    if wanted.type is not None and not _is_of(column, wanted.type):
        yield Breach(name, "type", type_of(column) or column.dtype, wanted.type)
    if wanted.nulls is not None:
        yield from _share(name, "nulls", column.nulls + rows - column.n, rows, wanted.nulls)
    yield from _out_of_place(name, column, wanted)
    if isinstance(column, NumericColumn):
        yield from _of_numbers(name, column, wanted)
    if isinstance(column, CategoricalColumn | TextColumn):
        yield from _of_text(name, column, wanted)
    if isinstance(column, CategoricalColumn | TextColumn | VectorColumn):
        yield from _of_lengths(name, column.lengths, wanted)


def _out_of_place(name: str, column: Column, wanted: ColumnConstraint) -> Iterator[Breach]:
    """Yield constraints that mean nothing for a column of this kind: they do not hold of it unseen."""
    if isinstance(column, OpaqueColumn) and column.is_blank:
        return
    meant = next((words for kind, words in _MEANT if isinstance(column, kind)), ())
    for word in ("not_finite", "least", "most", "allowed", "empty", "shortest", "longest"):
        said = getattr(wanted, word)
        if said is not None and word not in meant:
            yield Breach(name, word, f"not told of {type_of(column) or column.dtype}", _said(said))


def _said(value: Any) -> str:
    return ", ".join(value[:EXAMPLES]) if isinstance(value, tuple) else plain_number(value)


def type_of(column: Column) -> str | None:
    """Return which of the types of a constraint a column has; None where it has none of them.

    Examples
    --------
    >>> import pyarrow as pa
    >>> type_of(NumericColumn.of(pa.array([1.5]))), type_of(OpaqueColumn(1, 1, "null"))
    ('number', None)
    """
    if isinstance(column, NumericColumn):
        return _UNITS.get(column.unit) or ("integer" if "int" in column.dtype else "number")
    if isinstance(column, TextColumn):
        return "text"
    if isinstance(column, CategoricalColumn):
        numbers = "integer" if "int" in column.dtype else "number"
        return {"string": "text", "bool": "boolean"}.get(column.dtype, numbers)
    return "list" if isinstance(column, VectorColumn) else None


def _is_of(column: Column, wanted: str) -> bool:
    """Tell whether a column is of a type; one of nothing but nulls is of any."""
    if isinstance(column, OpaqueColumn) and column.is_blank:
        return True
    found = type_of(column)
    if found == "number" and wanted == "integer":  # whole numbers beside nulls are floats, for many a library
        return _all_whole(column)
    return found == wanted or (found == "integer" and wanted == "number")


def _all_whole(column: Column) -> bool:
    if isinstance(column, NumericColumn):
        return bool(np.all(np.floor(column.ranks.values) == column.ranks.values))
    return isinstance(column, CategoricalColumn) and all(name.lstrip("-").isdigit() for name in column.counts)


def _share(  # a share in the words of the file
    name: str, constraint: str, hits: int, n: int, most: float, examples: tuple[str, ...] = ()
) -> Iterator[Breach]:
    if n and hits / n > most:
        yield Breach(name, constraint, percent(hits / n), f"at most {percent(most)}", examples)


def _of_numbers(name: str, column: NumericColumn, wanted: ColumnConstraint) -> Iterator[Breach]:
    if wanted.not_finite is not None:
        odd = column.nan + column.positive_infinite + column.negative_infinite
        yield from _share(name, "not_finite", odd, column.n, wanted.not_finite)
    for constraint, bound in (("least", wanted.least), ("most", wanted.most)):
        if bound is not None and column.finite:
            yield from _of_bound(name, column, constraint, bound, wanted.outside)
    if wanted.allowed is not None:
        values, weights = column.ranks.values.tolist(), column.ranks.weights.tolist()
        counts = {_name(value): rows for value, rows in zip(values, weights, strict=True)}
        yield from _of_names(name, counts, 0, column.finite, wanted)


def _name(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(value)


def _of_bound(name: str, column: NumericColumn, constraint: str, bound: float, outside: float) -> Iterator[Breach]:
    values, below = column.ranks.values, constraint == "least"
    side = values < bound if below else values > bound
    hits = _surely(column, int(column.ranks.weights[side].sum()), constraint, bound)
    if hits / column.finite <= outside:
        return
    far, beyond = (column.minimum, values[side]) if below else (column.maximum, values[side][::-1])
    examples = dict.fromkeys(plain_number(each, column.unit) for each in (far, *beyond[:EXAMPLES].tolist()))
    words = "below" if below else "above"
    limit = plain_number(bound, column.unit)
    allowed = f"at most {percent(outside)} {words} {limit}" if outside else limit
    yield Breach(name, constraint, f"{percent(hits / column.finite)} {words}", allowed, tuple(examples)[:EXAMPLES])


def _surely(column: NumericColumn, hits: int, constraint: str, bound: float) -> int:
    """Return how many values lie outside at least: a summary may be wrong by its error, the extremes are exact."""
    far = column.minimum if constraint == "least" else column.maximum
    assert far is not None  # noqa: S101  (it has finite values)
    beyond = far < bound if constraint == "least" else far > bound
    return max(hits - column.ranks.error, 1) if beyond else 0


def _of_text(name: str, column: CategoricalColumn | TextColumn, wanted: ColumnConstraint) -> Iterator[Breach]:
    if wanted.empty is not None:
        yield from _share(name, "empty", column.empty, column.n, wanted.empty)
    if wanted.allowed is not None and isinstance(column, CategoricalColumn):
        yield from _of_names(name, column.counts, column.other, column.present, wanted)
    elif wanted.allowed is not None and column.present:
        yield Breach(name, "allowed", "as many values as free text", _one_of(wanted))


def _of_names(name: str, counts: Mapping[str, int], pooled: int, n: int, wanted: ColumnConstraint) -> Iterator[Breach]:
    known = set(wanted.allowed or ())
    others = {each: rows for each, rows in counts.items() if each not in known}
    hits = sum(others.values()) + pooled
    if n and hits / n > wanted.other:
        most = sorted(others, key=lambda each: (-others[each], each))[:EXAMPLES]
        yield Breach(name, "allowed", f"{percent(hits / n)} others", _one_of(wanted), tuple(most))


def _one_of(wanted: ColumnConstraint) -> str:
    names = wanted.allowed or ()
    known = ", ".join(names[:EXAMPLES]) + (", ..." if len(names) > EXAMPLES else "")
    return f"at most {percent(wanted.other)} beside {known}" if wanted.other else f"one of {known}"


def _of_lengths(name: str, lengths: Lengths | None, wanted: ColumnConstraint) -> Iterator[Breach]:
    if lengths is None or lengths.minimum is None or lengths.maximum is None:
        return
    if wanted.shortest is not None and lengths.minimum < wanted.shortest:
        yield Breach(name, "shortest", f"{lengths.minimum:,}", f"at least {wanted.shortest:,}")
    if wanted.longest is not None and lengths.maximum > wanted.longest:
        yield Breach(name, "longest", f"{lengths.maximum:,}", f"at most {wanted.longest:,}")


def counted(held: Constraints) -> int:
    """Return how many constraints there are."""
    table = (held.least_rows, held.most_rows, held.key or None, held.fresh, None if held.extra_columns else True)
    return sum(each is not None for each in table) + sum(map(_of_one, held.columns.values()))


def _of_one(column: ColumnConstraint) -> int:
    plain: Mapping[str, Any] = vars(column)
    words = ("type", "nulls", "empty", "not_finite", "least", "most", "allowed", "shortest", "longest")
    return sum(plain[word] is not None for word in words) + column.required + column.unique
