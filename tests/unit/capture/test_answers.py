import decimal
import math

import pyarrow as pa
import pytest

from holter.capture.answers import answers
from holter.errors import BadLabels
from holter.types import Task


def chunked(values, dtype=None):
    return pa.chunked_array([pa.array(values, dtype)])


@pytest.mark.parametrize("task", [Task.BINARY, Task.REGRESSION, None])
@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([True, False, None], pa.bool_()),
        ([1, 0, None], pa.uint8()),
        ([1.0, -0.0, math.nan], pa.float32()),
        ([1.0, 0.0, None], pa.float64()),
        ([decimal.Decimal(1), decimal.Decimal(0), None], pa.decimal128(5, 2)),
    ],
)
def test_numbers_of_any_width_are_float64_and_nan_is_null(task, values, dtype):
    found = answers(chunked(values, dtype), task)
    assert found.type == pa.float64()
    assert found.to_pylist() == [1.0, 0.0, None]


def test_infinity_is_no_answer():
    assert answers(chunked([math.inf, -math.inf, 2.5]), Task.REGRESSION).to_pylist() == [None, None, 2.5]


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        (["a", None], pa.string(), ["a", None]),
        (["a", None], pa.large_string(), ["a", None]),
        (["a", None], pa.string_view(), ["a", None]),
        (["a", None, "a"], pa.dictionary(pa.int8(), pa.string()), ["a", None, "a"]),
        ([2, None], pa.int32(), ["2", None]),
        ([2.0, 2.5, math.nan], pa.float64(), ["2", "2.5", None]),
        ([decimal.Decimal("2.00")], pa.decimal128(5, 2), ["2"]),
        ([True, False], pa.bool_(), ["true", "false"]),
        ([None], pa.null(), [None]),
        ([], pa.int64(), []),
    ],
)
def test_classes_are_text_the_same_for_every_type(values, dtype, expected):
    found = answers(chunked(values, dtype), Task.MULTICLASS)
    assert found.type == pa.string()
    assert found.to_pylist() == expected


@pytest.mark.parametrize("task", [None, *Task])
def test_a_column_without_values_is_null_in_the_type_of_the_task(task):
    for column in (chunked([None, None]), pa.chunked_array([], pa.float64())):
        found = answers(column, task)
        assert found.type == (pa.string() if task is Task.MULTICLASS else pa.float64())
        assert found.null_count == len(column)


@pytest.mark.parametrize(
    ("values", "task"),
    [([[1]], Task.MULTICLASS), ([[1]], Task.BINARY), (["1"], Task.REGRESSION), (["1"], None), ([0.5], Task.BINARY)],
)
def test_other_types_and_values_are_refused(values, task):
    with pytest.raises(BadLabels):
        answers(chunked(values), task)
