"""The schedule of a detector: a monitor of the workspace."""

from datetime import datetime, timedelta
from typing import Final

from holter.compat.azureml.datadrift.measuring import SIGNAL
from holter.compat.azureml.datadrift.settings import Settings
from holter.compat.azureml.exceptions import UserErrorException
from holter.errors import HolterError
from holter.rules import Response, Rule
from holter.types import Span
from holter.workspace import Workspace

SIGNALS: Final = ("data_drift", SIGNAL)
COEFFICIENT: Final = "domain_classifier.coefficient"


def watch(home: Workspace, settings: Settings, *, overwrite: bool) -> None:
    """Write down the monitor of a detector; it rests while the schedule is disabled.

    Raises
    ------
    UserErrorException
        If the name is taken by a monitor, or the table cannot be watched.
    """
    try:
        monitor = home.monitor(
            settings.name,
            settings.target.path,
            every=settings.every,
            time=settings.target.time,
            features=settings.features,
            signals=SIGNALS,
            rules=rules_of(settings),
            lateness=timedelta(hours=settings.latency),
            baseline=settings.baseline.path,
            overwrite=overwrite,
        )
    except HolterError as error:
        raise UserErrorException(str(error)) from error
    if not settings.enabled:
        monitor.pause()


def rules_of(settings: Settings) -> tuple[Rule, ...]:
    """Return what is an alert: the coefficient above its threshold, and a change that the coefficient cannot see."""
    told = (Response("email", {"to": ", ".join(settings.addresses)}),) if settings.addresses else ()
    return (
        Rule("drift-coefficient", COEFFICIENT, above=settings.threshold, sure=False, responses=told),
        Rule("feature-drift", "data_drift.jensen_shannon", calibrated=True, responses=told),
    )


def newest(settings: Settings, now: datetime) -> Span:
    """Return the newest window that is over and has rows; where none is over, the one that has begun."""
    times, every = settings.target.times(), settings.every
    over = Span.covering(now - timedelta(hours=settings.latency), every)
    over = Span(over.start - every, over.start)
    if times is None:
        return over
    oldest, latest = (Span.covering(min(moment, now), every) for moment in times)
    window = min(over, latest, key=lambda each: each.end)
    return window if window.end >= oldest.end else latest


def overlap(settings: Settings, window: Span) -> str:
    """Say that the baseline reaches into a window; empty where it does not."""
    times = settings.baseline.times()
    if times is None or times[1] < window.start or times[0] >= window.end:
        return ""
    reach = f"{times[0]:%Y-%m-%d} to {times[1]:%Y-%m-%d}"
    return f"The baseline ({reach}) reaches into this window: rows of both sides may be the same, which hides drift."
