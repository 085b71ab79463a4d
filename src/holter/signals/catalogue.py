"""Every question Holter can ask, by name."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from holter.errors import NotFound
from holter.signals.constraints import ConstraintsKept
from holter.signals.data_drift import DataDrift
from holter.signals.data_quality import DataQuality
from holter.signals.domain_classifier import DomainClassifier
from holter.signals.estimated_performance import EstimatedPerformance
from holter.signals.performance import Performance
from holter.signals.prediction_drift import PredictionDrift
from holter.signals.service import ServiceHealth
from holter.signals.signal import Signal
from holter.signals.telemetry import Telemetry
from holter.signals.traffic import TrafficHealth
from holter.types import Schema, Task

GROUP: Final = "holter.signals"
"""Entry points of this group add signals: a name, and a callable without arguments that returns a Signal."""

CATALOGUE: Final[Mapping[str, Callable[[], Signal]]] = MappingProxyType(
    {
        DataQuality.name: DataQuality,
        ConstraintsKept.name: ConstraintsKept,
        DataDrift.name: DataDrift,
        DomainClassifier.name: DomainClassifier,
        PredictionDrift.name: PredictionDrift,
        Performance.name: Performance,
        EstimatedPerformance.name: EstimatedPerformance,
        TrafficHealth.name: TrafficHealth,
        Telemetry.name: Telemetry,
        ServiceHealth.name: ServiceHealth,
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
    ('jensen_shannon', 'psi', 'normalized_wasserstein')
    """
    if name in CATALOGUE:
        return CATALOGUE[name]()
    from importlib.metadata import entry_points

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
