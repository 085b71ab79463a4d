import math
from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from holter.capture.columns import INSTANT, build, column_type, guess_type

DAY = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("dtype", "values", "expected", "misfits"),
    [
        (pa.float64(), [1, 2.5, True], [1.0, 2.5, 1.0], 0),
        (pa.float64(), [None, 2], [None, 2.0], 0),
        (pa.float64(), ["1.5", None, [2], {}, 10**400, 3], [None, None, None, None, None, 3.0], 4),
        (pa.string(), ["a", None], ["a", None], 0),
        (pa.string(), ["a", 1, 1.5, True, [1, "é"], "\ud800"], ["a", "1", "1.5", "true", '[1, "é"]', "?"], 0),
        (pa.bool_(), [True, 0, 1.0, None, 2, "true"], [True, False, True, None, None, None], 2),
        (pa.date32(), ["2026-03-01", "2026-03-01T10:00:00", 3, "soon"], [date(2026, 3, 1)] * 2 + [None] * 2, 2),
        (
            INSTANT,
            ["2026-03-01T00:00:00", "2026-03-01T02:00:00+02:00", "2026-03-01T00:00:00Z", 5, "x", None],
            [DAY, DAY, DAY, None, None, None],
            2,
        ),
    ],
)
def test_what_fits_a_column_stays_and_the_rest_is_null_and_counted(dtype, values, expected, misfits):
    column, found = build(values, dtype)
    assert column.type == dtype
    assert column.to_pylist() == expected
    assert found == misfits


def test_nan_stays_nan_and_is_not_null():
    column, misfits = build([math.nan, None, 1.0], pa.float64())
    assert column.null_count == 1
    assert math.isnan(column[0].as_py())
    assert misfits == 0


@pytest.mark.parametrize("dtype", [pa.float64(), pa.string(), pa.bool_(), pa.date32(), INSTANT])
def test_empty_and_all_null_columns_have_their_type(dtype):
    for values in ([], [None, None]):
        column, misfits = build(values, dtype)
        assert (column.type, column.null_count, misfits) == (dtype, len(values), 0)


@pytest.mark.parametrize(
    ("text", "dtype"),
    [
        ("int64", pa.float64()),
        ("uint8", pa.float64()),
        ("decimal128(5, 2)", pa.float64()),
        ("timestamp[ns, tz=Europe/Rome]", INSTANT),
        ("date32[day]", pa.date32()),
        ("bool", pa.bool_()),
        ("string", pa.string()),
        ("list<item: double>", pa.string()),
    ],
)
def test_the_recorded_type_of_a_feature(text, dtype):
    assert column_type(text) == dtype


def test_a_column_nobody_declared_has_the_type_of_its_first_value():
    assert guess_type([None, 1, "a"]) == pa.float64()
    assert guess_type([None, [1]]) == pa.string()
    assert guess_type([None]) is None
