import pyarrow as pa
import pytest

from holter.capture import rows as module
from holter.capture.rows import Counts, Layout, Rows, concatenate
from holter.types import Feature, Kind, Schema, Task

SCHEMA = Schema((Feature("age", Kind.NUMERIC, "int64"), Feature("city", Kind.CATEGORICAL, "string")), Task.BINARY)


def taken(*frames, schema=SCHEMA):
    rows = Rows(Layout(schema))
    for each in frames:
        rows.add(each)
    return rows.take(), rows.take_counts()


def test_each_row_of_a_request_is_a_record(frame, now):
    table, counts = taken(frame(1, [[1, "a"], [2, None]], [0.1, 0.9], event_us=5), frame(2))
    assert table.to_pylist()[1] == {
        "_request_id": "r1",
        "_row": 1,
        "_event_time": table["_event_time"][0].as_py(),
        "_event_day": "1970-01-01",
        "_received_at": table["_received_at"][0].as_py(),
        "_version": 1,
        "_role": "champion",
        "_status": 200,
        "_latency_us": 900,
        "_digest": table["_digest"][0].as_py(),
        "_raw": None,
        "age": 2.0,
        "city": None,
        "_prediction": 1.0,
        "_score": 0.9,
    }
    assert table["_row"].to_pylist() == [0, 1, 0]
    assert table["_event_time"][0].value == 5
    assert table["_event_time"][2] == table["_received_at"][2]
    assert table["_received_at"][2].as_py().replace(microsecond=0) == now
    assert counts == Counts()


def test_nothing_taken_is_nothing():
    assert Rows(Layout(SCHEMA)).take() is None


def test_a_body_that_cannot_be_read_is_kept_as_it_came(frame):
    table, counts = taken(frame(1, b"\xff\x00"), frame(2))
    assert table["_raw"].to_pylist() == [b"\xff\x00", None]
    assert table["age"].to_pylist() == [None, 2.0]
    assert table["_prediction"].to_pylist() == [None, 0.0]
    assert counts == Counts(unparsed=1)


def test_a_reply_that_does_not_answer_each_row_answers_none(frame):
    table, counts = taken(frame(1, [[1, "a"], [2, "b"]], [0.1]), frame(2, reply={"error": "no"}, soft_failed=True))
    assert table["_prediction"].to_pylist() == [None, None, None]
    assert table["age"].to_pylist() == [1.0, 2.0, 2.0]
    assert counts == Counts(unmatched=2)


@pytest.mark.parametrize("changes", [{"status": 500}, {"status": 504, "timed_out": True}, {"timed_out": True}])
def test_a_failed_request_leaves_one_row_and_loses_nothing(frame, changes):
    body = [[1, "a"], [2, "b"]]
    table, counts = taken(frame(1, body, [0.1, 0.2], **changes), frame(2, reply=b"oops", **changes))
    assert table.num_rows == 2
    assert table["_prediction"].null_count == 2
    assert table["age"].to_pylist() == [1.0, 2.0]
    assert table["_raw"].to_pylist() == [frame(1, body).request, None], "only what the row does not hold"
    assert counts == Counts()


def test_a_retry_is_the_same_record_unless_the_first_try_failed(frame):
    table, _ = taken(frame(1), frame(1), frame(1, status=503), frame(1, [[2, "rome"]]))
    first, again, failed, other = table["_digest"].to_pylist()
    assert first == again
    assert len({first, failed, other}) == 3


def test_misfits_and_values_without_a_column_are_counted(frame):
    table, counts = taken(frame(1, [{"age": "old", "city": 5, "zip": 1}]))
    assert table.select(["age", "city"]).to_pylist() == [{"age": None, "city": "5"}]
    assert "zip" not in table.column_names
    assert counts == Counts(misfits=1, extra=1)


def test_exact_zeros_and_ones_are_scores_once_the_model_has_shown_that_it_answers_scores(frame):
    table, _ = taken(
        frame(1, reply=b"[1.0]"), frame(2, reply=b"[0.3]"), frame(3, reply=b"[0.0]"), frame(4, reply=b"[1]")
    )
    assert table["_prediction"].to_pylist() == [1.0, 0.0, 0.0, 1.0]
    assert table["_score"].to_pylist() == [1.0, 0.3, 0.0, None]
    table, _ = taken(frame(1, reply=b"[1.0]"), frame(2, reply=b"[0.0]"))
    assert table["_score"].null_count == 2, "a model that answers classes"


def test_classes_are_text(frame):
    schema = Schema(SCHEMA.features, Task.MULTICLASS)
    table, _ = taken(frame(1, reply=["cat"]), frame(2, reply=[3]), schema=schema)
    assert table["_prediction"].to_pylist() == ["cat", "3"]


def test_an_event_time_without_a_calendar_day_is_replaced_by_the_arrival(frame):
    table, _ = taken(frame(1, event_us=10**18), frame(2, event_us=-10))
    assert table["_event_time"] == table["_received_at"]


def test_without_a_schema_columns_are_learned_and_keep_their_type(frame):
    table, counts = taken(
        frame(1, b"nothing"),
        frame(2, {"a": None, "b": "x"}),
        frame(3, {"b": 1, "c": 2}),
        frame(4, {"a": 1, "c": "two", "_row": 9, "": 1}),
        frame(5, [[1, 2]]),
        schema=None,
    )
    features = table.select(["a", "b", "c", "f0", "f1"])
    assert features.schema.types == [pa.float64(), pa.string(), pa.float64(), pa.float64(), pa.float64()]
    assert features.to_pydict() == {
        "a": [None, None, None, 1.0, None],
        "b": [None, "x", "1", None, None],
        "c": [None, None, 2.0, None, None],
        "f0": [None, None, None, None, 1.0],
        "f1": [None, None, None, None, 2.0],
    }
    assert counts == Counts(unparsed=1, misfits=1, extra=2)


def test_names_made_up_by_a_caller_do_not_widen_the_table_for_ever(frame, monkeypatch):
    monkeypatch.setattr(module, "MAX_LEARNED", 3)
    table, counts = taken(frame(1, {f"x{n}": n for n in range(10)}), frame(2, {"y": 1}), schema=None)
    assert [name for name in table.column_names if not name.startswith("_")] == ["x0", "x1", "x2"]
    assert counts == Counts(extra=8)


def test_a_schema_with_a_task_and_no_features_learns_them(frame):
    table, _ = taken(frame(1, {"a": 1}, [0.7]), schema=Schema((), Task.BINARY))
    assert table.select(["a", "_prediction", "_score"]).to_pylist() == [{"a": 1.0, "_prediction": 1.0, "_score": 0.7}]


def test_many_rows_come_out_in_order(frame, monkeypatch):
    monkeypatch.setattr(module, "CHUNK_ROWS", 10)
    table, _ = taken(*(frame(n, [[n * 7 + m, "x"] for m in range(7)], [0.5] * 7) for n in range(10)))
    assert table["age"].to_pylist() == list(map(float, range(70)))
    assert table["_request_id"].to_pylist() == [f"r{n // 7}" for n in range(70)]


def test_tables_that_disagree_meet_as_text():
    one, other = pa.table({"a": [1.5], "b": [1.0]}), pa.table({"a": ["x"], "c": [True]})
    assert concatenate([one, other]).to_pydict() == {"a": ["1.5", "x"], "b": [1.0, None], "c": [None, True]}


def test_what_a_shadow_says_is_a_record_of_its_own_under_the_same_id(frame):
    original, retry = frame(1), frame(1)
    shadows = [
        frame(1, role="shadow", version=8),
        frame(1, role="shadow", version=8),
        frame(1, role="shadow", version=9),
    ]
    table, _ = taken(original, retry, *shadows)
    digests = table["_digest"].to_pylist()
    assert len(set(table["_request_id"].to_pylist())) == 1
    assert digests[0] == digests[1]
    assert digests[2] == digests[3]
    assert len(set(digests)) == 3
