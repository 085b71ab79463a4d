"""Which columns of a table are features, and of what kind."""

from collections.abc import Collection, Mapping

import pyarrow as pa

from holter.profile import Column, NumericColumn, Profile, TextColumn, kind_of, type_name
from holter.types import RESERVED, Feature, Kind, Schema, Task


def infer_schema(
    schema: pa.Schema,
    *,
    exclude: Collection[str] = (),
    task: Task | None = None,
    kinds: Mapping[str, Kind] | None = None,
    profile: Profile | None = None,
    codes: int = 0,
) -> Schema:
    """Take the columns of a table as features: of the kind somebody declared, else that of their values or type.

    Whole numbers are numeric. A count of passengers and the code of a country look the same, and a numeric summary is
    exact for few different values anyway; so they become categories only where it is declared, where the table stores
    them as a dictionary (a pandas ``category``), or where ``codes`` allows it.

    Parameters
    ----------
    schema
        Arrow schema of the table.
    exclude
        Columns that are no features: the time, prediction, score, label and key of a table others write. The columns
        of :mod:`holter.types.records` are never features and need not be named.
    task
        What the model answers.
    kinds
        Declared kinds, by column; they go before all else.
    profile
        What is known of the values. Text that it recognised as prose or identifiers is of kind ``text``: later tables
        then keep none of its values either, however few rows they have.
    codes
        Whole numbers of at most this many different values in ``profile`` are categories; 0 for none.

    Examples
    --------
    >>> table = pa.schema([("hour", pa.int64()), ("carrier", pa.string()), ("_score", pa.float64())])
    >>> [(feature.name, str(feature.kind)) for feature in infer_schema(table).features]
    [('hour', 'numeric'), ('carrier', 'categorical')]
    >>> seen = Profile.of(pa.table({"hour": [7, 8, 8], "carrier": ["UA", "UA", "B6"]}))
    >>> str(infer_schema(table, profile=seen, codes=24).feature("hour").kind)
    'categorical'
    """
    left_out, declared, columns = RESERVED.union(exclude), kinds or {}, profile.columns if profile else {}
    return Schema(
        tuple(
            Feature(f.name, declared.get(f.name) or _kind(f.type, columns.get(f.name), codes), type_name(f.type))
            for f in schema
            if f.name not in left_out
        ),
        task,
    )


def _kind(dtype: pa.DataType, column: Column | None, codes: int) -> Kind:
    if isinstance(column, TextColumn):
        return Kind.TEXT
    # A float that happens to be whole is a measurement.
    if isinstance(column, NumericColumn) and pa.types.is_integer(dtype):
        few = column.ranks.error == 0 and 0 < len(column.ranks.values) <= codes
        return Kind.CATEGORICAL if few else kind_of(dtype)
    return kind_of(dtype)
