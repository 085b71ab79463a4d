"""The channel ``email``: SMTP, plain, with STARTTLS or over TLS."""

import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Final, Self
from urllib.parse import unquote, urlsplit

from holter.errors import BadSetting, DeliveryFailed
from holter.registry import Shelves
from holter.report import alert_mail, gathered_mail
from holter.report.redacting import redact
from holter.respond.answer import Channel
from holter.respond.redact import secrets_of
from holter.store.kept import Message

TIMEOUT_S: Final = 10.0
"""How long a mail server may keep silent."""
_PORTS: Final = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}


@dataclass(frozen=True)
class MailServer:
    """Where mail goes, read from ``smtp://``, ``smtp+starttls://`` or ``smtps://[user:password@]host[:port]``.

    ``smtps`` and ``smtp+starttls`` check the certificate of the server against the system's authorities (the
    variable ``SSL_CERT_FILE`` names others).
    """

    scheme: str
    host: str
    port: int
    user: str | None
    password: str | None

    @classmethod
    def of(cls, url: str | None) -> Self:
        """Read an address.

        Raises
        ------
        BadSetting
            If there is none, or it has another scheme or no host.
        """
        if not url:
            raise BadSetting("smtp_url", "no mail server is set; write smtp://host:port into holter.toml")
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise BadSetting("smtp_url", "it is not an address") from error
        if parts.scheme not in _PORTS or not parts.hostname:
            raise BadSetting("smtp_url", f"it begins with {parts.scheme!r}, not with one of {', '.join(_PORTS)}")
        user = unquote(parts.username) if parts.username else None
        password = unquote(parts.password) if parts.password else None
        return cls(parts.scheme, parts.hostname, port or _PORTS[parts.scheme], user, password)

    def send(self, mail: EmailMessage) -> None:
        """Hand a mail over; returns when the server has taken responsibility.

        Raises
        ------
        OSError, smtplib.SMTPException
            If it has not.
        """
        with self._connect() as connection:
            if self.scheme == "smtp+starttls":
                connection.starttls(context=ssl.create_default_context())
            if self.user is not None:
                connection.login(self.user, self.password or "")
            connection.send_message(mail)

    def _connect(self) -> smtplib.SMTP:
        if self.scheme == "smtps":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(self.host, self.port, timeout=TIMEOUT_S, context=context)
        return smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_S)


def send(shelves: Shelves, message: Message) -> None:
    """Send the mail of one message. The same message always makes the same Message-ID.

    Raises
    ------
    DeliveryFailed
        If the server does not take it, without the password.
    """
    url = shelves.settings.smtp_url
    try:
        MailServer.of(url).send(alert_mail(shelves, message))
    except (OSError, smtplib.SMTPException, BadSetting) as error:
        raise DeliveryFailed("email", message.target, redact(str(error), secrets_of(url))) from error


def send_together(shelves: Shelves, messages: Sequence[Message]) -> None:
    """Send one mail for several messages to one address. The same messages always make the same Message-ID.

    Raises
    ------
    DeliveryFailed
        If the server does not take it, without the password.
    """
    url = shelves.settings.smtp_url
    try:
        MailServer.of(url).send(gathered_mail(shelves, messages))
    except (OSError, smtplib.SMTPException, BadSetting) as error:
        raise DeliveryFailed("email", messages[0].target, redact(str(error), secrets_of(url))) from error


def _refuses(address: str) -> str:
    name, at, host = address.rpartition("@")
    if name and at and host and not any(each.isspace() for each in address):
        return ""
    return f"{address!r} is no mail address: it is not of the form name@host"


EMAIL: Final = Channel("email", "to", send, frozenset({"to"}), many=True, refuses=_refuses, together=send_together)
