"""Columns that are all numbers take a shorter way, and come out as on the longer one."""

import pytest

from holter.capture import rows as module
from holter.capture.packing import Packing
from holter.capture.rows import Counts, Layout, Rows
from holter.types import Feature, Kind, Schema, Task

SCHEMA = Schema(tuple(Feature(name, Kind.NUMERIC, "double") for name in "ab"), Task.BINARY)
REPLY = [0.25]


def taken(*frames, packs=True):
    rows = Rows(Layout(SCHEMA))
    if not packs:
        rows._packing = None
    for each in frames:
        rows.add(each)
    table, counts = rows.take(), rows.take_counts()
    assert table is not None
    return table, counts


@pytest.mark.parametrize(
    "body",
    [
        {"data": [[1, 2.5]]},
        {"data": [[True, False]]},
        {"data": [[None, 2]]},
        {"data": [["1.5", 2]]},
        {"data": [[10**400, 2]]},
        {"data": [[2**53 + 1, -0.0]]},
        {"data": [[[1], {}]]},
        {"data": [[1, 2, 3]]},
        {"data": [[1]]},
        {"data": []},
        {"other": 1},
        [{"b": 1}],
        [{"b": 1, "a": 2, "c": 3}],
        {"input_data": {"columns": ["a", "b"], "data": [[1, 2]]}},
    ],
)
@pytest.mark.parametrize("before", [0, 1, 3])
def test_whatever_a_body_holds_the_table_is_that_of_the_longer_way(frame, body, before):
    number = [frame(place, {"data": [[place, place / 4]]}, REPLY) for place in range(before)]
    frames = [*number, frame(7, body, REPLY), frame(8, {"data": [[7, 8]]}, REPLY)]
    short, long = taken(*frames), taken(*frames, packs=False)
    assert short[1] == long[1]
    assert short[0].schema == long[0].schema
    assert short[0].to_pylist() == long[0].to_pylist()
    short[0].validate(full=True)


def test_rows_stay_in_order_over_chunks_of_both_ways(frame, monkeypatch):
    monkeypatch.setattr(module, "CHUNK_ROWS", 4)
    odd = {5, 9}
    frames = [
        frame(place, {"data": [[None if place in odd else place, "x" if place == 9 else 0]]}, REPLY)
        for place in range(14)
    ]
    table, counts = taken(*frames)
    assert table["a"].to_pylist() == [None if place in odd else place for place in range(14)]
    assert table["b"].to_pylist() == [None if place == 9 else 0 for place in range(14)]
    assert counts == Counts(misfits=1)


@pytest.mark.parametrize(
    ("features", "packs"),
    [
        ((Feature("a", Kind.NUMERIC, "float"), Feature("b", Kind.NUMERIC, "double")), True),
        ((Feature("a", Kind.NUMERIC, "int64"),), False),
        ((Feature("a", Kind.NUMERIC, "double"), Feature("b", Kind.CATEGORICAL, "string")), False),
        ((Feature('a"', Kind.NUMERIC, "double"),), False),
        ((), False),
    ],
)
def test_only_columns_that_are_all_fractions_take_it(features, packs):
    assert Layout(Schema(features, Task.BINARY)).packs is packs
    assert not Layout(None).packs


def test_a_request_is_taken_whole_or_not_at_all():
    packing = Packing(1)
    assert packing.add([[1.0]])
    assert not packing.add([[2.0], [None]])
    assert not packing.add([[2.0], [1.0, 2.0]])
    assert packing.rows() == [(1.0,)]
    assert len(packing) == 1
