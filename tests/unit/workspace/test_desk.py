import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import holter
from holter.errors import (
    AlreadyExists,
    BadDuration,
    BadRule,
    BadScript,
    DeploymentFailed,
    InputError,
    InUse,
    NotFound,
    NotRunning,
    UnknownColumn,
    UnreadableTable,
)
from holter.registry.entries import DeploymentState, Observed
from holter.rules import AlertState, Rule
from holter.serving.lock import workspace_lock
from holter.types import LABEL, REQUEST_ID, SCORE, Task

DAY = datetime(2026, 11, 1, tzinfo=UTC)
SCRIPT = """
import json


def init():
    pass


def run(data):
    return [float(row[0]) / 10 for row in json.loads(data)["data"]]
"""


def truth(n=2000, seed=0):
    """Rows whose label is 1 with probability x / 10, scored by exactly that."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(0, 10, n)
    return pa.table(
        {
            "x": x,
            "late": (rng.random(n) < x / 10).astype(np.int64),
            "probability": x / 10,
            "answer": (x > 5).astype(np.int64),
        }
    )


ROLES = {"label": "late", "score": "probability", "prediction": "answer"}


@pytest.fixture
def ws(tmp_path, monkeypatch):
    monkeypatch.setenv("HOLTER_PORT", "0")
    return holter.open(tmp_path / "ws")


@pytest.fixture
def model_file(tmp_path):
    path = tmp_path / "model.bin"
    path.write_bytes(b"weights")
    return path


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "score.py"
    path.write_text(SCRIPT)
    return path


@pytest.fixture
def registered(ws, model_file):
    return ws.models.register("late", model_file, baseline=truth(), **ROLES)


@pytest.fixture
def deployed(ws, registered, script):
    """A deployment that nobody serves: what is wanted and what is recorded needs no process."""
    return ws.deploy("late-api", registered, entry_script=script, start=False)


def test_a_workspace_is_created_once_and_opened_again(ws, registered):
    again = holter.open(ws.root, create=False)
    assert again.root == ws.root
    assert again.models.get("late").version == 1
    assert repr(again) == f"<Workspace {ws.root}>"


def test_a_workspace_that_is_not_there(tmp_path):
    with pytest.raises(NotFound, match="workspace"):
        holter.open(tmp_path / "nowhere", create=False)
    assert not (tmp_path / "nowhere").exists()


def test_registering_says_what_it_understood(ws, registered):
    assert registered.schema.task is Task.BINARY
    assert registered.schema.names == ("x",)
    assert registered.lineage["task"] == "binary: the label is 0 or 1"
    assert set(pq.read_table(registered.baseline).column_names) == {"x", LABEL, SCORE, "_prediction"}
    assert "held out" in str(ws.models.list())


def test_versions_count_up(ws, registered, model_file):
    second = ws.models.register("late", model_file, tags={"by": "me"})
    assert second.version == 2
    assert ws.models.get("late").version == 2
    assert ws.models.get("late", 1) == registered
    assert [each["version"] for each in ws.models.list().to_dict()] == [1, 2]
    assert "none" in str(ws.models.list())


def test_training_rows_are_marked(ws, model_file):
    found = ws.models.register("late", model_file, baseline=truth(50), held_out=False, **ROLES)
    assert not found.held_out
    assert "training rows" in str(ws.models.list())


def test_columns_without_a_baseline_are_refused(ws, model_file):
    with pytest.raises(InputError, match="give baseline= too"):
        ws.models.register("late", model_file, label="late")
    with pytest.raises(UnknownColumn):
        ws.models.register("late", model_file, baseline=truth(5), label="latte")
    assert not ws.models.list()


def test_a_deployment_waits_for_a_tree(ws, deployed):
    assert deployed.state == "Transitioning"
    assert deployed.version == 1
    assert deployed.scoring_uri.startswith("http://127.0.0.1:")
    assert deployed.scoring_uri in repr(deployed)
    with pytest.raises(NotRunning):
        deployed.wait(1)
    assert not ws.status.running


def test_a_name_is_taken_once(ws, deployed, registered, script):
    with pytest.raises(AlreadyExists):
        ws.deploy("late-api", registered, entry_script=script, start=False)
    ws.deploy("late-api", "late:1", entry_script=script, overwrite=True, start=False)
    assert [each.name for each in ws.deployments()] == ["late-api"]


@pytest.mark.parametrize(
    ("model", "error", "match"),
    [("nobody", NotFound, "model"), ("late:9", NotFound, "late:9"), ("late:new", InputError, "NAME:VERSION")],
)
def test_a_model_that_is_not_there(ws, registered, script, model, error, match):
    with pytest.raises(error, match=match):
        ws.deploy("late-api", model, entry_script=script, start=False)


def test_a_setting_or_script_that_could_never_serve(ws, registered, script, tmp_path):
    with pytest.raises(InputError, match="no setting 'wrokers'"):
        ws.deploy("late-api", registered, entry_script=script, wrokers=2, start=False)
    with pytest.raises((BadScript, NotFound)):
        ws.deploy("late-api", registered, entry_script=tmp_path / "nowhere.py", start=False)


def test_a_source_folder_is_copied(ws, registered, script):
    (script.parent / "code").mkdir()
    (script.parent / "code" / "score.py").write_text(script.read_text())
    (script.parent / "code" / "words.txt").write_text("hello")
    found = ws.deploy("late-api", "late", entry_script="score.py", source=script.parent / "code", start=False)
    assert (found.entry.code / "words.txt").read_text() == "hello"


def test_what_is_wanted(ws, deployed, model_file):
    with pytest.raises(InputError, match="nothing to return to"):
        deployed.rollback()
    ws.models.register("late", model_file)
    assert deployed.promote(2, reason="better").version == 2
    assert deployed.rollback().version == 1
    assert deployed.pause().entry.wanted.paused
    assert not deployed.resume().entry.wanted.paused
    with pytest.raises(NotFound):
        deployed.promote(9)
    reasons = [each.entry.reason for each in ws.ledger(subject="deployment:late-api")]
    assert "better" in reasons
    assert all(each.entry.actor.startswith("user:") for each in ws.ledger())
    deployed.delete()
    with pytest.raises(NotFound):
        ws.deployment("late-api")


def observe(ws, state, version=1, detail="", at=None):
    ws.shelves.registry.observe("late-api", Observed(state, version, detail, at or datetime.now(UTC)))


@pytest.mark.parametrize(
    ("state", "version", "paused", "shown"),
    [
        (DeploymentState.HEALTHY, 1, False, "Healthy"),
        (DeploymentState.HEALTHY, 2, False, "Transitioning"),
        (DeploymentState.HEALTHY, 1, True, "Transitioning"),
        (DeploymentState.PAUSED, None, True, "Paused"),
        (DeploymentState.PAUSED, None, False, "Transitioning"),
        (DeploymentState.FAILED, None, False, "Failed"),
        (DeploymentState.UNHEALTHY, 1, False, "Unhealthy"),
    ],
)
def test_the_state_is_seen_from_what_is_wanted(ws, deployed, state, version, paused, shown):
    observe(ws, state, version)
    if paused:
        deployed.pause()
    assert ws.deployments().to_dict()[0]["state"] == shown
    assert shown in str(ws.deployments())
    assert deployed.state == ("Unhealthy" if shown == "Healthy" else shown)  # no tree: nobody is healthy


def test_a_canary_that_was_given_up_ends_the_wait_for_it_with_its_reason(ws, deployed):
    ws.models.register("late", ws.root.parent / "model.bin")
    deployed.canary(2, weight=10.0)
    assert deployed.entry.wanted.canary.weight == 10.0
    with workspace_lock(ws.root, 0, datetime(2020, 1, 1, tzinfo=UTC)):
        observe(ws, DeploymentState.HEALTHY)
        with pytest.raises(DeploymentFailed, match="still Healthy"):
            deployed.wait(0.2)
        deployed.canary(None)
        assert deployed.wait(5) is deployed
        deployed.canary(2)
        giving_up = threading.Timer(0.3, lambda: give_up(ws))
        giving_up.start()
        with pytest.raises(DeploymentFailed, match="the canary was given up: version 2 failed"):
            deployed.wait(30)
        giving_up.join()


def give_up(ws):
    observe(ws, DeploymentState.HEALTHY, detail="the canary was given up: version 2 failed 5 of 5 requests")
    ws.shelves.registry.want_canary("late-api", None, actor="supervisor", reason="it failed")


@pytest.mark.parametrize("state", [DeploymentState.FAILED, DeploymentState.UNHEALTHY])
def test_waiting_for_what_does_not_start_shows_its_log(ws, deployed, state):
    observe(ws, state, detail="version 1 did not start: no module named nothing")
    log = ws.root / "log" / "deployment-late-api.log"
    log.parent.mkdir()
    log.write_text("".join(f"line {n}\n" for n in range(100)))
    with pytest.raises(DeploymentFailed, match=r"no module named nothing[^$]*line 99"):
        deployed.wait(1)
    assert deployed.logs(2) == "line 98\nline 99"


def test_records_of_a_deployment_nobody_called(deployed):
    assert deployed.records().num_rows == 0


def batch(n=100, start=DAY):
    table = truth(n, seed=7)
    ids = pa.array([f"r{i}" for i in range(n)])
    times = pa.array([start + timedelta(minutes=i) for i in range(n)])
    return table.append_column("id", ids).append_column("when", times)


def test_a_batch_is_recorded_once_with_its_labels(deployed):
    columns = {"key": "id", "time": "when", "score": "probability", "prediction": "answer", "label": "late"}
    assert deployed.log(batch(), **columns) == 100
    assert deployed.log(batch(), **columns) == 0
    found = deployed.records()
    assert found.num_rows == 100
    assert found[LABEL].null_count == 0
    assert deployed.records(since=DAY + timedelta(minutes=90)).num_rows == 10
    assert deployed.records(until=DAY + timedelta(minutes=10)).num_rows == 10
    assert deployed.records(since=DAY + timedelta(days=9)).num_rows == 0
    with pytest.raises(InputError, match="key="):
        deployed.log(batch(), label="late")


def test_labels_come_later(deployed):
    deployed.log(batch(), key="id", time="when", score="probability")
    labels = pa.table({"id": ["r1", "r2", "r3"], "label": [1, 0, None]})
    assert deployed.log_labels(labels, key="id") == 2
    assert deployed.records()[LABEL].drop_null().to_pylist() == [1.0, 0.0]
    with pytest.raises(UnknownColumn):
        deployed.log_labels(labels)


def test_a_monitor_of_a_deployment(ws, deployed):
    monitor = ws.monitor("late-daily", deployed, rules=[{"name": "auc", "metric": "performance.roc_auc", "below": 0.7}])
    assert ws.monitor("late-daily").entry == monitor.entry
    assert monitor.entry.over == monitor.entry.every == timedelta(days=1)
    assert "every 1d, 1 rules" in repr(monitor)
    assert ws.monitors().to_dict()[0]["deployment"] == "late-api"
    assert "watching" in str(ws.monitors())
    assert monitor.pause().entry.paused
    assert "paused" in str(ws.monitors())
    assert not monitor.resume().entry.paused
    with pytest.raises(AlreadyExists):
        ws.monitor("late-daily", "late-api")
    ws.monitor("late-daily", "late-api", every="1h", overwrite=True)
    assert ws.monitor("late-daily").entry.every == timedelta(hours=1)
    monitor.delete()
    with pytest.raises(NotFound):
        ws.monitor("late-daily")


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"rules": [{"name": "r", "metric": "performance.roc"}]}, BadRule),
        ({"rules": [Rule("r", "performance.rocauc", below=1)]}, BadRule),
        ({"rules": [Rule("r", "performanze.roc_auc", below=1)]}, NotFound),
        ({"rules": [Rule("r", "traffic.failed", above=1), Rule("r", "traffic.failed", above=2)]}, BadRule),
        (
            {"rules": [{"name": "r", "metric": "traffic.failed", "above": 1, "responses": [{"kind": "email"}]}]},
            BadRule,
        ),
        (
            {"rules": [{"name": "r", "metric": "traffic.failed", "above": 1, "responses": [{"kind": "pigeon"}]}]},
            NotFound,
        ),
        ({"signals": ["data_drft"]}, NotFound),
        ({"every": "daily"}, BadDuration),
        ({"target": "nobody"}, NotFound),
        ({"baseline": truth(5), "label": "nobody"}, UnknownColumn),
    ],
)
def test_a_monitor_that_could_never_work_is_refused(ws, deployed, wrong, error):
    with pytest.raises(error):
        ws.monitor("late-daily", wrong.pop("target", deployed), **wrong)
    assert not ws.monitors()


def test_a_monitor_runs_backfills_and_replays(ws, deployed):
    for day in range(3):
        rows = batch(300, DAY + timedelta(days=day)).drop_columns(["id"])
        ids = pa.array([f"d{day}-{i}" for i in range(300)])
        columns = {"key": "id", "time": "when", "score": "probability", "label": "late"}
        deployed.log(rows.append_column("id", ids), **columns)
    rule = Rule("auc", "performance.roc_auc", below=0.99)
    monitor = ws.monitor("late-daily", deployed, event_clock=True, rules=[rule])
    assert not monitor.is_broken
    found = monitor.run()
    assert {each.window.start for each in found} == {DAY + timedelta(days=1)}
    assert "performance.roc_auc" in str(found)
    assert monitor.is_broken
    past = monitor.backfill(DAY, DAY + timedelta(days=1))
    assert {each.window.start for each in past} == {DAY}
    assert len(monitor.history("performance.roc_auc")) == 2
    assert len(monitor.replay()) == 1
    assert not monitor.replay([{"name": "low", "metric": "performance.roc_auc", "below": 0.01}])
    (alert,) = ws.alerts(open_only=True)
    assert alert.state is AlertState.FIRING
    assert ws.alert(alert.id) == alert
    acknowledged = ws.acknowledge(alert.id, reason="looking")
    assert acknowledged.state is AlertState.ACKNOWLEDGED
    assert ws.acknowledge(alert.id).state is AlertState.ACKNOWLEDGED
    assert monitor.is_broken
    assert [each.after for each in ws.shelves.facts.events(alert.id)].count(AlertState.ACKNOWLEDGED) == 1
    assert ws.alerts().to_dict()[0]["state"] == "acknowledged"
    assert ws.audit.verify() == len(ws.ledger())
    assert "looking" in str(ws.ledger())
    assert ws.ledger(limit=1).to_dict()[0]["seq"] == 1


def test_only_what_fires_can_be_acknowledged(ws, deployed):
    with pytest.raises(NotFound):
        ws.acknowledge("nothing")


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "scores"
    path.mkdir()
    for day in range(3):
        pq.write_table(batch(300, DAY + timedelta(days=day)).drop_columns(["id"]), path / f"{day}.parquet")
    return path


TABLE = {"time": "when", "score": "probability", "prediction": "answer", "label": "late"}


def test_a_table_is_a_target_of_its_own(ws, folder):
    baseline = truth(2000)
    monitor = ws.monitor("late-batch", folder, baseline=baseline, event_clock=True, **TABLE)
    target = monitor.entry.target
    assert target.schema.names == ("x",)
    assert target.schema.task is Task.BINARY
    assert Path(target.path).is_absolute()
    assert ws.monitors().to_dict()[0]["table"]["label"] == "late"
    assert str(folder) in str(ws.monitors())
    found = monitor.run()
    values = {each.name: each.value for each in found}
    assert 0.7 < values["performance.roc_auc"] < 0.95
    assert set(pq.read_table(monitor.entry.baseline).column_names) == {"x", LABEL, SCORE, "_prediction"}


def test_a_name_with_a_time_column_is_a_path(ws, folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    monitor = ws.monitor("late-batch", "scores", time="when")
    assert monitor.entry.target.path == str(folder)
    assert monitor.entry.target.schema.task is None


@pytest.mark.parametrize(
    ("roles", "task"),
    [
        ({"score": "probability"}, Task.BINARY),
        ({"prediction": "answer"}, Task.BINARY),
        ({"prediction": "x"}, Task.REGRESSION),
        ({"prediction": "x", "task": "multiclass"}, Task.MULTICLASS),
    ],
)
def test_the_task_of_a_table(ws, folder, roles, task):
    monitor = ws.monitor("late-batch", folder, time="when", **roles)
    assert monitor.entry.target.schema.task is task


def test_only_some_columns_of_a_table_are_watched(ws, folder):
    target = ws.monitor("late-batch", folder, time="when", prediction="answer", features=["x"]).entry.target
    assert (target.schema.names, target.schema.task) == (("x",), Task.BINARY)
    assert ws.monitor("none", folder, time="when", features=[]).entry.target.schema.names == ()


def test_the_features_of_a_deployment_are_those_of_its_model(ws, deployed):
    with pytest.raises(InputError, match="features= is for tables"):
        ws.monitor("m", deployed, features=["x"])


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({}, InputError),
        ({"time": "whn"}, UnknownColumn),
        ({"time": "x"}, UnreadableTable),
        ({"time": "when", "label": "lat"}, UnknownColumn),
        ({"time": "when", "task": "ranking"}, InputError),
        ({"time": "when", "features": ["x", "y"]}, UnknownColumn),
        ({"time": "when", "features": ["when"]}, UnknownColumn),
    ],
)
def test_a_table_that_cannot_be_watched_is_refused(ws, folder, wrong, error):
    with pytest.raises(error):
        ws.monitor("late-batch", folder, **wrong)
    assert not ws.monitors()


def test_waiting_ends_when_the_time_is_up(ws, deployed, monkeypatch):
    from holter.serving.lock import workspace_lock

    with workspace_lock(ws.root, 0, datetime.now(UTC)):
        with pytest.raises(DeploymentFailed, match="still Transitioning after 0 s"):
            deployed.wait(0)
        observe(ws, DeploymentState.HEALTHY)
        assert deployed.wait(0).state == "Healthy"
        observe(ws, DeploymentState.HEALTHY, at=datetime.now(UTC) - timedelta(days=1))
        with pytest.raises(DeploymentFailed):  # the word of a tree that was killed
            deployed.wait(0)


def test_waiting_for_a_version_that_gave_way(ws, deployed, model_file, monkeypatch):
    from holter.serving.lock import workspace_lock
    from holter.workspace import deployment

    ws.models.register("late", model_file)
    monkeypatch.setattr(deployment, "sleep", lambda _: deployed.promote(2))
    with workspace_lock(ws.root, 0, datetime.now(UTC)), pytest.raises(DeploymentFailed, match="gave way to version 2"):
        deployed.wait(30)


def test_a_pause_is_waited_for_as_well(ws, deployed):
    from holter.serving.lock import workspace_lock

    deployed.pause()
    with workspace_lock(ws.root, 0, datetime.now(UTC)):
        observe(ws, DeploymentState.PAUSED, None)
        assert deployed.wait(0).state == "Paused"


def test_without_a_user_database_the_actor_has_no_name(monkeypatch):
    import getpass

    from holter.workspace.identity import actor

    def nobody():
        raise KeyError("uid 12345")

    monkeypatch.setattr(getpass, "getuser", nobody)
    assert actor() == "user:unknown"


def test_an_alert_that_was_resolved_is_not_acknowledged(ws, deployed):
    from dataclasses import replace

    deployed.log(batch(300), key="id", time="when", score="probability", label="late")
    later = batch(5, DAY + timedelta(days=1)).set_column(4, "id", pa.array([f"l{i}" for i in range(5)]))
    deployed.log(later, key="id", time="when", score="probability", label="late")
    ws.monitor("m", deployed, event_clock=True, rules=[Rule("auc", "performance.roc_auc", below=0.99)]).run()
    (alert,) = ws.alerts()
    with ws.shelves.facts.begin() as transaction:
        transaction.save_alert(replace(alert, state=AlertState.RESOLVED), ())
    with pytest.raises(InputError, match="only one that fires"):
        ws.acknowledge(alert.id)


def test_labels_say_how_many_records_they_found(deployed):
    deployed.log(batch(), key="id", time="when", score="probability")
    labels = deployed.log_labels(pa.table({"id": ["r1", "early"], "label": [1, 0]}), key="id")
    assert (labels, labels.known) == (2, 1)
    assert str(labels) == "2 labels: 1 belong to records, 1 waits for its record."
    assert str(deployed.log_labels(pa.table({"id": ["r2"], "label": [1]}), key="id")).endswith("records that are here.")
    assert "3 wait for their records" in str(
        deployed.log_labels(pa.table({"id": list("xyz"), "label": [1] * 3}), key="id")
    )


def test_history_is_imported_and_kept_in_view(ws, deployed):
    assert deployed.import_history(batch(), key="id", time="when", score="probability") == 100
    (kept,) = ws.kept()
    assert (kept.shelf.name, kept.shelf.ended, kept.stored > 0) == ("late-api", None, True)
    assert "late-api" in str(ws.kept())
    assert ws.kept().to_dict()[0]["journal_lag_seconds"] is None
    assert ws.kept().warnings.to_dict() == []


def test_a_person_is_erased_and_a_deleted_deployment_purged(ws, deployed):
    deployed.log(batch(), key="id", time="when", score="probability")
    assert ws.erase("late-api", REQUEST_ID, "r1").records == 1
    assert deployed.records().num_rows == 99
    with pytest.raises(InUse, match="deployment"):
        ws.purge("late-api")
    deployed.delete()
    assert [kept.shelf.ended is None for kept in ws.kept()] == [False]
    assert ws.purge("late-api") == (1, 0)
    assert list(ws.kept()) == []
    assert not (ws.root / "records" / "late-api").exists()
