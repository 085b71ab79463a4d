"""Runs of a detector: now, over the past, and those its schedule has made."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

from holter.compat.azureml.datadrift import shelf
from holter.compat.azureml.datadrift.measuring import SIGNAL, Moment, profiled
from holter.compat.azureml.datadrift.profile import DataDriftProfile
from holter.compat.azureml.datadrift.scheduling import COEFFICIENT, newest, overlap
from holter.compat.azureml.datadrift.settings import Settings
from holter.compat.azureml.exceptions import UserErrorException
from holter.errors import HolterError
from holter.types import Span
from holter.workspace import Workspace


def utc(given: Any, what: str) -> datetime:
    """Return a moment; one without a zone is UTC, a day is its midnight. Raises UserErrorException."""
    if isinstance(given, datetime):
        return given.replace(tzinfo=UTC) if given.tzinfo is None else given.astimezone(UTC)
    if isinstance(given, date):
        return datetime.combine(given, time(), UTC)
    raise UserErrorException(f"{what}={given!r} is no datetime.")


def run_once(home: Workspace, settings: Settings, target_date: Any) -> DataDriftProfile:
    """Compare one window with the baseline, or the whole tables where rows have no time, and keep the result.

    Raises
    ------
    UserErrorException
        If a table cannot be read any more, or ``target_date`` is no time.
    """
    now = datetime.now(UTC)
    asked = None if target_date is None else utc(target_date, "target_date")
    if settings.target.time is None:
        profile = profiled(settings, Moment(now, now, now), (settings.baseline.rows(), settings.target.rows()))
    else:
        window = newest(settings, now) if asked is None else Span.covering(asked, settings.every)
        moment = Moment(now, window.start, window.end)
        sides = settings.baseline.rows(), settings.target.rows(window)
        profile = profiled(settings, moment, sides, note=overlap(settings, window))
    shelf.add(home.root, profile)
    return profile


def backfill(home: Workspace, settings: Settings, start: Any, end: Any) -> Sequence[DataDriftProfile]:
    """Judge every closed window that lies between two moments, and return those that have rows.

    Raises
    ------
    UserErrorException
        If rows have no time, or the moments are none or in the wrong order.
    """
    timed(settings, "backfill")
    span = utc(start, "start_date"), utc(end, "end_date")
    if span[0] >= span[1]:
        raise UserErrorException(f"start_date {span[0]} is not before end_date {span[1]}.")
    try:
        home.monitor(settings.name).backfill(*span)
    except HolterError as error:
        raise UserErrorException(str(error)) from error
    return [each for each in found(home, settings) if span[0] <= each.start and each.end <= span[1]]


def found(home: Workspace, settings: Settings) -> Sequence[DataDriftProfile]:
    """Return the newest result of each window, those of the schedule too, the oldest window first."""
    kept = shelf.profiles(home.root, settings.name)
    if settings.target.time is None:
        return kept
    known = {(each.start, each.end) for each in kept}
    windows = {each.window for each in home.shelves.facts.measurements(settings.name, metric=COEFFICIENT)}
    for window in sorted(each for each in windows if each and (each.start, each.end) not in known):
        _scheduled(home, settings, window)
    newest_of = {(each.start, each.end): each for each in shelf.profiles(home.root, settings.name)}
    return sorted(newest_of.values(), key=lambda each: each.start)


def _scheduled(home: Workspace, settings: Settings, window: Span) -> None:
    """Keep what the monitor found in a window; it has coefficient and contributions, the distances are made here."""
    rows = settings.target.rows(window)
    if not rows.num_rows:
        return
    measured = home.shelves.facts.measurements(settings.name, span=window)
    told = [replace(each, window=None) for each in measured if each.signal == SIGNAL and each.window == window]
    moment = Moment(datetime.now(UTC), window.start, window.end)
    sides = settings.baseline.rows(), rows
    shelf.add(home.root, profiled(settings, moment, sides, told=told, note=overlap(settings, window)))


def timed(settings: Settings, what: str) -> None:
    """Refuse what needs event times where there are none. Raises UserErrorException."""
    if settings.target.time is None:
        raise UserErrorException(
            f"{what} needs event times: give target_dataset.with_timestamp_columns(timestamp='COLUMN'). "
            "Without them run() compares the two tables as they are."
        )
