from datetime import UTC, datetime, timedelta

import pytest

from holter.respond import Deliverer, mail
from holter.respond.deliverer import running_clock
from holter.respond.line import FIRST_PAUSE, LONGEST_PAUSE, pause_after

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def deliverer():
    made = []

    def make(shelves, **options):
        made.append(Deliverer(shelves, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


def actions(shelves):
    return [sealed.entry.action for sealed in shelves.facts.ledger()]


def test_nothing_to_send(shelves, deliverer):
    report = deliverer(shelves).once(NOW)
    assert (report.delivered, report.postponed, report.waiting) == (0, 0, 0)


def test_sends_once_and_writes_it_down(open_shelves, post, sink, raise_alert, deliverer):
    shelves = open_shelves(smtp_url=post.url)
    raise_alert(shelves, ("email", "team@example.com"), ("webhook", sink.url))
    sender = deliverer(shelves, patience_s=20)
    assert sender.once(NOW).delivered == 2
    assert sender.once(NOW + timedelta(days=1)).delivered == 0
    assert (len(post.mails), len(sink.posts)) == (1, 1)
    assert all(message.sent is not None for message in shelves.facts.outbox())
    assert actions(shelves) == ["message.delivered"] * 2
    entries = [sealed.entry for sealed in shelves.facts.ledger(subject="monitor:daily")]
    assert {entry.facts["message"] for entry in entries} == {"a1-m0", "a1-m1"}
    assert "secret-path" not in str(entries)


def test_a_failure_is_kept_and_tried_again_later(open_shelves, post, raise_alert, deliverer):
    shelves, post.refuse = open_shelves(smtp_url=post.url), 2
    raise_alert(shelves, ("email", "team@example.com"))
    sender, moment = deliverer(shelves, patience_s=20), NOW
    for attempt in (1, 2):
        assert sender.once(moment).postponed == 1
        message = shelves.facts.outbox()[0]
        assert message.attempts == attempt
        assert "451" in message.error
        wait = message.due - moment
        assert FIRST_PAUSE * 2 ** (attempt - 1) / 2 <= wait < FIRST_PAUSE * 2 ** (attempt - 1) + timedelta(seconds=20)
        assert sender.once(moment).postponed == 0
        moment = message.due
    assert sender.once(moment).delivered == 1
    assert len(post.mails) == 1
    assert actions(shelves) == ["message.postponed", "message.delivered"]  # not a line for each attempt


def test_a_channel_that_hangs_delays_no_other(open_shelves, post, sink, raise_alert, deliverer):
    shelves = open_shelves(smtp_url=post.url)
    sink.gate.clear()
    raise_alert(shelves, ("webhook", sink.url), ("email", "team@example.com"))
    sender = deliverer(shelves, patience_s=2)
    report = sender.once(NOW)
    assert (report.delivered, report.waiting) == (1, 1)
    assert len(post.mails) == 1
    again = sender.once(NOW)  # the line that waits is not started twice
    assert (again.delivered, again.waiting) == (0, 1)
    sink.gate.set()
    assert sender.once(NOW).delivered == 1
    assert len(sink.posts) == 1


def test_two_deliverers_send_one_mail(open_shelves, post, raise_alert, deliverer):
    shelves = open_shelves(smtp_url=post.url)
    for place in range(5):
        raise_alert(shelves, ("email", "team@example.com"), alert_id=f"a{place}")
    first, second = deliverer(shelves, patience_s=0), deliverer(shelves, patience_s=0)
    for _ in range(3):
        first.once(NOW)
        second.once(NOW)
    first.close()
    second.close()
    deliverer(shelves, patience_s=20).once(NOW)
    assert len(post.mails) == len({mail["Message-ID"] for mail in post.mails}) == 5


def test_a_crash_after_the_mail_left_sends_the_same_mail_again(open_shelves, post, raise_alert, deliverer):
    shelves = open_shelves(smtp_url=post.url)
    raise_alert(shelves, ("email", "team@example.com"))
    mail.send(shelves, shelves.facts.outbox()[0])  # and here the process is killed
    deliverer(shelves, patience_s=20).once(NOW)
    assert len(post.mails) == 2
    assert len({mail["Message-ID"] for mail in post.mails}) == 1


def test_a_receiver_that_another_process_serves_is_left_alone(open_shelves, post, raise_alert, deliverer):
    shelves = open_shelves(smtp_url=post.url)
    raise_alert(shelves, ("email", "team@example.com"))
    shelves.facts.acquire("deliver:email:team@example.com", "other", timedelta(minutes=1), NOW)
    assert deliverer(shelves, patience_s=20).once(NOW).delivered == 0
    assert not post.mails
    assert shelves.facts.outbox()[0].attempts == 0


@pytest.mark.parametrize("channel", ["smoke-signal", "command"])
def test_a_channel_that_is_none_is_told(shelves, raise_alert, deliverer, channel):
    raise_alert(shelves, (channel, "x"))
    assert deliverer(shelves, patience_s=20).once(NOW).postponed == 1
    assert channel in shelves.facts.outbox()[0].error or "no channel" in shelves.facts.outbox()[0].error


def test_a_defect_of_a_channel_postpones(open_shelves, post, raise_alert, deliverer):
    shelves = open_shelves(smtp_url=post.url)
    raise_alert(shelves, ("email", "team@example.com\x00"))
    assert deliverer(shelves, patience_s=20).once(NOW).delivered + len(shelves.facts.outbox()[0].error) > 0


def test_pauses_grow_to_an_hour_and_never_stand_still():
    pauses = [pause_after(attempt, 0.999) for attempt in range(1, 100)]
    assert pauses == sorted(pauses)
    assert pauses[-1] <= LONGEST_PAUSE
    assert min(pause_after(1, 0.0), pause_after(1000, 0.0)) > timedelta(0)


def test_a_clock_goes_on_from_now():
    tell = running_clock(NOW)
    first = tell()
    assert NOW <= first <= tell()
