"""The main job as a user runs it, while its processes are killed at random moments.

A model answers well for a week; then the world turns round. Rows are posted over HTTP, labels follow a day later, the
rule breaks, a mail is sent, the retraining it names runs, the better version takes over. All the while some process of
the tree is killed with signal 9 every few seconds, the supervisor among them. Afterwards: every acknowledged record is
there once, every window was published once, every mail went out under one identity, one candidate was registered, and
the ledger holds.
"""

import http.client
import json
import math
import os
import random
import signal
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pyarrow as pa
import pytest
import sqlalchemy as sa

import holter
from holter.store.kept import JobState
from holter.workspace import tree
from mail_catcher import mail_server

pytestmark = pytest.mark.e2e

HERE = Path(__file__).parent / "incident"
KILLS = int(os.environ.get("HOLTER_TEST_KILLS", "50"))
SEED = int(os.environ.get("HOLTER_TEST_SEED", "7"))
PATIENCE_SECONDS = 180.0
DAYS, ROWS_A_DAY, TURN = 16, 60, 7
START = datetime(2024, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def world(rng, day):
    """Return one day: features, and labels that follow x until the world turns round."""
    sign = 1 if day < TURN else -1
    rows = []
    for number in range(ROWS_A_DAY):
        x = rng.gauss(0, 1.5)
        label = float(rng.random() < 1 / (1 + math.exp(-2 * sign * x)))
        moment = START + day * DAY + number * DAY / ROWS_A_DAY
        rows.append({"id": f"{day:02}-{number:03}", "x": x, "kind": rng.choice("abc"), "late": label, "at": moment})
    return rows


def baseline(rng):
    rows = [row for day in range(5) for row in world(rng, day)]
    scores = [1 / (1 + math.exp(-2 * row["x"])) for row in rows]
    return pa.table(
        {
            "x": [row["x"] for row in rows],
            "kind": [row["kind"] for row in rows],
            "label": [row["late"] for row in rows],
            "score": scores,
            "prediction": [float(score >= 0.5) for score in scores],
            "at": pa.array([row["at"] - 30 * DAY for row in rows], pa.timestamp("us", "UTC")),
        }
    )


def set_up(folder, smtp_port):
    root = folder / "workspace"
    root.mkdir()
    (root / "holter.toml").write_text(f'smtp_url = "smtp://127.0.0.1:{smtp_port}"\nport = 0\n')
    (folder / "model.json").write_text(json.dumps({"weight": 2.0}))
    ws = holter.open(root)
    model = ws.models.register(
        "turn", folder / "model.json", baseline=baseline(random.Random(SEED)), label="label", score="score",
        prediction="prediction", time="at", task="binary",
    )  # fmt: skip
    api = ws.deploy("turn", model, entry_script="score.py", source=HERE, event_time_header=True)
    retrain = {
        "command": f"{{python}} {HERE / 'train.py'} {{data}} {{output}}",
        "data": "3d",
        "holdout": "1d",
        "cooldown": "60d",
    }
    rule = {
        "name": "auc", "metric": "performance.roc_auc", "below": 0.5, "for_windows": 4, "level": "page",
        "responses": [
            {"kind": "email", "options": {"to": "on-call@example.com"}}, {"kind": "retrain", "options": retrain},
        ],
    }  # fmt: skip
    ws.monitor(
        "daily", api, every="1d", event_clock=True, signals=["data_drift", "data_quality", "performance"],
        label_delay="1d", rules=[rule],
    )  # fmt: skip
    return ws, api.wait()


class Killer(threading.Thread):
    """Kills a random process of the tree every few seconds, and starts the tree again when it was the supervisor."""

    def __init__(self, root):
        super().__init__(daemon=True)
        self.root, self.kills, self.rng, self.enough = root, Counter(), random.Random(SEED), threading.Event()

    def run(self):
        while sum(self.kills.values()) < KILLS and not self.enough.wait(self.rng.expovariate(1 / 2.0)):
            tree.ensure(self.root)
            top = tree.status(self.root).pid
            if top is None:
                continue
            victims = [("supervisor", top), *((name_of(pid), pid) for pid in children(top))]
            name, pid = self.rng.choice(victims)
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            self.kills[name] += 1
        time.sleep(1.0)  # the kernel takes from the last victim what it holds, its lock among that, a moment later
        tree.ensure(self.root)


def children(pid):
    try:
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def name_of(pid):
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    except OSError:
        return "gone"
    return next((word for word in ("beat", "web") if word in words), "worker")


def post(uri, row):
    """Post until it is acknowledged; the id stays the same. Return how many replies were not 200."""
    where, refused = urlsplit(uri), 0
    headers = {"x-request-id": row["id"], "X-Holter-Event-Time": row["at"].isoformat()}
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        connection = http.client.HTTPConnection(where.hostname, where.port, timeout=10)
        try:
            connection.request("POST", where.path, json.dumps({"data": [[row["x"], row["kind"]]]}), headers)
            if connection.getresponse().status == 200:
                return refused
            refused += 1
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)
        finally:
            connection.close()
    pytest.fail(f"{row['id']} was never acknowledged")


def until(true, what):
    end = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < end, f"waited in vain until {what}"
        time.sleep(0.1)


def live_through(ws, api, killer):
    """Post every day, label the day before, and let the monitor catch up; go on until enough was killed."""
    rng, days, refused = random.Random(SEED + 1), [], 0
    uri, daily = api.scoring_uri, ws.monitor("daily")
    while len(days) < DAYS or killer.is_alive():
        days.append(world(rng, len(days)))
        refused += sum(post(uri, row) for row in days[-1])
        if len(days) > 1:
            known = pa.table({name: [row[name] for row in days[-2]] for name in ("id", "late")})
            api.log_labels(known, key="id", label="late")
        if len(days) > 3:
            due = START + (len(days) - 3) * DAY
            until(lambda due=due: not daily.is_behind(due) and not ws.answering, "the monitor caught up")
    return days, refused


def test_nothing_is_lost_and_nothing_happens_twice_under_random_kills(tmp_path):
    with mail_server() as (box, port):
        ws, api = set_up(tmp_path, port)
        killer = Killer(ws.root)
        try:
            killer.start()
            days, refused = live_through(ws, api, killer)
            killer.join(PATIENCE_SECONDS)
            tree.ensure(ws.root)
            until(lambda: all(message.sent for message in ws.shelves.facts.outbox()), "all mail was delivered")
            api.wait()
        finally:
            killer.enough.set()
            killer.join(PATIENCE_SECONDS)
            ws.stop()
        assert refused == 0
        assert sum(killer.kills.values()) >= KILLS
        assert len(killer.kills) >= (4 if KILLS >= 30 else 1), killer.kills
        check_records(api, [row["id"] for day in days for row in day])
        check_windows(ws, len(days))
        check_answers(ws, api, box)


def check_records(api, acknowledged):
    recorded = Counter(api.records()["_request_id"].to_pylist())
    assert set(recorded) == set(acknowledged)
    assert set(recorded.values()) == {1}


def check_windows(ws, days):
    with ws.shelves.facts.begin() as transaction:
        rows = transaction.connection.execute(
            sa.text("select window_start, signal, count(*) from publication where revision = 0 group by 1, 2")
        ).all()
    assert {count for _, _, count in rows} == {1}
    for name, lag in (("data_drift", 1), ("data_quality", 1), ("performance", 2)):
        assert len([signal for _, signal, _ in rows if signal == name]) >= days - lag - 1


def check_answers(ws, api, box):
    alerts = ws.alerts("daily")
    assert alerts, "the turned world was not noticed"
    sent = {mail["Message-ID"]: mail for mail in box.mails}
    assert len(sent) == len(ws.shelves.facts.outbox())
    for alert in alerts:
        events = Counter(event.after for event in ws.shelves.facts.events(alert.id))
        assert set(events.values()) == {1}, events
    (job,) = ws.answers()
    assert job.state is JobState.DONE, job.result
    assert [version.version for version in ws.models.list()] == [1, 2]
    assert api.version == 2
    assert ws.audit.verify() > 0
