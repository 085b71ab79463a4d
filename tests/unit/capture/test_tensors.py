"""The Open Inference Protocol, as it is sent: https://github.com/kserve/open-inference-protocol."""

import json

import pytest

from holter.capture.parsing import parse_reply, parse_request
from holter.types import Task


def tensor(name, shape, data, datatype="FP64"):
    return {"name": name, "shape": shape, "datatype": datatype, "data": data}


def request(*tensors):
    return json.dumps({"id": "1", "inputs": tensors}).encode()


def reply(*tensors):
    return json.dumps({"model_name": "m", "outputs": tensors}).encode()


@pytest.mark.parametrize(
    "body",
    [
        request(tensor("input-0", [2, 2], [1, 2, 3, 4])),
        request(tensor("input-0", [2, 2], [[1, 2], [3, 4]])),
        request(tensor("a", [2], [1, 3]), tensor("b", [2, 1], [[2], [4]])),
        request(tensor("a", [2, 1], [1, 3]), tensor("b", [2], [2, 4])),
    ],
)
def test_rows_come_from_one_tensor_or_one_a_feature(body):
    found = parse_request(body, ("a", "b"))
    assert (found.names, [list(row) for row in found.rows]) == (("a", "b"), [[1, 2], [3, 4]])


def test_features_that_nobody_declared_are_called_by_place_or_name():
    assert parse_request(request(tensor("x", [1, 2], [1, 2]))).names == ("f0", "f1")
    assert parse_request(request(tensor("x", [1], ["a"], "BYTES"))).names == ("x",)
    assert parse_request(request(tensor("x", [2], [1, 2])), ("only",)).names == ("only",)


@pytest.mark.parametrize(
    "body",
    [
        request(tensor("x", [2, 3], [1, 2, 3, 4])),
        request(tensor("x", [0], [])),
        request(tensor("x", [2, 2], [1, 2, 3])),
        request(tensor("x", "two", [1, 2])),
        request(tensor("a", [2], [1, 2]), tensor("a", [2], [1, 2])),
        request(tensor("a", [2], [1, 2]), tensor("b", [1], [1])),
        request(tensor("a", [1, 2], [1, 2]), tensor("b", [1], [1])),
    ],
)
def test_tensors_that_make_no_table_are_kept_as_they_came(body):
    assert parse_request(body, ("a", "b")) is None


def test_a_feature_called_inputs_is_a_feature():
    assert parse_request(request(tensor("x", [1], [1])), ("inputs",)).names is None


def test_predictions_and_probabilities_are_outputs():
    both = reply(tensor("predict_proba", [2, 2], [0.1, 0.9, 0.8, 0.2]), tensor("predict", [2], [1, 0], "INT64"))
    found = parse_reply(both, Task.BINARY, 2)
    assert (list(found.predictions), list(found.scores)) == ([1.0, 0.0], [0.9, 0.2])
    assert list(parse_reply(reply(tensor("y", [1, 1], [[2.5]])), None, 1).predictions) == [2.5]
    assert list(parse_reply(reply(tensor("y", [2], ["a", "b"], "BYTES")), Task.MULTICLASS, 2).predictions) == ["a", "b"]
    assert list(parse_reply(reply(tensor("y", [2, 2], [1])), None, 2).predictions) == []
    assert list(parse_reply(reply(tensor("y", [1], 2.5)), None, 1).predictions) == [2.5]
