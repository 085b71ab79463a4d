"""Which columns of a table are features, and of what kind."""

from collections.abc import Collection

import pyarrow as pa

from holter.profile import kind_of, type_name
from holter.types import RESERVED, Feature, Schema, Task


def infer_schema(schema: pa.Schema, *, exclude: Collection[str] = (), task: Task | None = None) -> Schema:
    """Take the columns of a table as features, told by their types.

    Parameters
    ----------
    schema
        Arrow schema of the table.
    exclude
        Columns that are no features: the time, prediction, score, label and key of a table others write. The columns
        of :mod:`holter.types.records` are never features and need not be named.
    task
        What the model answers.

    Examples
    --------
    >>> table = pa.schema([("hour", pa.int64()), ("carrier", pa.string()), ("_score", pa.float64())])
    >>> [(feature.name, str(feature.kind)) for feature in infer_schema(table).features]
    [('hour', 'numeric'), ('carrier', 'categorical')]
    """
    left_out = RESERVED.union(exclude)
    return Schema(
        tuple(Feature(f.name, kind_of(f.type), type_name(f.type)) for f in schema if f.name not in left_out), task
    )
