"""History from files, part by part."""

from datetime import timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from holter.capture import history
from holter.capture.history import import_history
from holter.errors import InputError, NotFound, UnknownColumn
from holter.types import Span


@pytest.fixture
def rows(shelves, now):
    return lambda: shelves.records("credit").read(Span(now - timedelta(days=99), now + timedelta(days=1)))


@pytest.fixture
def table(now):
    return pa.table(
        {
            "id": [f"r{number}" for number in range(25)],
            "when": pa.array([now - timedelta(days=number) for number in range(25)], pa.timestamp("us", "UTC")),
            "age": list(range(25)),
            "city": ["rome"] * 25,
            "p": [number / 25 for number in range(25)],
            "truth": [number % 2 for number in range(25)],
        }
    )


COLUMNS = {"key": "id", "time": "when", "score": "p"}


@pytest.mark.parametrize("part", [1, 7, 1000])
def test_files_are_taken_in_parts_and_once(shelves, rows, table, now, tmp_path, monkeypatch, part):
    monkeypatch.setattr(history, "PART_ROWS", part)
    path = tmp_path / "old.parquet"
    pq.write_table(table, path, row_group_size=10)
    assert import_history(shelves, "credit", path, received_at=now, label="truth", **COLUMNS) == 25
    assert import_history(shelves, "credit", path, received_at=now, **COLUMNS) == 0
    found = rows()
    assert found["age"].to_pylist() == list(range(24, -1, -1))
    assert found["_label"].to_pylist() == [float(number % 2) for number in range(24, -1, -1)]
    assert found["_prediction"].to_pylist()[0] == 1.0


def test_csv_is_history_too(shelves, rows, now, tmp_path):
    path = tmp_path / "old.csv"
    path.write_text("id,when,age,city,p\na,2026-02-27 10:00:00,7,rome,0.7\n")
    assert import_history(shelves, "credit", str(path), received_at=now, zone="UTC", **COLUMNS) == 1
    (row,) = rows().select(["_request_id", "age", "_score"]).to_pylist()
    assert row == {"_request_id": "a", "age": 7, "_score": 0.7}


def test_what_cannot_be_taken_is_refused(shelves, table, now):
    with pytest.raises(InputError, match="key="):
        import_history(shelves, "credit", table, received_at=now, label="truth")
    with pytest.raises(UnknownColumn, match="nope"):
        import_history(shelves, "credit", table, received_at=now, key="nope")
    with pytest.raises(NotFound, match="cradit"):
        import_history(shelves, "cradit", table, received_at=now)
    assert import_history(shelves, "credit", table.slice(0, 0), received_at=now) == 0
