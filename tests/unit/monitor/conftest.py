"""A real workspace with a model, a baseline, a deployment, and records that a test appends day by day."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from holter.registry import Shelves
from holter.registry.entries import MonitorEntry
from holter.rules import Response, Rule
from holter.types import Feature, Kind, Schema, Task

DAY = timedelta(days=1)
FIRST = datetime(2026, 3, 1, tzinfo=UTC)
SCHEMA = Schema((Feature("x", Kind.NUMERIC, "double"), Feature("c", Kind.CATEGORICAL, "string")), Task.BINARY)


def made(n, *, seed=0, shift=0.0, honest=True):
    """Return features, answers and labels; ``honest`` False makes the labels independent of the scores."""
    rng = np.random.default_rng(seed)
    x = rng.normal(shift, 1, n)
    score = 1 / (1 + np.exp(-x))
    label = (rng.random(n) < (score if honest else 0.5)).astype(float)
    return {
        "x": pa.array(x),
        "c": pa.array(rng.choice(["a", "b", "c"], n)),
        "_score": pa.array(score),
        "_prediction": pa.array((score > 0.5).astype(float)),
        "_label": pa.array(label),
    }


def moments(n, start, length=DAY):
    return pa.array([start + length * i / n for i in range(n)], pa.timestamp("us", "UTC"))


class Desk:
    """The workspace, and what happens to it."""

    made, moments = staticmethod(made), staticmethod(moments)

    def __init__(self, shelves):
        self.shelves = shelves

    def day(self, number, n=120, *, labels=True, status=200, role="champion", version=1, tag="", **kind):
        """Record one day of traffic, with labels unless told otherwise."""
        start = FIRST + number * DAY
        columns = made(n, seed=abs(1000 + number), **kind)
        label = columns.pop("_label")
        ids = pa.array([f"d{number}{tag}-{i}" for i in range(n)])
        rows = pa.table(
            {
                "_request_id": ids,
                "_row": pa.array([0] * n, pa.int32()),
                "_event_time": moments(n, start),
                "_received_at": moments(n, start),
                "_version": pa.array([version] * n, pa.int32()),
                "_role": [role] * n,
                "_status": pa.array([status] * n, pa.int32()),
                "_latency_us": pa.array([900] * n, pa.int64()),
                "_digest": ids,
                **columns,
            }
        )
        self.shelves.records("api").append(rows, {})
        self.waiting = pa.table(
            {
                "_request_id": ids,
                "_row": pa.array([0] * n, pa.int32()),
                "_label": label,
                "_labelled_at": moments(n, start + DAY),
            }
        )
        if labels:
            self.label()

    def label(self):
        """Let the labels of the last day arrive."""
        self.shelves.records("api").append_labels(self.waiting)

    def watch(self, name="daily", *, signals=("performance",), rules=(), target="api", **given):
        """Add a monitor on event time, every day over one day, unless told otherwise."""
        options = {"every": DAY, "over": DAY, "event_clock": True} | given
        return self.shelves.registry.add_monitor(MonitorEntry(name, target, tuple(signals), tuple(rules), **options))

    def actions(self):
        return [sealed.entry.action for sealed in self.shelves.facts.ledger()]

    def published(self, name="daily"):
        return [
            ((each.window.end - FIRST) // DAY, each.signal, each.revision)
            for each in self.shelves.facts.publications(name)
        ]


@pytest.fixture
def desk(tmp_path):
    return new_desk(tmp_path)


def new_desk(tmp_path):
    shelves = Shelves.open(tmp_path / "ws", create=True)
    model = tmp_path / "model.bin"
    model.write_text("weights")
    baseline = pa.table({**made(2000), "_event_time": moments(2000, FIRST - 30 * DAY, 30 * DAY)})
    version = shelves.registry.register("m", model, schema=SCHEMA, baseline=baseline)
    source = tmp_path / "code"
    source.mkdir()
    (source / "score.py").write_text("def init():\n    pass\n\n\ndef run(data):\n    return data\n")
    shelves.registry.deploy("api", version, source=source, entry_script="score.py")
    return Desk(shelves)


@pytest.fixture
def auc_rule():
    """Broken by days whose labels have nothing to do with the scores."""
    return Rule(
        "auc",
        "performance.roc_auc",
        below=0.65,
        responses=(
            Response("email", {"to": "a@example.com, b@example.com"}),
            Response("webhook", {"url": "http://127.0.0.1:9/hook"}),
            Response("command", {"command": "true"}),
            Response("retrain", {"command": "train"}),
        ),
    )
