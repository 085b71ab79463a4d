"""The redaction policy of a deployment, applied to a table that somebody hands in."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from holter.capture.redaction import action_of


def redacted_table(rows: pa.Table, policy: Mapping[str, str], key: bytes) -> pa.Table:
    """Return the table with each column of the policy as it may be written: null, or text.

    Examples
    --------
    >>> redacted_table(pa.table({"zip": [80331, None]}), {"zip": "truncate:2"}, b"").to_pylist()
    [{'zip': '80'}, {'zip': None}]
    """
    for name, action in policy.items():
        if name in rows.column_names:
            place = rows.column_names.index(name)
            rows = rows.set_column(place, name, _applied(rows[name], action, key))
    return rows


def _applied(column: pa.ChunkedArray, action: str, key: bytes) -> pa.ChunkedArray:
    if action == "drop":
        return pa.chunked_array([pa.nulls(len(column), column.type)])
    apply = action_of(action, key)
    coded = column.combine_chunks()
    coded = coded if pa.types.is_dictionary(coded.type) else coded.dictionary_encode()
    names = pa.array([apply(_plain(value)) for value in coded.dictionary.to_pylist()], pa.string())
    return pa.chunked_array([names.take(coded.indices)])


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, str | bool | int | float) else str(value)
