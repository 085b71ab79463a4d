"""Constraints as a file a person reads and edits: TOML, with a word of comment beside each column."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any, Final

from holter.errors import BadConstraint
from holter.profile import Column, Profile
from holter.profile.tables import visible
from holter.profile.wording import column_cells
from holter.signals.constraint import ColumnConstraint, Constraints
from holter.signals.suggesting import as_moment

_HEAD: Final = """\
# What a table like {name} ({rows:,} rows) is held to, as this baseline suggests.
# Edit it: take out what was chance, tighten what is a contract. A word that is not here is not checked.
#   holter check data.parquet --against constraints.toml
#
# nulls, empty, not_finite: largest share of all rows.   least, most: range; outside: share of values that may leave it.
# allowed: categories; other: share of values that may be none of them.   shortest, longest: characters.
# unique = true: no value twice.   required = false: the column may be missing.
"""
_TABLE: Final = """
[table]
# extra_columns = true lets columns pass that are not named here.
# most_rows = ..., key = ["a", "b"] (together unique), time = "column" with fresh = "1d" (age of its newest value).
"""
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_PLAIN: Final = ColumnConstraint()
_OPEN: Final = Constraints()


def constraints_of(text: str) -> Constraints:
    """Read a constraints file.

    Raises
    ------
    BadConstraint
        If it is no TOML, or a word means nothing.

    Examples
    --------
    >>> constraints_of('[columns.age]' + chr(10) + 'least = 18').columns["age"].least
    18.0
    """
    try:
        return Constraints.from_dict(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise BadConstraint("the file", f"it is not TOML: {error}") from error


def text_of_constraints(held: Constraints, profile: Profile | None = None, name: str = "the table") -> str:
    """Write a constraints file; beside each column stands what the baseline has, where its profile is given.

    Examples
    --------
    >>> held = Constraints.from_dict({"columns": {"age": {"type": "integer", "least": 18}}})
    >>> constraints_of(text_of_constraints(held)) == held
    True
    """
    lines = [_HEAD.format(name=visible(name), rows=profile.rows).rstrip()] if profile is not None else []
    lines += [_TABLE.rstrip() if profile is not None else "[table]"]
    lines += [f"{word} = {_value(value)}" for word, value in _said(held, _OPEN) if word != "columns"]
    for column, wanted in held.columns.items():
        lines += ["", f"[columns.{_key(column)}]"]
        found = None if profile is None else profile.columns.get(column)
        if found is not None and profile is not None:
            lines.append(f"# {_seen(column, found, profile.rows)}")
        lines += [f"{word} = {_value(value, word, wanted)}" for word, value in _said(wanted, _PLAIN)]
    return "\n".join(lines) + "\n"


def _said(held: Constraints | ColumnConstraint, otherwise: Any) -> Iterator[tuple[str, Any]]:
    """Yield what differs from saying nothing."""
    plain: Mapping[str, Any] = {each.name: getattr(held, each.name) for each in fields(held)}
    for word, value in plain.items():
        if value != getattr(otherwise, word):
            yield word, value


def _seen(name: str, column: Column, rows: int) -> str:
    _, kind, nulls, distinct, values, *_ = column_cells(name, column, rows)
    told = (kind, f"nulls {nulls}", f"distinct {distinct}" if distinct else "", values)
    return visible(" ".join("; ".join(each for each in told if each).split()))


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _text(name)


def _text(text: str) -> str:
    """Write a basic string: JSON's escapes are TOML's, but for surrogates and the delete character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: Any, word: str = "", wanted: ColumnConstraint | None = None) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(map(_text, value))}]"
    if isinstance(value, str):
        return _text(value)
    if wanted is not None and wanted.type == "time" and word in {"least", "most"}:
        return as_moment(value).isoformat()
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))
