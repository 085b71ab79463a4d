"""Opening a workspace, its records and baselines."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from holter import registry
from holter.errors import BadSetting, NotFound, UnknownColumn, UnreadableTable
from holter.registry import Shelves, baseline_window
from holter.registry.giving import give_baseline
from holter.store import Entry
from holter.types import Feature, Kind, Schema, Span, Task

SCHEMA = Schema((Feature("x", Kind.NUMERIC, "double"), Feature("zip", Kind.CATEGORICAL, "int64")), Task.BINARY)
START = datetime(2013, 4, 1, tzinfo=UTC)


def test_a_folder_that_is_no_workspace_is_left_alone(tmp_path):
    for folder in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(NotFound, match="workspace"):
            Shelves.open(folder)
    assert list(tmp_path.iterdir()) == []


def test_a_new_workspace_has_settings_and_can_be_opened_again(tmp_path):
    shelves = Shelves.open(str(tmp_path / "a" / "b"), create=True)
    assert (shelves.root / "holter.toml").exists()
    assert shelves.folder("jobs/x").is_dir()
    assert Shelves.open(shelves.root, create=True).facts.verify_ledger() == 0


def test_a_broken_setting_is_refused_at_the_door(tmp_path):
    Shelves.open(tmp_path, create=True)
    (tmp_path / "holter.toml").write_text("prot = 1")
    with pytest.raises(BadSetting):
        Shelves.open(tmp_path)


def test_records_follow_the_schema_of_the_wanted_version(tmp_path):
    shelves = Shelves.open(tmp_path, create=True)
    (tmp_path / "m").write_text("m")
    (tmp_path / "score.py").write_text("def init(): ...\ndef run(data): ...\n")
    first = shelves.registry.register("churn", tmp_path / "m", schema=SCHEMA)
    shelves.registry.register("churn", tmp_path / "m", schema=Schema((Feature("y", Kind.NUMERIC, "double"),)))
    shelves.registry.deploy("churn-api", first, entry_script=str(tmp_path / "score.py"))
    records = shelves.records("churn-api")
    assert shelves.records("churn-api") is records
    span = Span(START, START + timedelta(days=1))
    assert "x" in records.read(span).column_names
    shelves.registry.want("churn-api", version=2, actor="me", reason="newer")
    assert "y" in shelves.records("churn-api").read(span).column_names
    with pytest.raises(NotFound):
        shelves.records("other-api")


def write(path, rows):
    pq.write_table(rows, path)
    return path


def test_a_baseline_is_a_window(tmp_path):
    times = pa.array([START + timedelta(hours=hours) for hours in (5, 1, 3)], pa.timestamp("us", "UTC"))
    rows = pa.table({"x": [1.0, None, 3.0], "zip": [1, 1, 2], "_event_time": times, "_score": [0.1, 0.2, 0.3]})
    window = baseline_window(write(tmp_path / "b.parquet", rows), SCHEMA)
    assert window.span == Span(START + timedelta(hours=1), START + timedelta(hours=5, microseconds=1))
    assert window.rows == rows
    assert set(window.profile.columns) == {"x", "zip", "_score"}
    assert window.profile.columns["zip"].counts == {"1": 2, "2": 1}


def test_a_baseline_without_times_has_no_span(tmp_path):
    path = write(tmp_path / "b.parquet", pa.table({"x": [1.0]}))
    assert baseline_window(path, SCHEMA).span is None
    path = write(tmp_path / "c.parquet", pa.table({"_event_time": pa.nulls(2, pa.timestamp("us", "UTC"))}))
    assert baseline_window(path, SCHEMA).span is None


def test_a_baseline_is_read_once_until_it_changes(tmp_path):
    path = write(tmp_path / "b.parquet", pa.table({"x": [1.0]}))
    first = baseline_window(path, SCHEMA)
    assert baseline_window(path, SCHEMA) is first
    write(path, pa.table({"x": [2.0]}))
    os.utime(path, ns=(0, 0))
    assert baseline_window(path, SCHEMA).profile.columns["x"].minimum == 2.0


def test_a_baseline_that_is_not_there_or_broken_is_said(tmp_path):
    (tmp_path / "m").write_text("m")
    shelves = Shelves.open(tmp_path, create=True)
    with pytest.raises(NotFound, match="churn:1"):
        shelves.baseline_window(shelves.registry.register("churn", tmp_path / "m"), SCHEMA)
    with pytest.raises(NotFound, match="gone"):
        shelves.baseline_window(tmp_path / "gone.parquet", SCHEMA)
    with pytest.raises(UnreadableTable, match="Parquet"):
        shelves.baseline_window(tmp_path / "m", SCHEMA)


def test_every_name_is_there_and_the_words_load_no_database():
    assert all(getattr(registry, name) is not None for name in registry.__all__)
    with pytest.raises(AttributeError, match="nothing"):
        registry.nothing  # noqa: B018
    heavy = ("sqlalchemy", "deltalake", "pyarrow", "numpy")
    program = f"import sys; from holter.registry import Deployment; print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_a_baseline_may_be_given_later_and_again(tmp_path):
    shelves = Shelves.open(tmp_path, create=True)
    (tmp_path / "m").write_text("m")
    version = shelves.registry.register("churn", tmp_path / "m", schema=SCHEMA)
    entry = Entry("job", "baseline", "model:churn")
    for value in (1.0, 2.0):
        rows = pa.table({"x": [value], "zip": [1]})
        version = give_baseline(shelves, version, rows, held_out=False, entry=entry, at=START)
        assert (version, version.held_out) == (shelves.registry.version("churn"), False)
        assert baseline_window(version, SCHEMA).rows == rows
    with pytest.raises(UnknownColumn, match="zip"):
        give_baseline(shelves, version, pa.table({"x": [3.0]}), held_out=True, entry=entry, at=START)
    assert shelves.registry.version("churn") == version
    assert sorted(path.name for path in version.baseline.parent.iterdir()) == ["1.parquet"]
    assert [one.entry.action for one in shelves.facts.ledger()] == ["model.register", "baseline", "baseline"]
