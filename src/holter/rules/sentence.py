"""One sentence a person can act on."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from holter.rules.rule import Rule
from holter.rules.titles import number, title
from holter.types import CERTAIN, Calibrated, Measurement, Span

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NAMED: Final = 3
"""Others that are named beside the worst: a sentence that names more is not read."""
_DAY: Final = timedelta(days=1)
_UNITS: Final = (
    (_DAY, "day"),
    (timedelta(hours=1), "hour"),
    (timedelta(minutes=1), "minute"),
    (timedelta(seconds=1), "second"),
)


def sentence(
    rule: Rule, measurement: Measurement, window: Span, *, broken: bool = True, also: Sequence[Measurement] = ()
) -> str:
    """Say what a measurement means for a rule: metric, feature, value, interval, threshold and window.

    Parameters
    ----------
    rule
        The rule it was judged by.
    measurement
        With a value.
    window
        The window it is about; times are UTC.
    broken
        Whether it breaks the rule; False says that it is back.
    also
        Others that break it in the same window, the worst first: the first few are named.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from holter.types import Interval
    >>> week = Span(datetime(2013, 3, 28, tzinfo=UTC), datetime(2013, 4, 4, tzinfo=UTC))
    >>> auc = Measurement("performance", "roc_auc", 0.612, 900, interval=Interval(0.58, 0.64))
    >>> sentence(Rule("auc", "performance.roc_auc", below=0.65), auc, week)
    'ROC AUC of the last 7 days fell to 0.612 (0.580 to 0.640), below 0.650, on 3 Apr 2013.'
    """
    if broken and measurement.reason and measurement.evidence and measurement.evidence.test == CERTAIN:
        return f"{_subject(measurement)}: {measurement.reason}{_others(also)}, {_when(window)}."
    about = f"{_subject(measurement)} of the last {_length(window.length)}"
    news = f"{_verb(rule, measurement, broken)} {_figures(measurement)}{_against(rule, measurement, broken)}"
    return f"{about} {news}{_others(also)}, {_when(window)}."


def _subject(measurement: Measurement) -> str:
    place = _place(measurement)
    return f"{title(measurement.name)}{' of ' if measurement.feature is not None else ''}{place}"


def _place(measurement: Measurement) -> str:
    where = "" if measurement.segment is None else f" where {measurement.segment}"
    return f"{measurement.feature or ''}{where}"


def _others(also: Sequence[Measurement]) -> str:
    if not also:
        return ""
    told = [f"{_place(each).strip() or 'all rows'} ({number(each.name, each.value)})" for each in also[:_NAMED]]
    rest = len(also) - len(told)
    told += [f"{rest} more"] if rest else []
    return f"; so did {told[0] if len(told) == 1 else ', '.join(told[:-1]) + ' and ' + told[-1]}"


def _figures(measurement: Measurement) -> str:
    text, interval = number(measurement.name, measurement.value), measurement.interval
    if interval is None:
        return text
    return f"{text} ({number(measurement.name, interval.low)} to {number(measurement.name, interval.high)})"


def _side(rule: Rule, measurement: Measurement) -> tuple[str, float] | None:
    value = measurement.value
    assert value is not None  # noqa: S101  (only answered measurements are spoken of)
    if rule.above is not None and value > rule.above:
        return "above", rule.above
    if rule.below is not None and value < rule.below:
        return "below", rule.below
    return None


def _verb(rule: Rule, measurement: Measurement, broken: bool) -> str:
    side = _side(rule, measurement)
    if not broken:
        return "is" if side else "is back at"
    return {"above": "rose to", "below": "fell to"}[side[0]] if side else "came to"


def _against(rule: Rule, measurement: Measurement, broken: bool) -> str:
    side = _side(rule, measurement)
    if not broken:
        if side is None:
            return f", within the rule {rule.name!r}"
        return f", no longer surely {side[0]} {number(measurement.name, side[1])}"
    if side is not None:
        return f", {side[0]} {number(measurement.name, side[1])}"
    if measurement.calibrated is Calibrated.YES and measurement.reason:
        return f": {measurement.reason}"
    if rule.equal is not None and measurement.value == rule.equal:
        return f", which the rule {rule.name!r} names"
    before = measurement.evidence.baseline if measurement.evidence else None
    compared = "" if before is None else f" (baseline {number(measurement.name, before)})"
    limit = "" if measurement.threshold is None else f"{number(measurement.name, measurement.threshold)} and "
    return f", beyond {limit}what chance explains{compared}"


def _length(length: timedelta) -> str:
    unit, name = next(((unit, name) for unit, name in _UNITS if length % unit == timedelta(0)), _UNITS[-1])
    count = length // unit
    return name if count == 1 else f"{count} {name}s"


def _when(window: Span) -> str:
    day = window.end - timedelta(microseconds=1)
    date = f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
    whole = window.end - window.end.replace(hour=0, minute=0, second=0, microsecond=0) == timedelta(0)
    return f"on {date}" if whole else f"up to {window.end:%H:%M} UTC on {date}"
