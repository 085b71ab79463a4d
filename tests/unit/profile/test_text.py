"""Free text and identifiers: recognised, and gone."""

import hashlib
import uuid

import numpy as np
import pyarrow as pa
import pytest

from holter.profile import CategoricalColumn, Profile, TextColumn
from holter.profile.shapes import count_shapes
from holter.profile.text import FEW, LONG, MANY, recognised
from holter.profile.texts import text_of

UUIDS = [str(uuid.UUID(int=n * 2**64)) for n in range(200)]
MAILS = [f"person-{n}@example.org" for n in range(200)]


def column(values):
    return CategoricalColumn.of(pa.array(values, pa.string()))


@pytest.mark.parametrize(
    ("values", "shape"),
    [
        (UUIDS, "uuid"),
        ([value.upper() for value in UUIDS], "uuid"),
        ([hashlib.sha256(value.encode()).hexdigest() for value in UUIDS], "hash"),
        (MAILS * 20, "email"),
        ([f"https://example.org/{n}" for n in range(200)], "url"),
    ],
)
def test_what_looks_like_an_identifier_is_none_of_the_categories(values, shape):
    found = recognised(column([*values, None]))
    assert isinstance(found, TextColumn)
    assert (found.n, found.nulls, found.shapes) == (len(values) + 1, 1, {shape: len(values)})


def test_prose_is_text():
    assert isinstance(recognised(column([f"{n}" + "x" * LONG for n in range(FEW + 1)])), TextColumn)
    assert isinstance(recognised(column([f"{n}" for n in range(FEW + 1)])), CategoricalColumn)


def test_many_values_that_almost_never_repeat_are_text():
    assert isinstance(recognised(column([f"Mx {n}" for n in range(MANY)])), TextColumn)
    assert isinstance(recognised(column([f"Mx {n}" for n in range(MANY - 1)])), CategoricalColumn)
    assert isinstance(recognised(column([f"Mx {n}" for n in range(MANY)] * 2)), CategoricalColumn)


@pytest.mark.parametrize("values", [[], [None], ["x" * 500] * 9, UUIDS[:FEW], [""] * 2000])
def test_few_different_values_are_categories_whatever_they_look_like(values):
    assert recognised(column(values)) == column(values)


def test_numbers_declared_categories_are_no_text():
    assert isinstance(recognised(CategoricalColumn.of(pa.array(range(2 * MANY)))), CategoricalColumn)


def test_pooled_values_are_recognised_by_what_is_left_of_them():
    small = column([f"Mx {n}" for n in range(2 * MANY)] + ["often"] * 100).compressed(10)
    assert small.counts == {"often": 100}
    assert isinstance(recognised(small), TextColumn)
    unknown = CategoricalColumn(5000, 0, {}, other=5000, error=1)
    assert recognised(unknown) is unknown


def test_no_value_is_left_in_the_state():
    profile = Profile.of(pa.table({"mail": MAILS, "note": [f"secret {n} " * 20 for n in range(200)]}))
    stored = profile.to_bytes()
    assert all(isinstance(each, TextColumn) for each in profile.columns.values())
    assert not [word for word in (b"person", b"example", b"secret") if word in stored]
    assert Profile.from_bytes(stored) == profile


def test_text_wins_over_categories_and_no_row_is_lost():
    text, few = recognised(column(MAILS)), column(["a@b.org", "", None])
    for both in (TextColumn.total([text, few]), TextColumn.total([few, text])):
        assert (both.n, both.nulls, both.empty, both.shapes) == (203, 1, 1, {"email": 201})
        assert both.distinct.estimate == pytest.approx(202, rel=0.1)
        assert both.lengths == text.lengths + few.lengths
    assert TextColumn.total([text, CategoricalColumn(1, 1)]).lengths == text.lengths


def test_small_windows_together_are_recognised_when_they_are_compressed():
    parts = [
        Profile.of(pa.table({"id": [f"order {n}" for n in range(start, start + 500)]})) for start in (0, 500, 1000)
    ]
    assert all(isinstance(part.columns["id"], CategoricalColumn) for part in parts)
    assert isinstance(Profile.total(parts).compressed(4096).columns["id"], TextColumn)


def test_shapes_are_counted_by_rows_and_not_by_values():
    values = text_of([UUIDS[0], MAILS[0], "f" * 40, "f" * 41, "g" * 40, "a@b", "no @ here.org", "s3://bucket"])
    assert count_shapes(values, np.arange(1, 9)) == {"uuid": 1, "email": 2, "hash": 3, "url": 8}
    assert count_shapes(text_of([]), np.empty(0, np.int64)) == {}
