"""The few numbers one looks at first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from holter.charts.traffic import Minutes
from holter.registry import Shelves
from holter.report.labels import wanting
from holter.report.subject import History, Subject, latest
from holter.report.verdict import drifted
from holter.report.wording import interval, window
from holter.rules import number, title
from holter.rules.material import MATERIAL
from holter.types import Gauged, Series, Span, Traffic, Verdict
from holter.types.service import LATE_SECONDS, NEARLY_FULL

TRAFFIC_SPAN: Final = timedelta(hours=24)
"""How far back traffic is counted."""


@dataclass(frozen=True)
class Tile:
    """A name, a number with its unit, and what it must be read with."""

    name: str
    value: str
    note: str
    alarm: bool = False
    unit: str = ""


def tiles(subject: Subject, minutes: Minutes, seen: Mapping[str, Series] = MappingProxyType({})) -> list[Tile]:
    """Return performance (realised, estimated), drifted features, requests, errors and service, as far as known.

    ``seen`` is what the process tree has lately measured of itself.
    """
    found = [
        _performance(subject.performance, "performance", "realised") or _missing(subject),
        _performance(subject.estimated, "estimated_performance", "estimated"),
        _drifted(subject),
    ]
    if subject.deployment is not None:
        found += [*_traffic(minutes), *_service(seen)]
    return [tile for tile in found if tile is not None]


def recent_minutes(shelves: Shelves, shelf: str, now: datetime) -> Minutes:
    """Return the minutes of the last 24 hours in which requests came to a shelf, over all versions."""
    sums: dict[datetime, Traffic] = {}
    for at, _, seen in shelves.facts.traffic_by_minute(shelf, Span(now - TRAFFIC_SPAN, now)):
        sums[at] = sums.get(at, Traffic()) + seen
    return sorted(sums.items(), key=lambda pair: pair[0])


def _performance(best: tuple[History, str] | None, signal: str, how: str) -> Tile | None:
    if best is None:
        return None
    history, metric = best
    last = latest(history.series(f"{signal}.{metric}"))
    if last is None:
        return None
    before = last.evidence.baseline if last.evidence else None
    notes = [interval(last.name, last.interval), "" if before is None else f"baseline {number(last.name, before)}"]
    name = title(f"performance.{metric}").partition(" (")[0]
    note = " · ".join(note for note in (*notes, window(last.window)) if note)
    return Tile(f"{name}, {how}", number(last.name, last.value), note, last.verdict is Verdict.ALARM)


def _missing(subject: Subject) -> Tile | None:
    missing = wanting(subject)
    return None if missing is None else Tile("Performance, realised", missing.short, missing.note)


def _drifted(subject: Subject) -> Tile | None:
    names, total = drifted(subject)
    if not total:
        return None
    note = ", ".join(names[:3]) + (" …" if len(names) > 3 else "") if names else "all within what chance explains"
    return Tile("Drifted features", f"{len(names)} of {total}", note, bool(names))


def _traffic(minutes: Minutes) -> list[Tile]:
    if not minutes:
        return [Tile("Requests", "none", "in the last 24 hours")]
    total = sum((seen for _, seen in minutes), Traffic())
    length = (minutes[-1][0] - minutes[0][0]) / timedelta(minutes=1) + 1
    failed = total.failed + total.soft_failed
    share = failed / total.requests if total.requests else 0.0
    p95 = number("traffic.latency_p95_ms", total.quantile_ms(0.95))
    rate = total.requests / length
    amount = f"{rate:,.0f}" if rate >= 10 else f"{rate:.2g}"
    return [
        Tile("Requests", amount, f"p95 {p95} · last 24 hours", unit="per minute"),
        Tile(
            "Errors",
            number("traffic.error_rate", share),
            f"{failed:,} of {total.requests:,} requests",
            share >= MATERIAL["traffic.error_rate"].effect,
        ),
    ]


def _service(seen: Mapping[str, Series]) -> list[Tile]:
    if not seen:
        return []
    found = [_journal(seen)]
    return [_workers(seen), *found] if Gauged.WORKERS in seen else found


def _workers(seen: Mapping[str, Series]) -> Tile:
    answer, missing = (seen[each].maximum or 0 for each in (Gauged.WORKERS, Gauged.MISSING))
    line, busy = (seen[Gauged.WAITING].maximum or 0), seen.get(Gauged.BUSY)
    waits = f"{number('service.waiting', line)} in line"
    note = f"{waits} · {number('service.workers_missing', missing)} missing" if missing else waits
    value = "idle" if busy is None else number("service.busy", busy.mean)
    return Tile(f"Busy, {answer:,.0f} {'worker' if answer == 1 else 'workers'}", value, note, missing > 0)


def _journal(seen: Mapping[str, Series]) -> Tile:
    lag, held = (seen[each].maximum or 0 for each in (Gauged.JOURNAL_LAG, Gauged.JOURNAL_BYTES))
    filled = seen[Gauged.JOURNAL_FILLED].maximum or 0 if Gauged.JOURNAL_FILLED in seen else 0
    note = f"longest wait for the table · journal {held / (1 << 20):,.1f} MiB"
    return Tile("Journal lag", f"{lag:,.1f}", note, lag > LATE_SECONDS or filled >= NEARLY_FULL, "s")
