"""What a column may be, and how columns of the same name become one."""

from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa

from holter.profile.categorical import CategoricalColumn
from holter.profile.kinds import kind_of, type_name
from holter.profile.numeric import NumericColumn
from holter.profile.opaque import OpaqueColumn, joined_types
from holter.types import Kind

Column = NumericColumn | CategoricalColumn | OpaqueColumn


def summarised(array: pa.Array, kind: Kind | None, k: int) -> Column:
    """Summarise one column by its kind or, if None, its type; whatever is wrong with it costs the others nothing."""
    kind = kind or kind_of(array.type)
    try:
        if kind is Kind.CATEGORICAL:
            return CategoricalColumn.of(array)
        if kind is not Kind.OTHER:
            return NumericColumn.of(array, k)
    except pa.ArrowException:
        pass
    return OpaqueColumn(len(array), array.null_count, type_name(array.type))


def merged(parts: Sequence[Column]) -> Column:
    """Return one column for all rows of all parts; parts that do not go together are counted and named."""
    if len(parts) == 1:
        return parts[0]
    typed = [part for part in parts if not (isinstance(part, OpaqueColumn) and part.is_blank)]
    numeric = [part for part in typed if isinstance(part, NumericColumn)]
    categorical = [part for part in typed if isinstance(part, CategoricalColumn)]
    blank = sum(part.n for part in parts) - sum(part.n for part in typed)
    if numeric and len(numeric) == len(typed) and len({part.unit for part in numeric}) == 1:
        return _with_nulls(NumericColumn.total(numeric), blank)
    if categorical and len(categorical) == len(typed):
        return _with_nulls(CategoricalColumn.total(categorical), blank)
    names = joined_types(*(part.dtype for part in parts))
    return OpaqueColumn(sum(part.n for part in parts), sum(part.nulls for part in parts), names)


def _with_nulls(column: Column, more: int) -> Column:
    return replace(column, n=column.n + more, nulls=column.nulls + more) if more else column


def compressed(column: Column, k: int, categories: int) -> Column:
    """Return a column of bounded size."""
    if isinstance(column, NumericColumn):
        return column.compressed(k)
    return column.compressed(categories) if isinstance(column, CategoricalColumn) else column
