"""One text for one value: what the ledger's chain is computed on."""

import json
import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import PurePath
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
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted((plain(item) for item in value), key=canonical)
    return _text(value)


def _text(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, PurePath):
        return str(value)
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
