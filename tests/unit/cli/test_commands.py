"""Every verb against a real workspace that nobody serves; those that need processes are in tests/e2e."""

import io
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from holter.cli import progress
from holter.cli.root import holter
from holter.registry import DeploymentState, Observed
from holter.store.kept import Job, JobState
from holter.workspace import open as open_workspace

SCRIPT = """
import json


def init():
    pass


def run(data):
    return [float(row[0]) / 10 for row in json.loads(data)["data"]]
"""
DAY = datetime(2026, 11, 1, tzinfo=UTC)
ROLES = ["--label", "late", "--score", "probability", "--prediction", "answer"]


def truth(n=1000, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.uniform(0, 10, n)
    late = (rng.random(n) < x / 10).astype(np.int64)
    return pa.table({"x": x, "late": late, "probability": x / 10, "answer": (x > 5).astype(np.int64)})


class Shell:
    """Runs commands in a folder with a workspace."""

    def __init__(self, root):
        self.root = root
        self.runner = CliRunner()

    def __call__(self, *words, code=0):
        done = self.runner.invoke(holter, ["-w", str(self.root / "ws"), *map(str, words)])
        assert done.exit_code == code, done.output
        assert done.exception is None or isinstance(done.exception, SystemExit)
        return done.output

    def json(self, *words, code=0):
        done = self.runner.invoke(holter, ["-w", str(self.root / "ws"), *map(str, words), "--json"])
        assert done.exit_code == code, done.output
        return json.loads(done.stdout, parse_constant=pytest.fail)


@pytest.fixture
def shell(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HOLTER_WORKSPACE", raising=False)
    return Shell(tmp_path)


@pytest.fixture
def ready(shell):
    """A registered model, and a deployment that nobody serves."""
    (shell.root / "model.bin").write_bytes(b"weights")
    (shell.root / "score.py").write_text(SCRIPT)
    pq.write_table(truth(), shell.root / "base.parquet")
    shell("init")
    shell("models", "register", "late", "model.bin", "-b", "base.parquet", *ROLES)
    ws = open_workspace(shell.root / "ws")
    ws.deploy("late-api", "late", entry_script=shell.root / "score.py", start=False)
    return shell


@pytest.fixture
def recorded(ready):
    """Three days of records with labels."""
    for day in range(3):
        table = truth(300, seed=day + 5)
        table = table.append_column("id", pa.array([f"d{day}-{i}" for i in range(300)]))
        times = pa.array([DAY + timedelta(days=day, minutes=i) for i in range(300)])
        pq.write_table(table.append_column("when", times), ready.root / f"day{day}.parquet")
        words = ["--key", "id", "--time", "when", "--score", "probability", "--prediction", "answer"]
        assert ready.json("log", "late-api", f"day{day}.parquet", *words)["records"] == 300
        words = ["late-api", f"day{day}.parquet", "--key", "id", "--label", "late"]
        assert ready.json("labels", "add", *words) == {"deployment": "late-api", "labels": 300, "known": 300}
    return ready


def test_init(shell):
    assert "is ready" in shell("init")
    assert shell.json("init")["workspace"] == str(shell.root / "ws")
    assert "elsewhere is ready" in shell("init", "elsewhere")
    assert (shell.root / "elsewhere" / "holter.toml").exists()


def test_the_workspace_may_stand_behind_the_verb_or_in_the_environment(shell, monkeypatch):
    shell("init")
    done = shell.runner.invoke(holter, ["models", "list", "--workspace", "ws", "--json"])
    assert (done.exit_code, done.output) == (0, "[]\n")
    monkeypatch.setenv("HOLTER_WORKSPACE", "ws")
    assert shell.runner.invoke(holter, ["models", "list"]).exit_code == 0


@pytest.mark.parametrize(
    "words",
    [
        ["models", "list"],
        ["deployments", "list"],
        ["monitors", "list"],
        ["alerts", "list"],
        ["answers", "list"],
        ["audit", "verify"],
        ["status"],
        ["down"],
        ["beat"],
        ["web"],
        ["labels", "add", "d", "f"],
    ],
)
def test_without_a_workspace_it_says_how_to_make_one(shell, words):
    assert "Create it with: holter init" in shell(*words, code=1)
    assert not (shell.root / "ws").exists()


def test_a_folder_that_is_no_workspace(shell):
    (shell.root / "ws").mkdir()
    assert "no workspace" in shell("models", "list", code=1)


@pytest.mark.parametrize(
    "words",
    [["bogus"], ["models", "bogus"], ["compare", "one"], ["compare", "a", "b", "--fail-on", "moon"], ["deploy"]],
)
def test_wrong_use_is_2(shell, words):
    assert "Usage:" in shell(*words, code=2)


@pytest.mark.parametrize(
    "words",
    [
        ["compare", "gone.parquet", "gone.parquet"],
        ["profile", "gone.parquet"],
        ["models", "register", "late", "gone.bin"],
        ["log", "late-api", "gone.parquet", "--key", "id"],
        ["labels", "add", "late-api", "gone.parquet", "--key", "id", "--label", "late"],
        ["monitors", "add", "gone.toml"],
    ],
    ids=" ".join,
)
def test_a_file_that_is_not_there_is_1_at_every_verb(ready, words):
    done = ready.runner.invoke(holter, ["-w", str(ready.root / "ws"), *words])
    assert (done.exit_code, "gone." in done.output) == (1, True), done.output


def test_profile(shell):
    pq.write_table(truth(2000).append_column("carrier", pa.array(["AA", "ZZ"] * 1000)), shell.root / "january.parquet")
    text = shell("profile", "january.parquet")
    assert text.startswith("2,000 rows, 5 columns\n")
    assert "AA 50 %, ZZ 50 %" in text
    plain = shell.json("profile", "january.parquet", "-c", "x", "-c", "carrier")
    assert [each["kind"] for each in plain["columns"]] == ["numeric", "categorical"]
    assert plain["columns"][0]["quantiles"]["0.5"] == pytest.approx(5, abs=0.5)
    assert "Did you mean 'carrier'" in shell("profile", "january.parquet", "-c", "carier", code=1)


def test_a_stored_profile_stands_for_its_table(shell):
    pq.write_table(truth(2000), shell.root / "january.parquet")
    pq.write_table(truth(2000, seed=3), shell.root / "february.parquet")
    assert "Written: january.profile" in shell("profile", "january.parquet", "--save", "january.profile")
    assert shell("profile", "january.profile") == shell("profile", "january.parquet")
    tables = shell.json("compare", "january.parquet", "february.parquet")
    assert shell.json("compare", "january.profile", "february.parquet")["columns"] == tables["columns"]
    (shell.root / "damaged.profile").write_bytes((shell.root / "january.profile").read_bytes()[:-3])
    assert "the stored profile is damaged" in shell("compare", "damaged.profile", "january.parquet", code=1)


def test_pages_stand_alone(shell):
    pq.write_table(truth(2000), shell.root / "january.parquet")
    shell("profile", "january.parquet", "-o", "profile.html")
    shell("compare", "january.parquet", "january.parquet", "-o", "compare.html")
    for name in ("profile.html", "compare.html"):
        page = (shell.root / name).read_text()
        assert "<svg" in page
        assert "<script" not in page
    assert "no_such_folder" in shell("profile", "january.parquet", "-o", "no_such_folder/page.html", code=1)


def test_a_terminal_without_our_letters_gets_no_traceback(tmp_path):
    pq.write_table(truth(100), tmp_path / "january.parquet")
    command = [sys.executable, "-m", "holter", "profile", str(tmp_path / "january.parquet")]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = subprocess.run(command, capture_output=True, check=False, env=environment)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"100 rows, 4 columns" in done.stdout


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_long_read_draws_a_bar_and_a_short_one_loads_nothing(tmp_path, monkeypatch):
    path = tmp_path / "january.parquet"
    pq.write_table(truth(2000), path)
    shown = Terminal()
    monkeypatch.setattr(progress.sys, "stderr", shown)
    monkeypatch.setenv("COLUMNS", "90")
    short = progress.reading_bar(path)
    with short:
        short(1000)
    assert shown.getvalue() == ""
    monkeypatch.setattr(progress, "PATIENCE_SECONDS", 0.0)
    with progress.reading_bar(path, path) as bar:
        bar(1500)
        bar(2500)
    assert "4,000 of 4,000 rows" in shown.getvalue()


def test_a_bar_without_a_known_end_counts(monkeypatch):
    shown = Terminal()
    monkeypatch.setattr(progress.sys, "stderr", shown)
    monkeypatch.setattr(progress, "PATIENCE_SECONDS", 0.0)
    with progress.reading_bar("january.csv") as bar:
        bar(1500)
    assert "1,500 rows" in shown.getvalue()


def test_nobody_sees_a_bar_off_a_terminal():
    assert progress.reading_bar("january.parquet") is None


def test_compare(shell):
    pq.write_table(truth(2000), shell.root / "january.parquet")
    pq.write_table(truth(2000, seed=3).set_column(0, "x", pa.array([50.0] * 2000)), shell.root / "february.parquet")
    pair = ["january.parquet", "february.parquet"]
    assert shell("compare", *pair).startswith("x changed most from january to february")
    assert shell.json("compare", *pair)["columns"][0]["column"] == "x"
    shell("compare", *pair, "--fail-on", "drift", code=3)
    assert shell.json("compare", *pair, "--fail-on", "any", code=3)["alarms"] > 0
    shell("compare", pair[0], pair[0], "--fail-on", "any")
    only = shell.json("compare", *pair, "-c", "late", "--fail-on", "any")
    assert [each["column"] for each in only["columns"]] == ["late"]
    shell("compare", *pair, "-o", "page.html")
    page = (shell.root / "page.html").read_text()
    assert "<svg" in page
    assert "january" in page
    assert "Did you mean 'late'" in shell("compare", *pair, "-c", "lat", code=1)
    assert "there is no such file" in shell("compare", "nowhere.parquet", pair[1], code=1)
    assert "nowhere" in shell("compare", *pair, "-o", "nowhere/page.html", code=1)


def test_models(ready):
    assert "late" in ready("models", "list")
    assert ready.json("models", "list")[0]["version"] == 1
    shown = ready.json("models", "show", "late")
    assert shown["schema"]["task"] == "binary"
    assert shown["lineage"]["task"] == "binary: the label is 0 or 1"
    assert "digest: " in ready("models", "show", "late", "--version", 1)
    assert "Registered late:2." in ready("models", "register", "late", "model.bin", "--tag", "by=me", "--tag", "a=b=c")
    assert ready.json("models", "show", "late")["tags"] == {"by": "me", "a": "b=c"}
    assert (
        ready.json("models", "register", "late", "model.bin", "-b", "base.parquet", "--training-rows")["version"] == 3
    )
    assert "KEY=VALUE" in ready("models", "register", "late", "model.bin", "--tag", "me", code=2)
    assert "Did you mean 'late'" in ready("models", "show", "lat", code=1)
    assert "'nowhere.bin' does not exist" in ready("models", "register", "late", "nowhere.bin", code=1)
    assert "no column 'lat'" in ready(
        "models", "register", "late", "model.bin", "-b", "base.parquet", "--label", "lat", code=1
    )


def test_deployments(ready):
    assert "Transitioning" in ready("deployments", "list")
    assert ready.json("deployments", "list")[0]["name"] == "late-api"
    assert "late:1" in ready("deployments", "show", "late-api")
    ready("models", "register", "late", "model.bin")
    assert ready.json("deployments", "promote", "late-api", 2, "--reason", "newer")["wanted_version"] == 2
    assert ready.json("deployments", "rollback", "late-api")["wanted_version"] == 1
    assert ready.json("deployments", "pause", "late-api")["paused"]
    assert not ready.json("deployments", "resume", "late-api")["paused"]
    assert "late:9" in ready("deployments", "promote", "late-api", 9, code=1)
    assert "holter up" in ready("deployments", "promote", "late-api", 2, "--wait", code=1)
    assert ready.json("deployments", "logs", "late-api") == {"deployment": "late-api", "log": ""}
    assert "Did you mean 'late-api'" in ready("deployments", "show", "late-ap", code=1)
    ready("deployments", "delete", "late-api", code=1)
    assert ready.json("deployments", "delete", "late-api", "--yes") == {"deleted": "late-api", "purged": False}
    assert ready("deployments", "list").startswith("No deployments")


TROUBLE = "version 2 did not start: init() raised ValueError: bad weights\nTraceback (most recent call last):\n  init()"


def test_a_traceback_is_shown_where_one_deployment_is_and_not_in_tables(ready):
    registry = open_workspace(ready.root / "ws").shelves.registry
    registry.observe("late-api", Observed(DeploymentState.UNHEALTHY, 1, TROUBLE, datetime.now(UTC)))
    for table in (ready("deployments", "list"), ready("status")):
        assert "bad weights" in table
        assert "Traceback" not in table
    assert TROUBLE in ready("deployments", "show", "late-api")
    assert ready.json("deployments", "show", "late-api")["detail"] == TROUBLE


def test_a_canary_and_a_shadow_come_and_go(ready):
    for _ in range(2):
        ready("models", "register", "late", "model.bin")
    canary = ["deployments", "canary", "late-api"]
    found = ready.json(*canary, "--version", 2, "--weight", 2.5, "--key", "X-Customer")
    assert found["canary"] == {"version": 2, "weight": 2.5, "key": "x-customer"}
    assert "version 2 is to answer 2.5 % of the requests" in ready("deployments", "show", "late-api")
    assert ready.json("deployments", "shadow", "late-api", "--version", 3)["shadow_version"] == 3
    assert "shadow: version 3 is to score" in ready("deployments", "show", "late-api")
    registry = open_workspace(ready.root / "ws").shelves.registry
    registry.observe("late-api", Observed(DeploymentState.HEALTHY, 1, "", datetime.now(UTC), canary=2, shadow=3))
    assert "1, canary 2 (2.5 %), shadow 3" in ready("deployments", "list")
    assert ready.json("deployments", "shadow", "late-api", "--stop")["shadow_version"] is None
    promoted = ready.json("deployments", "promote", "late-api")
    assert (promoted["wanted_version"], promoted["canary"]) == (2, None)
    assert "no canary" in ready("deployments", "promote", "late-api", code=1)
    ready(*canary, "--version", 3)
    assert ready.json(*canary, "--stop")["canary"] is None
    for wrong in (["--version", 3, "--stop"], [], ["--version", 3, "--weight", 0], ["--version", 3, "--weight", 101]):
        ready(*canary, *wrong, code=2)
    assert "already" in ready(*canary, "--version", 2, code=1)


def test_deploying_what_cannot_be(ready):
    script = ["--entry-script", "score.py"]
    assert "exists already" in ready("deploy", "late-api", "--model", "late", *script, code=1)
    assert "NAME:VERSION" in ready("deploy", "other-api", "--model", "late:x", *script, code=1)
    assert "nowhere.py" in ready("deploy", "other-api", "--model", "late", "--entry-script", "nowhere.py", code=1)


def test_labels_and_log_refuse_what_they_cannot_read(ready):
    assert "no column 'label'" in ready("labels", "add", "late-api", "base.parquet", "--key", "x", code=1)
    assert "is not a time" in ready("labels", "add", "late-api", "base.parquet", "--received-at", "soon", code=2)
    assert "key=" in ready("log", "late-api", "base.parquet", "--label", "late", code=1)


def test_a_monitor_of_segments_shows_the_worst_folds_the_rest_and_says_why(recorded):
    rule = ["--rule", "any: performance.roc_auc{x=*} < 0.99"]
    add = ("monitors", "add", "cut", "-d", "late-api", "--event-clock", "--signal", "performance")
    assert recorded.json(*add, "--segment", "x:2", *rule)["segments"] == ["x:2"]
    assert "; by x:2" in recorded("monitors", "list")
    shown = recorded("monitors", "run", "cut", code=3)
    assert "where x=" in shown
    assert "more of segments: holter monitors history NAME --segment '*'" in shown
    of_each = recorded.json("monitors", "history", "cut", "--segment", "x=*", "--metric", "performance.roc_auc")
    assert len({each["segment"] for each in of_each}) == 2
    assert recorded.json("monitors", "history", "cut", "--segment", of_each[0]["segment"])
    assert {each["segment"] for each in recorded.json("monitors", "history", "cut")} == {None}
    assert "Squared error of the probability" in recorded("monitors", "why", "cut")
    why = recorded.json("monitors", "why", "cut", "--alert", recorded.json("alerts", "list")[0]["id"])
    assert len(why["rows"]) == 20
    unknown = [*add[:2], "cut2", *add[3:], "--segment", "y"]
    assert "'y'" in recorded(*unknown, code=1)
    assert "bins" in recorded(*unknown[:-1], "x:1", code=1)


def test_a_monitor_from_watching_to_an_alert(recorded):
    rule = ["--rule", "auc: performance.roc_auc < 0.99", "--email", "team@example.com"]
    added = recorded.json("monitors", "add", "late-daily", "-d", "late-api", "--event-clock", *rule)
    assert added["rules"][0]["responses"] == [{"kind": "email", "options": {"to": "team@example.com"}}]
    assert "late-daily" in recorded("monitors", "list")
    assert recorded.json("monitors", "show", "late-daily") == added
    past = recorded.json("monitors", "backfill", "late-daily", "2026-11-01", "2026-11-02T00:00:00+00:00")
    assert {each["start"] for each in past["measurements"]} == {"2026-11-01T00:00:00+00:00"}
    found = recorded.json("monitors", "run", "late-daily", code=3)
    assert any(each["metric"] == "roc_auc" for each in found["measurements"])
    assert found["alerts"][0]["state"] == "firing"
    assert found["broken"] == ["auc"]
    shown = recorded("monitors", "run", "late-daily", code=3)
    assert "below 0.99" in shown
    assert "Broken: auc. The verdict compares with the baseline; a rule with what you have set." in shown
    (line,) = [each for each in shown.splitlines() if each.split()[2:3] == ["performance.roc_auc"]]
    assert line.split()[-2:] == ["ok", "auc"]
    assert len(recorded.json("monitors", "history", "late-daily", "--metric", "performance.roc_auc")) == 2
    replayed = recorded.json("monitors", "replay", "late-daily", "--rule", "performance.roc_auc < 0.1")
    assert replayed["alerts"] == []
    assert [each["rule"] for each in replayed["by_chance"]] == ["performance.roc_auc"]
    assert len(recorded.json("monitors", "replay", "late-daily")["alerts"]) == 1
    assert "by chance" in recorded("monitors", "replay", "late-daily")
    normal = recorded.json("monitors", "explain", "late-daily")
    assert not normal["calibrated"]
    assert normal["missing"] in recorded("monitors", "explain", "late-daily")
    assert "Not calibrated" in recorded("monitors", "show", "late-daily")
    assert "no alarm of late-daily is on" in recorded("monitors", "accept", "late-daily", "--reason", "so", code=1)
    accepted = recorded.json("monitors", "accept", "late-daily", "--reason", "new sensor", "--since", "2026-11-01")
    assert accepted["since"] == "2026-11-01T00:00:00+00:00"
    assert "windows with event times" in recorded("monitors", "selftest", "late-daily", code=1)
    (alert,) = recorded.json("alerts", "list")
    recorded("alerts", "list")
    recorded("alerts", "list", "--open", "--fail", code=3)
    assert recorded.json("alerts", "acknowledge", alert["id"], "--reason", "looking")["state"] == "acknowledged"
    assert "looking" in recorded("alerts", "show", alert["id"])
    assert recorded.json("alerts", "show", alert["id"])["events"][-1]["state"] == "acknowledged"
    assert "late-daily" in recorded("alerts", "list", "--monitor", "late-daily")
    assert recorded("monitors", "pause", "late-daily").count("paused") == 1
    assert not recorded.json("monitors", "resume", "late-daily")["paused"]
    entries = recorded.json("audit", "list")
    assert recorded.json("audit", "verify") == {"entries": len(entries), "whole": True, "anchors": 0}
    assert "whole" in recorded("audit", "verify")
    assert len(recorded.json("audit", "list", "--since", 1, "--limit", 1)) == 1
    recorded("monitors", "delete", "late-daily", "--yes")
    assert recorded.json("monitors", "list") == []


def test_a_monitor_whose_rules_hold_is_0(recorded):
    recorded("monitors", "add", "late-daily", "-d", "late-api", "--event-clock", "--rule", "performance.roc_auc < 0.1")
    recorded("monitors", "run", "late-daily")
    recorded("alerts", "list", "--fail")


def test_an_alert_of_an_older_window_does_not_make_3_of_a_window_that_breaks_nothing(recorded):
    words = ["late-daily", "-d", "late-api", "--event-clock", "--rule", "rows: data_quality.rows < 301"]
    recorded("monitors", "add", *words)
    recorded("monitors", "run", "late-daily", code=3)
    words[-1] = "rows: data_quality.rows < 0"
    recorded("monitors", "add", *words, "--overwrite")
    found = recorded.json("monitors", "run", "late-daily")
    assert found["broken"] == []
    assert [each["state"] for each in found["alerts"]] == ["firing"]
    recorded("alerts", "list", "--fail", code=3)
    words[-1] = "accuracy: performance.accuracy < 0"
    recorded("monitors", "add", *words, "--overwrite")
    assert recorded.json("alerts", "list", "--open") == []


def test_a_deleted_monitor_leaves_no_alert_open(recorded):
    recorded("monitors", "add", "late-daily", "-d", "late-api", "--event-clock", "--rule", "data_quality.rows < 301")
    recorded("monitors", "run", "late-daily", code=3)
    recorded("monitors", "delete", "late-daily", "--yes")
    (alert,) = recorded.json("alerts", "list")
    assert alert["state"] == "resolved"
    assert "was deleted" in recorded("alerts", "show", alert["id"])


def test_the_first_run_of_a_daily_monitor_says_that_yesterday_is_empty_and_when_today_is_judged(ready):
    ready("monitors", "add", "late-daily", "-d", "late-api", "--signal", "data_drift", "--signal", "performance")
    shown = ready("monitors", "run", "late-daily", "--now", "2026-11-20T10:00")
    assert "Nothing was recorded in the newest closed window, 2026-11-19 00:00 to 2026-11-20 00:00 UTC." in shown
    assert "judged when its window closes, at 2026-11-21 00:00 UTC." in shown
    assert "note" in ready.json("monitors", "run", "late-daily", "--now", "2026-11-20T10:00")


def test_a_window_with_records_is_not_called_empty(recorded):
    recorded("monitors", "add", "late-daily", "-d", "late-api", "--event-clock")
    assert "note" not in recorded.json("monitors", "run", "late-daily")


def test_a_monitor_from_a_file(ready):
    (ready.root / "late.toml").write_text(
        'name = "late-daily"\ndeployment = "late-api"\nbaseline = "base.parquet"\nlabel = "late"\n'
        'score = "probability"\nprediction = "answer"\n\n'
        '[[rules]]\nname = "auc"\nmetric = "performance.roc_auc"\nbelow = 0.7\n\n'
        '[[rules.responses]]\nkind = "command"\noptions = { command = "true" }\n'
    )
    added = ready.json("monitors", "add", "late.toml")
    assert added["rules"][0]["responses"][0]["kind"] == "command"
    assert Path(added["baseline"]).exists()
    assert "exists already" in ready("monitors", "add", "late.toml", code=1)
    ready("monitors", "add", "late.toml", "--overwrite")
    assert ready.json("monitors", "replay", "late-daily", "--rules", "late.toml")["alerts"] == []


def test_a_monitor_of_a_table(ready):
    table = truth(300).append_column("when", pa.array([DAY + timedelta(minutes=i) for i in range(300)]))
    pq.write_table(table, ready.root / "scores.parquet")
    words = ["-t", "scores.parquet", "--time", "when", "-b", "base.parquet", *ROLES, "--event-clock"]
    added = ready.json("monitors", "add", "late-batch", *words)
    assert added["table"]["schema"]["features"] == [["x", "numeric", "double"]]
    assert "time=" in ready("monitors", "add", "other", "-t", "scores.parquet", code=1)
    assert "a deployment or a table" in ready("monitors", "add", "other", code=2)
    assert "is not a rule" in ready("monitors", "add", "other", "-d", "late-api", "--rule", "roc", code=2)
    assert "no metric" in ready("monitors", "add", "other", "-d", "late-api", "--rule", "performance.rok < 1", code=1)


def test_score_writes_what_the_model_says(ready):
    pq.write_table(truth(5).select(["x"]), ready.root / "in.parquet")
    ready("score", "--deployment", "late-api", "--version", 1, "--input", "in.parquet", "--output", "out.parquet")
    scores = pq.read_table(ready.root / "out.parquet")
    assert scores["_score"].to_pylist() == pytest.approx(truth(5)["probability"].to_pylist())
    assert " score " not in ready("--help")


def test_nothing_runs(ready):
    assert "not running" in ready("status")
    assert ready.json("status")["running"] is False
    assert "holter up --detach" in ready("down", code=1)


def asked(shell, state=None, **result):
    """Ask for a command about the deployment, and say what came of it."""
    facts = open_workspace(shell.root / "ws").shelves.facts
    job = Job("command-1", "a1", "late-daily", "late-api", "command", {"command": "true"}, DAY)
    with facts.begin() as transaction:
        transaction.ask(job)
        if state is not None:
            transaction.move_job(job.key, state, result)


def test_answers_and_their_outcome(ready):
    assert "No answers" in ready("answers", "list")
    assert ready.json("answers", "list") == []
    asked(ready)
    (wanted,) = ready.json("answers", "list", "--deployment", "late-api")
    assert (wanted["state"], wanted["kind"], wanted["result"]) == ("wanted", "command", {})
    asked(ready, JobState.FAILED, reason="it exited with 3")
    (failed,) = ready.json("answers", "list")
    assert (failed["state"], failed["result"]) == ("failed", {"reason": "it exited with 3"})
    assert "it exited with 3" in ready("answers", "list")
    assert ready.json("answers", "list", "-d", "other") == []


@pytest.mark.parametrize("address", ["team", "@example.com", "team@", "a b@example.com"])
def test_a_mail_address_that_is_none_is_refused(ready, address):
    words = ["--rule", "performance.roc_auc < 0.9", "--email", address]
    assert "is no mail address" in ready("monitors", "add", "late-daily", "-d", "late-api", *words, code=1)


def test_mail_without_a_mail_server_is_warned_of(ready, monkeypatch):
    words = ["monitors", "add", "late-daily", "-d", "late-api", "--rule", "performance.roc_auc < 0.9", "--overwrite"]
    assert "Warning" not in ready(*words)
    mailing = [*words, "--email", "team@example.com"]
    assert "no mail server is set" in ready(*mailing)
    monkeypatch.setenv("HOLTER_SMTP_URL", "smtp://127.0.0.1:25")
    assert "Warning" not in ready(*mailing)


def test_status_names_mail_that_does_not_arrive_and_answers_that_failed(recorded):
    words = ["--rule", "performance.roc_auc < 0.99", "--email", "team@example.com"]
    recorded("monitors", "add", "late-daily", "-d", "late-api", "--event-clock", *words)
    recorded("monitors", "run", "late-daily", code=3)
    assert recorded.json("status")["not delivered or failed"] == []
    facts = open_workspace(recorded.root / "ws").shelves.facts
    with facts.begin() as transaction:
        transaction.postponed(facts.outbox()[0].key, DAY, "connection refused")
    asked(recorded, JobState.FAILED, reason="it exited with 3")
    mail, failed = recorded.json("status")["not delivered or failed"]
    assert (mail["what"], mail["count"]) == ("messages not delivered", 1)
    assert mail["first"].endswith("1 attempts: connection refused")
    assert failed == {
        "what": "answers that failed",
        "count": 1,
        "first": "command for late-api: it exited with 3",
    }
    assert "connection refused" in recorded("status")
    with facts.begin() as transaction:
        transaction.delivered(facts.outbox()[0].key, DAY)
        again = Job("command-2", "a1", "late-daily", "late-api", "command", {"command": "true"}, DAY)
        transaction.ask(again)
        transaction.move_job(again.key, JobState.DONE, {})
    assert recorded.json("status")["not delivered or failed"] == []


def test_status_says_what_is_open_and_what_is_done_about_it(recorded):
    quiet = recorded.json("status")
    assert (quiet["alerts"], quiet["answers"]) == ([], [])
    assert quiet["deployments"][0]["state"] == "Transitioning"
    said = recorded("status")
    assert "late-api" in said
    assert "alerts:" not in said
    recorded("monitors", "add", "late-daily", "-d", "late-api", "--event-clock", "--rule", "performance.roc_auc < 0.99")
    recorded("monitors", "run", "late-daily", code=3)
    asked(recorded)
    loud = recorded.json("status")
    assert loud["alerts"][0]["monitor"] == "late-daily"
    assert [each["key"] for each in loud["answers"]] == ["command-1"]
    assert "below 0.99" in recorded("status")
    asked(recorded, JobState.DONE)
    assert recorded.json("status")["answers"] == []
    assert "answers:" not in recorded("status")


def test_a_damaged_ledger_is_1(ready):
    import sqlite3

    with sqlite3.connect(ready.root / "ws" / "holter.db") as database:
        database.execute("UPDATE ledger SET actor = 'somebody else'")
    database.close()
    assert "broken at entry" in ready("audit", "verify", code=1)


def test_records_are_imported_listed_erased_and_purged(ready):
    rows = truth().append_column("id", pa.array([f"r{number}" for number in range(len(truth()))]))
    pq.write_table(rows, ready.root / "old.parquet")
    columns = ("--key", "id", "--score", "probability", "--label", "late")
    taken = ready.json("records", "import", "late-api", ready.root / "old.parquet", *columns)
    assert taken == {"deployment": "late-api", "records": len(rows)}
    (kept,) = ready.json("records", "list")
    assert (kept["shelf"], kept["ended"], kept["stored_bytes"] > 0) == ("late-api", None, True)
    erased = ready.json("records", "erase", "late-api", "--where", "_request_id=r1", "--yes")
    assert (erased["records"], erased["labels"]) == (1, 1)
    assert "still used by its deployment" in ready("records", "purge", "late-api", "--yes", code=1)
    assert "remove them with: holter records purge late-api" in ready("deployments", "delete", "late-api", "--yes")
    assert ready("records", "purge", "late-api", "--yes") == "late-api: 1 removed.\n"
    assert ready.json("records", "list") == []
    assert "journals that need a look" in ready.json("status")


def test_a_deployment_is_deleted_with_all_it_has_recorded(ready):
    ready("log", "late-api", ready.root / "base.parquet")
    done = ready.json("deployments", "delete", "late-api", "--purge", "--yes")
    assert done == {"deleted": "late-api", "purged": True}
    assert ready.json("records", "list") == []
