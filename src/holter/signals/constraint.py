"""What a table was agreed to be, as plain values."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, time
from difflib import get_close_matches
from typing import Any, Final, Self

from holter.errors import BadConstraint
from holter.types import parse_duration

TYPES: Final = ("number", "integer", "boolean", "text", "time", "time of day", "duration", "list")
"""Types a column may be asked to have; every integer is a number."""
_SHARES: Final = ("nulls", "not_finite", "outside", "other", "empty")
_COUNTS: Final = ("shortest", "longest", "least_rows", "most_rows")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class ColumnConstraint:
    """What one column was agreed to be; None leaves a thing open.

    Parameters
    ----------
    type
        One of :data:`TYPES`.
    required
        Whether the table must have the column.
    nulls, empty, not_finite
        Largest share of rows that may be null, the empty text, NaN or infinite.
    least, most
        Smallest and largest value; for times a date or a moment, kept as microseconds since 1970.
    outside
        Largest share of values that may lie outside of these two.
    allowed
        Categories by name; whole numbers are written like ``"1"``.
    other
        Largest share of values that may be none of these.
    shortest, longest
        Characters of a text, elements of a list.
    unique
        Whether no value may occur twice. Nulls are no values.
    """

    type: str | None = None
    required: bool = True
    nulls: float | None = None
    empty: float | None = None
    not_finite: float | None = None
    least: float | None = None
    most: float | None = None
    outside: float = 0.0
    allowed: tuple[str, ...] | None = None
    other: float = 0.0
    shortest: int | None = None
    longest: int | None = None
    unique: bool = False


@dataclass(frozen=True)
class Constraints:
    """What a table was agreed to be: columns by name, and what concerns all of them.

    Parameters
    ----------
    columns
        What each named column is held to.
    least_rows, most_rows
        How many rows there may be.
    extra_columns
        Whether columns may be there that are not named.
    key
        Columns whose values together occur once.
    time, fresh
        A column of times, and how old its newest value may be ("1d").
    """

    columns: Mapping[str, ColumnConstraint] = field(default_factory=dict)
    least_rows: int | None = None
    most_rows: int | None = None
    extra_columns: bool = True
    key: tuple[str, ...] = ()
    time: str | None = None
    fresh: str | None = None

    @property
    def needs_rows(self) -> bool:
        """Whether a profile alone cannot tell: that no two rows are alike in a column is told by the rows."""
        return bool(self.key) or any(each.unique for each in self.columns.values())

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """Take what a file says: ``{"table": {...}, "columns": {name: {...}}}``.

        Raises
        ------
        BadConstraint
            For a word that means nothing, or a value that is none.

        Examples
        --------
        >>> held = Constraints.from_dict({"columns": {"age": {"type": "integer", "least": 18}}})
        >>> held.columns["age"].least, held.needs_rows
        (18.0, False)
        """
        _known("the file", plain, ("table", "columns"))
        table = _mapping("table", plain.get("table", {}))
        _known("table", table, [each.name for each in fields(cls) if each.name != "columns"])
        columns = _mapping("columns", plain.get("columns", {}))
        held = cls({name: _column(name, _mapping(name, said)) for name, said in columns.items()}, **_table(table))
        if (held.time is None) != (held.fresh is None):
            raise BadConstraint("table", "time and fresh go together: a column of times, and how old the newest may be")
        return held


def _known(where: str, given: Mapping[str, Any], names: Any) -> None:
    for name in given:
        if name not in names:
            close = get_close_matches(name, names, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else f" It has: {', '.join(names)}."
            raise BadConstraint(where, f"there is no {name!r}.{hint}")


def _mapping(where: str, given: Any) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise BadConstraint(where, f"{given!r} should be a table of constraints")
    return given


def _table(given: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: _value("table", name, value) for name, value in given.items()}
    if "fresh" in values:
        parse_duration(values["fresh"])
    return values


def _column(name: str, given: Mapping[str, Any]) -> ColumnConstraint:
    _known(f"columns.{name}", given, [each.name for each in fields(ColumnConstraint)])
    held = ColumnConstraint(**{word: _value(f"columns.{name}", word, value) for word, value in given.items()})
    for low, high in (("least", "most"), ("shortest", "longest")):
        ends = getattr(held, low), getattr(held, high)
        if None not in ends and ends[0] > ends[1]:
            raise BadConstraint(f"columns.{name}", f"{low} is above {high}")
    return held


def _value(where: str, word: str, value: Any) -> Any:
    """Return a value as the constraint keeps it, or say what it should be."""
    read, what = _READERS.get(word, (_share, "a share from 0 to 1"))
    found = read(value)
    if found is None:
        raise BadConstraint(where, f"{word} = {value!r} should be {what}")
    return found


def _share(value: Any) -> float | None:
    number = _number(value)
    return number if number is not None and 0 <= number <= 1 else None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _bound(value: Any) -> float | None:
    if isinstance(value, str):  # a moment where it was kept as JSON
        try:
            return _bound(datetime.fromisoformat(value))
        except ValueError:
            return None
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return float(round((moment - _EPOCH).total_seconds() * 1e6))
    if isinstance(value, date):
        return _bound(datetime.combine(value, time(), UTC))
    return _number(value)


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _names(value: Any) -> tuple[str, ...] | None:
    if not isinstance(value, list | tuple) or not all(isinstance(each, str | int) for each in value):
        return None
    return tuple(str(each).lower() if isinstance(each, bool) else str(each) for each in value)


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


_READERS: Final[Mapping[str, tuple[Any, str]]] = {
    "type": (lambda value: value if value in TYPES else None, f"one of {', '.join(TYPES)}"),
    "least": (_bound, "a number, a date or a moment"),
    "most": (_bound, "a number, a date or a moment"),
    "allowed": (_names, "a list of names"),
    "key": (_names, "a list of columns"),
    "time": (_text, "the name of a column"),
    "fresh": (_text, "a duration such as 1d"),
    **dict.fromkeys(_COUNTS, (_count, "a whole number, 0 or more")),
    **dict.fromkeys(("required", "unique", "extra_columns"), (_flag, "true or false")),
    **dict.fromkeys(_SHARES, (_share, "a share from 0 to 1")),
}
"""How each word is read, and what it should be."""
