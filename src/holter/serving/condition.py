"""How the service of each deployment is, measured a few times a minute and kept for a week.

It runs beside the beat, in another process than the supervisor and the workers: it sees them stand still, and costs no
request anything.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from holter.capture.frame import SHADOW
from holter.capture.health import health_of
from holter.registry import Shelves
from holter.registry.entries import Shelf
from holter.serving.gauges import Gauge, read, written
from holter.types import Gauged, Series, SeriesKind

KEPT: Final = timedelta(days=7)
"""How long what was measured stays: as long as the windows of a monitor that are judged on it."""
STALE_SECONDS: Final = 10.0
"""What the supervisor wrote this long ago says nothing of now; it writes every second."""
_FORGET_EVERY: Final = timedelta(hours=1)
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)

_Place = tuple[str, int, str]
"""Deployment, version and role: one pool of workers."""


@dataclass(frozen=True)
class _Seen:
    """What the supervisor wrote at a time, in seconds of the wall clock."""

    at: float
    pools: Mapping[_Place, Gauge]


class Condition:
    """Looks at journals and workers again and again, and adds what it sees to the minute."""

    def __init__(self, shelves: Shelves) -> None:
        self._shelves = shelves
        self._before = _Seen(0.0, {})
        self._forgot = _LONG_AGO

    def once(self, now: datetime) -> int:
        """Look once, and return how many deployments were looked at."""
        seen = self._workers(now)
        shelves = [shelf for shelf in self._shelves.registry.shelves() if shelf.ended is None]
        found = {shelf.name: {**self._journal(shelf, now), **self._pools(shelf.deployment, seen)} for shelf in shelves}
        self._before = seen or self._before
        with self._shelves.facts.begin(fleeting=True) as transaction:
            for name, numbers in found.items():
                for gauged, value in numbers.items():
                    transaction.add_series(name, SeriesKind.SERVICE, gauged, now, Series.of(value))
            if not timedelta(0) <= now - self._forgot < _FORGET_EVERY:
                transaction.forget_series(SeriesKind.SERVICE, now - KEPT)
                self._forgot = now
        return len(found)

    def _workers(self, now: datetime) -> _Seen | None:
        """Return what the supervisor has newly written; None where it has not."""
        at = written(self._shelves.root)
        if at == self._before.at or abs(now.timestamp() - at) > STALE_SECONDS:
            return None
        gauges = read(self._shelves.root)
        return _Seen(at, {(each.deployment, each.version, each.role): each for each in gauges})

    def _journal(self, shelf: Shelf, now: datetime) -> Mapping[Gauged, float]:
        health = health_of(self._shelves, shelf, now, weigh=False)
        found = {Gauged.JOURNAL_LAG: max(health.lag or 0.0, 0.0), Gauged.JOURNAL_BYTES: float(health.held)}
        return found | ({Gauged.JOURNAL_FILLED: health.held / health.limit} if health.limit else {})

    def _pools(self, deployment: str, seen: _Seen | None) -> Mapping[Gauged, float]:
        """Add up the pools of a deployment; a shadow answers nobody, and may be as busy as it likes."""
        if seen is None:
            return {}
        pools = [each for place, each in seen.pools.items() if place[0] == deployment and place[2] != SHADOW]
        found = {
            Gauged.WORKERS: sum(each.listening for each in pools),
            Gauged.MISSING: sum(max(0, each.workers - each.listening) for each in pools),
            Gauged.WAITING: sum(each.waiting for each in pools),
            Gauged.REPLACED: sum(self._more(pools, "replaced")),
            Gauged.GAPS: sum(self._more(pools, "gaps")),
        }
        busy = self._busy(pools, seen.at)
        return {key: float(value) for key, value in found.items()} | ({} if busy is None else {Gauged.BUSY: busy})

    def _busy(self, pools: Sequence[Gauge], at: float) -> float | None:
        workers, passed = sum(each.listening for each in pools), at - self._before.at
        if not workers or not self._before.at or passed <= 0:
            return None
        return min(1.0, sum(self._more(pools, "busy_us")) / 1e6 / (passed * workers))

    def _more(self, pools: Sequence[Gauge], name: str) -> Iterator[int]:
        """Yield how much each pool has counted since the time before; one that is new counts from 0.

        A count that fell is that of another pool, or of workers that went and took it with them. Nothing is new where
        nothing was known: what happened before this process began was told by the one before.
        """
        for each in pools if self._before.at else ():
            before = self._before.pools.get((each.deployment, each.version, each.role))
            now, then = getattr(each, name), 0 if before is None else getattr(before, name)
            yield now - then if now >= then else now
