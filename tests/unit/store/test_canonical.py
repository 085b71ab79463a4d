"""Equal values have one text, and JSON gets nothing it does not know."""

import json
from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holter.rules import Level
from holter.store.canonical import canonical, plain


class Number(IntEnum):
    ONE = 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (float("nan"), None),
        (float("-inf"), None),
        (np.float64(0.5), 0.5),
        (np.float32("nan"), None),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (datetime(2013, 4, 1, tzinfo=UTC), "2013-04-01T00:00:00+00:00"),
        (timedelta(minutes=1.5), 90.0),
        (Path("a") / "b", "a/b"),
        (Level.PAGE, "page"),
        (Number.ONE, 1),
        (("a", ["b"]), ["a", ["b"]]),
        ({"b", "a"}, ["a", "b"]),
        (OrderedDict({1: {"x": float("nan")}}), {"1": {"x": None}}),
        (True, True),
        (None, None),
    ],
)
def test_plain_values(value, expected):
    found = plain(value)
    assert found == expected
    assert type(found) is type(expected)


def test_the_order_of_keys_does_not_matter_and_text_stays_readable():
    assert canonical({"b": 1, "a": "ü"}) == canonical({"a": "ü", "b": 1}) == '{"a":"ü","b":1}'


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_any_value_survives_reading_and_writing(value):
    text = canonical(value)
    assert canonical(json.loads(text)) == text
