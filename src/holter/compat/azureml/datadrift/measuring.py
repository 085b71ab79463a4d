"""From two tables to what a person reads: Holter's comparison, and a model that tells the sides apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from holter.compat.azureml.datadrift.profile import DataDriftProfile, FeatureDrift
from holter.compat.azureml.datadrift.settings import Settings
from holter.rules import Calibration, decide
from holter.types import Measurement, Verdict
from holter.workspace.changes import ColumnChange
from holter.workspace.comparison import Comparison, compare

if TYPE_CHECKING:
    import pyarrow as pa

SIGNAL: Final = "domain_classifier"


@dataclass(frozen=True)
class Moment:
    """When a run is made, and the window it is about."""

    made_at: datetime
    start: datetime
    end: datetime


def profiled(
    settings: Settings,
    moment: Moment,
    sides: "tuple[pa.Table, pa.Table]",
    *,
    told: Sequence[Measurement] = (),
    note: str = "",
) -> DataDriftProfile:
    """Compare baseline and target.

    Parameters
    ----------
    settings, moment
        The detector, and what the run is about.
    sides
        Rows of baseline and target.
    told
        What the classifier said about this window in the monitor already; empty: it is asked now.
    note
        What else a reader must know.
    """
    features = list(settings.features)
    before, after = (side.select([name for name in side.column_names if name in features]) for side in sides)
    found = compare(before, after, columns=features)
    judged = told or _classified(found, before, after)
    by_metric = {each.metric: each for each in judged if each.feature is None}
    coefficient, area = by_metric.get("coefficient"), by_metric.get("roc_auc")
    verdict, sentence = _verdict(found, area)
    shares = {each.feature: each.value for each in judged if each.metric == "contribution"}
    return DataDriftProfile(
        run_id=uuid4().hex,
        detector=settings.name,
        made_at=moment.made_at,
        start=moment.start,
        end=moment.end,
        baseline_dataset_id=settings.baseline.id,
        target_dataset_id=settings.target.id,
        baseline_rows=before.num_rows,
        target_rows=after.num_rows,
        threshold=settings.threshold,
        coefficient=coefficient.value if coefficient else None,
        verdict=verdict,
        sentence=sentence,
        features=tuple(_feature(change, shares.get(change.column)) for change in found.columns),
        why=coefficient.reason if coefficient else "the classifier could not be asked",
        note=note,
    )


def _classified(found: Comparison, before: "pa.Table", after: "pa.Table") -> list[Measurement]:
    from holter.profile import Window
    from holter.signals import named

    schema = found.baseline.schema
    measured = named(SIGNAL).measure(Window(None, schema, rows=after), Window(None, schema, rows=before))
    return decide(list(measured), Calibration.iid())


def _verdict(found: Comparison, area: Measurement | None) -> tuple[str, str]:
    together = area is not None and area.verdict is Verdict.ALARM
    if any(change.verdict is Verdict.ALARM for change in found.columns):
        return "drift", found.sentence
    if together and area is not None and area.value is not None:
        tells = f"A model tells the sides apart (ROC AUC {area.value:.2f}) by how features go together"
        return "drift", f"{tells}, although no feature changed by itself."
    if any(change.verdict is Verdict.OK for change in found.columns):
        return "no drift", found.sentence
    return "no answer", _unanswered(found)


def _unanswered(found: Comparison) -> str:
    """Say why no feature could be compared."""
    if not found.baseline.n or not found.target.n:
        return found.sentence
    reasons = dict.fromkeys(change.why for change in found.columns if change.why)
    return f"No feature can be compared: {'; '.join(reasons)}."


def _feature(change: ColumnChange, contribution: float | None) -> FeatureDrift:
    return FeatureDrift(
        feature=change.column,
        contribution=contribution,
        wasserstein_distance=change.distance("wasserstein").value,
        energy_distance=change.distance("energy").value,
        jensen_shannon_distance=change.jensen_shannon,
        verdict=str(change.verdict),
        why=change.why,
    )
