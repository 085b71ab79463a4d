"""Signals of data quality and joint drift in a monitor: from the file to measurements with verdicts."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import holter
from holter.cli.monitor_file import from_file
from holter.errors import BadConstraint
from holter.monitor.watch import Watch
from holter.types import Span, Verdict

START = datetime(2026, 3, 2, tzinfo=UTC)
FILE = """
name = "inputs"
table = "scores.parquet"
time = "at"
baseline = "baseline.parquet"
every = "1d"
signals = ["data_drift", "correlation_drift", "reconstruction", "mmd", "duplicates", "constraints"]

[options.data_drift]
distances = ["psi", "hellinger"]

[options.duplicates]
key = ["order"]

[options.constraints.table]
key = ["order"]

[options.constraints.columns.a]
most = 3

[options.constraints.columns.due]
type = "time"
least = 2026-01-01

[[rules]]
name = "contract"
metric = "constraints.broken"
calibrated = true

[[rules]]
name = "hellinger"
metric = "data_drift.hellinger"
above = 0.2
"""


def rows(n, link, seed, start=START):
    rng = np.random.default_rng(seed)
    a = rng.normal(size=n)
    b = link * a + np.sqrt(1 - link**2) * rng.normal(size=n)
    at = [start + timedelta(seconds=each) for each in range(n)]
    order = [f"{seed}-{each // 2}" for each in range(n)]
    return pa.table({"at": at, "a": a, "b": b, "order": order, "due": [datetime(2025, 6, 1, tzinfo=UTC)] * n})


@pytest.fixture
def watch(tmp_path):
    pq.write_table(rows(2000, 0.8, 1, START - timedelta(days=9)), tmp_path / "baseline.parquet")
    pq.write_table(rows(800, 0.0, 2), tmp_path / "scores.parquet")
    (tmp_path / "m.toml").write_text(FILE)
    ws = holter.open(tmp_path / "ws")
    ws.monitor(**from_file(tmp_path / "m.toml"), event_clock=True)
    return Watch.of(ws.shelves, ws.shelves.registry.monitor("inputs"), datetime.now(UTC))


def test_every_one_answers_for_a_window(watch):
    judged = watch.judge(Span(START, START + timedelta(days=1)), list(watch.signals))
    found = [each for one in judged.values() for each in one.measurements]
    assert [each for each in found if each.verdict is Verdict.ERROR] == []
    values = {(each.name, each.feature): each for each in found}
    assert values["correlation_drift.correlation_change", "a"].reason.startswith("with b: 0.8")
    assert values["reconstruction.reconstruction_error", None].value > 0
    assert values["mmd.mmd", None].value > 0
    assert values["duplicates.key_rate", None].value == 0.5
    assert values["data_drift.hellinger", "a"].interval is not None
    assert values["constraints.broken", "order"].value == 1
    assert "most" in values["constraints.broken", "a"].reason or values["constraints.broken", "a"].value == 0
    assert "least" in values["constraints.broken", "due"].reason
    assert values["constraints.broken", "due"].verdict is Verdict.ALARM


def test_what_cannot_be_checked_is_refused_when_the_monitor_is_made(tmp_path):
    pq.write_table(rows(50, 0.0, 2), tmp_path / "scores.parquet")
    (tmp_path / "m.toml").write_text(
        FILE.replace("most = 3", "mots = 3").replace('baseline = "baseline.parquet"\n', "")
    )
    ws = holter.open(tmp_path / "ws")
    with pytest.raises(BadConstraint, match="Did you mean 'most'"):
        ws.monitor(**from_file(tmp_path / "m.toml"))
