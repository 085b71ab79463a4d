"""Probabilities of classes, ends of intervals and queries are recorded where a batch brings them."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from holter.capture.log import log
from holter.profile.outcomes import class_scores
from holter.types import Span
from holter.workspace.baseline import Roles, prepare

ALWAYS = Span(datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
MAP = pa.map_(pa.string(), pa.float64())


def batch(first, **more):
    return pa.table(
        {"id": [f"{first}-{place}" for place in range(3)], "age": [30, 40, 50], "p": [0.1, 0.5, 0.9], **more}
    )


def read(shelves):
    return shelves.records("credit").read(ALWAYS).sort_by("_request_id")


@pytest.mark.parametrize(
    "scores",
    [
        [{"a": 0.7, "b": 0.3}, None, {"a": None, "b": 1.0}],
        pa.array([[("a", 0.7), ("b", 0.3)], None, [("b", 1.0)]], MAP),
    ],
    ids=["struct", "map"],
)
def test_they_come_back_and_earlier_records_have_none(shelves, now, scores):
    assert log(shelves, "credit", batch("a"), received_at=now, key="id", score="p") == 3
    assert "_scores" not in read(shelves).column_names
    more = {"_scores": scores, "_lower": [1, 2, 3], "_upper": [2.5, None, 4.0], "_query": ["q", "q", "r"]}
    assert log(shelves, "credit", batch("b", **more), received_at=now, key="id", score="p") == 3
    found = read(shelves)
    assert found["_lower"].to_pylist() == [None] * 3 + [1.0, 2.0, 3.0]
    assert found["_query"].to_pylist() == [None] * 3 + ["q", "q", "r"]
    assert pa.types.is_map(found["_scores"].type)
    chances = class_scores(found)
    assert chances["b"][3:].tolist() == pytest.approx([0.3, float("nan"), 1.0], nan_ok=True)
    assert chances["a"][3] == 0.7
    assert log(shelves, "credit", batch("c"), received_at=now, key="id", score="p") == 3
    assert len(read(shelves)) == 9


def test_what_is_no_probability_becomes_none(shelves, now):
    odd = batch("a", _scores=["much", "little", "none"], _lower=["low", "2", None])
    assert log(shelves, "credit", odd, received_at=now, key="id", score="p") == 3
    found = read(shelves)
    assert found["_scores"].null_count == 3
    assert found["_lower"].to_pylist() == [None, 2.0, None]


def test_a_baseline_keeps_them_and_they_are_no_features():
    table = pa.table({"age": [1.0, 2.0], "_label": ["a", "b"], "_scores": [{"a": 0.5, "b": 0.5}] * 2, "_query": [1, 2]})
    found = prepare(table, Roles())
    assert found.schema.names == ("age",)
    assert {"_scores", "_query"} <= set(found.table.column_names)
