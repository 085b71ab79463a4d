"""What waits, what travels together and what is told again, on a real workspace with a real mail server."""

from dataclasses import replace
from datetime import timedelta

import pytest

from holter.errors import BadRule
from holter.registry.entries import MonitorEntry, TableTarget
from holter.respond import Deliverer, check
from holter.rules import AlertEvent, AlertState, Level, Response, Rule, Silence
from holter.store.kept import Message
from holter.types import Schema

from datetime import UTC, datetime  # isort: skip

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
TEAM = ("email", "team@example.com")


@pytest.fixture
def ws(open_shelves, post):
    return open_shelves(smtp_url=post.url)


@pytest.fixture
def deliver(ws):
    sender = Deliverer(ws, patience_s=60)
    yield sender.once
    sender.close()


def watch(shelves, **options):
    rule = Rule("auc", "performance.roc_auc", below=0.7, responses=(Response("email", {"to": TEAM[1], **options}),))
    target = TableTarget("/nowhere/*.parquet", "at", Schema(()))
    shelves.registry.add_monitor(MonitorEntry("daily", target, (), (rule,), timedelta(days=1), timedelta(days=1)))


def silenced(shelves, ends):
    silence = Silence("s1", NOW - HOUR, ends, "moving house", "user:ann")
    with shelves.facts.begin() as transaction:
        transaction.save_silence(silence)
    return silence


def move(shelves, alert, state, at, *messages):
    """Move an alert as the beat does, and ask that it is told."""
    event = AlertEvent(f"{alert.id}-{state}", alert.id, alert.state, state, at, "rule", f"It is {state}.")
    with shelves.facts.begin() as transaction:
        transaction.save_alert(replace(alert, state=state), [event])
        for place, (channel, target) in enumerate(messages):
            transaction.enqueue(Message(f"{alert.id}-{state}-{place}", channel, target, alert.id, event.key))


def actions(shelves):
    return [sealed.entry.action for sealed in shelves.facts.ledger()]


def test_a_silenced_alert_is_told_when_the_silence_is_over(ws, post, raise_alert, deliver):
    silenced(ws, NOW + HOUR)
    raise_alert(ws, TEAM)
    for step in range(5):
        assert deliver(NOW + step * MINUTE).delivered == 0
    held = ws.facts.outbox()[0]
    assert held.held
    assert held.attempts == 0
    assert "user:ann: moving house" in held.error
    assert deliver(NOW + HOUR + MINUTE).delivered == 1
    assert len(post.mails) == 1
    assert actions(ws) == ["message.held", "message.delivered"]


def test_a_silence_that_is_ended_early_lets_go_within_a_minute(ws, post, raise_alert, deliver):
    silence = silenced(ws, NOW + 24 * HOUR)
    raise_alert(ws, TEAM)
    deliver(NOW)
    with ws.facts.begin() as transaction:
        transaction.save_silence(silence.ended(NOW))
    deliver(NOW + 2 * MINUTE)
    assert len(post.mails) == 1


def test_what_began_and_ended_under_a_silence_is_not_told_at_all(ws, post, raise_alert, deliver):
    silenced(ws, NOW + HOUR)
    alert = raise_alert(ws, TEAM)
    deliver(NOW)
    move(ws, alert, AlertState.RESOLVED, NOW + MINUTE, TEAM)
    deliver(NOW + 2 * MINUTE)
    deliver(NOW + 2 * HOUR)
    assert post.mails == []
    assert all(message.dropped for message in ws.facts.outbox())
    assert actions(ws).count("message.dropped") == 2


def test_a_server_that_was_down_costs_no_message_and_no_order(ws, post, raise_alert, deliver):
    post.refuse = 1
    alert = raise_alert(ws, TEAM)
    assert deliver(NOW).postponed == 1
    move(ws, alert, AlertState.RESOLVED, NOW + timedelta(seconds=1), TEAM)
    assert deliver(NOW + timedelta(seconds=1)).delivered == 0
    for step in range(1, 4):
        deliver(NOW + step * MINUTE)
    assert [mail["Subject"].partition(":")[0] for mail in post.mails] == ["[Alert", "[Resolved"]
    assert post.mails[1]["In-Reply-To"] == post.mails[0]["Message-ID"]


def test_a_storm_is_a_handful_of_mails(ws, post, raise_alert, deliver):
    for place in range(200):
        raise_alert(ws, TEAM, alert_id=f"a{place}", monitor=f"m{place % 50}")
    assert deliver(NOW).delivered == 200
    for place in range(200, 300):
        raise_alert(ws, TEAM, alert_id=f"a{place}", monitor=f"m{place % 50}")
    deliver(NOW + 2 * MINUTE)
    assert len(post.mails) == 2
    assert sum(int(mail["Subject"].split()[1]) for mail in post.mails) == 300
    first = post.mails[0]
    assert first["Subject"].startswith("[Holter: 200 alerts] 200 begun: m0, m1, m2 and 47 more")
    text = first.get_body(("plain",)).get_content()
    assert "200 alerts at once" in text
    assert "AUC fell to 0.61" in text
    assert all(message.sent for message in ws.facts.outbox())


def test_more_than_ten_in_a_minute_wait_for_it_to_pass_but_pages_do_not(ws, post, raise_alert, deliver):
    for place in range(10):
        raise_alert(ws, TEAM, alert_id=f"a{place}")
    deliver(NOW)
    assert len(post.mails) == 10
    for place in range(10, 13):
        raise_alert(ws, TEAM, alert_id=f"a{place}")
    assert deliver(NOW + timedelta(seconds=20)).delivered == 0
    page = raise_alert(ws, TEAM, alert_id="page")
    with ws.facts.begin() as transaction:
        transaction.save_alert(replace(page, level=Level.PAGE), [])
    assert deliver(NOW + timedelta(seconds=30)).delivered == 1
    assert "1 of them page" in post.mails[-1]["Subject"]
    assert deliver(NOW + timedelta(seconds=100)).delivered == 3


def test_who_travels_together_is_written_down_before_the_mail_goes(ws, post, raise_alert, deliver):
    for place in range(20):
        raise_alert(ws, TEAM, alert_id=f"a{place}")
    post.refuse = 1
    assert deliver(NOW).postponed == 20
    assert {message.folded for message in ws.facts.outbox()} == {"a0-m0"}
    raise_alert(ws, TEAM, alert_id="late")
    deliver(NOW + 2 * MINUTE)
    gathered = [mail for mail in post.mails if "20 alerts" in mail["Subject"]]
    assert len(gathered) == 1
    assert len(post.mails) == 2


def test_the_end_of_an_alert_answers_the_mail_it_began_in(ws, post, raise_alert, deliver):
    alerts = [raise_alert(ws, TEAM, alert_id=f"a{place}") for place in range(20)]
    deliver(NOW)
    move(ws, alerts[3], AlertState.RESOLVED, NOW + 2 * MINUTE, TEAM)
    deliver(NOW + 2 * MINUTE)
    assert post.mails[1]["In-Reply-To"] == post.mails[0]["Message-ID"]


def test_a_gathered_mail_escapes_names(ws, post, raise_alert, deliver):
    for place in range(11):
        raise_alert(ws, TEAM, alert_id=f"a{place}", monitor="<script>")
    deliver(NOW)
    html = post.mails[0].get_body(("html",)).get_content()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_it_is_told_again_until_somebody_looks_after_it(ws, post, raise_alert, deliver):
    watch(ws, repeat="4h")
    alert = raise_alert(ws, TEAM)
    for step in range(10):
        deliver(NOW + step * (HOUR + MINUTE))
    assert len(post.mails) == 3
    assert len({mail["Message-ID"] for mail in post.mails}) == 3
    move(ws, alert, AlertState.ACKNOWLEDGED, NOW + 10 * HOUR)
    for step in range(10, 20):
        deliver(NOW + step * HOUR)
    assert len(post.mails) == 3
    move(ws, replace(alert, state=AlertState.ACKNOWLEDGED), AlertState.RESOLVED, NOW + 20 * HOUR, TEAM)
    deliver(NOW + 20 * HOUR)
    assert len(post.mails) == 4


@pytest.mark.parametrize("taken", [True, False])
def test_those_behind_are_told_if_nobody_took_it_in_time(ws, post, raise_alert, deliver, taken):
    watch(ws, after="30m")
    alert = raise_alert(ws)
    with ws.facts.begin() as transaction:
        transaction.enqueue(Message("k", *TEAM, alert.id, "a1-e", due=NOW + 30 * MINUTE))
    assert deliver(NOW + MINUTE).delivered == 0
    if taken:
        move(ws, alert, AlertState.ACKNOWLEDGED, NOW + 2 * MINUTE)
    deliver(NOW + 31 * MINUTE)
    assert len(post.mails) == (0 if taken else 1)
    assert ws.facts.outbox()[0].dropped is taken


def test_quiet_hours_of_a_response(ws, post, raise_alert, deliver):
    watch(ws, quiet="11:00-13:00")
    raise_alert(ws, TEAM)
    assert deliver(NOW).delivered == 0
    assert ws.facts.outbox()[0].due == NOW + HOUR
    assert deliver(NOW + HOUR).delivered == 1


@pytest.mark.parametrize("options", [{"after": "soon"}, {"repeat": "0h"}, {"quiet": "at night"}, {"quite": "x"}])
def test_times_that_cannot_be_read_are_refused(options):
    with pytest.raises(BadRule):
        check("auc", Response("email", {"to": "a@example.com", **options}))


def test_what_does_something_knows_no_such_options():
    with pytest.raises(BadRule, match="no option 'after'"):
        check("auc", Response("command", {"command": "x", "after": "1h"}))
