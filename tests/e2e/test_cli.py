"""The process tree as a user runs it, from the shell."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import holter
from holter.errors import DeploymentFailed
from holter.store.kept import Job

pytestmark = pytest.mark.e2e

SCRIPT = """
import json
import os
from pathlib import Path


def init():
    global shift
    (model,) = Path(os.environ["AZUREML_MODEL_DIR"]).iterdir()
    shift = float(model.read_text())


def run(data):
    return [min(1.0, max(0.0, float(row[0]) / 10 + shift)) for row in json.loads(data)["data"]]
"""
DAY = datetime(2026, 11, 1, tzinfo=UTC)
PATIENCE_SECONDS = 90


class Shell:
    def __init__(self, folder):
        self.folder, self.root = folder, folder / "ws"
        fast = {"HOLTER_PORT": "0", "HOLTER_BEAT_SECONDS": "0.5", "HOLTER_COMPACT_SECONDS": "0.3"}
        self.environment = {**os.environ, **fast, "HOLTER_WORKSPACE": str(self.root)}

    def __call__(self, *words, code=0):
        command = [sys.executable, "-m", "holter", *map(str, words)]
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=self.folder, env=self.environment, check=False
        )
        assert done.returncode == code, done.stdout + done.stderr + self.logs()
        assert "click/core.py" not in done.stderr  # no error of Holter shows a user its own traceback
        return done.stdout

    def json(self, *words, code=0):
        return json.loads(self(*words, "--json", code=code), parse_constant=pytest.fail)

    def start(self, *words):
        command = [sys.executable, "-m", "holter", *map(str, words)]
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment
        )

    def logs(self):
        return "".join(f"\n--- {log.name}\n{log.read_text()[-3000:]}" for log in self.root.glob("log/*.log"))

    def until(self, condition, what):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            found = condition()
            if found:
                return found
            time.sleep(0.1)
        pytest.fail(f"{what} did not come to pass{self.logs()}")


def truth(n=2000, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.uniform(0, 10, n)
    return pa.table({"x": x, "late": (rng.random(n) < x / 10).astype(np.int64), "p": x / 10})


@pytest.fixture
def shell(tmp_path, monkeypatch):
    shell = Shell(tmp_path)
    for name in ("HOLTER_PORT", "HOLTER_BEAT_SECONDS", "HOLTER_COMPACT_SECONDS"):
        monkeypatch.setenv(name, shell.environment[name])
    (tmp_path / "score.py").write_text(SCRIPT)
    (tmp_path / "model.txt").write_text("0.0")
    pq.write_table(truth(), tmp_path / "base.parquet")
    shell("init")
    shell("models", "register", "late", "model.txt", "-b", "base.parquet", "--label", "late", "--score", "p")
    yield shell
    if holter.open(shell.root).status.running:
        shell("down")


def post(uri, key, x, at):
    body = json.dumps({"data": [[x]]}).encode()
    headers = {"Content-Type": "application/json", "x-request-id": key, "X-Holter-Event-Time": at.isoformat()}
    with urllib.request.urlopen(urllib.request.Request(uri, body, headers), timeout=60) as reply:
        assert reply.status == 200
        return json.loads(reply.read())


def traffic(uri, days=3, per_day=120):
    """Post some days of requests and return their labels."""
    labels = {"request_id": [], "label": []}
    with ThreadPoolExecutor(4) as pool:
        for day in range(days):
            rows = truth(per_day, seed=day + 1)
            calls = [
                (uri, f"r{day}-{i}", float(x), DAY + timedelta(days=day, minutes=i))
                for i, x in enumerate(rows["x"].to_pylist())
            ]
            list(pool.map(lambda call: post(*call), calls))
            labels["request_id"] += [call[1] for call in calls]
            labels["label"] += rows["late"].to_pylist()
    return pa.table(labels)


def test_from_a_model_to_an_alert(shell):
    deployed = shell.json("deploy", "late-api", "--model", "late", "--entry-script", "score.py", "--event-time-header")
    assert deployed["state"] == "Healthy"
    status = shell.json("status")
    assert status["running"]
    dashboard = shell.until(lambda: shell.json("status")["dashboard"], "the dashboard")
    with urllib.request.urlopen(dashboard, timeout=30) as page:
        assert b"late-api" in page.read()
    pq.write_table(traffic(deployed["scoring_uri"]), shell.folder / "labels.parquet")
    api = holter.open(shell.root).deployment("late-api")
    shell.until(lambda: api.records().num_rows == 360, "recording")
    assert shell.json("labels", "add", "late-api", "labels.parquet")["labels"] == 360
    rule = "auc: performance.roc_auc < 0.99"
    shell("monitors", "add", "late-daily", "-d", "late-api", "--event-clock", "--rule", rule)
    alerts = shell.until(lambda: shell.json("alerts", "list", "--open"), "the alert")
    assert alerts[0]["rule"] == "auc"
    shell("monitors", "run", "late-daily", code=3)
    windows = {each["start"][:10] for each in shell.json("monitors", "history", "late-daily")}
    assert windows == {"2026-11-01", "2026-11-02"}
    shell("audit", "verify")
    (service,) = shell.until(lambda: shell.json("status")["services"], "a look at the service")
    assert (service["deployment"], service["gaps"]) == ("late-api", 0)
    assert service["workers"] >= 1
    assert shell.json("down")["stopped"] == status["pid"]
    assert not shell.json("status")["running"]
    assert shell.json("deployments", "show", "late-api")["state"] == "Unhealthy"


def test_versions_take_over_and_step_back(shell):
    shell("deploy", "late-api", "--model", "late", "--entry-script", "score.py", "--event-time-header")
    api = holter.open(shell.root).deployment("late-api")
    assert post(api.scoring_uri, "a", 1.0, DAY) == [0.1]
    (shell.folder / "model.txt").write_text("0.5")
    shell("models", "register", "late", "model.txt")
    shell("deployments", "promote", "late-api", 2, "--wait")
    assert post(api.scoring_uri, "b", 1.0, DAY) == [0.6]
    shell("deployments", "rollback", "late-api", "--wait")
    assert post(api.scoring_uri, "c", 1.0, DAY) == [0.1]
    shell("deployments", "pause", "late-api", "--wait")
    with pytest.raises(OSError):
        post(api.scoring_uri, "d", 1.0, DAY)
    shell("deployments", "resume", "late-api", "--wait")
    assert post(api.scoring_uri, "e", 1.0, DAY) == [0.1]
    (shell.folder / "score.py").write_text(SCRIPT.replace("/ 10", "/ 20"))
    shell("deploy", "late-api", "--model", "late:1", "--entry-script", "score.py", "--overwrite")
    assert post(api.scoring_uri, "f", 1.0, DAY) == [0.05]
    (shell.folder / "score.py").write_text(
        "def init():\n    raise RuntimeError('no weights')\n\n\ndef run(data):\n    return 1\n"
    )
    with pytest.raises(DeploymentFailed, match="no weights"):
        holter.open(shell.root).deploy(
            "late-api", "late:1", entry_script=shell.folder / "score.py", overwrite=True
        ).wait(PATIENCE_SECONDS)
    assert post(api.scoring_uri, "g", 1.0, DAY) == [0.05]


def test_a_deployment_that_never_starts_is_1(shell):
    (shell.folder / "score.py").write_text(
        "def init():\n    raise RuntimeError('no weights')\n\n\ndef run(data):\n    return 1\n"
    )
    shell("deploy", "late-api", "--model", "late", "--entry-script", "score.py", code=1)
    assert "no weights" in shell("deployments", "logs", "late-api")


def test_a_second_up_only_beats_and_the_first_goes_on(shell):
    first = shell.json("up", "--detach")
    assert first["dashboard"].startswith("http://127.0.0.1:")
    assert shell.json("up", "--detach")["pid"] == first["pid"]
    second = shell.start("up")
    assert "This process only beats" in second.stdout.readline()
    second.send_signal(signal.SIGTERM)
    assert second.communicate(timeout=60)[1].count("Traceback") == 0
    assert second.returncode == 0
    assert shell.json("status")["pid"] == first["pid"]


def test_after_kill_the_companions_end_and_a_new_tree_starts(shell):
    deployed = shell.json("deploy", "late-api", "--model", "late", "--entry-script", "score.py", "--event-time-header")
    post(deployed["scoring_uri"], "before", 1.0, DAY)
    before = shell.json("status")["pid"]
    children = _children(before)
    assert len(children) == 3
    os.kill(before, signal.SIGKILL)
    shell.until(lambda: not any(map(_lives, children)), "the end of the companions")
    assert not shell.json("status")["running"]
    assert holter.open(shell.root).deployment("late-api").state == "Unhealthy"
    shell("up", "--detach")
    api = holter.open(shell.root).deployment("late-api").wait(PATIENCE_SECONDS)
    assert api.scoring_uri == deployed["scoring_uri"]
    post(api.scoring_uri, "after", 1.0, DAY)
    shell.until(lambda: api.records().num_rows == 2, "recording")


def _children(pid):
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _lives(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_what_waits_in_a_journal_is_recorded_before_the_tree_ends(shell):
    deployed = shell.json("deploy", "late-api", "--model", "late", "--entry-script", "score.py", "--event-time-header")
    for i in range(20):
        post(deployed["scoring_uri"], f"r{i}", 1.0, DAY)
    shell("down")
    assert holter.open(shell.root).deployment("late-api").records().num_rows == 20


def test_of_two_that_start_at_the_same_moment_one_serves_and_the_other_beats(shell):
    for _ in range(3):
        both = [shell.start("up"), shell.start("up")]
        try:
            served = shell.until(lambda: shell.json("status")["pid"], "a tree")
            (other,) = [process for process in both if process.pid != served]
            assert "This process only beats" in _said(other)
            assert not _children(other.pid)
            (first,) = [process for process in both if process.pid == served]
            shell.until(lambda: len(_children(served)) == 2, "its companions")  # noqa: B023  (called in this round)
            assert first.poll() is None
        finally:
            for process in both:
                process.send_signal(signal.SIGTERM)
            told = [process.communicate(timeout=60)[1] for process in both]
        assert [process.returncode for process in both] == [0, 0]
        assert "Traceback" not in "".join(told)


def _said(process):
    """Read until it says that it beats: whoever loses the race at the last moment says first that it serves."""
    lines = ""
    while "beats" not in lines:
        line = process.stdout.readline()
        assert line, lines
        lines += line
    return lines


SLOW = """
import os, pathlib, time
begun = pathlib.Path("begun")
if begun.exists():
    pathlib.Path(os.environ["HOLTER_OUTPUT"], "new.txt").write_text("0.0")
else:
    pathlib.Path("begun.half").write_text(str(os.getpid()))
    pathlib.Path("begun.half").rename(begun)
    time.sleep(6000)
"""


def test_a_stop_ends_a_retraining_and_the_next_start_resumes_it(shell):
    shell("deploy", "late-api", "--model", "late", "--entry-script", "score.py")
    table = truth(400, seed=3).append_column("id", pa.array([f"r{i}" for i in range(400)]))
    times = pa.array([DAY + timedelta(hours=i) for i in range(400)])
    pq.write_table(table.append_column("when", times), shell.folder / "batch.parquet")
    shell("log", "late-api", "batch.parquet", "--key", "id", "--time", "when", "--score", "p")
    shell("labels", "add", "late-api", "batch.parquet", "--key", "id", "--label", "late")
    (shell.root / "slow.py").write_text(SLOW)
    options = {"command": "{python} slow.py", "holdout": "5d", "timeout": "6000s"}
    job = Job("retrain-1", "a1", "late-daily", "late-api", "retrain", options, DAY + timedelta(hours=400))
    with holter.open(shell.root).shelves.facts.begin() as transaction:
        transaction.ask(job)
    begun = shell.root / "begun"
    shell.until(begun.exists, "the training")
    shell("down")
    assert not _lives(int(begun.read_text()))
    (stopped,) = shell.json("answers", "list")
    assert (stopped["state"], stopped["attempts"]) == ("wanted", 1)
    shell("up", "--detach")
    ended = ("done", "refused", "failed")
    (after,) = shell.until(
        lambda: [each for each in shell.json("answers", "list") if each["state"] in ended], "the end of the training"
    )
    assert (after["state"], after["attempts"]) == ("refused", 2), after
    assert after["result"]["candidate_version"] == 2


def test_tables_need_no_workspace(tmp_path):
    outside = Shell(tmp_path)
    for month, seed in (("january", 1), ("february", 2)):
        pq.write_table(truth(seed=seed), tmp_path / f"{month}.parquet")
    assert outside("profile", "january.parquet", "--save", "january.profile").startswith("2,000 rows, 3 columns")
    text = outside("compare", "january.profile", "february.parquet", "-o", "changes.html", "--fail-on", "any")
    assert text.startswith("No column changed")
    assert (tmp_path / "changes.html").read_text().startswith("<!doctype html>")
    outside("compare", "january.profile", "gone.parquet", code=1)
    outside("compare", "january.profile", code=2)
    moved = truth(seed=3)
    pq.write_table(moved.set_column(0, "x", pa.array([9.0] * len(moved))), tmp_path / "march.parquet")
    assert outside.json("compare", "january.profile", "march.parquet", "--fail-on", "drift", code=3)["alarms"] > 0
    assert not outside.root.exists()
