"""How a model is, in words."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from holter.charts.heatmap import recent_drift
from holter.registry.entries import DeploymentState
from holter.report.labels import wanting
from holter.report.subject import HARM, Subject, latest, of_last_window
from holter.report.wording import day, distance, figures, last_day, listed
from holter.rules import Alert, number, title
from holter.types import Verdict

_SHOWN: Final = 3
"""Drifted features named in a sentence."""


_COUNTS: Final = frozenset(
    {
        "traffic.requests",
        "traffic.gaps",
        "performance.label_coverage",
        "performance.positive_rate",
    }
)
"""Metrics that say how much came, not how good it was: nothing degrades or fails when there is more or less of it."""


class Mood(StrEnum):
    """Which colour a verdict has."""

    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Judgement:
    """One word, and the sentences that bear it out. ``command`` is what to do next where nothing is known yet."""

    mood: Mood
    word: str
    sentences: tuple[str, ...]
    command: str = ""


def judge(subject: Subject) -> Judgement:
    """Say how a subject is: what an alert says comes first, then drift, then how far the labels reach."""
    alerts = subject.open_alerts
    if alerts:
        mood, word = (Mood.WARN, "Recovering.") if all(alert.holding for alert in alerts) else _word(alerts)
        told = (_told(alerts), *_why(subject, alerts), *_labels(subject))
        return Judgement(mood, word, told)
    down = _down(subject)
    if down is not None:
        return down
    if not subject.measured:
        return _unmeasured(subject)
    missing = wanting(subject)
    if missing is not None and subject.estimated is None:
        told = (f"{missing.sentence} So how good the model is cannot be told.", *_drift(subject))
        return Judgement(Mood.UNKNOWN, "Unknown.", told, missing.command)
    return Judgement(Mood.GOOD, "Healthy.", (_level(subject), *_drift(subject), *_labels(subject)))


def drifted(subject: Subject) -> tuple[list[str], int]:
    """Return the features whose drift raised an alarm in the newest window, the most drifted first, and of how many."""
    if subject.drift is None:
        return [], 0
    history, metric = subject.drift
    last = of_last_window(history.series(metric))
    alarmed = [m for m in last if m.verdict is Verdict.ALARM]
    alarmed.sort(key=lambda m: (-(m.value or 0.0), m.feature or ""))
    return [m.feature or "" for m in alarmed], len({m.feature for m in last})


def most_drifted(subject: Subject) -> list[tuple[str, float]]:
    """Return features and their mean drift over the last windows, the most drifted first."""
    if subject.drift is None:
        return []
    history, metric = subject.drift
    return list(recent_drift(history.series(metric)).items())


def _word(alerts: list[Alert]) -> tuple[Mood, str]:
    signals = {alert.measurement.signal for alert in alerts}
    metrics = {alert.measurement.name for alert in alerts} - _COUNTS
    failing = {name.partition(".")[0] for name in metrics}
    if "traffic" in failing:
        return Mood.BAD, "Failing."
    if failing & {"performance", "estimated_performance"}:
        return Mood.BAD, "Degrading."
    if signals & {"data_drift", "prediction_drift"}:
        return Mood.WARN, "Drifting."
    doubted = signals & {"data_quality", "performance"}
    return (Mood.WARN, "Data in question.") if doubted else (Mood.WARN, "Alarm.")


def _told(alerts: list[Alert]) -> str:
    first, rest = alerts[0], len(alerts) - 1
    more = "" if not rest else " One more alert is open." if rest == 1 else f" {rest} more alerts are open."
    holds = f" and closes once the rule has held for long enough (windows so far: {first.holding})"
    since = f"The alert has been open since {day(first.opened.start)}{holds if first.holding else ''}."
    return f"{first.sentence} {since}{more}"


def _why(subject: Subject, alerts: list[Alert]) -> tuple[str, ...]:
    about_drift = alerts[0].measurement.signal == "data_drift"
    return () if about_drift else _drift(subject)


def _drift(subject: Subject) -> tuple[str, ...]:
    names, total = drifted(subject)
    if not total or subject.drift is None:
        return ()
    if not names:
        return (f"None of its {total} features drifted in the last window.",)
    history, metric = subject.drift
    values = {m.feature: m.value for m in of_last_window(history.series(metric))}
    harm = _harm(subject)
    if harm:
        names = sorted(names, key=lambda name: -harm.get(name, 0.0))
        weighed = listed([f"{name} ({number(metric, values[name])})" for name in names[:_SHOWN]])
        return (f"{len(names)} of {total} features drifted; what the model leans on first: {weighed}.",)
    told = [f"{name} ({number(metric, values[name])})" for name in names[:_SHOWN]]
    return (f"{len(names)} of {total} features drifted, most of all {listed(told)}, by {distance(metric)}.",)


def _harm(subject: Subject) -> dict[str, float]:
    """Return how much harm the drift of each feature is expected to do; nothing where that is not measured."""
    for history in subject.histories:
        if history.answered(HARM):
            return {m.feature or "": m.value or 0.0 for m in of_last_window(history.series(HARM))}
    return {}


def _labels(subject: Subject) -> tuple[str, ...]:
    if subject.performance is None:
        missing = wanting(subject)
        return () if missing is None else (missing.sentence,)
    history, metric = subject.performance
    last = latest(history.series(f"performance.{metric}"))
    return () if last is None or last.window is None else (f"Labels are known up to {last_day(last.window)}.",)


def _level(subject: Subject) -> str:
    best = subject.performance or subject.estimated
    if best is None:
        return "No rule is broken."
    signal = "performance" if subject.performance else "estimated_performance"
    last = latest(best[0].series(f"{signal}.{best[1]}"))
    assert last is not None  # noqa: S101  (a metric without a value is never chosen)
    before = last.evidence.baseline if last.evidence else None
    then = "" if before is None else f"; the baseline had {number(last.name, before)}"
    when = "" if last.window is None else f" on {last_day(last.window)}"
    return f"No rule is broken. {title(last.name)} was {figures(last)}{when}{then}."


def _down(subject: Subject) -> Judgement | None:
    deployment = subject.deployment
    if deployment is None:
        return None
    seen = deployment.observed
    if seen.state in (DeploymentState.FAILED, DeploymentState.UNHEALTHY):
        title = "Not serving." if seen.version is None else "Serving, with trouble."
        detail = seen.headline or "The service does not answer."
        return Judgement(Mood.BAD, title, (detail,), f"holter deployments show {deployment.name}")
    return None


def _unmeasured(subject: Subject) -> Judgement:
    if not subject.histories:
        command = f"holter monitors add {subject.name}-daily --deployment {subject.name} --every 1d"
        return Judgement(Mood.UNKNOWN, "Unknown.", ("No monitor looks at it yet.",), command)
    name = subject.histories[0].entry.name
    told = "No window has been measured yet: the first is judged once it has ended."
    return Judgement(Mood.UNKNOWN, "Unknown.", (told,), f"holter monitors run {name}")
