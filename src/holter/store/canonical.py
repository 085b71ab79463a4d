"""One text for one value: what the ledger's chain is computed on."""

import json
import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any


def plain(value: Any) -> Any:
    """Return the value as JSON knows it.

    Mappings become dicts with text keys, sequences and sets lists (sets in order), times ISO 8601, durations seconds,
    paths text; numbers that are not finite become None. Anything else becomes its text.

    Examples
    --------
    >>> plain({"auc": float("nan"), "rows": (1, 2)})
    {'auc': None, 'rows': [1, 2]}
    """
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted((plain(item) for item in value), key=canonical)
    return _scalar(value)


def _scalar(value: Any) -> Any:
    match value:
        case None | bool():
            return value
        case int():
            return int(value)
        case float():
            return float(value) if math.isfinite(value) else None
        case datetime():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
    item = getattr(value, "item", None)  # numpy scalars, without importing numpy
    return plain(item()) if callable(item) else str(value)


def canonical(value: Any) -> str:
    """Return JSON text that is the same for equal values: sorted keys, no blanks, never NaN.

    Examples
    --------
    >>> canonical({"b": 1, "a": None})
    '{"a":null,"b":1}'
    """
    return json.dumps(plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
