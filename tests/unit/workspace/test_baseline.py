from datetime import UTC, datetime, timedelta, timezone

import pyarrow as pa
import pytest

from holter.errors import BadLabels, InputError, UnknownColumn
from holter.types import EVENT_TIME, LABEL, PREDICTION, SCORE, Task
from holter.workspace.baseline import Roles, infer_task, prepare


def tasks(values, dtype=None):
    return infer_task(pa.chunked_array([pa.array(values, dtype)]))


@pytest.mark.parametrize(
    ("values", "task", "word"),
    [
        ([0, 1, 1, None], Task.BINARY, "0 or 1"),
        ([0, 0, 0], Task.BINARY, "0 or 1"),
        ([1.0, 0.0], Task.BINARY, "0 or 1"),
        ([True, False, None], Task.BINARY, "true or false"),
        ([None, None], Task.MULTICLASS, "0 words"),
        ([0.5, 1.0], Task.REGRESSION, "2 different numbers"),
        (list(range(21)), Task.REGRESSION, "21 different numbers"),
        (list(range(20)), Task.MULTICLASS, "20 different whole numbers"),
        ([-1, 1], Task.MULTICLASS, "2 different whole numbers"),
        (["yes", "no"], Task.MULTICLASS, "write 0 and 1"),
        (["a", "b", "c"], Task.MULTICLASS, "3 words"),
    ],
)
def test_the_task_is_told_from_the_label(values, task, word):
    found, reason = tasks(values)
    assert found is task
    assert reason.startswith(f"{task}: ")
    assert word in reason


def test_chunks_and_dictionaries_change_nothing():
    chunks = pa.chunked_array([["a"], ["b"], ["a"]]).dictionary_encode()
    assert infer_task(chunks)[0] is Task.MULTICLASS
    assert infer_task(pa.chunked_array([[0], [1], [0]]))[0] is Task.BINARY
    assert infer_task(pa.chunked_array([], pa.int64()))[0] is Task.BINARY


def test_columns_take_the_names_of_records():
    table = pa.table({"x": [1.0, 2.0], "y": [0, 1], "p": [0.2, 0.7], "a": [False, True]})
    found = prepare(table, Roles(label="y", score="p", prediction="a"))
    assert found.table.column_names == ["x", LABEL, SCORE, PREDICTION]
    assert found.schema.names == ("x",)
    assert found.schema.task is Task.BINARY
    assert [found.table[name].to_pylist() for name in (LABEL, PREDICTION)] == [[0.0, 1.0], [0.0, 1.0]]


def test_columns_that_are_records_already_play_their_roles():
    table = pa.table({"x": [1.0], LABEL: [1.0], SCORE: [0.9], "_request_id": ["a"], "_latency_us": [5]})
    found = prepare(table, Roles())
    assert found.table.column_names == ["x", LABEL, SCORE]
    assert found.schema.names == ("x",)


def test_multiclass_answers_are_text_and_regression_numbers():
    classes = prepare(pa.table({"x": [1.0, 2.0, 3.0], "y": ["a", "b", None]}), Roles(label="y"))
    assert classes.table[LABEL].to_pylist() == ["a", "b", None]
    numbers = prepare(pa.table({"x": [1.0, 2.0], "y": [1, 7]}), Roles(label="y"), task="regression")
    assert numbers.table[LABEL].type == pa.float64()
    assert numbers.reason == "regression: as given"
    coded = prepare(pa.table({"x": [1.0, 2.0, 3.0], "y": [1, 2, 3]}), Roles(label="y"))
    assert coded.table[LABEL].to_pylist() == ["1", "2", "3"]


def test_without_a_label_score_and_prediction_tell():
    assert prepare(pa.table({"x": [1], "p": [0.3]}), Roles(score="p")).schema.task is Task.BINARY
    both = pa.table({"x": [1], "p": [0.3], "a": [1]})
    assert prepare(both, Roles(score="p", prediction="a")).reason == "binary: there is a score"
    alone = prepare(pa.table({"x": [1, 2], "a": [0.1, 7.4]}), Roles(prediction="a"))
    assert alone.schema.task is Task.REGRESSION
    assert "prediction" in alone.reason
    assert prepare(pa.table({"x": [1]}), Roles()).schema.task is None


def test_what_is_no_value_of_the_task_is_refused():
    with pytest.raises(BadLabels, match=r"0 or 1, here is 2\.0"):
        prepare(pa.table({"y": [0, 2]}), Roles(label="y"), task="binary")
    with pytest.raises(BadLabels, match="cannot be read as double"):
        prepare(pa.table({"y": ["yes", "no"]}), Roles(label="y"), task="binary")
    with pytest.raises(BadLabels, match="score"):
        prepare(pa.table({"p": ["high"]}), Roles(score="p"))
    with pytest.raises(InputError, match="no task; there are binary"):
        prepare(pa.table({"y": [0]}), Roles(label="y"), task="ranking")


def test_a_role_without_its_column_is_refused():
    with pytest.raises(UnknownColumn, match="Did you mean 'late'"):
        prepare(pa.table({"late": [1]}), Roles(label="lat"))


MOMENT = datetime(2013, 4, 1, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    "times",
    [
        pa.array([MOMENT.replace(tzinfo=None)]),
        pa.array([MOMENT.astimezone(timezone(timedelta(hours=2)))], pa.timestamp("ms", "+02:00")),
        pa.array([MOMENT.replace(tzinfo=None)], pa.timestamp("ns")),
        pa.array(["2013-04-01T07:00:00Z"]),
        pa.array(["2013-04-01T07:00:00Z"], pa.large_string()),
    ],
    ids=["naive", "zone", "nanoseconds", "text", "long text"],
)
def test_event_times_become_utc(times):
    found = prepare(pa.table({"t": times}), Roles(time="t"))
    assert found.table[EVENT_TIME].to_pylist() == [MOMENT]


@pytest.mark.parametrize("times", [["soon"], [1.5]])
def test_what_is_no_time_is_refused(times):
    with pytest.raises(InputError, match="event time"):
        prepare(pa.table({"t": times}), Roles(time="t"))


def test_no_rows():
    found = prepare(pa.table({"x": pa.array([], pa.float64()), "y": pa.array([], pa.int64())}), Roles(label="y"))
    assert found.schema.task is Task.BINARY
    assert len(found.table) == 0


def test_identifiers_of_the_baseline_are_text_in_every_later_window():
    table = pa.table({"customer": [f"{n}@example.org" for n in range(200)], "country": ["de", "fr"] * 100})
    features = prepare(table, Roles()).schema.features
    assert [(each.name, str(each.kind)) for each in features] == [("customer", "text"), ("country", "categorical")]
