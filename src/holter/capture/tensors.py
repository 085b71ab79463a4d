"""Requests and replies of the Open Inference Protocol v2, as JSON.

A request's ``inputs`` and a reply's ``outputs`` are lists of tensors, each with ``name``, ``shape``, ``datatype`` and
``data``, which is flat in row-major order or nested. One tensor may hold every feature, shape ``[rows, features]``; or
each feature comes as one, shape ``[rows]`` or ``[rows, 1]``.
"""

from collections.abc import Sequence
from typing import Any, Final

PROBABILITIES: Final = ("predict_proba", "probabilities", "probability", "scores", "score")
"""Names of an output that holds probabilities; the first is MLServer's for scikit-learn."""


def is_tensors(value: Any) -> bool:
    """Tell whether a value is a list of tensors."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(each, dict) and "shape" in each and "data" in each and "datatype" in each for each in value)
    )


def table_of(
    tensors: Sequence[dict[str, Any]], features: tuple[str, ...] | None
) -> tuple[tuple[str, ...], list[list[Any]]] | None:
    """Return the names of the columns and the rows that tensors hold; None where they do not make a table.

    Examples
    --------
    >>> table_of([{"name": "x", "shape": [2, 2], "datatype": "FP64", "data": [1, 2, 3, 4]}], ("a", "b"))
    (('a', 'b'), [[1, 2], [3, 4]])
    """
    if len(tensors) == 1 and _width(tensors[0]) > 1:
        width = _width(tensors[0])
        names = features if features is not None else tuple(f"f{place}" for place in range(width))
        rows = rows_of(tensors[0])
        return (names, rows) if rows and len(names) == width else None
    if len(tensors) == 1 and features is not None and len(features) == 1:
        names = features
    else:
        names = tuple(str(tensor.get("name")) for tensor in tensors)
    columns = [_flat(tensor["data"]) for tensor in tensors]
    if len(set(names)) < len(names) or len(set(map(len, columns))) != 1 or any(_width(each) != 1 for each in tensors):
        return None
    return names, [list(row) for row in zip(*columns, strict=True)]


def rows_of(tensor: dict[str, Any]) -> list[Any]:
    """Return the rows of one tensor: values where it has one a row, else lists; empty where the shape does not fit."""
    width, values = _width(tensor), _flat(tensor["data"])
    if width == 1:
        return values
    if not width or len(values) % width:
        return []
    return [values[start : start + width] for start in range(0, len(values), width)]


def answers_of(tensors: Sequence[dict[str, Any]]) -> tuple[Any, Any]:
    """Return predictions and probabilities among the outputs of a reply; None for what it does not have."""
    likely = next((rows_of(each) for each in tensors if each.get("name") in PROBABILITIES), None)
    plain = next((rows_of(each) for each in tensors if each.get("name") not in PROBABILITIES), None)
    return plain, likely


def _width(tensor: dict[str, Any]) -> int:
    shape = tensor["shape"]
    if not isinstance(shape, list) or not shape or not all(isinstance(size, int) and size > 0 for size in shape):
        return 0
    width = 1
    for size in shape[1:]:
        width *= size
    return width


def _flat(data: Any) -> list[Any]:
    if not isinstance(data, list):
        return [data]
    if not any(isinstance(each, list) for each in data):
        return data
    return [value for each in data for value in _flat(each)]
