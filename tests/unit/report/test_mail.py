"""The mail of an alert, read back as a mail program would."""

import json
import re
from dataclasses import replace
from email import message_from_bytes
from email.policy import default

import pytest

from holter.report import alert_mail, message_id
from holter.rules import AlertState
from holter.store.kept import JobState, Message, Publication
from watched_workspace import ALERT, DAY, MONITOR, OPENED, RESOLVED, drift, resolve, span


def message(shelves, key=OPENED):
    return next(each for each in shelves.facts.outbox() if each.key == key)


def read(shelves, key=OPENED):
    return message_from_bytes(alert_mail(shelves, message(shelves, key)).as_bytes(), policy=default)


def text_of(mail):
    return mail.get_body(("plain",)).get_content()


def html_of(mail):
    return mail.get_body(("html",)).get_content()


def test_the_subject_says_what_is_wrong(shelves):
    mail = read(shelves)
    assert mail["Subject"].startswith("[Alert: flights-daily] ROC AUC of the last day fell to 0.612")
    assert mail["To"] == "team@example.com"
    assert mail["From"] == "holter@localhost"
    assert mail["Auto-Submitted"] == "auto-generated"


def test_text_and_html_have_sentence_numbers_cause_answer_and_link(shelves):
    mail = read(shelves)
    for body in (text_of(mail), html_of(mail)):
        for words in (
            "fell to 0.612 (0.584 to 0.640), below 0.650",
            "Likely cause: in the same window carrier (0.252), origin (0.161) and hour (0.114) drifted most",
            "0.610 (0.582 to 0.638)",
            "retrain: refused",
            f"http://127.0.0.1:8700/alerts/{ALERT}",
            "All times are UTC",
        ):
            assert words in body


def test_the_picture_is_inside_and_nothing_is_fetched(shelves):
    mail = read(shelves)
    (picture,) = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    assert picture.get_content().startswith(b"\x89PNG")
    assert picture.get_content_disposition() == "inline"
    html = html_of(mail)
    assert re.findall(r'src="([^"]+)"', html) == [f"cid:{picture['Content-ID'].strip('<>')}"]
    assert "prefers-color-scheme: dark" in html


def test_the_same_message_is_the_same_mail(shelves):
    assert alert_mail(shelves, message(shelves)).as_bytes() == alert_mail(shelves, message(shelves)).as_bytes()
    assert read(shelves)["Message-ID"] == message_id(OPENED)
    assert message_id("a") != message_id("b")


def test_the_mail_that_resolves_answers_the_one_that_opened(own_shelves):
    resolve(own_shelves)
    mail, first = read(own_shelves, RESOLVED), read(own_shelves)
    assert mail["In-Reply-To"] == mail["References"] == first["Message-ID"]
    assert first["In-Reply-To"] is None
    assert mail["Subject"].startswith("[Resolved: flights-daily]")
    assert "is back at 0.702" in text_of(mail)


def test_a_late_mail_still_says_what_its_event_said(own_shelves):
    resolve(own_shelves)
    mail = read(own_shelves)
    assert mail["Subject"].startswith("[Alert: flights-daily] ROC AUC of the last day fell to 0.612")


def test_a_line_break_from_data_starts_no_header(own_shelves):
    alert = replace(own_shelves.facts.alert(ALERT), sentence="bad\r\nBcc: all@example.com <b>x</b>")
    with own_shelves.facts.begin() as transaction:
        transaction.save_alert(alert, [])
    mail = read(own_shelves)
    assert mail["Bcc"] is None
    assert "<b>x</b>" not in html_of(mail)
    assert "&lt;b&gt;" in html_of(mail)


def test_base_url_wins_then_where_the_dashboard_says_it_is(own_shelves, monkeypatch):
    note = own_shelves.folder("run") / "web.json"
    note.write_text(json.dumps({"url": "http://127.0.0.1:4321/"}))
    assert f"http://127.0.0.1:4321/alerts/{ALERT}" in text_of(read(own_shelves))
    monkeypatch.setattr(own_shelves, "settings", replace(own_shelves.settings, base_url="https://h.example.com/"))
    assert f"https://h.example.com/alerts/{ALERT}" in text_of(read(own_shelves))


def test_a_deleted_monitor_and_no_history_still_make_a_mail(own_shelves):
    own_shelves.registry.delete_monitor(MONITOR)
    alert = replace(own_shelves.facts.alert(ALERT), id="lonely", monitor="gone")
    with own_shelves.facts.begin() as transaction:
        transaction.save_alert(alert, [])
        transaction.enqueue(Message("m-lonely", "email", "a@example.com", "lonely", "firing"))
    mail = read(own_shelves, "m-lonely")
    assert [part.get_content_type() for part in mail.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert "<img" not in html_of(mail)
    assert "Likely cause" not in text_of(mail)


def test_inputs_that_did_not_drift_are_said_not_to_explain_it(own_shelves):
    calm = [replace(drift(2, name), window=span(55)) for name in ("carrier", "origin")]
    with own_shelves.facts.begin() as transaction:
        transaction.publish(Publication(MONITOR, span(55), "data_drift", 1, "g"), calm)
    assert "the inputs do not explain it" in text_of(read(own_shelves))


def test_an_alert_about_drift_names_no_other_drift_as_its_cause(own_shelves):
    with own_shelves.facts.begin() as transaction:
        transaction.enqueue(Message("m-old", "email", "a@example.com", "alert-old", "e-old"))
    mail = read(own_shelves, "m-old")
    assert "Likely cause" not in text_of(mail)
    assert "<script>" not in html_of(mail)


@pytest.mark.parametrize(
    ("state", "words"), [(JobState.WANTED, "retrain: asked for"), (JobState.DONE, "retrain: done")]
)
def test_what_was_asked_says_how_far_it_is(own_shelves, state, words):
    with own_shelves.facts.begin() as transaction:
        transaction.move_job("retrain-1", state, {})
    assert f"- {words}" in text_of(read(own_shelves))


def test_before_the_job_exists_the_rule_says_what_will_be_asked(own_shelves):
    alert = replace(own_shelves.facts.alert(ALERT), id="fresh")
    with own_shelves.facts.begin() as transaction:
        transaction.save_alert(alert, [])
        transaction.enqueue(Message("m-fresh", "email", "a@example.com", "fresh", "none"))
    assert "- retrain: asked for" in text_of(read(own_shelves, "m-fresh"))


def test_a_page_is_called_one(own_shelves):
    from holter.rules import Level

    with own_shelves.facts.begin() as transaction:
        transaction.save_alert(replace(own_shelves.facts.alert(ALERT), level=Level.PAGE), [])
    assert read(own_shelves)["Subject"].startswith("[Page: flights-daily]")
    assert own_shelves.facts.alert(ALERT).state is AlertState.FIRING
    assert span(1).length == DAY
