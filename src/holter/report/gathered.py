"""One mail for many alerts: what began and what ended, by monitor, each in a sentence with its link."""

from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final
from urllib.parse import quote

from holter.registry import Shelves
from holter.report.mail import TOGETHER, base_url, event_told, message_id, one_line
from holter.report.rendering import rendered
from holter.report.wording import listed
from holter.rules import Alert, AlertEvent, AlertState, Level
from holter.store.kept import Message

LISTED: Final = 200
"""Alerts in one mail; how many more there are is said."""
_NAMED: Final = 3
"""Monitors named in a subject."""
_GRAVE: Final = {Level.PAGE: 0, Level.WARNING: 1, Level.INFORMATION: 2}


@dataclass(frozen=True)
class Line:
    """One alert in the list."""

    word: str
    level: str
    sentence: str
    link: str


@dataclass(frozen=True)
class Group:
    """The alerts of one monitor, the gravest first."""

    monitor: str
    lines: tuple[Line, ...]


def gathered_mail(shelves: Shelves, messages: Sequence[Message]) -> EmailMessage:
    """Write the one mail of several messages to one address.

    Its ``Message-ID`` is made from the key of the first: the same messages always make the same mail.

    Raises
    ------
    NotFound
        If one of the alerts is gone.
    """
    told = [(shelves.facts.alert(each.alert), event_told(shelves.facts.events(each.alert), each)) for each in messages]
    groups, more = _groups(told, base_url(shelves))
    mail = EmailMessage()
    mail["Subject"] = one_line(_subject(told))
    mail["From"] = shelves.settings.mail_from
    mail["To"] = one_line(messages[0].target)
    times = [event.at for _, event in told if event is not None]
    if times:
        mail["Date"] = format_datetime(max(times))
    mail["Message-ID"] = message_id(messages[0].key + TOGETHER)
    mail["Auto-Submitted"] = "auto-generated"
    values = {"groups": groups, "more": more, "count": len(told), "link": f"{base_url(shelves)}/alerts"}
    mail.set_content(rendered("gathered.txt", **values), cte="quoted-printable")
    mail.add_alternative(rendered("gathered.html", **values), subtype="html", cte="quoted-printable")
    mail.set_boundary(f"=-together-{message_id(messages[0].key)[1:25]}")
    return mail


def _subject(told: Sequence[tuple[Alert, AlertEvent | None]]) -> str:
    ended = sum(_ended(alert, event) for alert, event in told)
    began = len(told) - ended
    monitors = list(dict.fromkeys(alert.monitor for alert, _ in told))
    named = monitors if len(monitors) <= _NAMED else [*monitors[:_NAMED], f"{len(monitors) - _NAMED} more"]
    pages = sum(alert.level is Level.PAGE and not _ended(alert, event) for alert, event in told)
    counts = [f"{n} {word}" for n, word in ((began, "begun"), (ended, "resolved")) if n]
    worst = f", {pages} of them {'page' if pages == 1 else 'pages'}" if pages else ""
    return f"[Holter: {len(told)} alerts] {' and '.join(counts)}{worst}: {listed(named)}"


def _ended(alert: Alert, event: AlertEvent | None) -> bool:
    return (event.after if event else alert.state) is AlertState.RESOLVED


def _groups(told: Sequence[tuple[Alert, AlertEvent | None]], base: str) -> tuple[tuple[Group, ...], int]:
    ordered = sorted(told, key=lambda pair: (_ended(*pair), _GRAVE[pair[0].level], pair[0].monitor))
    by_monitor: dict[str, list[Line]] = {}
    for alert, event in ordered[:LISTED]:
        word = "Resolved" if _ended(alert, event) else "Alert"
        sentence = (event.why if event else "") or alert.sentence
        line = Line(word, str(alert.level), sentence, f"{base}/alerts/{quote(alert.id, safe='')}")
        by_monitor.setdefault(alert.monitor, []).append(line)
    groups = tuple(Group(name, tuple(lines)) for name, lines in by_monitor.items())
    return groups, max(len(ordered) - LISTED, 0)
