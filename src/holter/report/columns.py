"""One column of the newest window and of its baseline, read from the shelves."""

from holter.profile import CategoricalColumn, NumericColumn, Profile
from holter.registry import Shelves
from holter.registry.entries import MonitorEntry
from holter.report.subject import Subject, latest
from holter.report.wording import window
from holter.types import Span

Columns = NumericColumn | CategoricalColumn


def drifted_column(shelves: Shelves, subject: Subject, name: str) -> tuple[Columns | None, Columns | None, str] | None:
    """Return a feature in the newest window, in its baseline, and the window in words; None where rows are gone.

    Raises
    ------
    HolterError, OSError
        If a file cannot be read.
    """
    assert subject.drift is not None  # noqa: S101  (asked only where drift was measured)
    history, metric = subject.drift
    last = latest(history.series(metric))
    if last is None or last.window is None:
        return None
    now = _target(shelves, history.entry, last.window, name)
    then = _baseline(shelves, subject, history.entry, name)
    return None if now is None else (now, then, f"{window(last.window)} (UTC)")


def _target(shelves: Shelves, entry: MonitorEntry, span: Span, name: str) -> Columns | None:
    if isinstance(entry.target, str):
        rows = shelves.records(entry.target).read(span, [name])
    else:
        from holter.source import read_span

        rows = read_span(entry.target.path, entry.target.time, span)
    if name not in rows.column_names or not rows.num_rows:
        return None
    return _summarised(Profile.of(rows.select([name])), name)


def _baseline(shelves: Shelves, subject: Subject, entry: MonitorEntry, name: str) -> Columns | None:
    deployment = subject.deployment
    if deployment is None:
        source, schema = entry.baseline, entry.target.schema if not isinstance(entry.target, str) else None
    else:
        version = shelves.registry.version(deployment.model, deployment.wanted.version)
        source, schema = entry.baseline or version.baseline, version.schema
    if source is None or schema is None:
        return None
    profile = shelves.baseline_window(source, schema).profile
    return None if profile is None else _summarised(profile, name)


def _summarised(profile: Profile, name: str) -> Columns | None:
    column = profile.columns.get(name)
    return column if isinstance(column, NumericColumn | CategoricalColumn) else None
