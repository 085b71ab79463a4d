"""Answers and labels out of columns."""

import numpy as np
import pyarrow as pa
import pytest

from holter.profile.outcomes import class_scores, outcomes_of
from holter.types import Task

MAP = pa.map_(pa.string(), pa.float64())


@pytest.mark.parametrize(
    "column",
    [
        pa.array([[("a", 0.2), ("b", 0.8)], None, [], [("b", 1.0)]], MAP),
        pa.array([{"a": 0.2, "b": 0.8}, None, {}, {"b": 1.0}]),
        pa.chunked_array([pa.array([[("a", 0.2), ("b", 0.8)]], MAP), pa.array([None, [], [("b", 1.0)]], MAP)]),
        pa.array([[("z", 1.0)], [("a", 0.2), ("b", 0.8)], None, [], [("b", 1.0)]], MAP).slice(1),
    ],
)
def test_probabilities_by_class(column):
    found = class_scores(pa.table({"_scores": column}))
    assert list(found) == ["a", "b"]
    np.testing.assert_array_equal(found["a"], [0.2, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(found["b"], [0.8, np.nan, np.nan, 1.0])


def test_no_probabilities():
    assert class_scores(pa.table({})) == {}
    assert class_scores(pa.table({"_scores": [0.5]})) == {}
    assert class_scores(pa.table({"_scores": pa.array([], MAP)})) == {}


def test_probabilities_that_are_text_are_refused_in_words():
    found = outcomes_of(pa.table({"_scores": [{"a": "much"}] * 3, "_label": ["a"] * 3}), Task.MULTICLASS)
    assert "cannot be read" in found.why


def test_a_row_without_prediction_is_decided_by_its_score():
    table = pa.table({"_score": [0.9, 0.9, None], "_prediction": [0.0, None, None], "_label": [1.0, 1.0, 1.0]})
    matrix = outcomes_of(table, Task.BINARY).confusion
    assert (matrix.count("1", "0"), matrix.count("1", "1"), matrix.n) == (1, 1, 2)


def test_a_thousand_classes_cost_what_they_show():
    names = [f"c{place}" for place in range(1000)]
    table = pa.table({"_label": names, "_prediction": names[1:] + names[:1]})
    matrix = outcomes_of(table, Task.MULTICLASS).confusion
    assert len(matrix.counts) == len(matrix.classes) == 1000
    assert (matrix + matrix).count("c0", "c1") == 2
    assert (matrix + matrix).count("c0", "nobody") == 0
