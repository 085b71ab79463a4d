"""Quality of columns that are no numbers and no categories."""

import math

import pyarrow as pa
import pytest

from holter.profile import OpaqueColumn, Profile, TextColumn, Window
from holter.signals.data_quality import DataQuality
from holter.types import Feature, Kind, Schema

MAILS = [f"{n}@example.org" for n in range(2_000)]


def measured(now, before, kind=Kind.TEXT, kinds=None):
    schema = Schema((Feature("x", kind, "string"),))
    now, before = (
        side if isinstance(side, Profile) else Profile.of(pa.table({"x": side}), kinds=kinds) for side in (now, before)
    )
    found = DataQuality().measure(Window(None, schema, now), Window(None, schema, before))
    return {each.metric: each for each in found if each.feature == "x"}


def test_text_has_nulls_and_empties_and_no_category_it_never_had():
    found = measured(pa.array(["", None, *MAILS[1000:], *MAILS[:500]]), pa.array(MAILS))
    assert found["null_rate"].value == pytest.approx(1 / 1502)
    assert found["empty_rate"].value == pytest.approx(1 / 1502)
    assert found["type_error"].value == 0
    assert "unseen_rate" not in found


@pytest.mark.parametrize("swap", [False, True])
def test_few_rows_of_a_text_are_no_change_of_its_type(swap):
    sides = pa.array(MAILS), pa.array(MAILS[:50])
    found = measured(*(reversed(sides) if swap else sides))
    assert found["type_error"].value == 0
    assert {each.verdict for each in found.values()} == {None}


def test_text_that_becomes_numbers_changed_its_type():
    found = measured(pa.array([1.0, 2.0]), pa.array(MAILS))
    assert (found["type_error"].value, found["type_error"].reason) == (1, "the type changed from string to double")


def test_lists_that_hold_no_finite_numbers_are_counted():
    before = pa.array([[1.0, 2.0]] * 50)
    found = measured(pa.array([[1.0, None], [1.0, math.nan], [2.0, 2.0], None]), before, Kind.VECTOR)
    assert found["not_finite_rate"].value == 0.5
    assert found["null_rate"].value == 0.25
    assert found["type_error"].value == 0


def test_embeddings_of_another_dimension_are_another_type():
    found = measured(pa.array([[1.0] * 3] * 9), pa.array([[1.0] * 2] * 9), Kind.VECTOR)
    assert (found["type_error"].value, found["type_error"].reason) == (1, "the dimension changed from 2 to 3")
    ragged = measured(pa.array([[1.0], [1.0, 2.0]]), pa.array([[1.0] * 2] * 9), Kind.VECTOR)
    assert ragged["type_error"].value == 0


def test_lists_that_an_older_version_only_counted_did_not_change():
    old = Profile(9, {"x": OpaqueColumn(9, 0, "list<item: double>")})
    assert measured(pa.array([[1.0]]), old, Kind.VECTOR)["type_error"].value == 0
    other = Profile(9, {"x": OpaqueColumn(9, 0, "struct<a: double>")})
    assert measured(pa.array([[1.0]]), other, Kind.VECTOR)["type_error"].value == 1


def test_declared_text_of_three_rows_is_measured_like_any():
    found = measured(pa.array(["a", "", None]), pa.array(MAILS), kinds={"x": Kind.TEXT})
    assert isinstance(Profile.of(pa.table({"x": ["a"]}), kinds={"x": Kind.TEXT}).columns["x"], TextColumn)
    assert found["empty_rate"].value == pytest.approx(1 / 3)
