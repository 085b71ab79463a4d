"""The pages of the dashboard: shelves in, HTML out. ``now`` is the wall clock, for traffic and "as of"."""

from collections.abc import Callable
from datetime import datetime
from itertools import islice
from typing import Any, Final

from holter.errors import BrokenLedger, HolterError
from holter.registry import Shelves
from holter.registry.entries import MonitorEntry
from holter.report.columns import drifted_column
from holter.report.figure import (
    Figure,
    distribution_figure,
    drift_figure,
    harm_figure,
    performance_figure,
    ranking_figure,
    traffic_figure,
)
from holter.report.history import history_of
from holter.report.normal import normal_of
from holter.report.rendering import rendered
from holter.report.rivals import beside
from holter.report.service import lately
from holter.report.subject import History, Subject, every_words, of_deployment, of_monitor, subjects
from holter.report.telemetry import telemetry
from holter.report.tiles import recent_minutes, tiles
from holter.report.verdict import judge, most_drifted
from holter.rules import broken_by
from holter.rules.folding import worst_segments
from holter.store.kept import JobState
from holter.types import Span

LEDGER_PAGE: Final = 100
"""Ledger entries on one page."""
MEASUREMENTS: Final = 300
"""Measurements in the table of a monitor page, newest first."""

_NO_RECORDS: Final = frozenset({"traffic", "telemetry", "service"})
"""Signals that look at no records: no row explains them."""

FormToken = Callable[[str], str]
"""Returns the token that lets one form do one thing, from what it does (``acknowledge:<alert>``)."""


def index_page(shelves: Shelves, now: datetime) -> str:
    """Show every deployment and monitored table: one verdict each."""
    rows = []
    for subject in subjects(shelves):
        minutes = recent_minutes(shelves, subject.deployment.shelf, now) if subject.deployment else []
        seen = lately(shelves, subject.deployment.shelf, now) if subject.deployment else {}
        rows.append({"subject": subject, "judgement": judge(subject), "tiles": tiles(subject, minutes, seen)})
    order = {"bad": 0, "warn": 1, "unknown": 2, "good": 3}
    rows.sort(key=lambda row: order[row["judgement"].mood])  # type: ignore[attr-defined]
    return rendered("index.html", rows=rows, now=now)


def deployment_page(shelves: Shelves, name: str, now: datetime) -> str:
    """Show one deployment: the verdict in words, numbers, pictures, alerts.

    Raises
    ------
    NotFound
        If there is none of that name.
    """
    subject = of_deployment(shelves, name)
    return rendered("subject.html", tab="overview", monitor=None, rows=[], **_subject_values(shelves, subject, now))


def monitor_page(shelves: Shelves, name: str, now: datetime, form_token: FormToken | None = None) -> str:
    """Show one monitor: what it looks at, what is normal, its rules, its pictures and its newest measurements.

    ``form_token`` puts a form on the page that takes an alarm that is on for the new normal.

    Raises
    ------
    NotFound
        If there is none of that name.
    """
    entry = shelves.registry.monitor(name)
    subject = of_monitor(shelves, entry)
    span = subject.histories[0].span
    found = shelves.facts.measurements(name, span=span, whole=True) if span else ()
    newest = list(islice(reversed(found), MEASUREMENTS))
    return rendered(
        "subject.html",
        tab="monitor",
        monitor=entry,
        every=every_words(entry.every),
        over=every_words(entry.over).removeprefix("every "),
        rows=newest,
        broken_by=broken_by,
        total=len(found),
        normal=normal_of(shelves, entry),
        accept_token=form_token(f"accept:{name}") if form_token else None,
        cut=_cut(shelves, entry, subject.histories[0]),
        **_subject_values(shelves, subject, now),
    )


def _cut(shelves: Shelves, entry: MonitorEntry, history: History) -> dict[str, Any] | None:
    """Return the worst segments of the newest window, and all of them to be unfolded; None where nothing is cut."""
    if not entry.segments or history.span is None:
        return None
    newest = Span(history.span.end - entry.over, history.span.end)
    found = [each for each in shelves.facts.measurements(entry.name, span=newest) if each.segment is not None]
    worst = worst_segments(found, entry.rules)
    rest = [each for each in found if each not in worst]
    return {"worst": worst, "rest": rest[:MEASUREMENTS], "left": max(0, len(rest) - MEASUREMENTS), "of": entry.segments}


def _subject_values(shelves: Shelves, subject: Subject, now: datetime) -> dict[str, Any]:
    minutes = recent_minutes(shelves, subject.deployment.shelf, now) if subject.deployment else []
    figures = [performance_figure(subject), drift_figure(subject)]
    below = [traffic_figure(minutes)]
    halves = [_top_distribution(shelves, subject), ranking_figure(subject), harm_figure(subject)]
    return {
        "subject": subject,
        "judgement": judge(subject),
        "tiles": tiles(subject, minutes, lately(shelves, subject.deployment.shelf, now) if subject.deployment else {}),
        "figures": [figure for figure in figures if figure is not None],
        "halves": [figure for figure in halves if figure is not None],
        "below": [figure for figure in below if figure is not None],
        "second": beside(subject),
        "told": telemetry(shelves, subject.deployment.name, now) if subject.deployment else None,
        "now": now,
    }


def _top_distribution(shelves: Shelves, subject: Subject) -> Figure | None:
    """Draw the most drifted feature; a page must not fail because rows or a baseline are gone."""
    ranking = most_drifted(subject)
    if not ranking or subject.drift is None:
        return None
    try:
        found = drifted_column(shelves, subject, ranking[0][0])
    except (HolterError, OSError):
        return None
    return None if found is None else distribution_figure(ranking[0][0], *found)


def versions_page(shelves: Shelves, name: str, now: datetime) -> str:
    """Show the versions of a deployment's model, where they came from, and what became of each candidate.

    Raises
    ------
    NotFound
        If there is no deployment of that name.
    """
    subject = of_deployment(shelves, name)
    assert subject.deployment is not None  # noqa: S101  (made from one)
    versions = sorted(shelves.registry.versions(subject.deployment.model), key=lambda v: -v.version)
    return rendered(
        "versions.html",
        subject=subject,
        tab="versions",
        versions=versions,
        jobs=list(reversed(shelves.facts.jobs(deployment=name))),
        now=now,
    )


def alerts_page(shelves: Shelves, now: datetime, form_token: FormToken | None = None) -> str:
    """Show open alerts, what is silenced, then past alerts; ``form_token`` puts buttons on it that end silences."""
    known = {entry.name for entry in shelves.registry.monitors()}
    every, silences = shelves.facts.alerts(), shelves.facts.silences(now)
    return rendered(
        "alerts.html",
        open_alerts=[alert for alert in every if alert.is_open],
        past=[alert for alert in every if not alert.is_open],
        known=known,
        silences=silences,
        tokens={each.id: form_token(f"end:{each.id}") for each in silences} if form_token else {},
        now=now,
    )


def alert_page(shelves: Shelves, alert_id: str, now: datetime, form_token: FormToken | None = None) -> str:
    """Show one alert: its metric's history, what happened to it, who was told, what was done.

    ``form_token`` puts a button on the page that acknowledges the alert.

    Raises
    ------
    NotFound
        If there is none of that id.
    """
    alert = shelves.facts.alert(alert_id)
    can_acknowledge = form_token is not None and alert.state in ("firing", "pending")
    return rendered(
        "alert.html",
        alert=alert,
        monitor=_monitor(shelves, alert.monitor),
        figure=history_of(shelves, alert).figure(),
        worst=worst_segments(shelves.facts.measurements(alert.monitor, span=alert.judged)),
        by_records=alert.measurement.signal not in _NO_RECORDS,
        events=shelves.facts.events(alert_id),
        messages=shelves.facts.outbox(alert=alert_id),
        jobs=[each for each in shelves.facts.jobs() if each.alert == alert_id],
        token=form_token(f"acknowledge:{alert_id}") if form_token and can_acknowledge else None,
        consents=_consents(shelves, alert_id, form_token),
        silence_token=form_token(f"silence:{alert_id}") if form_token and alert.is_open else None,
        silences=[each for each in shelves.facts.silences(now) if each.covers(alert)],
        now=now,
    )


def _consents(shelves: Shelves, alert_id: str, form_token: FormToken | None) -> dict[str, dict[str, str]]:
    """Return, for each answer that waits for a person, the tokens of the two buttons."""
    waiting = [job for job in shelves.facts.jobs(state=JobState.WAITING) if job.alert == alert_id]
    if form_token is None:
        return {}
    return {job.key: {said: form_token(f"{said}:{job.key}") for said in ("approve", "refuse")} for job in waiting}


def _monitor(shelves: Shelves, name: str) -> MonitorEntry | None:
    return next((entry for entry in shelves.registry.monitors() if entry.name == name), None)


def ledger_page(shelves: Shelves, now: datetime, *, subject: str | None = None, before: int | None = None) -> str:
    """Show the newest entries of the ledger, and whether its chain holds.

    ``before`` shows entries older than that number; ``subject`` those about one thing.
    """
    try:
        (length, earlier), broken = shelves.facts.verify_newest(), ""
    except BrokenLedger as error:
        length, earlier, broken = 0, 0, str(error)
    found = shelves.facts.newest_entries(LEDGER_PAGE + 1, subject=subject, before=before)
    entries = found[:LEDGER_PAGE]
    older = entries[-1].seq if len(found) > LEDGER_PAGE else None
    return rendered(
        "ledger.html",
        entries=entries,
        length=length,
        earlier=earlier,
        broken=broken,
        subject=subject,
        older=older,
        now=now,
    )


def message_page(title: str, words: str, now: datetime, *, sign_in: bool = False) -> str:
    """Show one sentence, such as what was not found; with ``sign_in`` a form that asks for the token."""
    return rendered("message.html", title=title, words=words, sign_in=sign_in, now=now)
