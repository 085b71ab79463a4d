import smtplib
import ssl
import subprocess

import pytest
from aiosmtpd.smtp import AuthResult

from holter.errors import BadSetting, DeliveryFailed
from holter.respond.mail import MailServer, send


@pytest.fixture
def certificate(tmp_path, monkeypatch):
    """A certificate for localhost that this process trusts."""
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    new = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key, "-out", cert]
    subprocess.run([*new, *subject], check=True, capture_output=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


@pytest.mark.parametrize(
    ("url", "port", "user", "password"),
    [
        ("smtp://mail.example", 25, None, None),
        ("smtp+starttls://mail.example", 587, None, None),
        ("smtps://me%40x:p%2Fw@mail.example", 465, "me@x", "p/w"),
        ("smtp://me:pw@mail.example:1025", 1025, "me", "pw"),
    ],
)
def test_reads_addresses(url, port, user, password):
    server = MailServer.of(url)
    assert (server.host, server.port, server.user, server.password) == ("mail.example", port, user, password)


@pytest.mark.parametrize("url", ["", None, "http://mail.example", "smtp://", "smtp://mail.example:no"])
def test_refuses_what_is_no_mail_server(url):
    with pytest.raises(BadSetting, match="smtp_url"):
        MailServer.of(url)


def test_sends_a_mail_with_picture_and_a_fixed_id(open_shelves, post, raise_alert):
    shelves = open_shelves(smtp_url=post.url)
    raise_alert(shelves, ("email", "team@example.com"))
    message = shelves.facts.outbox()[0]
    send(shelves, message)
    send(shelves, message)
    first, second = post.mails
    assert first["To"] == "team@example.com"
    assert "AUC fell to 0.61" in first["Subject"]
    assert first["Message-ID"] == second["Message-ID"]


def test_starttls_with_login(open_shelves, post, mail_server, raise_alert, certificate):
    seen = []

    def check(server, session, envelope, mechanism, data):
        seen.append((data.login, data.password))
        return AuthResult(success=data.password == b"p/w")

    port = mail_server(post, tls_context=certificate, authenticator=check, auth_required=True)
    shelves = open_shelves(smtp_url=f"smtp+starttls://me:p%2Fw@localhost:{port}")
    raise_alert(shelves, ("email", "team@example.com"))
    send(shelves, shelves.facts.outbox()[0])
    assert seen == [(b"me", b"p/w")]
    assert len(post.mails) == 1


def test_tls_from_the_first_byte(open_shelves, post, mail_server, raise_alert, certificate):
    shelves = open_shelves(smtp_url=f"smtps://localhost:{mail_server(post, ssl_context=certificate)}")
    raise_alert(shelves, ("email", "team@example.com"))
    send(shelves, shelves.facts.outbox()[0])
    assert len(post.mails) == 1


def test_a_certificate_that_nobody_vouches_for_is_refused(
    open_shelves, post, mail_server, raise_alert, certificate, monkeypatch
):
    monkeypatch.delenv("SSL_CERT_FILE")
    port = mail_server(post, tls_context=certificate)
    shelves = open_shelves(smtp_url=f"smtp+starttls://me:secret@localhost:{port}")
    raise_alert(shelves, ("email", "team@example.com"))
    with pytest.raises(DeliveryFailed, match="certificate"):
        send(shelves, shelves.facts.outbox()[0])
    assert not post.mails


def test_a_refusal_is_told_without_the_password(open_shelves, post, raise_alert):
    shelves = open_shelves(smtp_url=post.url.replace("smtp://", "smtp://me:s3cret-pw@"))
    raise_alert(shelves, ("email", "team@example.com"))
    with pytest.raises(DeliveryFailed) as caught:
        send(shelves, shelves.facts.outbox()[0])
    assert "s3cret-pw" not in str(caught.value)
    assert isinstance(caught.value.__cause__, smtplib.SMTPException)


def test_no_server_at_all(shelves, raise_alert):
    raise_alert(shelves, ("email", "team@example.com"))
    with pytest.raises(DeliveryFailed, match="smtp_url"):
        send(shelves, shelves.facts.outbox()[0])
