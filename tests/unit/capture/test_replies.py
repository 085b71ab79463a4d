import json

import pytest

from holter.capture.parsing import Reply, class_text, parse_reply
from holter.types import Task

BINARY, MULTI, REGRESSION = Task.BINARY, Task.MULTICLASS, Task.REGRESSION


def read(reply, task=None, rows=None):
    data = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
    found = parse_reply(data, task, rows)
    return list(found.predictions), list(found.scores)


@pytest.mark.parametrize(
    "reply",
    [
        [0.2, 0.7],
        {"result": [0.2, 0.7]},
        {"predictions": [0.2, 0.7]},
        json.dumps({"result": [0.2, 0.7]}),
        json.dumps([0.2, 0.7]),
        [[0.8, 0.2], [0.3, 0.7]],
        {"prediction": [0, 1], "score": [0.2, 0.7]},
        {"prediction": [False, True], "probability": [0.2, 0.7]},
        {"predictions": [0, 1], "probabilities": [[0.8, 0.2], [0.3, 0.7]]},
        {"scores": [0.2, 0.7]},
        [{"prediction": 0, "score": 0.2}, {"prediction": 1, "score": 0.7}],
        {"predictions": [{"probability": 0.2}, {"probability": 0.7}]},
        {"output": {"result": [0.2, 0.7]}},
    ],
)
def test_two_scored_binary_rows_in_every_shape(reply):
    assert read(reply, BINARY) == ([0.0, 1.0], [0.2, 0.7])


@pytest.mark.parametrize("reply", [[0, 1], [0.0, 1.0], [False, True], {"result": [0, 1]}, [[0], [1]]])
def test_binary_classes_have_no_score(reply):
    assert read(reply, BINARY) == ([0.0, 1.0], [None, None])


def test_exact_fractions_may_be_scores_and_whole_numbers_are_not():
    assert parse_reply(b"[0.0, 1.0]", BINARY).bare
    assert parse_reply(b"[0.5]", BINARY).bare
    assert not parse_reply(b"[0, 1]", BINARY).bare
    assert not parse_reply(b'{"prediction": [1.0], "score": [1.0]}', BINARY).bare


def test_one_half_is_positive_as_in_scikit_learn():
    assert read([0.5, 0.49999], BINARY)[0] == [1.0, 0.0]


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ([2, 1], ([None, 1.0], [None, None])),
        ([-0.5, 0.5], ([None, None], [None, None])),
        (["yes", 1], ([None, 1.0], [None, None])),
        ([None, 0.7], ([None, 1.0], [None, 0.7])),
        ([None, None], ([None, None], [None, None])),
        (b"[NaN, 0.7]", ([None, 1.0], [None, 0.7])),
        ({"prediction": [1, 0], "score": [7, 0.2]}, ([1.0, 0.0], [None, 0.2])),
        ({"prediction": [1, 0], "score": [0.2]}, ([1.0, 0.0], [None, None])),
    ],
)
def test_binary_values_that_mean_nothing_are_null(reply, expected):
    assert read(reply, BINARY) == expected


def test_one_row_may_be_answered_bare_or_with_both_probabilities():
    assert read(0.7, BINARY, 1) == ([1.0], [0.7])
    assert read(b"0.7", BINARY, 1) == ([1.0], [0.7])
    assert read([0.3, 0.7], BINARY, 1) == ([1.0], [0.7])
    assert read({"prediction": 1, "probabilities": [0.3, 0.7]}, BINARY, 1) == ([1.0], [0.7])
    assert read([0.3, 0.7], BINARY, 2) == ([0.0, 1.0], [0.3, 0.7])


def test_classes_are_text_whatever_they_were_written_as():
    assert read(["cat", 2, 2.0, True, None, 2.5], MULTI) == (["cat", "2", "2", "true", None, "2.5"], [None] * 6)
    assert read("cat", MULTI) == (["cat"], [None])
    assert read([[0.1, 0.7, 0.2], [0.5, 0.2, 0.3]], MULTI) == (["1", "0"], [None, None])
    assert read([["cat"], [None, 1]], MULTI) == (["cat", None], [None, None])
    assert read([0.1, 0.7, 0.2], MULTI, 1) == (["1"], [None])
    assert read({"probabilities": [[0.1, 0.9]]}, MULTI) == (["1"], [None])
    assert read({"prediction": "cat", "score": 0.9}, MULTI, 1) == (["cat"], [None])
    assert read([[]], MULTI) == ([None], [None])
    assert class_text([1]) is None


@pytest.mark.parametrize("task", [REGRESSION, None])
def test_numbers_are_themselves(task):
    assert read({"result": [1.5, 2, [3], None, "x"]}, task) == ([1.5, 2.0, 3.0, None, None], [None] * 5)
    assert read(b"12", task) == ([12.0], [None])
    assert read(b"[1e999, NaN, 1" + b"0" * 400 + b"]", task) == ([None] * 3, [None] * 3)


def test_without_a_task_a_score_makes_it_binary():
    assert read({"prediction": [1], "score": [0.9]}) == ([1.0], [0.9])
    assert read([[0.1, 0.9], [0.8, 0.2]]) == ([1.0, 0.0], [0.9, 0.2])


@pytest.mark.parametrize(
    "reply", [b"", b"{", {"error": "no"}, {}, None, [], {"result": []}, {"result": None}, {"a": {}}]
)
@pytest.mark.parametrize("task", [None, *Task])
def test_a_reply_without_predictions_has_none(reply, task):
    data = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
    assert parse_reply(data, task) == Reply([], []) or not parse_reply(data, task).predictions
