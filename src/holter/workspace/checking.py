"""Whether a table is what it was agreed to be: no workspace, no server."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from holter.errors import BadConstraint, NotFound
from holter.profile import Profile
from holter.profile.tables import html_table, text_table, visible
from holter.signals.breaches import Breach, breaches, counted
from holter.signals.constraint import ColumnConstraint, Constraints
from holter.signals.constraint_file import constraints_of, text_of_constraints
from holter.signals.suggesting import may_be_key, suggested
from holter.signals.unique import UniqueReading
from holter.types import Kind, as_utc
from holter.workspace.printing import page_width
from holter.workspace.reading import Progress, Side, side_of

_HEADERS = ("column", "constraint", "observed", "allowed", "examples")


@dataclass(frozen=True, repr=False)
class Check:
    """What :func:`check` found: the constraints that do not hold.

    Parameters
    ----------
    name
        Of the table.
    rows
        How many it has.
    constraints
        How many were checked.
    broken
        Those that do not hold, in the order of the file.
    unchecked
        What could not be asked, as sentences: a stored profile does not tell whether values are unique.
    """

    name: str
    rows: int
    constraints: int
    broken: tuple[Breach, ...]
    unchecked: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether nothing is broken."""
        return not self.broken

    @property
    def sentence(self) -> str:
        """Say in words how it went."""
        said = f"{self.name} ({self.rows:,} rows)"
        if self.holds:
            return f"{said} keeps all {self.constraints} constraints."
        return f"{said} breaks {len(self.broken)} of {self.constraints} constraints."

    def _cells(self) -> list[tuple[str, ...]]:
        return [
            (each.column or "(table)", each.constraint, each.observed, each.allowed, ", ".join(each.examples))
            for each in self.broken
        ]

    def __str__(self) -> str:
        parts = [visible(self.sentence), *map(visible, self.unchecked)]
        if self.broken:
            parts += ["", text_table(_HEADERS, self._cells(), width=page_width())]
        return "\n".join(parts)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return html_table(_HEADERS, self._cells(), caption=self.sentence)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        plain = vars(self) | {"holds": self.holds, "sentence": self.sentence}
        return plain | {"broken": [each.to_dict() for each in self.broken], "unchecked": list(self.unchecked)}

    def to_json(self) -> str:
        """Return the same as JSON text."""
        return json.dumps(self.to_dict(), allow_nan=False)

    def to_arrow(self) -> pa.Table:
        """Return one row for each constraint that is broken."""
        rows = [each.to_dict() for each in self.broken]
        return pa.table({name: [str(row[name] or "") for row in rows] for name in ("column", *_HEADERS[1:4])})


def check(
    table: Any,
    against: Any,
    *,
    now: datetime | None = None,
    progress: Progress | None = None,
) -> Check:
    """Tell whether a table keeps the constraints that were agreed on.

    Parameters
    ----------
    table
        What :func:`holter.compare` takes. It is read once in bounded memory, and once more, in those columns alone,
        where no two rows may be alike; a stored profile is not read at all.
    against
        A constraints file (TOML), its content as a mapping, or :class:`~holter.signals.constraint.Constraints`.
    now
        What freshness is counted from; None: this moment.
    progress
        Is told of rows as they are read.

    Returns
    -------
    Check
        Prints as a table of what is broken; ``holds`` is the answer in one word.

    Raises
    ------
    BadConstraint
        If the constraints cannot be understood.
    NotFound
        If there is no such constraints file.
    UnreadableTable, UnsupportedTable
        If the table cannot be read.

    Examples
    --------
    >>> found = check(pa.table({"age": [17, 40, 55]}), {"columns": {"age": {"least": 18}}})
    >>> found.holds, found.broken[0].constraint, found.broken[0].examples
    (False, 'least', ('17',))
    """
    held = constraints(against)
    side = side_of(table, "the table")
    profile = side.window(_kinds(held), progress).profile or Profile.empty()
    moment = as_utc(now) if now is not None else datetime.now(UTC)
    broken, unchecked = list(breaches(profile, held, moment)), []
    if held.needs_rows:
        if side.table is None:
            unchecked = ["Whether values are unique is not told by a stored profile: give the table."]
        else:
            broken += _repeats(side, held)
    return Check(side.name, profile.rows, counted(held), tuple(broken), tuple(unchecked))


def suggest(baseline: Any, *, progress: Progress | None = None) -> str:
    """Suggest constraints from a baseline: the text of a file that a person edits and ``check`` reads.

    Parameters
    ----------
    baseline
        What :func:`holter.compare` takes.
    progress
        Is told of rows as they are read.

    Raises
    ------
    UnreadableTable, UnsupportedTable
        If it is no table.

    Examples
    --------
    >>> print(suggest(pa.table({"age": [18, 40, 90] * 40})).partition("[columns.age]")[2].strip())
    # integer; nulls 0 %; distinct 3; 18 · 40 · 90
    type = "integer"
    nulls = 0
    least = 0
    most = 130
    outside = 0.001
    """
    side = side_of(baseline, "the baseline")
    profile = side.window(None, progress).profile or Profile.empty()
    repeated = None if side.table is None else _repeated(side, may_be_key(profile))
    return text_of_constraints(suggested(profile, repeated), profile, side.name)


def constraints(given: Any) -> Constraints:
    """Take constraints, the mapping of a file, or the path of one. Raises BadConstraint, NotFound."""
    if isinstance(given, Constraints):
        return given
    if isinstance(given, Mapping):
        return Constraints.from_dict(given)
    if not isinstance(given, str | os.PathLike):
        raise BadConstraint("the file", f"{type(given).__name__} is neither a path nor a mapping")
    try:
        text = Path(given).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise NotFound("constraints file", os.fspath(given)) from error
    except UnicodeDecodeError as error:
        raise BadConstraint("the file", f"it is not text: {error}") from error
    return constraints_of(text)


def _kinds(held: Constraints) -> dict[str, Kind]:
    """Return which columns are read as categories: those of which the names are agreed on."""
    return {name: Kind.CATEGORICAL for name, column in held.columns.items() if column.allowed is not None}


def _repeats(side: Side, held: Constraints) -> list[Breach]:
    reading = UniqueReading(held)
    names = [name for name in reading.columns if name in side.schema.names]
    for batch in _batches(side, names):
        reading.add(batch)
    return reading.breaches(_batches(side, names))


def _batches(side: Side, names: list[str]) -> Iterator[pa.RecordBatch]:
    from holter.source import stream

    if names:
        yield from stream(side.table, columns=names)


def _repeated(side: Side, names: list[str]) -> frozenset[str]:
    """Return those of the columns in which some value occurs twice."""
    held = Constraints({name: ColumnConstraint(unique=True) for name in names})
    return frozenset(each.column for each in _repeats(side, held) if each.column)
