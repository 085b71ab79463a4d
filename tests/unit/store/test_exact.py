"""Account numbers keep their last digits."""

import pyarrow as pa
import pytest

from holter.store.exact import exact_values, exactly, with_exact
from holter.store.naming import exact_name, feature_name, is_exact
from holter.types import Feature, Kind, Schema

SCHEMA = Schema((Feature("account", Kind.NUMERIC, "int64"), Feature("x", Kind.NUMERIC, "double")))
LARGE = 2**53 + 1


def there_and_back(values, dtype=None):
    rows = with_exact(pa.table({"account": pa.array(values, dtype)}), SCHEMA)
    resting = rows.set_column(0, "account", rows["account"].cast(pa.float64(), safe=False))
    return exactly(resting, SCHEMA)["account"].to_pylist()


@pytest.mark.parametrize(
    "values", [[1, None, LARGE], [-LARGE, 2**63 - 1, -(2**63)], [LARGE, 2**53], [None, None, LARGE]]
)
def test_whole_numbers_come_back_to_the_last_digit(values):
    assert there_and_back(values) == values


def test_small_numbers_need_no_column():
    rows = pa.table({"account": [1, 2**53, None], "x": [1.0, 2.0, 3.0]})
    assert with_exact(rows, SCHEMA).column_names == ["account", "x"]
    assert with_exact(rows, None) is rows
    assert exact_values([1, 2], pa.array([1.0, 2.0])) is None


def test_more_than_int64_holds_is_a_floating_number():
    assert there_and_back([2**63 + 2049, LARGE], pa.uint64()) == [float(2**63 + 2049), float(LARGE)]
    assert exact_values([2**64, LARGE], pa.array([2.0**64, float(LARGE)])).to_pylist() == [None, LARGE]


def test_a_fraction_among_them_is_seen():
    rows = pa.table({"account": [1.5, float(LARGE)], exact_name("account"): pa.array([None, LARGE], pa.int64())})
    assert exactly(rows, SCHEMA)["account"].to_pylist() == [1.5, float(LARGE)]


def test_infinities_and_nulls_are_no_large_whole_numbers():
    numbers = pa.array([float("nan"), float("inf"), None])
    assert exact_values([float("nan"), float("inf"), None], numbers).to_pylist() == [None, None, None]


def test_a_feature_may_be_called_like_such_a_column():
    assert is_exact(exact_name("account"))
    assert not is_exact("account~exact")
    assert feature_name("account~exact") == "account~exact"
