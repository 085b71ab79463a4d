"""The book: versions, deployments, monitors, and a ledger entry for each change."""

import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from holter.errors import AlreadyExists, BadName, BadScript, InputError, InUse, NotFound, UnknownColumn
from holter.registry import DeploymentSettings, DeploymentState, MonitorEntry, Observed, Shelves, TableTarget, ports
from holter.rules import Level, Response, Rule
from holter.types import Feature, Kind, Schema, Task

SCHEMA = Schema((Feature("x", Kind.NUMERIC, "double"), Feature("c", Kind.CATEGORICAL, "string")), Task.BINARY)
BASELINE = pa.table({"x": [1.0, 2.0], "c": ["u", None], "_prediction": [0.0, 1.0]})
NOW = datetime(2013, 4, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def shelves(tmp_path):
    return Shelves.open(tmp_path / "workspace", create=True)


@pytest.fixture
def registry(shelves):
    return shelves.registry


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.joblib"
    path.write_bytes(b"weights")
    return path


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "score.py"
    path.write_text("def init(): ...\ndef run(data): ...\n")
    return str(path)


@pytest.fixture
def deployed(registry, model, script):
    for _ in range(3):
        registry.register("churn", model, schema=SCHEMA, baseline=BASELINE)
    return registry.deploy("churn-api", registry.version("churn", 1), entry_script=script, actor="me")


def actions(shelves, subject=None):
    return [one.entry.action for one in shelves.facts.ledger(subject=subject)]


def test_a_version_comes_back_as_it_was_registered(shelves, registry, model):
    lineage = {"job": "j", "rows": 10}
    made = registry.register(
        "churn", model, schema=SCHEMA, baseline=BASELINE, held_out=False, tags={"a": "b"}, lineage=lineage, actor="me"
    )
    assert made == registry.version("churn") == registry.version("churn", 1)
    assert (made.schema, made.held_out, made.tags, made.lineage) == (SCHEMA, False, {"a": "b"}, lineage)
    model.write_bytes(b"other")  # ours is a copy
    assert made.path.read_bytes() == b"weights"
    assert made.path == shelves.root / "models" / "churn" / "1" / "model.joblib"
    assert pq.ParquetFile(made.baseline).read() == BASELINE
    entry = next(iter(shelves.facts.ledger())).entry
    assert (entry.actor, entry.action, entry.subject, entry.facts["digest"]) == (
        "me",
        "model.register",
        "model:churn",
        made.digest,
    )


def test_versions_count_up_for_each_model(registry, model):
    for name in ("b", "a", "a"):
        registry.register(name, model)
    assert registry.models() == ["a", "b"]
    assert [one.version for one in registry.versions("a")] == [1, 2]
    assert registry.version("a").version == 2
    assert registry.version("a").schema is None
    assert registry.version("a").baseline is None


def test_a_folder_is_a_model(registry, tmp_path):
    (tmp_path / "saved" / "inner").mkdir(parents=True)
    (tmp_path / "saved" / "inner" / "weights").write_text("w")
    assert (registry.register("net", tmp_path / "saved").path / "inner" / "weights").read_text() == "w"


def test_the_same_key_registers_once(registry, model):
    first = registry.register("churn", model, key="job-1")
    assert registry.register("churn", model, key="job-1") == first
    assert registry.register("churn", model, key="job-2").version == 2
    assert registry.register("churn", model).version == 3


def test_a_refused_registration_leaves_nothing(shelves, registry, model):
    with pytest.raises(UnknownColumn, match="'x'"):
        registry.register("churn", model, schema=SCHEMA, baseline=pa.table({"c": ["u"]}))
    with pytest.raises(NotFound):
        registry.register("churn", Path("nothing.joblib"))
    for name in ("", "-a", "a/b", "..", "a" * 256, "ä"):
        with pytest.raises(BadName):
            registry.register(name, model)
    assert not [path for path in shelves.root.rglob("*") if path.is_file() and "holter" not in path.name]
    assert actions(shelves) == []


def test_a_folder_left_by_a_dead_process_is_replaced(shelves, registry, model):
    (shelves.root / "models" / "churn" / "1").mkdir(parents=True)
    (shelves.root / "models" / "churn" / "1" / "half").write_text("h")
    version = registry.register("churn", model)
    assert [path.name for path in version.path.parent.iterdir()] == ["model.joblib"]


@pytest.mark.parametrize(("name", "version"), [("chrun", None), ("churn", 9)])
def test_an_unknown_version_is_named(registry, model, name, version):
    registry.register("churn", model)
    with pytest.raises(NotFound, match="churn"):
        registry.version(name, version)


REGISTERING = """
import sys
from holter.registry import Shelves
registry = Shelves.open(sys.argv[1]).registry
print(*[registry.register("churn", sys.argv[2], key=f"key-{n}").version for n in range(10)])
"""


def test_two_processes_register_each_key_once(shelves, registry, model):
    command = [sys.executable, "-c", REGISTERING, str(shelves.root), str(model)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    first, second = (process.communicate(timeout=120)[0] for process in processes)
    assert first == second
    assert sorted(map(int, first.split())) == list(range(1, 11))
    assert all(version.path.exists() for version in registry.versions("churn"))


def test_a_deployment_comes_back_as_it_was_made(registry, model, script):
    settings = DeploymentSettings(workers=2, memory_gb=0.5, environment={"A": "b"}, event_time_header=True)
    made = registry.deploy("churn-api", registry.register("churn", model), entry_script=script, settings=settings)
    assert made == registry.deployment("churn-api")
    assert [made] == registry.deployments()
    assert made.settings == settings
    assert (made.code / made.entry_script).read_text().startswith("def init")
    assert (made.wanted.version, made.wanted.previous, made.wanted.paused) == (1, None, False)
    assert made.observed.state is DeploymentState.TRANSITIONING
    assert made.scoring_uri == f"http://127.0.0.1:{made.port}/score"


def test_names_of_deployments_fit_an_address(registry, deployed, script):
    version = registry.version("churn")
    for name in ("ab", "a" * 33, "Abc", "1abc", "abc-", "a_c", "a.b", "abc\n"):
        with pytest.raises(BadName):
            registry.deploy(name, version, entry_script=script)
    assert registry.deploy("a" * 32, version, entry_script=script).port != deployed.port


def test_a_deployment_is_replaced_only_when_asked(shelves, registry, deployed, script):
    version = registry.version("churn", 2)
    with pytest.raises(AlreadyExists, match="overwrite"):
        registry.deploy("churn-api", version, entry_script=script)
    Path(script).write_text("def init(): ...\ndef run(data): return 1\n")
    new = registry.deploy("churn-api", version, entry_script=script, overwrite=True)
    assert (new.port, new.created_at) == (deployed.port, deployed.created_at)
    assert (new.wanted.version, new.wanted.previous) == (2, 1)
    assert new.code != deployed.code
    assert deployed.code.exists()
    again = registry.deploy("churn-api", version, entry_script=script, overwrite=True)
    assert (again.wanted.version, again.wanted.previous) == (2, 1)
    assert actions(shelves, "deployment:churn-api") == ["deployment.create", *["deployment.replace"] * 2]


def test_another_model_cannot_be_rolled_back_to(registry, deployed, model, script):
    other = registry.register("other", model)
    assert registry.deploy("churn-api", other, entry_script=script, overwrite=True).wanted.previous is None


def test_a_bad_script_changes_nothing(shelves, registry, deployed):
    with pytest.raises(BadScript):
        registry.deploy("other-api", registry.version("churn"), entry_script="nothing.py")
    assert [one.name for one in registry.deployments()] == ["churn-api"]


def test_wanting_another_version_remembers_the_one_before(shelves, registry, deployed):
    assert registry.want("churn-api", version=2, actor="rule", reason="better", facts={"auc": 0.7}).wanted.previous == 1
    assert registry.want("churn-api", version=2, actor="rule", reason="again").wanted.previous == 1
    paused = registry.want("churn-api", paused=True, actor="me", reason="holiday").wanted
    assert (paused.version, paused.previous, paused.paused) == (2, 1, True)
    back = registry.want("churn-api", version=1, paused=False, actor="me", reason="worse").wanted
    assert (back.version, back.previous, back.paused) == (1, 2, False)
    entries = [one.entry for one in shelves.facts.ledger(subject="deployment:churn-api")][1:]
    assert [entry.reason for entry in entries] == ["better", "holiday", "worse"]
    assert entries[0].facts["auc"] == 0.7
    assert (entries[0].facts["before"]["version"], entries[0].facts["after"]["version"]) == (1, 2)
    for name, version in (("churn-api", 9), ("churn-ap", 1)):
        with pytest.raises(NotFound):
            registry.want(name, version=version, actor="me", reason="")


def test_what_is_observed_is_no_decision(shelves, registry, deployed):
    before = actions(shelves)
    seen = Observed(DeploymentState.HEALTHY, 1, "2 workers", NOW)
    registry.observe("churn-api", seen)
    registry.observe("deleted-meanwhile", seen)
    assert registry.deployment("churn-api").observed == seen
    assert actions(shelves) == before


def test_a_deployment_that_is_watched_cannot_be_deleted(registry, deployed):
    registry.add_monitor(a_monitor())
    with pytest.raises(InUse, match="monitor daily"):
        registry.delete("churn-api")
    registry.delete_monitor("daily")
    registry.delete("churn-api", actor="me")
    for lost in (registry.deployment, registry.delete):
        with pytest.raises(NotFound):
            lost("churn-api")


def a_monitor(target="churn-api", **changes):
    rule = Rule(
        "low-auc",
        "performance.roc_auc",
        below=0.6,
        level=Level.PAGE,
        responses=(Response("webhook", {"url": "https://user:s3cret@example.com"}),),
    )
    entry = MonitorEntry("daily", target, ("performance",), (rule,), DAY, 7 * DAY, timedelta(seconds=1), DAY)
    return replace(entry, **changes)


def test_a_monitor_comes_back_exactly(shelves, registry, deployed):
    entry = a_monitor(created_at=NOW, event_clock=True, baseline=shelves.root / "baselines" / "b.parquet", paused=True)
    assert registry.add_monitor(entry) == entry
    table = TableTarget("/data/*.parquet", "time", SCHEMA, score="p", label="y")
    outside = replace(entry, name="table", target=table, baseline=Path("/elsewhere/b.parquet"))
    assert registry.add_monitor(outside) == outside
    assert registry.monitors() == [entry, outside]


def test_a_monitor_is_replaced_only_when_asked(shelves, registry, deployed):
    registry.add_monitor(a_monitor())
    with pytest.raises(AlreadyExists):
        registry.add_monitor(a_monitor())
    assert registry.add_monitor(a_monitor(signals=("traffic",)), overwrite=True).signals == ("traffic",)
    assert actions(shelves, "monitor:daily") == ["monitor.create", "monitor.replace"]


def test_a_monitor_begins_anew_only_when_it_judges_other_windows(registry, deployed):
    registry.add_monitor(a_monitor(created_at=NOW))
    later = a_monitor(created_at=NOW + DAY)
    assert registry.add_monitor(replace(later, rules=()), overwrite=True).created_at == NOW
    assert registry.add_monitor(replace(later, every=2 * DAY), overwrite=True).created_at == NOW + DAY


def test_secrets_of_responses_stay_out_of_the_ledger(shelves, registry, deployed):
    registry.add_monitor(a_monitor())
    assert all("s3cret" not in str(one) for one in shelves.facts.ledger())


def test_a_monitor_needs_a_name_and_a_target(registry, deployed):
    with pytest.raises(NotFound, match="Did you mean 'churn-api'"):
        registry.add_monitor(a_monitor("churn-apo"))
    with pytest.raises(BadName, match="monitor"):
        registry.add_monitor(a_monitor(name="a/b"))
    for lost in (registry.monitor, registry.pause, registry.delete_monitor):
        with pytest.raises(NotFound):
            lost("nobody")


def test_a_monitor_stops_and_goes_on(shelves, registry, deployed):
    registry.add_monitor(a_monitor())
    assert registry.pause("daily", True, actor="me").paused
    assert registry.pause("daily").paused
    assert not registry.pause("daily", False).paused
    assert actions(shelves, "monitor:daily") == ["monitor.create", "monitor.pause", "monitor.resume"]


def test_a_workspace_may_be_moved(shelves, registry, deployed, tmp_path):
    shelves.facts.close()
    moved = Path(shutil.move(shelves.root, tmp_path / "moved"))
    again = Shelves.open(moved).registry
    assert again.version("churn").path.read_bytes() == b"weights"
    assert again.version("churn").baseline.exists()
    assert (again.deployment("churn-api").code / "score.py").exists()


def test_no_free_port_is_said(monkeypatch):
    monkeypatch.setattr(ports, "_is_free", lambda _port: False)
    with pytest.raises(InputError, match="no free port"):
        ports.free_port(())
