import json

import pytest

from holter.capture.parsing import Request, align, load, parse_request

NAMES = ("a", "b")


def rows(body, names=NAMES):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = parse_request(data, names)
    return None if request is None else [list(row) for row in align(request, names or request.names)[0]]


@pytest.mark.parametrize(
    "body",
    [
        [[1, 2], [3, 4]],
        {"data": [[1, 2], [3, 4]]},
        {"inputs": [[1, 2], [3, 4]]},
        {"Inputs": {"data": [[1, 2], [3, 4]]}},
        {"instances": [{"a": 1, "b": 2}, {"b": 4, "a": 3}]},
        [{"a": 1, "b": 2}, {"a": 3, "b": 4}],
        {"data": [{"a": 1, "b": 2}, {"a": 3, "b": 4}]},
        {"dataframe_records": [{"a": 1, "b": 2}, {"a": 3, "b": 4}]},
        {"columns": ["b", "a"], "data": [[2, 1], [4, 3]]},
        {"columns": ["a", "b"], "rows": [[1, 2], [3, 4]]},
        {"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2], [3, 4]]}},
        {"input_data": {"columns": ["a", "b"], "index": [5, 6], "data": [[1, 2], [3, 4]]}},
        {"data": {"a": [1, 3], "b": [2, 4]}},
        {"a": [1, 3], "b": [2, 4]},
    ],
)
def test_two_rows_in_every_shape(body):
    assert rows(body) == [[1, 2], [3, 4]]


@pytest.mark.parametrize("body", [{"a": 1, "b": 2}, {"data": {"b": 2, "a": 1}}, [1, 2], {"data": [1, 2]}, [[1, 2]]])
def test_one_row_in_every_shape(body):
    assert rows(body) == [[1, 2]]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"{",
        b"\xff\xfe",
        b"12",
        b'"text"',
        b"null",
        b"[]",
        b'{"data": []}',
        b"[[1, 2], [3]]",
        b"[[1, 2, 3]]",
        b"[[1, 2], {}]",
        b"[1, [2]]",
        b"[1]",
        b'{"columns": ["a", "a"], "data": [[1, 2]]}',
        b'{"columns": ["a", "b"], "data": [[1]]}',
        b'{"columns": ["a", "b"]}',
        b'{"data": {"data": {"data": {"data": {"data": [[1, 2]]}}}}}',
        b"[" * 100_000,
    ],
)
def test_what_has_no_rows_is_not_guessed_at(body):
    assert rows(body) is None


def test_values_that_are_missing_are_null_and_strange_ones_are_counted():
    request = parse_request(b'[{"a": 1, "z": 9}, {"b": 2, "y": 1, "x": 2}]', NAMES)
    assert align(request, NAMES) == ([[1, None], [None, 2]], 3)
    split = parse_request(b'{"columns": ["z", "b"], "data": [[1, 2], [3, 4]]}', NAMES)
    assert align(split, NAMES) == ([[None, 2], [None, 4]], 2)


def test_a_request_without_the_known_columns_has_only_nulls():
    assert rows({"z": 1}) == [[None, None]]
    assert rows([[1]], ("a",)) == [[1]]


def test_a_model_of_one_feature_takes_a_flat_list_as_rows():
    assert rows([1, 2, 3], ("a",)) == [[1], [2], [3]]
    assert rows([{"a": 1}, {}], ("a",)) == [[1], [None]]


def test_a_feature_called_like_a_wrapper_is_a_feature():
    assert rows({"data": [1, 2], "b": 3}, ("data", "b")) == [[[1, 2], 3]]
    assert rows({"columns": 3, "b": 4}, ("columns", "b")) == [[3, 4]]


def test_without_a_schema_lists_are_numbered_and_records_keep_their_names():
    assert parse_request(b"[[1, 2, 3]]") == Request(("f0", "f1", "f2"), [[1, 2, 3]])
    assert parse_request(b'{"x": 1}') == Request(None, [{"x": 1}])
    assert parse_request(b"[1, 2]") == Request(("f0", "f1"), [[1, 2]])


def test_nan_and_infinity_are_read_though_they_are_no_json():
    assert str(load(b'[NaN, Infinity, -Infinity, "\\ud800"]')) == str(
        [float("nan"), float("inf"), -float("inf"), "\ud800"]
    )
    with pytest.raises(ValueError):
        load(b"[NaN")
