"""The quick reader gives the rows that the patient one gives, or says nothing."""

import json

import pytest

from holter.capture.parsing import align, parse_reply, parse_request
from holter.capture.quick import Quick, quick_reader
from holter.capture.rows import Layout, Rows
from holter.types import Feature, Kind, Schema, Task

NAMES = ("mean radius", "b", "größe")
ROW, OTHER = [1.5, "x", None], [2, True, [3]]


def _named(row):
    return dict(zip(NAMES, row, strict=True))


BODIES = [
    [ROW],
    [ROW, OTHER],
    {"data": [ROW, OTHER]},
    {"instances": [ROW]},
    [_named(ROW), _named(OTHER)],
    {"inputs": [_named(ROW)]},
    {"dataframe_records": [{"b": 1}, {}]},
    {"columns": NAMES, "data": [ROW]},
    {"dataframe_split": {"index": [0], "columns": NAMES, "data": [ROW, OTHER]}},
    {"input_data": {"columns": NAMES, "index": [0], "data": [ROW]}},
]
REPLIES = [
    *([value] for value in (0.25, 0.75, 0.5, 0.0, 1.0, 1, True, 2.5, -0.5, "a", None, [0.1, 0.9])),
    *([0.1, 0.9], [0.0, 0.5], [0.0, 1.0], [0.5, 1.5], ["a", "b"], [0, 1], [0.1, "b"]),
]
SLOW = [
    [],
    [[1, 2]],
    [ROW, [1, 2]],
    {"data": []},
    {"data": [ROW], "more": 1},
    [{**_named(ROW), "extra": 1}],
    _named(ROW),
    {"data": _named(ROW)},
    {"columns": ["b", "mean radius", "größe"], "data": [ROW]},
    {"b": [1, 2], "mean radius": [1, 2], "größe": [1, 2]},
    {"nobody": [ROW]},
    5,
    "text",
    None,
]


@pytest.mark.parametrize("body", BODIES)
def test_it_reads_what_the_patient_reader_reads(body):
    text = json.dumps(body).encode()
    patient, _ = align(parse_request(text, NAMES), NAMES)
    quick = Quick(NAMES, None)
    for _ in range(2):  # the second time the shape is known
        assert [list(row) for row in quick.rows(text)] == [list(row) for row in patient]


@pytest.mark.parametrize("body", SLOW)
def test_it_leaves_the_rest(body):
    assert not Quick(NAMES, None).rows(json.dumps(body).encode())


@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"data": [[NaN, 1, 2]]}', b"[" * 5000, b"\xff", b'{"data": [[1, 2, 3]]} x']
)
def test_what_is_no_json_is_left(body):
    assert not Quick(NAMES, None).rows(body)
    assert Quick(NAMES, None).answers(body, 1) is None


@pytest.mark.parametrize("names", [[], ['odd "name"'], ["back\\slash"], ["line\n"]])
def test_names_that_no_field_can_have_get_no_quick_reader(names):
    assert quick_reader(names, None) is None
    assert quick_reader(["x", *names], None) is None or not names


def test_a_feature_called_like_a_wrapper_is_no_wrapper():
    assert Quick(["data", "columns"], None).rows(b'{"data": [[1, 2]]}') is None
    assert Quick(["data", "columns"], None).rows(b'{"columns": ["data", "columns"], "data": [[1, 2]]}') is None


@pytest.mark.parametrize("task", [None, *Task])
@pytest.mark.parametrize("values", REPLIES)
def test_it_answers_what_the_patient_reader_answers(task, values):
    quick = Quick(NAMES, task)
    for reply in (values, {"result": values}, {"predictions": values}):
        text = json.dumps(reply).encode()
        found, patient = quick.answers(text, len(values)), parse_reply(text, task, len(values))
        if found is not None:
            assert [list(found[0]), list(found[1])] == [list(patient.predictions), list(patient.scores)]
            assert found[2] == (patient.bare and patient.scores[0] is not None)
    assert quick.answers(b"[0.5]", 2) is None
    assert quick.answers(b'{"other": [0.5]}', 1) is None


def test_streams_of_mixed_shapes_are_read_whole(frame):
    schema = Schema((Feature("age", Kind.NUMERIC, "int64"), Feature("city", Kind.CATEGORICAL, "string")), Task.BINARY)
    bodies = [
        [[1, "a"]],
        {"data": [[2, "b"]]},
        [{"age": 3, "city": "c"}],
        {"age": 4},
        [[5, "e", 6]],
        [[2**60 + 1, "f"]],
    ]
    rows = Rows(Layout(schema))
    for number, body in enumerate(bodies * 2):
        rows.add(frame(number, body, [0.5]))
    table = rows.take()
    assert table["age"].to_pylist()[:5] == [1, 2, 3, 4, None]
    assert [name for name in table.column_names if "exact" in name] != []
    assert table["city"].to_pylist()[:6] == ["a", "b", "c", None, None, "f"]
