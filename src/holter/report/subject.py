"""What is known of one monitored thing: a deployment with its monitors, or a table with one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Final

from holter.registry import Shelves
from holter.registry.entries import Deployment, MonitorEntry
from holter.rules import Alert
from holter.types import Measurement, Span, Task

WINDOWS: Final = 90
"""Windows a page looks back."""
DRIFT: Final = ("data_drift.jensen_shannon", "data_drift.psi", "data_drift.normalized_wasserstein")
"""What a drift picture is made of, the first that was measured."""
HARM: Final = "attribution.harm"
"""Drift of a feature weighed by how much the model leans on it."""
_PRIMARY: Final = {
    Task.BINARY: ("roc_auc", "log_loss_skill", "calibration_error", "accuracy"),
    Task.MULTICLASS: ("accuracy", "macro_f1"),
    Task.REGRESSION: ("mae", "rmse", "r2"),
}


@dataclass(frozen=True)
class History:
    """The newest windows of one monitor."""

    shelves: Shelves
    entry: MonitorEntry
    _series: dict[str, Sequence[Measurement]] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def span(self) -> Span | None:
        """The stretch a page shows; None before the first window."""
        end = self.shelves.facts.newest_window(self.entry.name)
        if end is None:
            return None
        length = self.entry.over + self.entry.every * (WINDOWS - 1)
        return Span(end - length, end)

    def series(self, metric: str) -> Sequence[Measurement]:
        """Return the measurements of ``signal.metric``, oldest window first."""
        if metric not in self._series:
            found = (
                ()
                if self.span is None
                else self.shelves.facts.measurements(self.entry.name, metric=metric, span=self.span, whole=True)
            )
            self._series[metric] = found
        return self._series[metric]

    def answered(self, metric: str) -> bool:
        """Tell whether the metric has a value in any window shown."""
        return any(m.value is not None for m in self.series(metric))


@dataclass(frozen=True)
class Subject:
    """A deployment and its monitors, or a table and its one."""

    name: str
    deployment: Deployment | None
    task: Task | None
    histories: tuple[History, ...]
    alerts: tuple[Alert, ...]

    @property
    def open_alerts(self) -> list[Alert]:
        """Alerts that still want attention and are past the windows they had to last, the gravest first."""
        grave = {"page": 0, "warning": 1, "information": 2}
        known = [alert for alert in self.alerts if alert.is_open and alert.state != "pending"]
        return sorted(known, key=lambda alert: grave[str(alert.level)])

    @cached_property
    def performance(self) -> tuple[History, str] | None:
        """The history and bare metric name that says best how good the model is: one a rule watches comes first."""
        wanted = [*self._watched("performance."), *_PRIMARY.get(self.task or Task.BINARY, ())]
        return self._first(f"performance.{metric}" for metric in wanted)

    @cached_property
    def estimated(self) -> tuple[History, str] | None:
        """The same without labels, of the realised metric where that is estimated."""
        realised = [self.performance[1]] if self.performance else []
        return self._first(f"estimated_performance.{metric}" for metric in [*realised, "roc_auc", "accuracy"])

    @cached_property
    def drift(self) -> tuple[History, str] | None:
        """The history and full metric name of feature drift."""
        for metric in DRIFT:
            for history in self.histories:
                if history.answered(metric):
                    return history, metric
        return None

    @property
    def measured(self) -> bool:
        """Whether any window was ever published."""
        return any(history.span is not None for history in self.histories)

    def threshold(self, history: History, metric: str) -> float | None:
        """Return the fixed threshold a rule sets for ``signal.metric``, else the one the last window was judged by."""
        for rule in history.entry.rules:
            if rule.metric == metric and rule.segment is None:
                return rule.below if rule.below is not None else rule.above
        known = [m.threshold for m in history.series(metric) if m.threshold is not None]
        return known[-1] if known else None

    def _watched(self, prefix: str) -> list[str]:
        firing = [alert.measurement.name for alert in self.open_alerts]
        rules = [rule.metric for history in self.histories for rule in history.entry.rules]
        return [name.removeprefix(prefix) for name in [*firing, *rules] if name.startswith(prefix)]

    def _first(self, metrics: Iterable[str]) -> tuple[History, str] | None:
        for metric in metrics:
            for history in self.histories:
                if history.answered(metric):
                    return history, metric.partition(".")[2]
        return None


def subjects(shelves: Shelves) -> list[Subject]:
    """Return every deployment, and every table that a monitor watches, by name."""
    monitors = shelves.registry.monitors()
    deployed = [of_deployment(shelves, each.name, monitors) for each in shelves.registry.deployments()]
    tables = [of_monitor(shelves, each) for each in monitors if not isinstance(each.target, str)]
    return deployed + tables


def of_deployment(shelves: Shelves, name: str, monitors: Sequence[MonitorEntry] | None = None) -> Subject:
    """Gather what is known of a deployment.

    Raises
    ------
    NotFound
        If there is none of that name.
    """
    deployment = shelves.registry.deployment(name)
    known = shelves.registry.monitors() if monitors is None else monitors
    histories = tuple(History(shelves, each) for each in known if each.target == name)
    schema = shelves.registry.version(deployment.model, deployment.wanted.version).schema
    return Subject(name, deployment, None if schema is None else schema.task, histories, _alerts(shelves, histories))


def of_monitor(shelves: Shelves, entry: MonitorEntry) -> Subject:
    """Gather what one monitor knows, of whatever it watches."""
    histories = (History(shelves, entry),)
    if isinstance(entry.target, str):
        whole = of_deployment(shelves, entry.target, [entry])
        return Subject(entry.name, whole.deployment, whole.task, whole.histories, whole.alerts)
    return Subject(entry.name, None, entry.target.schema.task, histories, _alerts(shelves, histories))


def _alerts(shelves: Shelves, histories: Sequence[History]) -> tuple[Alert, ...]:
    found = [alert for history in histories for alert in shelves.facts.alerts(history.entry.name)]
    return tuple(sorted(found, key=lambda alert: alert.opened, reverse=True))


def latest(measurements: Sequence[Measurement]) -> Measurement | None:
    """Return the newest measurement that has a value."""
    return next((m for m in reversed(measurements) if m.value is not None), None)


def of_last_window(measurements: Sequence[Measurement]) -> list[Measurement]:
    """Return the measurements of the newest window in which any has a value."""
    last = latest(measurements)
    return [] if last is None else [m for m in measurements if m.window == last.window]


def every_words(every: timedelta) -> str:
    """Return how often a monitor looks, in words."""
    for unit, name in ((timedelta(days=1), "day"), (timedelta(hours=1), "hour"), (timedelta(minutes=1), "minute")):
        if every % unit == timedelta(0):
            return f"every {name}" if every == unit else f"every {every // unit} {name}s"
    return f"every {every.total_seconds():g} seconds"
