"""Which columns of a table are features, and of what kind."""

import pyarrow as pa

from holter.profile import Profile
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
        ("d", "categorical"), ("t", "time"), ("e", "vector"), ("b", "categorical"),
    ]  # fmt: skip
    assert found.feature("d").dtype == "string"
    assert found.task is None


def test_a_table_without_features_is_a_table():
    assert infer_schema(pa.schema([])).features == ()


def test_what_is_declared_goes_before_all_else():
    found = infer_schema(pa.schema([("zip", pa.int64())]), kinds={"zip": Kind.CATEGORICAL, "gone": Kind.TEXT}, codes=9)
    assert [each.kind for each in found.features] == [Kind.CATEGORICAL]


def test_whole_numbers_are_categories_only_where_somebody_says_so():
    table = pa.table({"code": [1, 2] * 50, "wide": list(range(100)), "half": [0.5, 1.0] * 50, "none": [None] * 100})
    table = table.set_column(3, "none", pa.nulls(100, pa.int64()))
    profile = Profile.of(table)
    assert {each.kind for each in infer_schema(table.schema, profile=profile).features} == {Kind.NUMERIC}
    found = infer_schema(table.schema, profile=profile, codes=10)
    assert {each.name: str(each.kind) for each in found.features} == {
        "code": "categorical", "wide": "numeric", "half": "numeric", "none": "numeric",
    }  # fmt: skip
    stored = table.set_column(0, "code", table["code"].dictionary_encode())
    assert infer_schema(stored.schema).feature("code").kind is Kind.CATEGORICAL


def test_text_that_was_recognised_stays_text():
    table = pa.table({"id": [f"{n:032x}" for n in range(200)], "class": ["a", "b"] * 100})
    found = infer_schema(table.schema, profile=Profile.of(table))
    assert [str(each.kind) for each in found.features] == ["text", "categorical"]
    small = Profile.of(table.slice(0, 3), kinds={each.name: each.kind for each in found.features})
    assert small.columns["id"].lengths.maximum == 32
    assert b"0000" not in small.to_bytes()
