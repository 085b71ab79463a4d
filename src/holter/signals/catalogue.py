"""Every question Holter can ask, by name."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import Final

from holter.errors import NotFound
from holter.profile import Window
from holter.signals.contained import contained
from holter.signals.data_drift import DataDrift
from holter.signals.data_quality import DataQuality
from holter.signals.estimated_performance import EstimatedPerformance
from holter.signals.performance import Performance
from holter.signals.prediction_drift import PredictionDrift
from holter.signals.signal import Need, Signal
from holter.signals.traffic import TrafficHealth
from holter.types import Measurement, Schema, Task

GROUP: Final = "holter.signals"
"""Entry points of this group add signals: a name, and a callable without arguments that returns a Signal."""

CATALOGUE: Final[Mapping[str, Callable[[], Signal]]] = MappingProxyType(
    {
        DataQuality.name: DataQuality,
        DataDrift.name: DataDrift,
        PredictionDrift.name: PredictionDrift,
        Performance.name: Performance,
        EstimatedPerformance.name: EstimatedPerformance,
        TrafficHealth.name: TrafficHealth,
    }
)
"""The signals Holter brings, in the order in which a report shows them."""


def named(name: str) -> Signal:
    """Return the signal of a name: one of the catalogue, or one that an installed package adds.

    Raises
    ------
    NotFound
        If nobody has it, with the nearest name.

    Examples
    --------
    >>> named("data_drift").metrics
    ('jensen_shannon', 'psi', 'wasserstein')
    """
    if name in CATALOGUE:
        return CATALOGUE[name]()
    added = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name not in added:
        raise NotFound("signal", name, (*CATALOGUE, *added))
    signal: Signal = added[name].load()()
    return signal


def default(schema: Schema, *, labels: bool, traffic: bool = False) -> tuple[str, ...]:
    """Return the names of the signals that make sense for a model.

    Parameters
    ----------
    schema
        Quality and drift of the inputs where there are features; drift of the answers where there is a task;
        estimated performance for two classes.
    labels
        Whether labels are expected: then performance.
    traffic
        Whether requests are served here (a deployment, not a table): then traffic.

    Examples
    --------
    >>> default(Schema((), Task.REGRESSION), labels=True)
    ('prediction_drift', 'performance')
    """
    wanted = (
        (DataQuality.name, bool(schema.features)),
        (DataDrift.name, bool(schema.features)),
        (PredictionDrift.name, schema.task is not None),
        (Performance.name, labels and schema.task is not None),
        (EstimatedPerformance.name, schema.task is Task.BINARY),
        (TrafficHealth.name, traffic),
    )
    return tuple(name for name, sensible in wanted if sensible)


def ask(signal: Signal, target: Window, baseline: Window) -> list[Measurement]:
    """Return the measurements of a signal, shown no more than it declared, with the span and segment of the target.

    What it raises becomes a measurement with the verdict ``error``: one broken signal costs no other.
    """
    found = contained(
        signal.name,
        signal.metrics[0],
        lambda: signal.measure(_shown(target, signal.needs), _shown(baseline, signal.needs)),
    )
    return [replace(each, window=each.window or target.span, segment=each.segment or target.segment) for each in found]


def _shown(window: Window, needs: Need) -> Window:
    return replace(
        window,
        profile=window.profile if Need.PROFILE in needs else None,
        rows=window.rows if needs & (Need.ROWS | Need.LABELS) else None,
        traffic=window.traffic if Need.TRAFFIC in needs else None,
    )
