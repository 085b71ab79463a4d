from datetime import UTC, datetime, timedelta

import pandas as pd
import pyarrow as pa
import pytest

from holter.capture import log as module
from holter.capture.labels import log_labels
from holter.capture.log import log
from holter.errors import BadLabels, InputError, NaiveTime, NotFound, UnknownColumn
from holter.types import Schema, Span, Task

DAY = timedelta(days=1)
BATCH = pa.table(
    {
        "id": ["a", "b", "c"],
        "when": pa.array([datetime(2026, 2, day, tzinfo=UTC) for day in (1, 2, 3)]),
        "age": [30, 40, None],
        "city": ["rome", "oslo", None],
        "other": [1, 2, 3],
        "p": [0.2, 0.5, None],
    }
)
NAMES = {"key": "id", "time": "when", "score": "p"}


def rows(shelves):
    return shelves.records("credit").read(Span(datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)))


def test_a_batch_becomes_records_like_those_of_a_service(shelves, now):
    assert log(shelves, "credit", BATCH, received_at=now, **NAMES) == 3
    found = rows(shelves).to_pylist()
    assert [row["_request_id"] for row in found] == ["a", "b", "c"]
    assert [row["_prediction"] for row in found] == [0.0, 1.0, None]
    assert [row["_score"] for row in found] == [0.2, 0.5, None]
    assert [row["_event_day"] for row in found] == ["2026-02-01", "2026-02-02", "2026-02-03"]
    assert (found[0]["age"], found[0]["city"], found[0]["_role"], found[0]["_version"]) == (30, "rome", "batch", 1)
    assert "other" not in found[0]
    assert log_labels(shelves, "credit", pa.table({"request_id": ["b"], "label": [1]}), received_at=now) == 1
    assert rows(shelves)["_label"].to_pylist() == [None, 1.0, None]


@pytest.mark.parametrize("names", [NAMES, {"time": "when", "score": "p"}], ids=["given ids", "made ids"])
def test_a_batch_handed_in_again_adds_nothing(shelves, now, names):
    assert log(shelves, "credit", BATCH, received_at=now, **names) == 3
    assert log(shelves, "credit", BATCH, received_at=now + DAY, **names) == 0
    assert len(rows(shelves)) == 3
    assert log(shelves, "credit", BATCH.slice(1), received_at=now, key="id", time="when", score="p") == 2
    assert len(rows(shelves)) == (3 if "key" in names else 5)


@pytest.mark.parametrize("names", [NAMES, {"time": "when", "score": "p"}], ids=["given ids", "made ids"])
def test_the_same_features_at_another_time_are_new_records(shelves, now, names):
    assert log(shelves, "credit", BATCH, received_at=now, **names) == 3
    later = pa.array([datetime(2026, 2, day, tzinfo=UTC) for day in (11, 12, 13)])
    table = BATCH.set_column(BATCH.column_names.index("when"), "when", later)
    assert log(shelves, "credit", table, received_at=now + DAY, **names) == 3
    for first in (1, 11):
        span = Span(datetime(2026, 2, first, tzinfo=UTC), datetime(2026, 2, first + 3, tzinfo=UTC))
        assert len(shelves.records("credit").read(span)) == 3


def test_a_batch_that_broke_off_is_continued(shelves, now, monkeypatch):
    monkeypatch.setattr(module, "_COMMIT_ROWS", 1)
    shelf = shelves.records("credit")
    append, calls = shelf.append, []

    def break_off(part, offsets):
        if len(calls) == 2:
            raise OSError
        calls.append(offsets)
        append(part, offsets)

    monkeypatch.setattr(shelf, "append", break_off)
    with pytest.raises(OSError):
        log(shelves, "credit", BATCH, received_at=now, **NAMES)
    monkeypatch.setattr(shelf, "append", append)
    assert log(shelves, "credit", BATCH, received_at=now, **NAMES) == 1
    assert len(rows(shelves)) == 3


def test_equal_rows_without_ids_are_different_records(shelves, now):
    table = pa.table({"age": [1, 1], "city": ["x", "x"]})
    assert log(shelves, "credit", table, received_at=now) == 2
    found = rows(shelves)
    assert len(set(found["_request_id"].to_pylist())) == 2
    assert found["_event_time"].to_pylist() == [now, now]
    assert found["_prediction"].null_count == 2


def test_columns_with_the_names_of_records_need_not_be_named(shelves, now):
    table = pa.table(
        {"age": [1, 2], "_request_id": ["q", "q"], "_row": [0, 1], "_prediction": [1, 0], "_score": [0.9, 0.1]}
    )
    assert log(shelves, "credit", table, received_at=now) == 2
    found = rows(shelves).select(["_request_id", "_row", "_prediction", "_score", "city"]).to_pylist()
    assert found[1] == {"_request_id": "q", "_row": 1, "_prediction": 0.0, "_score": 0.1, "city": None}


def test_times_without_a_zone_need_one(shelves, now):
    naive = pd.DataFrame({"age": [1], "when": [datetime(2026, 7, 1, 12)]})
    with pytest.raises(NaiveTime, match="2026-07-01T12:00:00"):
        log(shelves, "credit", naive, received_at=now, time="when")
    assert log(shelves, "credit", naive, received_at=now, time="when", zone="Europe/Rome") == 1
    assert rows(shelves)["_event_time"].to_pylist() == [datetime(2026, 7, 1, 10, tzinfo=UTC)]


def test_hours_that_the_clock_skips_or_shows_twice_are_times(shelves, now):
    when = [datetime(2026, 3, 29, 2, 30), datetime(2026, 10, 25, 2, 30), None]
    table = pa.table({"age": [1, 2, 3], "when": pa.array(when, pa.timestamp("us"))})
    log(shelves, "credit", table, received_at=now, time="when", zone="Europe/Rome")
    assert [row["_event_time"] for row in sorted(rows(shelves).to_pylist(), key=lambda row: row["age"])] == [
        datetime(2026, 3, 29, 1, tzinfo=UTC),
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        now,
    ]


def test_a_model_without_a_schema_takes_every_other_column(make, now):
    shelves = make(None)
    assert log(shelves, "credit", BATCH, received_at=now, key="id", time="when", prediction="p") == 3
    found = rows(shelves)
    assert [name for name in found.column_names if not name.startswith("_")] == ["age", "city", "other"]
    assert found["_prediction"].to_pylist() == [0.2, 0.5, None]


def test_a_batch_of_predictions_alone_is_recorded(make, now):
    shelves = make(Schema((), Task.MULTICLASS))
    assert log(shelves, "credit", pa.table({"class": ["cat", "dog"]}), received_at=now, prediction="class") == 2
    assert sorted(rows(shelves)["_prediction"].to_pylist()) == ["cat", "dog"]


def test_what_cannot_be_meant_is_refused(shelves, now):
    with pytest.raises(UnknownColumn):
        log(shelves, "credit", BATCH, received_at=now, key="key")
    with pytest.raises(InputError, match="not timestamps"):
        log(shelves, "credit", BATCH, received_at=now, time="age")
    with pytest.raises(BadLabels):
        log(shelves, "credit", BATCH, received_at=now, prediction="city")
    with pytest.raises(NotFound):
        log(shelves, "credit", BATCH, received_at=now, version=9)
    assert len(rows(shelves)) == 0
    assert log(shelves, "credit", BATCH.slice(0, 0), received_at=now) == 0
