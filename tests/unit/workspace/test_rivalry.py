"""Asking now how a second version does."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from click.testing import CliRunner

from holter.cli.root import holter
from holter.errors import BadDuration
from holter.types import Feature, Kind, Schema, Task
from holter.workspace import open as open_workspace

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
N = 200


@pytest.fixture
def api(tmp_path):
    ws = open_workspace(tmp_path / "ws")
    (tmp_path / "score.py").write_text("def init(): ...\ndef run(data): ...\n")
    (tmp_path / "model.bin").write_bytes(b"")
    schema = Schema((Feature("x", Kind.NUMERIC, "double"),), Task.BINARY)
    version = ws.shelves.registry.register("churn", tmp_path / "model.bin", schema=schema)
    return ws.deploy("api", version, entry_script=tmp_path / "score.py", start=False)


def record(api, role, version, score, days_ago=0):
    start = NOW - timedelta(days=days_ago)
    ids = [f"{days_ago}-{number}" for number in range(N)]
    moments = pa.array([start - timedelta(seconds=number) for number in range(N)], pa.timestamp("us", "UTC"))
    rows = {
        "_request_id": ids,
        "_row": pa.array([0] * N, pa.int32()),
        "_event_time": moments,
        "_received_at": moments,
        "_version": pa.array([version] * N, pa.int32()),
        "_role": [role] * N,
        "_status": pa.array([200] * N, pa.int32()),
        "_latency_us": pa.array([900] * N, pa.int64()),
        "_digest": [f"{each}-{role}" for each in ids],
        "_score": score,
        "_prediction": (score > 0.5).astype(float),
        "x": pa.array([0.0] * N),
    }
    api.shelves.records("api").append(pa.table(rows), {})


def test_before_anything_is_recorded_there_is_nothing_to_compare(api):
    assert api.challenger().to_dict() == []
    with pytest.raises(BadDuration):
        api.challenger("soon")


def test_what_is_recorded_is_compared_up_to_the_newest_record(api):
    score = np.linspace(0.01, 0.99, N)
    for days_ago in (0, 9):
        record(api, "champion", 1, score, days_ago)
        record(api, "shadow", 2, score * 0.9, days_ago)
    found = {each.metric: each for each in api.challenger()}
    assert {each.feature for each in found.values()} == {"version 2 (shadow)"}
    assert found["score_difference"].n == N, "the days before last week are not in"
    assert found["score_difference"].value == pytest.approx(-0.05)
    assert found["better"].reason == "0 rows with a label, and it takes 30"
    assert found["agreement"].window.end > NOW
    assert {each.metric: each.n for each in api.challenger("2w")}["score_difference"] == 2 * N
    shown = CliRunner().invoke(holter, ["deployments", "challenger", "api", "--workspace", str(api.shelves.root)])
    assert shown.exit_code == 0
    assert "challenger.agreement" in shown.output
