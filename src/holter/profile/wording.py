"""A profile in words: what a person reads of each column, and what a program gets."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from holter.profile.categorical import CategoricalColumn
from holter.profile.column import Column
from holter.profile.histogram import sparkline
from holter.profile.lengths import Lengths
from holter.profile.numbers import LENGTH, SINCE_1970, SINCE_MIDNIGHT
from holter.profile.numeric import NumericColumn
from holter.profile.opaque import OpaqueColumn
from holter.profile.ranks import RankSummary
from holter.profile.tables import cells_of, shortened
from holter.profile.text import TextColumn
from holter.profile.vector import VectorColumn
from holter.types import Kind

HEADERS: Final = ("column", "type", "nulls", "distinct", "min · median · max, or top", "shape")
NUMBERS: Final = ("nulls", "distinct")
QUANTILES: Final = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
"""Quantiles a program gets."""
TOP: Final = 10
"""Categories a program gets, the most frequent first."""
BARS: Final = 12
"""Bars of the small histogram of a printed column."""
_NAME: Final = 22
_NAMED: Final = 3
_VALUE: Final = 16
_WORDS: Final = 36
_TYPES: Final = {
    "double": "number",
    "float": "number",
    "halffloat": "number",
    "bool": "yes/no",
    "string": "category",
    "null": "-",
}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def percent(share: float) -> str:
    """Write a share as a percentage that is 0 or 100 only when it is exactly that.

    Examples
    --------
    >>> percent(0.0312), percent(0.0), percent(0.99999), percent(0.0000021)
    ('3.1 %', '0 %', '>99.9 %', '<0.01 %')
    """
    if share in {0.0, 1.0}:
        return f"{100 * share:.0f} %"
    if share < 1e-4:
        return "<0.01 %"
    if share > 0.999:
        return ">99.9 %"
    return f"{100 * share:.2g} %" if share < 0.995 else f"{100 * share:.1f} %"


def plain_number(value: float | None, unit: str = "") -> str:
    """Write a number of a column for people; times as dates, lengths of time with a unit.

    Examples
    --------
    >>> plain_number(1234.5678), plain_number(20000), plain_number(None), plain_number(0, SINCE_1970)
    ('1,235', '20,000', '-', '1970-01-01')
    >>> plain_number(1_500_000, LENGTH), plain_number(3_600_000_000, SINCE_MIDNIGHT)
    ('1.5 s', '01:00:00')
    """
    if value is None or not math.isfinite(value):
        return "-"
    if unit in {SINCE_1970, SINCE_MIDNIGHT}:
        return _moment(value, date=unit == SINCE_1970)
    if unit == LENGTH:
        return _length(value)
    if float(value).is_integer() and abs(value) < 1e7:
        return f"{int(value):,}"
    return f"{value:,.4g}" if 1e-4 <= abs(value) < 1e7 else f"{value:.3g}"


def _moment(microseconds: float, *, date: bool) -> str:
    try:
        at = _EPOCH + timedelta(microseconds=round(microseconds))
    except OverflowError:
        return f"{microseconds:.3g} us"
    if not date:
        return f"{at:%H:%M:%S}"
    return f"{at:%Y-%m-%d}" if (at.hour, at.minute, at.second) == (0, 0, 0) else f"{at:%Y-%m-%d %H:%M}"


def unit_of_length(microseconds: float) -> tuple[str, float]:
    """Return the largest unit that a length of time fills, and its microseconds.

    Examples
    --------
    >>> unit_of_length(90_000_000), unit_of_length(3)
    (('min', 60000000.0), ('us', 1.0))
    """
    units = (("d", 86_400e6), ("h", 3_600e6), ("min", 60e6), ("s", 1e6), ("ms", 1e3))
    return next(((unit, size) for unit, size in units if abs(microseconds) >= size), ("us", 1.0))


def _length(microseconds: float) -> str:
    unit, size = unit_of_length(microseconds)
    return f"{microseconds / size:.3g} {unit}"


def type_words(column: Column) -> str:
    """Return what a person calls the type of a column.

    Examples
    --------
    >>> type_words(CategoricalColumn(1, 0)), type_words(TextColumn(1, 0))
    ('category', 'text')
    """
    if isinstance(column, TextColumn):
        return "text"
    if isinstance(column, VectorColumn):
        return "vector"
    if isinstance(column, NumericColumn) and column.unit:
        return "duration" if column.unit == LENGTH else "time"
    if isinstance(column, NumericColumn) and "int" in column.dtype and " | " not in column.dtype:
        return "integer"
    return shortened(_TYPES.get(column.dtype, column.dtype), 10)


def kind_of_column(column: Column) -> Kind:
    """Return how a column was summarised."""
    if isinstance(column, NumericColumn):
        return Kind.TIME if column.unit else Kind.NUMERIC
    kinds = ((CategoricalColumn, Kind.CATEGORICAL), (TextColumn, Kind.TEXT), (VectorColumn, Kind.VECTOR))
    return next((kind for each, kind in kinds if isinstance(column, each)), Kind.OTHER)


def column_cells(name: str, column: Column, rows: int) -> tuple[str, ...]:
    """Return one column of a profile as text, in the order of :data:`HEADERS`."""
    missing = column.nulls + rows - column.n
    nulls = percent(missing / rows) if rows else "-"
    ranks = shape_of(column)
    shape = "" if ranks is None else sparkline(ranks, BARS)
    return (shortened(name, _NAME), type_words(column), nulls, distinct_words(column), values_words(column), shape)


def shape_of(column: Column) -> RankSummary | None:
    """Return the numbers whose histogram shows a column: its values, or the norms of vectors."""
    if isinstance(column, NumericColumn):
        return column.ranks
    return column.norm.ranks if isinstance(column, VectorColumn) else None


def distinct_words(column: Column) -> str:
    """Return how many different values a column has; about how many where they were not all kept."""
    if isinstance(column, CategoricalColumn) and column.exact:
        return f"{len(column.counts):,}"
    found = _different(column)
    if found is None:
        return ""
    number, error = found
    return f"{number:,.0f}" if not error else f"~{min(float(f'{number:.2g}'), column.n - column.nulls):,.0f}"


def _different(column: Column) -> tuple[float, float] | None:
    """Return how many different values a column has, and the standard error: never more than it has values."""
    if isinstance(column, VectorColumn | OpaqueColumn) or column.distinct is None:
        return None
    return min(column.distinct.estimate, float(column.present)), column.distinct.error


def values_words(column: Column) -> str:
    """Return what the values of a column are, in one line."""
    if isinstance(column, NumericColumn):
        return _numbers(column)
    if isinstance(column, CategoricalColumn):
        return _frequent(column)
    if isinstance(column, TextColumn):
        return _text(column)
    if isinstance(column, VectorColumn):
        return _vectors(column)
    return "no values" if column.is_blank else "counted, not looked into"


def _numbers(column: NumericColumn) -> str:
    odd = (
        (column.nan, "NaN"),
        (column.positive_infinite, "inf"),
        (column.negative_infinite, "-inf"),
        (column.unreadable, "unreadable"),
    )
    middle = column.ranks.quantile(0.5)
    bounds = [plain_number(each, column.unit) for each in (column.minimum, middle, column.maximum)]
    shown = [" · ".join(bounds)] if column.finite else []
    return "; ".join([*shown, *(f"{count:,} {what}" for count, what in odd if count)])


def _frequent(column: CategoricalColumn) -> str:
    words = ""
    for name, count in _top(column)[:_NAMED]:
        more = f"{shortened(name, _VALUE) or '(empty)'} {percent(count / column.present)}"
        if words and cells_of(f"{words}, {more}") > _WORDS:
            break
        words = f"{words}, {more}" if words else more
    return words


def _text(column: TextColumn) -> str:
    known = column.lengths
    if known is None or known.minimum is None:
        return ""
    shape = max(column.shapes.items(), key=lambda item: item[1], default=("", 0))
    told = f", {shape[0]} {percent(shape[1] / column.present)}" if shape[1] else ""
    return f"{known.minimum:,} to {known.maximum:,} characters{told}"


def _vectors(column: VectorColumn) -> str:
    known = column.lengths
    if known.minimum is None:
        return ""
    size = f"{known.minimum:,}" if column.dimension is not None else f"{known.minimum:,} to {known.maximum:,}"
    norms = f", norm {plain_number(column.norm.minimum)} to {plain_number(column.norm.maximum)}"
    broken = f"; {column.broken:,} broken" if column.broken else ""
    return f"{size} elements{norms if column.norm.finite else ''}{broken}"


def _top(column: CategoricalColumn) -> list[tuple[str, int]]:
    return sorted(column.counts.items(), key=lambda item: (-item[1], item[0]))[:TOP]


def column_dict(name: str, column: Column) -> dict[str, Any]:
    """Return one column of a profile as plain JSON values; never NaN."""
    kind = kind_of_column(column)
    found: dict[str, Any] = {
        "column": name,
        "kind": str(kind),
        "type": column.dtype,
        "n": column.n,
        "nulls": column.nulls,
    }
    distinct = _different(column)
    if distinct is not None:
        found |= dict(zip(("distinct", "distinct_error"), distinct, strict=True))
    if isinstance(column, NumericColumn):
        return found | _numeric(column)
    if isinstance(column, CategoricalColumn):
        return found | _categorical(column)
    if isinstance(column, TextColumn):
        return found | {"empty": column.empty, "shapes": dict(column.shapes), "lengths": _lengths(column.lengths)}
    return found | _vector(column) if isinstance(column, VectorColumn) else found


def _numeric(column: NumericColumn) -> dict[str, Any]:
    counts = ("nan", "positive_infinite", "negative_infinite", "unreadable", "zeros", "negatives")
    return {
        **{name: getattr(column, name) for name in counts},
        "unit": column.unit or None,
        "min": column.minimum,
        "max": column.maximum,
        "mean": column.mean if column.finite else None,
        "std": column.std,
        "quantiles": {f"{share:g}": column.ranks.quantile(share) for share in QUANTILES},
        "rank_error": column.ranks.error / column.finite if column.finite else 0.0,
    }


def _categorical(column: CategoricalColumn) -> dict[str, Any]:
    return {
        "empty": column.empty,
        "other": column.other,
        "exact": column.exact,
        "error": column.error,
        "lengths": _lengths(column.lengths),
        "top": [{"value": name, "rows": count} for name, count in _top(column)],
    }


def _lengths(lengths: Lengths | None) -> dict[str, Any] | None:
    if lengths is None or lengths.minimum is None:
        return None
    return {"min": lengths.minimum, "mean": lengths.mean, "max": lengths.maximum, "std": lengths.std}


def _vector(column: VectorColumn) -> dict[str, Any]:
    counts = ("null_elements", "nan_elements", "infinite_elements", "broken")
    norm = {"min": column.norm.minimum, "max": column.norm.maximum, "std": column.norm.std}
    return {
        **{name: getattr(column, name) for name in counts},
        "dimension": column.dimension,
        "lengths": _lengths(column.lengths),
        "norm": norm | {"mean": column.norm.mean if column.norm.finite else None},
    }
