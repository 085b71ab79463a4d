"""Every question Holter can ask, by name."""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from types import MappingProxyType
from typing import Any, Final

from holter.errors import BadSetting, NotFound
from holter.signals.attribution import Attribution
from holter.signals.causes import Causes
from holter.signals.challenger import Challenger
from holter.signals.combined_performance import CombinedPerformance
from holter.signals.constraints import ConstraintsKept
from holter.signals.correlation_drift import CorrelationDrift
from holter.signals.data_drift import DataDrift
from holter.signals.data_quality import DataQuality
from holter.signals.domain_classifier import DomainClassifier
from holter.signals.duplicates import Duplicates
from holter.signals.estimated_performance import EstimatedPerformance
from holter.signals.fairness import Fairness
from holter.signals.labels import Labels
from holter.signals.mmd import MaximumMeanDiscrepancy
from holter.signals.performance import Performance
from holter.signals.prediction_drift import PredictionDrift
from holter.signals.ranking import Ranking
from holter.signals.reconstruction import Reconstruction
from holter.signals.rhythm import Rhythm
from holter.signals.segments import Segments
from holter.signals.service import ServiceHealth
from holter.signals.signal import Signal
from holter.signals.telemetry import Telemetry
from holter.signals.traffic import TrafficHealth
from holter.types import Schema, Task

GROUP: Final = "holter.signals"
"""Entry points of this group add signals: a name, and a callable that takes its options by name and
returns a Signal."""

CATALOGUE: Final[Mapping[str, Callable[..., Signal]]] = MappingProxyType(
    {
        DataQuality.name: DataQuality,
        Duplicates.name: Duplicates,
        ConstraintsKept.name: ConstraintsKept,
        DataDrift.name: DataDrift,
        CorrelationDrift.name: CorrelationDrift,
        Reconstruction.name: Reconstruction,
        MaximumMeanDiscrepancy.name: MaximumMeanDiscrepancy,
        DomainClassifier.name: DomainClassifier,
        PredictionDrift.name: PredictionDrift,
        Performance.name: Performance,
        Ranking.name: Ranking,
        Labels.name: Labels,
        EstimatedPerformance.name: EstimatedPerformance,
        CombinedPerformance.name: CombinedPerformance,
        Segments.name: Segments,
        Causes.name: Causes,
        Attribution.name: Attribution,
        Fairness.name: Fairness,
        Challenger.name: Challenger,
        TrafficHealth.name: TrafficHealth,
        Telemetry.name: Telemetry,
        Rhythm.name: Rhythm,
        ServiceHealth.name: ServiceHealth,
    }
)
"""The signals Holter brings, in the order in which a report shows them."""


def named(name: str, options: Mapping[str, Any] = MappingProxyType({})) -> Signal:
    """Return the signal of a name: one of the catalogue, or one that an installed package adds.

    Parameters
    ----------
    name
        Its name.
    options
        The fields of its class that have a default, by name: numbers, texts, lists and tables, as TOML has them. The
        callable of an installed package gets them as they are.

    Raises
    ------
    NotFound
        If nobody has it, with the nearest name.
    BadSetting
        If it has no such option, or the option no such value.

    Examples
    --------
    >>> named("data_drift").metrics
    ('jensen_shannon', 'psi', 'normalized_wasserstein')
    """
    if name in CATALOGUE:
        return _made(name, CATALOGUE[name], options)
    from importlib.metadata import entry_points

    added = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name not in added:
        raise NotFound("signal", name, (*CATALOGUE, *added))
    signal: Signal = added[name].load()(**options)
    return signal


def _made(name: str, kind: Callable[..., Signal], options: Mapping[str, Any]) -> Signal:
    known = {each.name for each in fields(kind)} if is_dataclass(kind) else set[str]()
    for option in options:
        if option not in known:
            raise BadSetting(option, f"{name} has {', '.join(sorted(known)) or 'no options'}.")
    try:
        return kind(**options)
    except (TypeError, ValueError) as error:
        raise BadSetting(f"options of {name}", str(error)) from error


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
