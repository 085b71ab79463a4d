import sys
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from holter.errors import BadRule, NotFound
from holter.respond import KINDS, Answer, Bench, Channel, Outcome, Responder, check, kinds, named, responder
from holter.rules import Response
from holter.store.kept import Job, JobState

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def ask(shelves, kind="command", key=None, deployment=None, at=NOW, alert="a1", **options):
    job = Job(key or f"{kind}-1", alert, "daily", deployment, kind, options, at)
    with shelves.facts.begin() as transaction:
        transaction.ask(job)
    return job


def actions(shelves):
    return [sealed.entry.action for sealed in shelves.facts.ledger()]


def test_nothing_to_do(shelves):
    assert Responder(shelves).once(NOW) == []


def test_a_command_runs_once(shelves):
    ask(shelves, command="{python} -c \"open('ran', 'a').write('x')\"")
    (job,) = Responder(shelves).once(NOW)
    assert job.state is JobState.DONE
    assert job.attempts == 1
    assert Responder(shelves).once(NOW) == []
    assert (shelves.root / "ran").read_text() == "x"
    assert actions(shelves) == ["command.running", "command.done"]
    entry = list(shelves.facts.ledger(subject="monitor:daily"))[-1].entry
    assert entry.actor == "job:command-1"
    assert entry.facts["alert"] == "a1"


def test_a_command_sees_what_it_is_about_and_no_secret(shelves, monkeypatch):
    monkeypatch.setenv("HOLTER_SMTP_URL", "smtp://me:secret@mail")
    monkeypatch.setenv("DEPLOY_TOKEN", "t0ken")
    monkeypatch.setenv("LAKE_TOKEN", "allowed")
    told, withheld = (
        "HOLTER_ALERT HOLTER_AT HOLTER_DEPLOYMENT HOLTER_MONITOR HOLTER_WORKSPACE",
        "HOLTER_SMTP_URL DEPLOY_TOKEN",
    )
    names = f"{told} {withheld} LAKE_TOKEN"
    code = f"import os; print([os.environ.get(name) for name in '{names}'.split()])"
    ask(shelves, command=f'{{python}} -c "{code}"', deployment="api", environment="LAKE_TOKEN")
    Responder(shelves).once(NOW)
    log = (shelves.root / "jobs" / "command-1" / "log.txt").read_text()
    wanted = ["a1", NOW.isoformat(), "api", "daily", str(shelves.root), None, None, "allowed"]
    assert str(wanted) in log


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"command": "{python} -c 'raise SystemExit(4)'"}, "exited with 4"),
        ({"command": "/no/such/program"}, "cannot be started"),
        ({"command": "true", "timeout": "soon"}, "not a duration"),
        ({}, "empty"),
    ],
)
def test_a_job_that_fails_is_not_repeated(shelves, options, why):
    ask(shelves, **options)
    (job,) = Responder(shelves).once(NOW)
    assert job.state is JobState.FAILED
    assert why in job.result["reason"]
    assert Responder(shelves).once(NOW) == []
    assert actions(shelves)[-1] == "command.failed"


def test_one_failing_job_stops_no_other(shelves):
    ask(shelves, key="command-1", command="false")
    ask(shelves, key="command-2", command="true")
    states = [job.state for job in Responder(shelves).once(NOW)]
    assert states == [JobState.FAILED, JobState.DONE]


@pytest.mark.parametrize("kind", ["email", "fax"])
def test_what_is_no_job_fails_with_the_reason(shelves, kind):
    ask(shelves, kind)
    (job,) = Responder(shelves).once(NOW)
    assert job.state is JobState.FAILED
    assert kind in job.result["reason"]


def test_a_defect_fails_its_job_only(shelves, monkeypatch):
    def act(bench):
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(kinds, "KINDS", {"odd": Answer("odd", act, frozenset())})
    ask(shelves, "odd")
    (job,) = Responder(shelves).once(NOW)
    assert (job.state, job.result["reason"]) == (JobState.FAILED, "ZeroDivisionError: oops")


def test_a_job_that_another_process_runs_is_left_to_it(shelves):
    ask(shelves, command="true")
    shelves.facts.acquire("job:command-1", "other", timedelta(minutes=1), NOW)
    assert Responder(shelves).once(NOW) == []
    assert shelves.facts.jobs()[0].state is JobState.WANTED
    (job,) = Responder(shelves).once(NOW + timedelta(minutes=2))
    assert job.state is JobState.DONE


def test_a_job_whose_process_keeps_dying_is_given_up(shelves):
    ask(shelves, command="true")
    for _ in range(responder.ATTEMPTS):
        with shelves.facts.begin() as transaction:
            transaction.move_job("command-1", JobState.RUNNING, {})
    (job,) = Responder(shelves).once(NOW)
    assert job.state is JobState.FAILED
    assert f"died {responder.ATTEMPTS} times" in job.result["reason"]


def test_a_running_job_of_a_dead_process_is_done_again(shelves):
    ask(shelves, command="true")
    with shelves.facts.begin() as transaction:
        transaction.move_job("command-1", JobState.RUNNING, {})
    (job,) = Responder(shelves).once(NOW)
    assert (job.state, job.attempts) == (JobState.DONE, 2)


def test_a_lost_lease_stops_the_command_and_writes_nothing(shelves):
    ask(shelves, command="{python} -c \"import time; open('began', 'w'); time.sleep(60)\"")
    worker = Responder(shelves, [sys.executable], lease=SECOND)
    thread = threading.Thread(target=worker.once, args=(NOW,))
    thread.start()
    while not (shelves.root / "began").exists():
        assert thread.is_alive()
    # Another process takes it over, as if this one had stood still for an hour.
    assert shelves.facts.acquire("job:command-1", "other", timedelta(hours=9), NOW + timedelta(hours=1))
    thread.join(30)
    assert not thread.is_alive()
    assert shelves.facts.jobs()[0].state is JobState.RUNNING
    assert actions(shelves) == ["command.running"]


def test_a_lease_that_could_not_be_renewed_once_is_renewed_later(shelves, monkeypatch):
    code = "import os, time; open('began', 'w'); [time.sleep(.01) for _ in iter(lambda: os.path.exists('began'), 0)]"
    ask(shelves, command=f'{{python}} -c "{code}"', timeout="30s")
    acquire, calls = shelves.facts.acquire, []

    def busy_at_first(*given):
        calls.append(given)
        if len(calls) == 2:
            raise OSError("database is locked")
        if len(calls) == 4:
            (shelves.root / "began").unlink()
        return acquire(*given)

    monkeypatch.setattr(shelves.facts, "acquire", busy_at_first)
    (job,) = Responder(shelves, [sys.executable], lease=SECOND).once(NOW)
    assert job.state is JobState.DONE


def test_every_kind_has_a_name_and_its_options():
    assert set(KINDS) == {
        "email",
        "webhook",
        "alertmanager",
        "pagerduty",
        "command",
        "retrain",
        "canary",
        "shadow",
        "promote",
        "rollback",
        "pause",
    }
    for name, kind in KINDS.items():
        assert named(name) is kind
        assert kind.name == name
        assert kind.required <= kind.options


def test_addresses_of_channels():
    email, webhook = KINDS["email"], KINDS["webhook"]
    assert isinstance(email, Channel)
    assert email.targets({"to": " a@x, b@x ,,a@x"}) == ("a@x", "b@x")
    assert email.targets({}) == ()
    assert isinstance(webhook, Channel)
    assert webhook.targets({"url": "http://x/?a=1,2 "}) == ("http://x/?a=1,2",)


@pytest.mark.parametrize(
    ("response", "why"),
    [
        (Response("email"), "needs the option 'to'"),
        (Response("webhook", {"url": " "}), "needs the option 'url'"),
        (Response("command", {"command": "x", "shell": "y"}), "no option 'shell'"),
        (Response("rollback", {"to": "1"}), "no option 'to'"),
    ],
)
def test_responses_that_could_never_work_are_refused(response, why):
    with pytest.raises(BadRule, match=why):
        check("r", response)


def test_a_response_that_can_work_passes():
    check("r", Response("retrain", {"command": "train", "cooldown": "14d"}))
    with pytest.raises(NotFound, match="retrain"):
        check("r", Response("retrian"))


def test_other_packages_add_kinds(tmp_path, monkeypatch):
    (tmp_path / "pager.py").write_text(
        "from holter.respond import Channel\n"
        "PAGER = Channel('pager', 'number', lambda shelves, message: None, frozenset({'number'}))\nODD = 3\n"
    )
    info = tmp_path / "pager-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: pager\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[holter.responses]\npager = pager:PAGER\nodd = pager:ODD\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert named("pager").name == "pager"
    with pytest.raises(NotFound, match="odd"):
        named("odd")


def test_an_outcome_and_a_bench_are_plain(shelves, tmp_path):
    job = ask(shelves, "rollback", deployment="api")
    bench = Bench(shelves, job, tmp_path, ["python"], threading.Event(), lambda: NOW)
    bench.note("rollback.thought", "why", {"n": 1})
    (sealed,) = shelves.facts.ledger(subject="deployment:api")
    assert sealed.entry.facts == {"job": "rollback-1", "n": 1}
    assert Outcome(JobState.DONE, "x").facts == {}


def test_leaving_ends_the_command_and_the_job_begins_again_at_once(shelves):
    code = "import os, time\nif not os.path.exists('ran'):\n    open('ran', 'w').close()\n    time.sleep(600)"
    (shelves.root / "slow.py").write_text(code)
    ask(shelves, command="{python} slow.py")
    ask(shelves, key="command-2", command="true")
    first, ended = Responder(shelves), []
    thread = threading.Thread(target=lambda: ended.extend(first.once(datetime.now(UTC))))
    thread.start()
    while not (shelves.root / "ran").exists():
        assert thread.is_alive()
    first.leave()
    thread.join(60)
    assert not thread.is_alive()
    assert [(job.key, job.state) for job in ended] == [("command-1", JobState.WANTED)]
    assert first.once(datetime.now(UTC)) == []
    again = Responder(shelves).once(datetime.now(UTC))
    assert [(job.key, job.state, job.attempts) for job in again] == [
        ("command-1", JobState.DONE, 2),
        ("command-2", JobState.DONE, 1),
    ]


def slow(shelves):
    """A command that runs until it is stopped; how often it began is in ``began``."""
    (shelves.root / "slow.py").write_text("import time\nopen('began', 'a').write('x')\ntime.sleep(600)")
    return "{python} slow.py"


def began(shelves):
    path = shelves.root / "began"
    return path.read_text() if path.exists() else ""


def until(true):
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def state(shelves, key):
    return next(job.state for job in shelves.facts.jobs() if job.key == key)


def test_a_process_that_is_stopped_cleanly_costs_a_job_no_attempt(shelves):
    ask(shelves, command=slow(shelves))
    for number in range(responder.ATTEMPTS + 1):
        leaving = Responder(shelves)
        thread = threading.Thread(target=leaving.once, args=(datetime.now(UTC),))
        thread.start()
        until(lambda number=number: began(shelves) == "x" * (number + 1))
        leaving.leave()
        thread.join(60)
        assert state(shelves, "command-1") is JobState.WANTED
    (shelves.root / "slow.py").write_text("")
    (job,) = Responder(shelves).once(datetime.now(UTC))
    assert (job.state, job.attempts) == (JobState.DONE, responder.ATTEMPTS + 2)


def test_a_long_job_keeps_no_other_waiting_and_jobs_of_one_kind_for_one_deployment_take_turns(shelves):
    ask(shelves, key="long", deployment="api", command=slow(shelves))
    ask(shelves, key="behind", deployment="api", command="true")
    ask(shelves, key="other", deployment="web", command="true")
    working = Responder(shelves)
    assert working.turn(datetime.now(UTC)) == 2
    until(lambda: state(shelves, "other") is JobState.DONE and began(shelves))
    assert working.turn(datetime.now(UTC)) == 0
    assert (state(shelves, "long"), state(shelves, "behind")) == (JobState.RUNNING, JobState.WANTED)
    working.leave()
    until(lambda: state(shelves, "long") is JobState.WANTED and not working._busy)
    assert working.turn(datetime.now(UTC)) == 0, "it begins nothing more"
    assert state(shelves, "behind") is JobState.WANTED


def test_a_process_waits_for_its_jobs_although_a_loop_in_a_daemon_began_them(shelves):
    ask(shelves, key="long", deployment="api", command="sleep 600")
    working = Responder(shelves)
    loop = threading.Thread(target=working.turn, args=(datetime.now(UTC),), daemon=True)
    loop.start()
    loop.join()
    (job,) = [each for each in threading.enumerate() if each.name == "job long"]
    try:
        assert not job.daemon
    finally:
        working.leave()
        job.join(30)
    assert state(shelves, "long") is JobState.WANTED
