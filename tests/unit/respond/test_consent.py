"""Answers that wait for a person, for the next day, or do nothing at all."""

import sys
from datetime import UTC, datetime, timedelta

import pytest

from holter.errors import BadRule, InputError, NotFound
from holter.respond import Responder, check, consent
from holter.rules import Response
from holter.store.kept import Job, JobState

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def respond(shelves):
    responder = Responder(shelves, [sys.executable])
    return responder.once


@pytest.fixture
def ask(shelves, raise_alert):
    """Return a function that asks for a command that writes a file; it returns the file."""
    alert = raise_alert(shelves)

    def asked(key="j1", at=NOW, **options):
        path = shelves.root / f"{key}.txt"
        command = f"{sys.executable} -c \"open(r'{path}', 'w').close()\""
        with shelves.facts.begin() as transaction:
            transaction.ask(Job(key, alert.id, "daily", None, "command", {"command": command, **options}, at))
        return path

    return asked


def job(shelves, key="j1"):
    return next(each for each in shelves.facts.jobs() if each.key == key)


def say(shelves, key="j1", yes=True, now=NOW):
    return consent.decide(shelves, key, yes=yes, actor="user:ann", reason="looks fine", now=now)


def actions(shelves):
    return [sealed.entry.action for sealed in shelves.facts.ledger()]


def test_it_waits_for_a_person_and_then_begins(shelves, ask, respond):
    done = ask(approval="required")
    respond(NOW)
    assert job(shelves).state is JobState.WAITING
    assert "2026-05-05 12:00" in job(shelves).result["reason"]
    respond(NOW + HOUR)
    assert not done.exists()
    assert say(shelves, now=NOW + HOUR).state is JobState.WANTED
    respond(NOW + HOUR)
    assert done.exists()
    assert job(shelves).state is JobState.DONE
    assert job(shelves).result["approved_by"] == "user:ann"
    assert actions(shelves) == ["command.waiting", "command.approved", "command.running", "command.done"]


def test_a_no_is_final(shelves, ask, respond):
    done = ask(approval="required")
    respond(NOW)
    assert "refused by user:ann: looks fine" in say(shelves, yes=False).result["reason"]
    respond(NOW + HOUR)
    assert not done.exists()
    with pytest.raises(InputError, match="refused"):
        say(shelves)


def test_what_nobody_approves_in_time_is_refused(shelves, ask, respond):
    done = ask(approval="required", expires="2h")
    respond(NOW)
    respond(NOW + HOUR)
    assert job(shelves).state is JobState.WAITING
    with pytest.raises(InputError, match="waits"):
        say(shelves, now=NOW + 3 * HOUR)
    respond(NOW + 3 * HOUR)
    assert (job(shelves).state, job(shelves).result["reason"]) == (JobState.REFUSED, "nobody approved it in time")
    assert not done.exists()


def test_what_waits_for_nobody_cannot_be_approved(shelves, ask):
    ask()
    with pytest.raises(InputError, match="wanted"):
        say(shelves)
    with pytest.raises(NotFound):
        say(shelves, "nobody")


def test_so_many_a_day_by_event_time(shelves, ask, respond):
    files = [ask(f"j{place}", NOW + place * HOUR, per_day="2") for place in range(3)]
    files.append(ask("j9", NOW + DAY + HOUR / 2, per_day="2"))
    respond(NOW)
    assert [path.exists() for path in files] == [True, True, False, True]
    assert job(shelves, "j2").state is JobState.REFUSED
    assert "2 of its kind have begun within a day; 2 may" in job(shelves, "j2").result["reason"]


def test_a_dry_run_does_nothing_and_says_so(shelves, ask, respond):
    done = ask(dry_run="yes", approval="required")
    respond(NOW)
    assert not done.exists()
    assert "dry run" in job(shelves).result["reason"]


def test_what_needs_nothing_begins_at_once(shelves, ask, respond):
    done = ask(approval="no", dry_run="no")
    respond(NOW)
    assert done.exists()


@pytest.mark.parametrize(
    "options", [{"approval": "maybe"}, {"dry_run": "1"}, {"expires": "soon"}, {"per_day": "0"}, {"per_day": "many"}]
)
def test_options_that_cannot_be_followed(options):
    with pytest.raises(BadRule, match=next(iter(options))):
        check("auc", Response("rollback", options))


def test_options_of_every_answer_are_known():
    check("auc", Response("rollback", {"approval": "required", "expires": "2d", "per_day": "1", "dry_run": "no"}))
