"""Times, spans and facts the way a page says them: always UTC, never a bare number."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from holter.rules import number, title
from holter.types import Interval, Measurement, Span

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
NOTHING: Final = "–"  # noqa: RUF001  (the dash of an empty cell)


def day(moment: datetime) -> str:
    """Return ``3 Apr 2013``, in UTC."""
    moment = moment.astimezone(UTC)
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def minute(moment: datetime | None) -> str:
    """Return ``3 Apr 2013 07:15``, in UTC; a dash for None."""
    return NOTHING if moment is None else f"{day(moment)} {moment.astimezone(UTC):%H:%M}"


def last_day(span: Span) -> str:
    """Return the last day a span touches: a window that ends at midnight is about the day before."""
    return day(span.end - timedelta(microseconds=1))


def window(span: Span | None) -> str:
    """Return a span in words: one day, some days, or minutes of a day; all in UTC."""
    if span is None:
        return NOTHING
    midnight = all((end.hour, end.minute, end.second) == (0, 0, 0) for end in (span.start, span.end))
    if midnight and span.length == timedelta(days=1):
        return day(span.start)
    if midnight:
        return f"{day(span.start)} to {last_day(span)}"
    if day(span.start) == last_day(span):
        return f"{day(span.start)} {span.start:%H:%M} to {span.end:%H:%M}"
    return f"{minute(span.start)} to {minute(span.end)}"


def interval(metric: str, bounds: Interval | None) -> str:
    """Return ``0.58 to 0.64``, with the unit of the metric; empty for None."""
    return "" if bounds is None else f"{number(metric, bounds.low)} to {number(metric, bounds.high)}"


def figures(m: Measurement) -> str:
    """Return a value with its interval."""
    bounds = interval(m.name, m.interval)
    return number(m.name, m.value) + (f" ({bounds})" if bounds else "")


def distance(metric: str) -> str:
    """Return the name of the distance a drift metric is: ``Jensen-Shannon distance``."""
    words = title(metric)
    return words.partition("(")[2].rstrip(")") or words


def listed(names: list[str]) -> str:
    """Return ``a``, ``a and b`` or ``a, b and c``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""


def facts(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the facts of a job, a version or a ledger entry as rows of name and text; nested names get a dot."""
    rows: list[tuple[str, str]] = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            rows += [(f"{name}.{inner}", text) for inner, text in facts(value)]
        else:
            rows.append((name.replace("_", " "), _plain(value)))
    return rows


def _plain(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= 10_000 else str(value)
    if isinstance(value, list | tuple):
        return ", ".join(_plain(each) for each in value) or NOTHING
    return NOTHING if value is None else str(value)
