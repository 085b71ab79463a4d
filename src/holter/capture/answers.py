"""Predictions and labels from a table, in the type of the task."""

import pyarrow as pa
import pyarrow.compute as pc

from holter.capture.parsing import class_text
from holter.errors import BadLabels
from holter.types import Task


def answers(column: pa.ChunkedArray, task: Task | None) -> pa.ChunkedArray:
    """Return the column as answers of a task: text for multiclass, else float64; null and NaN are null.

    Parameters
    ----------
    column
        Booleans, numbers of any width, dictionaries of them; text only for multiclass.
    task
        What the model answers. Binary answers are 0 and 1.

    Raises
    ------
    BadLabels
        For text where numbers are due, another type, or a binary answer that is neither 0 nor 1.

    Examples
    --------
    >>> answers(pa.chunked_array([[True, None, False]]), Task.BINARY).to_pylist()
    [1.0, None, 0.0]
    """
    column = plain(column)
    if task is Task.MULTICLASS:
        return _classes(column)
    if pa.types.is_null(column.type):
        return column.cast(pa.float64())
    if not (pa.types.is_boolean(column.type) or _is_number(column.type)):
        raise BadLabels(f"they are {column.type}, where the task ({task or 'none declared'}) has numbers")
    numbers = column.cast(pa.int8()) if pa.types.is_boolean(column.type) else column
    numbers = numbers.cast(pa.float64(), safe=False)
    numbers = pc.if_else(pc.is_finite(numbers), numbers, pa.scalar(None, pa.float64()))
    numbers = pc.add(numbers, 0.0)  # makes -0 the class 0
    if task is Task.BINARY:
        _refuse_others(numbers)
    return numbers


def plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the column with a dictionary, or another encoding, undone."""
    if pa.types.is_dictionary(column.type):
        return column.cast(column.type.value_type)
    return column


def _is_number(dtype: pa.DataType) -> bool:
    return bool(pa.types.is_integer(dtype) or pa.types.is_floating(dtype) or pa.types.is_decimal(dtype))


def _refuse_others(numbers: pa.ChunkedArray) -> None:
    wrong = numbers.filter(pc.invert(pc.is_in(numbers, pa.array([0.0, 1.0, None]))))
    if len(wrong):
        raise BadLabels(f"{wrong[0].as_py():g} is neither 0 nor 1 ({len(wrong)} such rows)")


def _classes(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_string(column.type):
        return column
    if pa.types.is_large_string(column.type) or pa.types.is_string_view(column.type):
        return column.cast(pa.string())
    if not (pa.types.is_boolean(column.type) or pa.types.is_null(column.type) or _is_number(column.type)):
        raise BadLabels(f"they are {column.type}, where the task (multiclass) has names")
    encoded = column.combine_chunks().dictionary_encode()
    names = pa.array([class_text(_scalar(value)) for value in encoded.dictionary.to_pylist()], pa.string())
    return pa.chunked_array([names.take(encoded.indices)])


def _scalar(value: object) -> object:
    return value if value is None or isinstance(value, bool | int | str) else float(value)  # type: ignore[arg-type]
