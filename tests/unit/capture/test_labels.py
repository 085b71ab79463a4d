from datetime import datetime, timedelta

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from holter.capture.compactor import Compactor
from holter.capture.journal import Journal
from holter.capture.labels import log_labels
from holter.capture.places import journal_folder
from holter.errors import BadLabels, NaiveTime, NotFound, UnknownColumn
from holter.types import Schema, Span, Task

DAY = timedelta(days=1)


@pytest.fixture
def scored(shelves, frame, now):
    """Five requests: ``r0`` to ``r3`` of one row, ``r4`` of two."""
    with Journal(journal_folder(shelves.root, "credit")) as journal:
        for number in range(4):
            journal.append(frame(number))
        journal.append(frame(4, [[4, "a"], [5, "b"]], [0.1, 0.9]))
    Compactor(shelves).once(now, flush=True)
    return shelves


def labels(shelves, now):
    rows = shelves.records("credit").read(Span(now - DAY, now + DAY))
    return {
        (i, r): v for i, r, v in zip(*(rows[n].to_pylist() for n in ("_request_id", "_row", "_label")), strict=True)
    }


@pytest.mark.parametrize(
    "truth",
    [
        pa.array([True, False, None]),
        pa.array([1, 0, None], pa.int8()),
        pa.array([1.0, 0.0, float("nan")]),
        pa.array([1, 0, None]).dictionary_encode(),
    ],
)
def test_labels_join_their_records_and_null_means_not_known_yet(scored, now, truth):
    table = pa.table({"request_id": ["r0", "r1", "r2"], "label": truth})
    assert log_labels(scored, "credit", table, received_at=now) == 2
    found = labels(scored, now)
    assert [found[f"r{n}", 0] for n in range(4)] == [1.0, 0.0, None, None]


@pytest.mark.parametrize("frame_of", [pd.DataFrame, pl.DataFrame])
def test_data_frames_and_other_names_are_taken(scored, now, frame_of):
    table = frame_of({"id": ["r4", "r4"], "late": [0, 1], "at": [0, 1]})
    assert log_labels(scored, "credit", table, key="id", label="late", row="at", received_at=now) == 2
    found = labels(scored, now)
    assert (found["r4", 0], found["r4", 1]) == (0.0, 1.0)


def test_positions_may_be_missing_and_floating(scored, now):
    table = pa.table({"request_id": ["r4", "r4"], "label": [1, 1], "row": [float("nan"), 1.0]})
    assert log_labels(scored, "credit", table, row="row", received_at=now) == 2
    found = labels(scored, now)
    assert (found["r4", 0], found["r4", 1]) == (1.0, 1.0)


def test_the_newest_label_wins_and_in_one_table_the_last(scored, now):
    first = pa.table({"request_id": ["r0", "r0", "r1"], "label": [0, 1, 1]})
    log_labels(scored, "credit", first, received_at=now + timedelta(hours=1))
    log_labels(scored, "credit", pa.table({"request_id": ["r0", "r1"], "label": [0, 0]}), received_at=now)
    assert (labels(scored, now)["r0", 0], labels(scored, now)["r1", 0]) == (1.0, 1.0)


def test_labels_may_come_before_their_records(shelves, frame, now):
    table = pa.table({"request_id": ["r0"], "label": [1]})
    assert log_labels(shelves, "credit", table, received_at=now) == 1
    with Journal(journal_folder(shelves.root, "credit")) as journal:
        journal.append(frame(0))
    Compactor(shelves).once(now, flush=True)
    assert labels(shelves, now) == {("r0", 0): 1.0}


def test_whole_numbers_are_ids_too(shelves, frame, now):
    with Journal(journal_folder(shelves.root, "credit")) as journal:
        journal.append(frame(0, request_id="17"))
        journal.append(frame(0, request_id="18"))
    Compactor(shelves).once(now, flush=True)
    log_labels(shelves, "credit", pa.table({"request_id": [17], "label": [1]}), received_at=now)
    log_labels(shelves, "credit", pa.table({"request_id": [18.0], "label": [0]}), received_at=now)
    assert labels(shelves, now) == {("17", 0): 1.0, ("18", 0): 0.0}


def test_names_are_labels_of_a_multiclass_model_only(make, frame, now):
    shelves = make(Schema((), Task.MULTICLASS))
    with Journal(journal_folder(shelves.root, "credit")) as journal:
        for number in range(4):
            journal.append(frame(number, {"a": 1}, ["cat"]))
    Compactor(shelves).once(now, flush=True)
    log_labels(shelves, "credit", pa.table({"request_id": ["r0", "r1"], "label": ["cat", None]}), received_at=now)
    log_labels(shelves, "credit", pa.table({"request_id": ["r2"], "label": [3]}), received_at=now)
    log_labels(shelves, "credit", pa.table({"request_id": ["r3"], "label": [True]}), received_at=now)
    assert list(labels(shelves, now).values()) == ["cat", None, "3", "true"]


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"request_id": ["r0"], "label": ["yes"]}, "string, where the task"),
        ({"request_id": ["r0", "r1"], "label": [1, 2]}, "2 is neither 0 nor 1"),
        ({"request_id": ["r0", None], "label": [1, 1]}, "1 of 2 rows have no request id"),
        ({"request_id": [None], "label": [1]}, "have no request id"),
        ({"request_id": [1.5], "label": [1]}, "request ids are not whole"),
        ({"request_id": [True], "label": [1]}, "request ids are bool"),
        ({"request_id": ["r0"], "label": [[1]]}, "list"),
        ({"request_id": ["r0"], "label": [1], "row": [-1]}, "less than 0"),
        ({"request_id": ["r0"], "label": [1], "row": [0.5]}, "positions are not whole"),
        ({"request_id": ["r0"], "label": [1], "row": ["x"]}, "positions are not whole"),
    ],
)
def test_labels_that_cannot_be_meant_are_refused_as_a_whole(scored, now, columns, sentence):
    with pytest.raises(BadLabels, match=sentence):
        log_labels(scored, "credit", pa.table(columns), row="row" if "row" in columns else None, received_at=now)
    assert set(labels(scored, now).values()) == {None}


def test_what_is_not_there_is_told(scored, now):
    table = pa.table({"request_id": ["r0"], "label": [1]})
    with pytest.raises(UnknownColumn, match="Did you mean 'label'"):
        log_labels(scored, "credit", table, label="labell", received_at=now)
    with pytest.raises(NotFound):
        log_labels(scored, "nobody", table, received_at=now)
    with pytest.raises(NaiveTime):
        log_labels(scored, "credit", table, received_at=datetime(2026, 1, 1))


@pytest.mark.parametrize("truth", [pa.array([], pa.int64()), pa.nulls(2), pa.array([None, None], pa.float64())])
def test_no_labels_are_none(scored, now, truth):
    table = pa.table({"request_id": pa.array(["r0"] * len(truth), pa.string()), "label": truth})
    assert log_labels(scored, "credit", table, received_at=now) == 0
