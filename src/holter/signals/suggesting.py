"""What a baseline suggests a table of its kind be held to."""

import math
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from holter.profile import CategoricalColumn, Column, NumericColumn, Profile, TextColumn, VectorColumn
from holter.profile.lengths import Lengths
from holter.signals.breaches import type_of
from holter.signals.constraint import ColumnConstraint, Constraints
from holter.types import RESERVED

FEW: Final = 50
"""Categories up to which a list of them is something a person reads."""
SURE: Final = 5
"""Rows the rarest category has before a list of all is taken for complete; with fewer, others are expected."""
KEYS_FROM: Final = 100
"""Rows from which it is no chance that no two are alike."""
_ROOM: Final = 0.5
"""Part of the width by which a range is made wider at either end: more rows reach farther."""
_STRAYS: Final = 0.001
_SIGMAS: Final = 4.0
"""Standard errors by which a share may exceed that of the baseline in a window of :data:`_WINDOW` rows."""
_WINDOW: Final = 1000


def suggested(profile: Profile, repeated: frozenset[str] | None = None) -> Constraints:
    """Return constraints that the baseline itself keeps with room to spare, for a person to edit.

    Parameters
    ----------
    profile
        Of the baseline.
    repeated
        Columns of which rows were asked and some value occurs twice (see :func:`may_be_key`); None: nobody asked, and
        nothing is said about uniqueness.

    Examples
    --------
    >>> import pyarrow as pa
    >>> held = suggested(Profile.of(pa.table({"age": [18, 40, 90] * 40, "sex": ["f", "m", "f"] * 40})))
    >>> held.columns["age"].least, held.columns["age"].most, held.columns["sex"].allowed
    (0.0, 130.0, ('f', 'm'))
    """
    columns = {name: column for name, column in profile.columns.items() if name not in RESERVED}
    held = {name: _column(column, profile.rows) for name, column in columns.items()}
    if repeated is not None:
        for name in set(may_be_key(profile)) - repeated:
            held[name] = ColumnConstraint(**{**vars(held[name]), "unique": True})
    return Constraints(held, least_rows=int(_nice(profile.rows // 10, up=False)) or None, extra_columns=False)


def may_be_key(profile: Profile) -> list[str]:
    """Return the columns in which no value may occur twice, as far as a profile tells: the rows must be asked.

    Only whole numbers and text without nulls: of measured numbers no two are alike by chance alone.
    """
    return [name for name, column in profile.columns.items() if name not in RESERVED and _may_be_key(column)]


def _may_be_key(column: Column) -> bool:
    if not isinstance(column, NumericColumn | CategoricalColumn | TextColumn) or column.n < KEYS_FROM:
        return False
    known = type_of(column) in {"integer", "text"} and not column.nulls
    return known and column.distinct is not None and column.distinct.interval[1] >= column.n


def _column(column: Column, rows: int) -> ColumnConstraint:
    nulls = column.nulls + rows - column.n
    held: dict[str, object] = {"type": type_of(column), "nulls": None if nulls == rows else _share(nulls, rows)}
    if isinstance(column, NumericColumn):
        held |= _numbers(column)
    elif isinstance(column, CategoricalColumn | TextColumn):
        held |= _text(column)
    elif isinstance(column, VectorColumn):
        held |= _lengths(column.lengths, fixed=True)
    return ColumnConstraint(**held)  # type: ignore[arg-type]  # each word has its own type


def _share(hits: int, n: int) -> float:
    """Return what a share may be in another window: none where the baseline has none, else with room for chance."""
    if not n or not hits:
        return 0.0
    p = (hits + 1) / (n + 2)
    most = p + _SIGMAS * math.sqrt(p * (1 - p) / min(n, _WINDOW))
    return min(1.0, math.ceil(most * 100) / 100)


def _numbers(column: NumericColumn) -> dict[str, object]:
    held: dict[str, object] = {}
    whole = "int" in column.dtype
    if not whole and not column.unit:
        held["not_finite"] = _share(column.n - column.nulls - column.finite - column.unreadable, column.n)
    if column.minimum is None or column.maximum is None or column.unit:
        return held
    low, high = float(column.minimum), float(column.maximum)
    width = (high - low) or abs(high) or 1.0
    least, most = low - _ROOM * width, high + _ROOM * width
    if not math.isfinite(most - least):
        return held
    # what was never negative is taken for something that cannot be
    held["least"] = 0.0 if low >= 0 > least or low == 0 else _nice(least, up=False)
    held["most"] = 0.0 if high <= 0 < most or high == 0 else _nice(most, up=True)
    held["outside"] = _STRAYS
    return held


def _nice(value: float, *, up: bool) -> float:
    """Round away to two digits: a bound is for people.

    Examples
    --------
    >>> _nice(1234, up=True), _nice(-0.0567, up=False)
    (1300.0, -0.057)
    """
    if value == 0 or not math.isfinite(value):
        return 0.0
    step = math.floor(math.log10(abs(value))) - 1
    return float(np.format_float_positional(_rounded(value, step, up=up), 6, fractional=False, trim="k"))


def _rounded(value: float, step: int, *, up: bool) -> float:
    size = 10.0 ** abs(step)  # a power of ten with a fraction is none
    scaled = value / size if step >= 0 else value * size
    whole = float(math.ceil(scaled - 1e-9) if up else math.floor(scaled + 1e-9))
    return whole * size if step >= 0 else whole / size


def _text(column: CategoricalColumn | TextColumn) -> dict[str, object]:
    if column.dtype == "bool":
        return {}
    held: dict[str, object] = {} if column.dtype != "string" else {"empty": _share(column.empty, column.n)}
    few = isinstance(column, CategoricalColumn) and column.exact and 0 < len(column.counts) <= FEW
    if not few or not isinstance(column, CategoricalColumn):
        return held | _lengths(column.lengths, fixed=False)
    counts = column.counts
    held["allowed"] = tuple(sorted(counts, key=lambda name: (-counts[name], name)))
    once = sum(rows == 1 for rows in counts.values())
    rare = any(rows < SURE for rows in counts.values())
    # Good (1953): a new row is something new as often as rows were the only ones of their kind
    held["other"] = max(_share(once, column.present), 0.01) if rare else 0.0
    return held


def _lengths(lengths: Lengths | None, *, fixed: bool) -> dict[str, object]:
    if lengths is None or lengths.minimum is None or lengths.maximum is None:
        return {}
    if fixed or lengths.minimum == lengths.maximum:
        return {"shortest": lengths.minimum, "longest": lengths.maximum}
    return {"shortest": min(lengths.minimum, 1), "longest": int(_nice(2 * lengths.maximum, up=True))}


def as_moment(microseconds: float) -> datetime:
    """Return microseconds since 1970 as a moment in UTC."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
