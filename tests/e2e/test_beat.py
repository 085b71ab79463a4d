"""Several processes beat one workspace and are killed: every window is published once, everything is asked for once."""

import random
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from holter.registry import Shelves
from holter.registry.entries import MonitorEntry
from holter.respond import responder
from holter.rules import Response, Rule
from holter.store.kept import JobState
from holter.types import Feature, Kind, Schema, Task

pytestmark = pytest.mark.e2e

FIRST, DAY = datetime(2026, 3, 1, tzinfo=UTC), timedelta(days=1)
SCHEMA = Schema((Feature("x", Kind.NUMERIC, "double"),), Task.BINARY)
DAYS = 40
BEATER = """
import sys, time
from datetime import UTC, datetime, timedelta
from holter.monitor import Beat, beat
from holter.registry import Shelves
from holter.respond import Responder

# A killed process holds its leases until they run out: a test cannot wait for a minute each time.
beat.LEASE = timedelta(seconds=0.5)
shelves = Shelves.open(sys.argv[1])
beating, responder = Beat(shelves), Responder(shelves, lease=timedelta(seconds=0.5))
while True:
    beating.once(datetime.now(UTC))
    responder.once(datetime.now(UTC))
    time.sleep(0.01)
"""


def rows_of(n, number, *, honest):
    rng = np.random.default_rng(1000 + number)
    x = rng.normal(size=n)
    score = 1 / (1 + np.exp(-x))
    label = (rng.random(n) < (score if honest else 0.5)).astype(float)
    start = FIRST + number * DAY
    stamps = pa.array([start + DAY * i / n for i in range(n)], pa.timestamp("us", "UTC"))
    ids = pa.array([f"{number}-{i}" for i in range(n)])
    record = {
        "_request_id": ids, "_row": pa.array([0] * n, pa.int32()), "_event_time": stamps, "_received_at": stamps,
        "_version": pa.array([1] * n, pa.int32()), "_role": ["champion"] * n, "_digest": ids, "x": x, "_score": score,
        "_status": pa.array([200] * n, pa.int32()), "_latency_us": pa.array([9] * n, pa.int64()),
        "_prediction": (score > 0.5).astype(float),
    }  # fmt: skip
    labels = {"_request_id": ids, "_row": record["_row"], "_label": label, "_labelled_at": stamps}
    return pa.table(record), pa.table(labels)


def bad(number):
    """Tell on which days the labels have nothing to do with the scores."""
    return number % 8 in (3, 4)


@pytest.fixture
def shelves(tmp_path):
    shelves = Shelves.open(tmp_path / "ws", create=True)
    model, code = tmp_path / "model", tmp_path / "code"
    model.write_text("weights")
    code.mkdir()
    (code / "score.py").write_text("def init():\n    pass\n\n\ndef run(data):\n    return data\n")
    record, labels = rows_of(1000, -40, honest=True)
    baseline = record.select(["x", "_score", "_prediction", "_event_time"]).append_column("_label", labels["_label"])
    version = shelves.registry.register("m", model, schema=SCHEMA, baseline=baseline)
    shelves.registry.deploy("api", version, source=code, entry_script="score.py")
    responses = (
        Response("email", {"to": "a@example.com"}),
        Response("command", {"command": "{python} -c \"open('done','a').write('x')\""}),
    )
    rule = Rule("auc", "performance.roc_auc", below=0.65, responses=responses)
    signals = ("data_quality", "data_drift", "performance")
    shelves.registry.add_monitor(MonitorEntry("daily", "api", signals, (rule,), DAY, DAY, event_clock=True))
    return shelves


def append(shelves, numbers):
    made = [rows_of(300, number, honest=not bad(number)) for number in numbers]
    shelves.records("api").append(pa.concat_tables(record for record, _ in made), {})
    shelves.records("api").append_labels(pa.concat_tables(labels for _, labels in made))


class Processes:
    def __init__(self, root):
        self.root, self.running = root, []

    def start(self):
        process = subprocess.Popen([sys.executable, "-c", BEATER, str(self.root)], stderr=subprocess.PIPE)
        self.running.append(process)

    def kill(self, process):
        process.kill()
        _, told = process.communicate()
        self.running.remove(process)
        assert b"Traceback" not in told, told.decode()


@pytest.fixture
def processes(shelves):
    made = Processes(shelves.root)
    yield made
    for process in list(made.running):
        made.kill(process)


def wait_for(shelves, windows, jobs, seconds=120):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        done = [job for job in shelves.facts.jobs() if job.state in (JobState.DONE, JobState.FAILED)]
        if len(shelves.facts.publications("daily")) >= windows and len(done) >= jobs:
            return
        time.sleep(0.1)
    pytest.fail(f"{len(shelves.facts.publications('daily'))} windows, {shelves.facts.jobs()}")


def fires(days):
    """Return how often the rule fires: the days before the last close, and bad ones come in pairs."""
    return sum(bad(number) and not bad(number - 1) for number in range(days - 1))


def check(shelves, days):
    published = [(each.window, each.signal) for each in shelves.facts.publications("daily")]
    assert len(published) == len(set(published)) == 3 * (days - 1)
    assert {each.revision for each in shelves.facts.publications("daily")} == {0}
    measured = Counter(
        (each.window, each.name, each.feature, each.segment) for each in shelves.facts.measurements("daily")
    )
    assert set(measured.values()) == {1}
    alerts = shelves.facts.alerts("daily")
    assert len(alerts) == fires(days)
    assert all([str(event.after) for event in shelves.facts.events(alert.id)][:1] == ["firing"] for alert in alerts)
    assert all(len(shelves.facts.events(alert.id)) == 2 for alert in alerts)
    assert len(shelves.facts.outbox()) == 2 * len(alerts)  # one that it fires, one that it is over
    assert len(shelves.facts.jobs()) == len(alerts)
    actions = Counter(sealed.entry.action for sealed in shelves.facts.ledger())
    assert actions["alert.firing"] == actions["alert.resolved"] == actions["command.wanted"] == len(alerts)
    assert shelves.facts.verify_ledger() > 0


def test_two_processes_publish_each_window_once(shelves, processes):
    processes.start()
    processes.start()
    for number in range(0, DAYS, 4):
        append(shelves, range(number, number + 4))
    wait_for(shelves, 3 * (DAYS - 1), fires(DAYS))
    check(shelves, DAYS)
    assert {job.state for job in shelves.facts.jobs()} == {JobState.DONE}
    assert (shelves.root / "done").read_text() == "x" * fires(DAYS)


def test_processes_killed_at_any_moment_lose_and_double_nothing(shelves, processes):
    append(shelves, range(DAYS))
    chance = random.Random(20260504)
    kills = 0
    while len(shelves.facts.publications("daily")) < 3 * (DAYS - 1) or kills < 6:
        while len(processes.running) < 2:
            processes.start()
        time.sleep(chance.uniform(0.3, 2.5))
        processes.kill(chance.choice(processes.running))
        kills += 1
        assert kills < 60
    processes.start()
    wait_for(shelves, 3 * (DAYS - 1), fires(DAYS))
    check(shelves, DAYS)
    # A command may have begun more than once, since its process was killed; it was asked for once.
    assert all(job.attempts <= responder.ATTEMPTS for job in shelves.facts.jobs())
