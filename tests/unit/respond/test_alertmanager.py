"""A real Alertmanager where the machine has one, and a receiver of ours for what it cannot be made to answer."""

import base64
import json
import os
import shutil
import socket
import subprocess
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.request import urlopen

import pytest

from holter.errors import DeliveryFailed
from holter.respond import Deliverer, alertmanager
from holter.rules import AlertEvent, AlertState
from holter.store.kept import Message

PROGRAM = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
CONFIG = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"


def free_port():
    with closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))
        return unused.getsockname()[1]


@pytest.fixture
def manager(tmp_path):
    """Return the address of an Alertmanager that runs."""
    if PROGRAM is None:
        assert "CI" not in os.environ, "the CI machine has an Alertmanager"
        pytest.skip("no Alertmanager on this machine: apt install prometheus-alertmanager")
    (tmp_path / "am.yml").write_text(CONFIG)
    port = free_port()
    options = [f"--config.file={tmp_path / 'am.yml'}", f"--storage.path={tmp_path / 'am'}"]
    options += [f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="]
    process = subprocess.Popen([PROGRAM, *options], stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        await_ready(url)
        yield url
    finally:
        process.kill()
        process.wait()


def await_ready(url):
    for _ in range(600):
        try:
            with urlopen(f"{url}/-/ready", timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    pytest.fail("the Alertmanager does not get ready")


def standing(url):
    with urlopen(f"{url}/api/v2/alerts?active=true", timeout=10) as answer:
        return json.load(answer)


def resolve(shelves, alert, target):
    """Close an alert, as the beat does; ask that its end is told."""
    now = datetime.now(UTC)
    event = AlertEvent(f"{alert.id}-r", alert.id, AlertState.FIRING, AlertState.RESOLVED, now, "rule", "It is over.")
    with shelves.facts.begin() as transaction:
        transaction.save_alert(replace(alert, state=AlertState.RESOLVED), [event])
        transaction.enqueue(Message(f"{alert.id}-m9", "alertmanager", target, alert.id, event.key))


def test_an_alert_stands_in_a_real_alertmanager_until_it_resolves(shelves, manager, raise_alert):
    alert = raise_alert(shelves, ("alertmanager", manager))
    deliverer = Deliverer(shelves, patience_s=20)
    assert deliverer.once(datetime.now(UTC)).delivered == 1
    (known,) = standing(manager)
    assert known["labels"] == {
        "alertname": "auc",
        "monitor": "daily",
        "severity": "warning",
        "holter_alert": "a1",
    }
    assert known["annotations"]["summary"] == "AUC fell to 0.61 <b>."
    assert known["annotations"]["interval"] == "0.58 to 0.64"
    assert known["status"]["state"] in ("active", "unprocessed")
    resolve(shelves, alert, manager)
    assert deliverer.once(datetime.now(UTC)).delivered == 1
    assert standing(manager) == []
    deliverer.close()


def test_an_alertmanager_that_forgot_is_told_again(shelves, sink, raise_alert):
    sink.url = sink.url.removesuffix("/hook/secret-path")
    alert, now = raise_alert(shelves, ("alertmanager", sink.url)), datetime(2026, 5, 4, 12, tzinfo=UTC)
    deliverer = Deliverer(shelves, patience_s=20)
    assert deliverer.once(now).delivered == 1
    assert deliverer.once(now + timedelta(seconds=30)).delivered == 0
    assert deliverer.once(now + timedelta(minutes=2)).delivered == 1
    assert deliverer.once(now + timedelta(minutes=4)).delivered == 1
    assert len(sink.posts) == 3
    first, second, third = (json.loads(body)[0] for _, body, _ in sink.posts)
    assert first["labels"] == second["labels"] == third["labels"]
    assert first["startsAt"] == third["startsAt"]
    resolve(shelves, alert, sink.url)
    deliverer.once(now + timedelta(minutes=4))
    assert len(sink.posts) == 4
    deliverer.once(now + timedelta(minutes=10))
    assert len(sink.posts) == 4
    assert all(message.sent for message in shelves.facts.outbox())
    written = [sealed.entry.action for sealed in shelves.facts.ledger()]
    assert written == ["message.delivered", "message.delivered"]
    deliverer.close()


def test_telling_again_fails_and_goes_on(shelves, sink, raise_alert):
    raise_alert(shelves, ("alertmanager", sink.url))
    now = datetime(2026, 5, 4, 12, tzinfo=UTC)
    deliverer = Deliverer(shelves, patience_s=20)
    deliverer.once(now)
    sink.statuses = [503]
    assert deliverer.once(now + timedelta(minutes=2)).postponed == 1
    assert deliverer.once(now + timedelta(minutes=4)).delivered == 1
    assert len(sink.posts) == 3
    deliverer.close()


def test_user_and_password_of_the_address_are_a_header(shelves, sink, raise_alert):
    url = sink.url.replace("http://", "http://me:pa%40ss@")
    raise_alert(shelves, ("alertmanager", url))
    alertmanager.send(shelves, shelves.facts.outbox()[0])
    headers, body, _ = sink.posts[0]
    assert headers["Authorization"] == f"Basic {base64.b64encode(b'me:pa@ss').decode()}"
    assert b"pa@ss" not in body
    sink.statuses = [500]
    with pytest.raises(DeliveryFailed, match="500") as caught:
        alertmanager.send(shelves, shelves.facts.outbox()[0])
    assert "pa" not in str(caught.value).partition("answered")[0].replace("path", "")


@pytest.mark.parametrize("status", [301, 400, 500])
def test_anything_but_success_fails(shelves, sink, raise_alert, status):
    sink.statuses = [status]
    raise_alert(shelves, ("alertmanager", sink.url))
    with pytest.raises(DeliveryFailed, match=str(status)):
        alertmanager.send(shelves, shelves.facts.outbox()[0])
