"""Which columns of a table are features, and of what kind."""

import pyarrow as pa

from holter.source import infer_schema
from holter.types import RESERVED, Feature, Kind, Task


def test_record_columns_and_excluded_ones_are_no_features():
    schema = pa.schema(
        [(name, pa.string()) for name in sorted(RESERVED)] + [("hour", pa.int64()), ("late", pa.bool_())]
    )
    found = infer_schema(schema, exclude=["late"], task=Task.BINARY)
    assert found.features == (Feature("hour", Kind.NUMERIC, "int64"),)
    assert found.task is Task.BINARY


def test_order_and_types_are_kept():
    types = {
        "d": pa.dictionary(pa.int8(), pa.string()),
        "t": pa.timestamp("us", "UTC"),
        "e": pa.list_(pa.float32()),
        "b": pa.bool_(),
    }
    found = infer_schema(pa.schema(list(types.items())))
    assert [(each.name, str(each.kind)) for each in found.features] == [
        ("d", "categorical"), ("t", "time"), ("e", "other"), ("b", "categorical"),
    ]  # fmt: skip
    assert found.feature("d").dtype == "string"
    assert found.task is None


def test_a_table_without_features_is_a_table():
    assert infer_schema(pa.schema([])).features == ()
