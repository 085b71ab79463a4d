"""Does the service keep up: journal, workers, records?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Final

from holter.profile import Window
from holter.signals.signal import Need
from holter.stats import poisson
from holter.types import Gauged, Measurement, Series, Verdict

_Read = Callable[[Series], float | None]


def _largest(series: Series) -> float | None:
    return series.maximum


def _mebibytes(series: Series) -> float | None:
    return None if series.maximum is None else series.maximum / (1 << 20)


def _mean(series: Series) -> float | None:
    return series.mean


def _sum(series: Series) -> float | None:
    return series.total


_READ: Final[Mapping[str, tuple[Gauged, _Read]]] = MappingProxyType(
    {
        "journal_lag_s": (Gauged.JOURNAL_LAG, _largest),
        "journal_mb": (Gauged.JOURNAL_BYTES, _mebibytes),
        "journal_filled": (Gauged.JOURNAL_FILLED, _largest),
        "workers_missing": (Gauged.MISSING, _largest),
        "workers_replaced": (Gauged.REPLACED, _sum),
        "busy": (Gauged.BUSY, _mean),
        "waiting": (Gauged.WAITING, _largest),
        "gaps": (Gauged.GAPS, _sum),
    }
)
_WHY: Final = {
    Gauged.JOURNAL_FILLED: "the journal may hold anything",
    Gauged.BUSY: "no worker answered",
}


@dataclass(frozen=True)
class ServiceHealth:
    """Does the service keep up: journal, workers, records?

    The process tree looks at itself every few seconds. ``journal_lag_s`` (the longest that a request waited for its
    table), ``journal_mb``, ``journal_filled`` (share of what the journal may hold), ``workers_missing`` and ``waiting``
    (requests in line for a worker) are the largest of the window; ``busy`` is the share of the workers' time in which
    they could take no other request: near 1, requests queue. These are facts of the window and have no interval.
    ``workers_replaced`` and ``gaps`` (served and not recorded, known at once, not when the disk is free again) are
    counts, with the interval of a Poisson mean. Nothing is compared with the baseline: rules with thresholds say what
    is too much. A window in which nobody looked has no answer; what was seen is kept for a week.

    Examples
    --------
    >>> from holter.types import Schema
    >>> seen = {"busy": Series.of(0.2) + Series.of(0.4), "journal_lag_s": Series.of(1.5) + Series.of(0.5)}
    >>> window = Window(None, Schema(()), service=seen)
    >>> {each.metric: each.value for each in ServiceHealth().measure(window, window) if each.value is not None}
    {'journal_lag_s': 1.5, 'busy': 0.30000000000000004}
    """

    name: ClassVar[str] = "service"
    needs: ClassVar[Need] = Need.SERVICE
    metrics: ClassVar[tuple[str, ...]] = tuple(_READ)

    def measure(self, target: Window, baseline: Window) -> Sequence[Measurement]:
        """Answer from what was seen in the window."""
        del baseline
        if not target.service:
            why = "a table has no service" if target.service is None else "nobody looked in this window: holter up does"
            return [Measurement.unanswered(self.name, metric, Verdict.UNDEFINED, why) for metric in self.metrics]
        return [self._of(metric, *read, target.service) for metric, read in _READ.items()]

    def _of(self, metric: str, gauged: Gauged, read: _Read, seen: Mapping[str, Series]) -> Measurement:
        series = seen.get(gauged, Series())
        value = read(series) if series.count else None
        if value is None:
            why = _WHY.get(gauged, "this was not measured in the window")
            return Measurement.unanswered(self.name, metric, Verdict.UNDEFINED, why)
        interval = poisson(value) if read is _sum else None
        return Measurement(self.name, metric, value, series.count, interval=interval)
