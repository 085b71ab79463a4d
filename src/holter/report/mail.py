"""The mail of one event of an alert: what is wrong, the picture, the numbers, the likely cause, what was asked."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final
from urllib.parse import quote

from holter.registry import Shelves
from holter.report.history import AlertHistory, history_of
from holter.report.picture import png
from holter.report.rendering import rendered
from holter.report.wording import day, distance, figures, listed, window
from holter.rules import AlertEvent, AlertState, number
from holter.store.kept import Job, JobState, Message

DOMAIN: Final = "holter.invalid"
"""Right half of message ids. Ids need no reachable host (RFC 5322, 3.6.4), and ``.invalid`` never is one (RFC 2606)."""
_CHANNELS: Final = ("email", "webhook", "alertmanager", "pagerduty")
"""Kinds that tell somebody: what they do is no answer."""
TOGETHER: Final = "~together"
"""Added to the key of the first message of those that travel together: the mail they share is none of theirs."""
WIDTH: Final = 640
"""Width of the picture: what mail clients show without scaling."""
_CAUSES: Final = 3
"""Drifted features named as the likely cause."""
_STATES: Final = {
    AlertState.RESOLVED: "Resolved",
    AlertState.ACKNOWLEDGED: "Acknowledged",
    AlertState.FIRING: "Alert",
    AlertState.PENDING: "Pending",
}


@dataclass(frozen=True)
class Letter:
    """What a mail says."""

    word: str
    sentence: str
    rows: tuple[tuple[str, str], ...]
    cause: str
    asked: tuple[str, ...]
    link: str


def alert_mail(shelves: Shelves, message: Message) -> EmailMessage:
    """Write the mail of one message of the outbox: text, HTML, and the metric's history as a picture inside.

    The same message always makes the same ``Message-ID``, so a receiver can tell a second delivery. All mails of one
    alert to one address are a thread that begins with the first.

    Raises
    ------
    NotFound
        If the alert is gone.
    """
    history = history_of(shelves, shelves.facts.alert(message.alert))
    events = shelves.facts.events(message.alert)
    event = event_told(events, message)
    letter = _letter(shelves, history, event)
    mail = EmailMessage()
    mail["Subject"] = one_line(f"{_mark(letter.word, history)} {letter.sentence}")
    mail["From"] = shelves.settings.mail_from
    mail["To"] = one_line(message.target)
    if event is not None:
        mail["Date"] = format_datetime(event.at)
    _thread(shelves, mail, message)
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(rendered("mail.txt", letter=letter, alert=history.alert), cte="quoted-printable")
    _picture(mail, letter, history, message)
    return mail


def message_id(key: str) -> str:
    """Return the Message-ID of a message: made from its key alone."""
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{DOMAIN}>"


def _picture(mail: EmailMessage, letter: Letter, history: AlertHistory, message: Message) -> None:
    """Put the HTML and its picture into the mail; boundaries are fixed so that the same message is the same bytes."""
    content = f"picture-{message_id(message.key)[1:-1]}"
    drawn = png(history.spec(WIDTH)) if history.series else None
    page = rendered(
        "mail.html", letter=letter, alert=history.alert, picture=content if drawn else None, name=history.name
    )
    mail.add_alternative(page, subtype="html", cte="quoted-printable")
    digest = hashlib.sha256(message.key.encode()).hexdigest()[:24]
    mail.set_boundary(f"=-alternative-{digest}")
    if drawn is not None:
        html = mail.get_payload()[1]  # type: ignore[index]
        html.add_related(drawn, "image", "png", cid=f"<{content}>", filename="history.png", disposition="inline")  # type: ignore[union-attr]
        html.set_boundary(f"=-related-{digest}")  # type: ignore[union-attr]


def _thread(shelves: Shelves, mail: EmailMessage, message: Message) -> None:
    mail["Message-ID"] = message_id(message.key)
    told = shelves.facts.outbox(receiver=(message.channel, message.target), alert=message.alert)
    opening = next(iter(told), message)
    if opening.key != message.key:
        begun = message_id(opening.folded + TOGETHER if opening.folded else opening.key)
        mail["In-Reply-To"] = begun
        mail["References"] = begun


def event_told(events: Sequence[AlertEvent], message: Message) -> AlertEvent | None:
    """Return the event a message is about: by its key, else the last that led to the state it names."""
    by_key = [event for event in events if event.key == message.event]
    by_state = [event for event in events if str(event.after) == message.event]
    return (by_key or by_state or [None])[-1]  # type: ignore[list-item]


def _letter(shelves: Shelves, history: AlertHistory, event: AlertEvent | None) -> Letter:
    alert = history.alert
    state = event.after if event is not None else alert.state
    # An alert may have moved on since; the mail of an event says what that event said.
    sentence = event.why if event is not None and event.why and state is not alert.state else alert.sentence
    jobs = [job for job in shelves.facts.jobs() if job.alert == alert.id]
    link = f"{base_url(shelves)}/alerts/{quote(alert.id, safe='')}"
    return Letter(_STATES[state], sentence, _rows(history), _cause(history), _asked(history, jobs, state), link)


def base_url(shelves: Shelves) -> str:
    """Return where people reach the dashboard: as set, else where it says it is, else where it would be."""
    settings = shelves.settings
    if settings.base_url:
        return settings.base_url.rstrip("/")
    try:
        found = json.loads((shelves.root / "run" / "web.json").read_text(encoding="utf-8"))["url"]
    except (OSError, ValueError, KeyError, TypeError):
        found = f"http://{settings.host}:{settings.port}"
    return str(found).rstrip("/")


def _mark(word: str, history: AlertHistory) -> str:
    level = "Page" if history.alert.level == "page" and word == "Alert" else word
    return f"[{level}: {history.alert.monitor}]"


def _rows(history: AlertHistory) -> tuple[tuple[str, str], ...]:
    alert, m = history.alert, history.alert.measurement
    rows = [
        (history.name, figures(m)),
        ("Threshold", number(m.name, history.threshold)),
        ("Baseline", number(m.name, history.baseline)),
        ("Records", f"{m.n:,}"),
        ("Window, UTC", window(m.window or alert.judged)),
        ("Open since", f"{day(alert.opened.start)}"),
        ("Rule", f"{alert.rule} ({alert.level})"),
    ]
    absent = {"Threshold": history.threshold is None, "Baseline": history.baseline is None}
    return tuple(row for row in rows if not absent.get(row[0]))


def _cause(history: AlertHistory) -> str:
    """Name what drifted in the same window. That two things changed together is a hint, and is called one."""
    if not history.drifted:
        return ""
    top = [m for m in history.drifted if m.verdict == "alarm"][:_CAUSES]
    if not top:
        return "No feature drifted beyond what chance explains in the same window, so the inputs do not explain it."
    told = [f"{m.feature} ({number(m.name, m.value)})" for m in top]
    return f"Likely cause: in the same window {listed(told)} drifted most, by {distance(top[0].name)}."


def _asked(history: AlertHistory, jobs: Sequence[Job], state: AlertState) -> tuple[str, ...]:
    if state is AlertState.RESOLVED:
        return tuple(f"{job.kind}: {job.state}" for job in jobs) or ()
    if jobs:
        return tuple(_said(job) for job in jobs)
    kinds = [each.kind for each in history.rule.responses] if history.rule else []
    return tuple(f"{kind}: asked for" for kind in kinds if kind not in _CHANNELS)


def _said(job: Job) -> str:
    if job.state is JobState.WAITING or (job.state is JobState.WANTED and job.options.get("approval") == "required"):
        return f"{job.kind}: needs your approval, see the alert"
    return f"{job.kind}: asked for" if job.state is JobState.WANTED else f"{job.kind}: {job.state}"


def one_line(text: str) -> str:
    """Take line breaks out: a name from data must not begin a new header."""
    return " ".join(text.split())
