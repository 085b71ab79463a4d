"""Canary, shadow and pause as answers, and the sign of life."""

from datetime import UTC, datetime

import pytest

from holter.respond import Responder
from holter.respond.heartbeat import Heartbeat
from holter.store.kept import Job, JobState

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def served(shelves, tmp_path):
    """A deployment of version 1, with versions 2 and 3 beside it."""
    (tmp_path / "score.py").write_text("def init(): ...\ndef run(data): ...\n")
    (tmp_path / "model.bin").write_bytes(b"0")
    first, *_ = [shelves.registry.register("churn", tmp_path / "model.bin") for _ in range(3)]
    shelves.registry.deploy("api", first, entry_script=str(tmp_path / "score.py"))
    return shelves


def answered(shelves, kind, deployment="api", **options):
    with shelves.facts.begin() as transaction:
        transaction.ask(Job(f"{kind}-1", "a1", "daily", deployment, kind, options, NOW))
    (job,) = Responder(shelves).once(NOW)
    return job


def wanted(shelves):
    return shelves.registry.deployment("api").wanted


def test_a_canary_answers_five_percent_unless_told_otherwise(served):
    job = answered(served, "canary")
    assert (job.state, job.result["version"]) == (JobState.DONE, 3)
    assert (wanted(served).canary.version, wanted(served).canary.weight) == (3, 5.0)
    assert wanted(served).version == 1


def test_a_canary_of_a_version_with_a_weight_and_a_key(served):
    answered(served, "canary", version="2", weight="12.5", key="x-customer")
    assert (wanted(served).canary.version, wanted(served).canary.weight) == (2, 12.5)
    assert wanted(served).canary.key == "x-customer"


def test_a_shadow_scores_what_was_captured(served):
    assert answered(served, "shadow", version="2").state is JobState.DONE
    assert wanted(served).shadow == 2


def test_a_pause_is_for_a_person_to_end(served):
    assert answered(served, "pause").state is JobState.DONE
    assert wanted(served).paused
    with served.facts.begin() as transaction:
        transaction.ask(Job("pause-2", "a1", "daily", "api", "pause", {}, NOW))
    (job,) = Responder(served).once(NOW)
    assert (job.state, job.result["reason"]) == (JobState.REFUSED, "api is paused already")


@pytest.mark.parametrize("kind", ["canary", "shadow"])
def test_what_answers_already_stands_beside_nothing(served, kind):
    job = answered(served, kind, version="1")
    assert job.state is JobState.REFUSED
    assert "answers every request already" in job.result["reason"]


@pytest.mark.parametrize(
    ("kind", "options", "why"),
    [
        ("canary", {"weight": "much"}, "no number"),
        ("canary", {"weight": "0"}, "above 0"),
        ("canary", {"version": "9"}, "version"),
        ("shadow", {"version": "best"}, "neither a number"),
    ],
)
def test_what_cannot_be_done_fails_and_changes_nothing(served, kind, options, why):
    before = wanted(served)
    job = answered(served, kind, **options)
    assert job.state is JobState.FAILED
    assert why in job.result["reason"]
    assert wanted(served) == before


@pytest.mark.parametrize("kind", ["canary", "shadow", "pause"])
def test_a_table_has_nothing_to_put_beside(served, kind):
    assert "watches a table" in answered(served, kind, deployment=None).result["reason"]


def test_a_sign_of_life_follows_a_pass_that_went_well(open_shelves, sink):
    shelves = open_shelves(heartbeat_url=sink.url)
    heart = Heartbeat(shelves)
    assert not heart.once()
    heart.passed(well=True)
    assert heart.once()
    assert not heart.once()
    heart.passed(well=False)
    assert not heart.once()
    assert len(sink.posts) == 1


def test_a_switch_that_is_away_stops_nothing(open_shelves, sink, caplog):
    shelves = open_shelves(heartbeat_url=sink.url)
    sink.statuses = [500, 500]
    heart = Heartbeat(shelves)
    for _ in range(3):
        heart.passed(well=True)
        heart.once()
    assert len(sink.posts) == 3
    assert caplog.text.count("no sign of life") == 1
    assert "secret-path" not in caplog.text


def test_without_an_address_nothing_is_sent(shelves, sink):
    heart = Heartbeat(shelves)
    heart.passed(well=True)
    assert not heart.once()
    assert sink.posts == []
