import json
import sys
import threading
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from holter.errors import BadDuration, BadSetting, LeaseLost, NotFound
from holter.respond import KINDS, Bench, Responder
from holter.respond.retrain import Plan
from holter.respond.training import spans
from holter.store.kept import Job, JobState
from holter.types import Feature, Kind, Schema, Span, Task

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
FIRST = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
AT = FIRST + 20 * DAY
SCHEMA = Schema((Feature("x", Kind.NUMERIC, "double"), Feature("z", Kind.NUMERIC, "double")), Task.BINARY)
SCORE = """
import json, math, os

def init():
    global weights
    folder = os.environ["AZUREML_MODEL_DIR"]
    weights = json.load(open(os.path.join(folder, os.listdir(folder)[0])))

def run(data):
    rows = json.loads(data)["data"]
    return {"result": [1 / (1 + math.exp(-(weights["x"] * x + weights["z"] * z))) for x, z in rows]}
"""
TRAIN = """
import json, os, sys
import pyarrow.parquet as pq
rows = pq.read_table(os.environ["HOLTER_DATA"])
assert rows.column_names == ["x", "z", "_event_time", "_version", "_prediction", "_score", "_label"], rows.column_names
assert rows["_label"].null_count == 0 and os.path.exists(os.environ["HOLTER_MODEL"])
print(len(rows), "rows up to", max(rows["_event_time"].to_pylist()))
open("trained", "a").write("x")
json.dump(json.loads(sys.argv[1]), open(os.path.join(os.environ["HOLTER_OUTPUT"], "new.json"), "w"))
"""


RECORDS = "rows = [(row['x'], row['z']) for row in json.loads(data)['data']]"


def scored(weights, x, z):
    return 1 / (1 + np.exp(-(weights["x"] * x + weights["z"] * z)))


@pytest.fixture
def service(shelves, tmp_path, raise_alert):
    """A deployment whose champion looks at the wrong feature, with 20 labelled days."""
    model, code = tmp_path / "old.json", tmp_path / "code"
    champion = {"x": 0.1, "z": 1.0}
    model.write_text(json.dumps(champion))
    code.mkdir()
    (code / "score.py").write_text(SCORE)
    (shelves.root / "train.py").write_text(TRAIN)
    version = shelves.registry.register("m", model, schema=SCHEMA)
    shelves.registry.deploy("api", version, source=code, entry_script="score.py")
    raise_alert(shelves, rule="auc")
    record(shelves, champion, range(20))
    return shelves


def record(shelves, champion, days, n=60, version=1):
    """Record days of n rows each in one go; the first five of a day get no label, the last two were no success."""
    every = [one_day(champion, day, n, version) for day in days]
    shelves.records("api").append(pa.concat_tables(rows for rows, _ in every), {})
    shelves.records("api").append_labels(pa.concat_tables(labels for _, labels in every))


def one_day(champion, day, n, version):
    rng = np.random.default_rng(day)
    x, z = rng.normal(size=n), rng.normal(size=n)
    score = scored(champion, x, z)
    moments = [FIRST + day * DAY + i * timedelta(minutes=10) for i in range(n)]
    stamps = pa.array(moments, pa.timestamp("us", "UTC"))
    ids = pa.array([f"{version}-{day}-{i}" for i in range(n)])
    rows = {
        "_request_id": ids, "_row": pa.array([0] * n, pa.int32()), "_event_time": stamps, "_received_at": stamps,
        "_version": pa.array([version] * n, pa.int32()), "_role": ["champion"] * n,
        "_status": pa.array([200] * (n - 2) + [500] * 2, pa.int32()), "_latency_us": pa.array([9] * n, pa.int64()),
        "_digest": ids, "_score": score, "_prediction": (score > 0.5).astype(float), "x": x, "z": z,
    }  # fmt: skip
    label = (rng.random(n) < scored({"x": 2.0, "z": 0.0}, x, z)).astype(float)
    labels = {"_request_id": ids, "_row": rows["_row"], "_label": label, "_labelled_at": stamps}
    return pa.table(rows), pa.table(labels).slice(5)


def retrain(shelves, weights, *, key="retrain-1", at=AT, alert="a1", deployment="api", **options):
    command = "{python} train.py '" + json.dumps(weights) + "'"
    options = {"command": command, "holdout": "7d", "data": "all"} | options
    with shelves.facts.begin() as transaction:
        transaction.ask(Job(key, alert, "daily", deployment, "retrain", options, at))
    Responder(shelves, [sys.executable]).once(NOW)
    return next(job for job in shelves.facts.jobs() if job.key == key)


def steps(shelves, key="retrain-1"):
    return [each.entry.action for each in shelves.facts.ledger() if each.entry.actor == f"job:{key}"]


def test_a_deployment_that_reads_records_by_name_is_retrained(service, tmp_path):
    code = tmp_path / "code"
    (code / "score.py").write_text(SCORE.replace('rows = json.loads(data)["data"]', RECORDS))
    version = service.registry.version("m", 1)
    service.registry.deploy("api", version, source=code, entry_script="score.py", overwrite=True)
    job = retrain(service, {"x": 2.0, "z": 0.0})
    assert job.state is JobState.DONE, job.result
    assert service.registry.deployment("api").wanted.version == 2


def test_a_holdout_of_one_class_refuses_and_says_so(service):
    ids = pa.array([f"1-{day}-{i}" for day in range(13, 20) for i in range(60)])
    count = len(ids)
    newest = {"_label": pa.array([0.0] * count), "_labelled_at": pa.array([NOW] * count, pa.timestamp("us", "UTC"))}
    known = {"_request_id": ids, "_row": pa.array([0] * count, pa.int32())}
    service.records("api").append_labels(pa.table(known | newest))
    job = retrain(service, {"x": 2.0, "z": 0.0})
    assert job.state is JobState.REFUSED, job.result
    assert "labelled rows are positive" in job.result["reason"]
    assert job.result["gain"] is None
    assert service.registry.deployment("api").wanted.version == 1


def test_a_better_candidate_takes_over(service):
    job = retrain(service, {"x": 2.0, "z": 0.0})
    assert job.state is JobState.DONE, job.result
    wanted = service.registry.deployment("api").wanted
    assert (wanted.version, wanted.previous) == (2, 1)
    assert job.result["low"] > 0
    assert job.result["candidate"] > job.result["champion"]
    assert steps(service) == [
        "retrain.running",
        "retrain.data",
        "retrain.trained",
        "model.register",
        "retrain.baseline",
        "retrain.compared",
        "deployment.want",
        "retrain.done",
    ]
    service.facts.verify_ledger()


def test_a_candidate_is_not_promoted_over_a_version_it_was_not_compared_with(service):
    service.registry.register("m", service.registry.version("m", 1).path)
    program = (
        "from holter.registry import Shelves; Shelves.open('.').registry.want('api', version=2, actor='me', reason='x')"
    )
    train = f"{{python}} -c \"{program}; import runpy, sys; runpy.run_path('train.py', run_name='__main__')\" "
    job = retrain(service, {}, command=train + "'" + json.dumps({"x": 2.0, "z": 0.0}) + "'")
    assert job.state is JobState.REFUSED, job.result
    assert "version 2 answers by now, and the comparison was with version 1" in job.result["reason"]
    assert service.registry.deployment("api").wanted.version == 2


def test_candidate_lineage_baseline_and_files(service):
    retrain(service, {"x": 2.0, "z": 0.0}, data="5d")
    folder = service.root / "jobs" / "retrain-1"
    train, holdout = (pq.read_table(folder / f"{name}.parquet") for name in ("train", "holdout"))
    cut = AT - 7 * DAY
    # 53 of 60 a day: the first five never got a label, the last two were not answered with 200.
    assert (train.num_rows, holdout.num_rows) == (5 * 53, 7 * 53)
    assert max(train["_event_time"].to_pylist()) < cut <= min(holdout["_event_time"].to_pylist())
    version = service.registry.version("m")
    assert version.lineage["job"] == "retrain-1"
    assert version.lineage["parent"] == 1
    assert version.lineage["rows"] == 5 * 53
    assert version.held_out
    baseline = pq.read_table(version.baseline)
    assert baseline.num_rows == 7 * 53
    x, z = baseline["x"].to_numpy(), baseline["z"].to_numpy()
    assert baseline["_score"].to_numpy() == pytest.approx(scored({"x": 2.0, "z": 0.0}, x, z))
    assert "_label" in baseline.column_names


@pytest.mark.parametrize(
    ("weights", "metric"), [({"x": 0.1, "z": 1.0}, "roc_auc"), ({"x": -1.0, "z": 1.0}, "log_loss")]
)
def test_a_candidate_that_is_not_better_is_refused_with_the_numbers(service, weights, metric):
    job = retrain(service, weights, metric=metric)
    assert job.state is JobState.REFUSED
    assert service.registry.deployment("api").wanted.version == 1
    assert job.result["metric"] == metric
    assert job.result["low"] <= 0
    assert "not surely better" in job.result["reason"]
    assert steps(service)[-1] == "retrain.refused"


def test_promotion_may_be_left_to_a_person(service):
    job = retrain(service, {"x": 2.0, "z": 0.0}, promote="no", metric="brier")
    assert job.state is JobState.DONE
    assert "left to you" in job.result["reason"]
    assert service.registry.deployment("api").wanted.version == 1


def test_the_command_may_bring_its_own_baseline(service):
    lines = TRAIN + "pq.write_table(rows.slice(0, 9), os.path.join(os.environ['HOLTER_OUTPUT'], 'baseline.parquet'))\n"
    (service.root / "train.py").write_text(lines)
    retrain(service, {"x": 2.0, "z": 0.0})
    assert pq.read_table(service.registry.version("m").baseline).num_rows == 9


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("pass", "it left nothing"),
        ("import os; [open(os.path.join(os.environ['HOLTER_OUTPUT'], n), 'w') for n in 'ab']", "it left a, b"),
        ("raise SystemExit('no data I like')", "no data I like"),
        ("import os; open(os.path.join(os.environ['HOLTER_OUTPUT'], 'm'), 'w').write('no json')", "exited with"),
    ],
)
def test_training_that_fails_fails_the_job(service, script, why):
    (service.root / "train.py").write_text(script)
    job = retrain(service, {})
    assert job.state is JobState.FAILED
    assert why in job.result["reason"]
    assert service.registry.deployment("api").wanted.version == 1


def test_without_labels_or_rows_nothing_is_trained(service):
    job = retrain(service, {}, at=FIRST + 5 * DAY)
    assert job.state is JobState.REFUSED
    assert job.result["train_rows"] == 0
    assert not (service.root / "trained").exists()


def test_the_champion_is_judged_on_rows_it_answered(service):
    retrain(service, {"x": 2.0, "z": 0.0})
    # Two days of version 2; the days before were answered by version 1, and are not its merit.
    record(service, {"x": 2.0, "z": 0.0}, (20, 21), version=2)
    job = retrain(service, {"x": 2.0, "z": 0.0}, key="retrain-2", at=FIRST + 22 * DAY)
    assert job.state is JobState.REFUSED
    assert job.result["n"] == 2 * 53
    assert job.result["gain"] == pytest.approx(0, abs=1e-12)


def test_a_cool_down_refuses_the_next_of_the_same_rule(service, raise_alert):
    window = Span(FIRST, FIRST + DAY)
    raise_alert(service, alert_id="a2", rule="auc", window=window)
    raise_alert(service, alert_id="a3", rule="other", window=window)
    weights = {"x": 0.1, "z": 1.0}
    assert "low" in retrain(service, weights, key="retrain-1", at=AT - 4 * DAY).result
    skipped = retrain(service, weights, key="retrain-2", at=AT - 2 * DAY, alert="a2", cooldown="3d")
    assert (skipped.state, skipped.result["earlier_job"]) == (JobState.REFUSED, "retrain-1")
    # A skipped one starts no new cool-down; another rule has its own.
    assert "low" in retrain(service, weights, key="retrain-3", at=AT - DAY, alert="a2", cooldown="3d").result
    assert "low" in retrain(service, weights, key="retrain-4", at=AT, alert="a3", cooldown="3d").result
    assert (service.root / "trained").read_text() == "xxx"


def test_a_retry_after_a_crash_promotes_once(service):
    retrain(service, {"x": 2.0, "z": 0.0})
    # The process dies before it can say that it has promoted.
    with service.facts.begin() as transaction:
        transaction.move_job("retrain-1", JobState.RUNNING, {})
    Responder(service, [sys.executable]).once(NOW)
    assert service.facts.jobs()[0].state is JobState.DONE
    assert [version.version for version in service.registry.versions("m")] == [1, 2]
    assert steps(service).count("deployment.want") == 1
    assert (service.root / "trained").read_text() == "x"


def test_a_retry_after_registration_does_not_train_again(service):
    job = retrain(service, {"x": 0.1, "z": 1.0})
    assert job.state is JobState.REFUSED
    with service.facts.begin() as transaction:
        transaction.move_job("retrain-1", JobState.RUNNING, {})
    Responder(service, [sys.executable]).once(NOW)
    assert len(service.registry.versions("m")) == 2
    assert (service.root / "trained").read_text() == "x"


@pytest.mark.parametrize("kind", ["retrain", "promote", "rollback"])
def test_a_table_has_nothing_to_change(service, kind):
    with service.facts.begin() as transaction:
        transaction.ask(Job("j", "a1", "daily", None, kind, {"command": "true"}, AT))
    (job,) = Responder(service).once(NOW)
    assert job.state is JobState.FAILED
    assert "watches a table" in job.result["reason"]


def ask(shelves, kind, key, **options):
    with shelves.facts.begin() as transaction:
        transaction.ask(Job(key, "a1", "daily", "api", kind, options, AT))
    Responder(shelves).once(NOW)
    return next(job for job in shelves.facts.jobs() if job.key == key)


def test_promote_and_rollback(service, tmp_path):
    assert ask(service, "rollback", "r0").state is JobState.REFUSED  # there was none before
    (tmp_path / "two.json").write_text('{"x": 2, "z": 0}')
    service.registry.register("m", tmp_path / "two.json", schema=SCHEMA)
    assert ask(service, "promote", "p1").state is JobState.DONE
    assert service.registry.deployment("api").wanted.version == 2
    assert ask(service, "promote", "p2", version="2").state is JobState.REFUSED
    assert "neither" in ask(service, "promote", "p3", version="best").result["reason"]
    assert ask(service, "promote", "p4", version="9").state is JobState.FAILED
    assert ask(service, "rollback", "r1").state is JobState.DONE
    assert service.registry.deployment("api").wanted.version == 1
    # A retry of what was done before the crash goes neither forward nor back.
    with service.facts.begin() as transaction:
        transaction.move_job("r1", JobState.RUNNING, {})
        transaction.move_job("p1", JobState.RUNNING, {})
    assert [job.state for job in Responder(service).once(NOW)] == [JobState.DONE, JobState.DONE]
    assert service.registry.deployment("api").wanted.version == 1


def plan(**options):
    return Plan.of(Job("k", "a", "m", "d", "retrain", options, AT))


def test_options_have_defaults():
    read = plan(command="train")
    assert (read.data, read.holdout, read.metric, read.confidence) == (None, 14 * DAY, "roc_auc", 0.95)
    assert (read.promote, read.cooldown, read.timeout) == (True, None, timedelta(seconds=600))


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"data": "much"}, BadDuration),
        ({"holdout": "0d"}, BadDuration),
        ({"cooldown": "x"}, BadDuration),
        ({"confidence": "1"}, BadSetting),
        ({"confidence": "sure"}, BadSetting),
        ({"promote": "maybe"}, BadSetting),
        ({"metric": "auc"}, NotFound),
    ],
)
def test_options_that_cannot_be_followed(options, error):
    with pytest.raises(error):
        plan(**options)


def test_training_and_holdout_never_overlap():
    assert spans(FIRST, AT, None, 7 * DAY) == (Span(FIRST, AT - 7 * DAY), Span(AT - 7 * DAY, AT))
    assert spans(FIRST, AT, 2 * DAY, 7 * DAY)[0] == Span(AT - 9 * DAY, AT - 7 * DAY)
    assert spans(FIRST, FIRST + DAY, None, 7 * DAY)[0].length == timedelta(0)


def test_a_process_that_has_lost_its_job_goes_back_to_no_version(service, tmp_path):
    second = service.registry.register("m", tmp_path / "old.json", schema=SCHEMA)
    service.registry.want("api", version=second.version, actor="me", reason="it is new")
    job = Job("r2", "a1", "daily", "api", "rollback", {}, AT)
    with service.facts.begin() as transaction:
        transaction.ask(job)
    mine = service.facts.acquire("job:r2", "stalled", DAY, NOW)
    bench = Bench(service, job, tmp_path, [sys.executable], threading.Event(), lambda: NOW, mine)
    assert Responder(service).once(NOW + 2 * DAY)[0].state is JobState.DONE
    # What stood still wakes up, and would go forward again: the version before is now the one that was left.
    with pytest.raises(LeaseLost):
        KINDS["rollback"].act(bench)
    assert service.registry.deployment("api").wanted.version == 1
