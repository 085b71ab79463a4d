"""What ``get_output`` and ``show`` hand out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from holter.compat.azureml.datadrift.profile import DataDriftProfile, FeatureDrift
from holter.workspace.listing import Listing
from holter.workspace.printing import number

DRIFT_TYPE: Final = "DatasetBased"
SCHEMA_VERSION: Final = "0.1"


@dataclass(frozen=True, repr=False)
class DriftHistory(Listing[DataDriftProfile]):
    """Runs of a detector, the oldest first; prints as a table."""

    _nothing: ClassVar[str] = "No drift runs in that time."
    _right: ClassVar[tuple[str, ...]] = ("rows", "coefficient", "threshold")

    def wait_for_completion(self, show_output: bool = False, **others: Any) -> Mapping[str, str]:
        """Return at once: the runs are over."""
        del show_output, others
        return {"status": "Completed"}

    def _cells(self, item: DataDriftProfile) -> Mapping[str, str]:
        most = max(item.features, key=lambda each: each.contribution or 0, default=None)
        return {
            "from": f"{item.start:%Y-%m-%d %H:%M}",
            "to": f"{item.end:%Y-%m-%d %H:%M}",
            "rows": number(item.target_rows),
            "coefficient": number(item.coefficient),
            "threshold": number(item.threshold),
            "above": "yes" if item.has_drift else "no",
            "verdict": item.verdict,
            "by": most.feature if most and most.contribution else "-",
        }

    def _plain(self, item: DataDriftProfile) -> dict[str, Any]:
        return item.to_dict()


def outputs(profiles: Sequence[DataDriftProfile]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return results and metrics in the shapes of the original."""
    results = [{"drift_type": DRIFT_TYPE, "result": [_result(each) for each in profiles]}]
    metrics = [{"drift_type": DRIFT_TYPE, "metrics": [_metrics(each) for each in profiles]}]
    return (results, metrics) if profiles else ([], [])


def _result(profile: DataDriftProfile) -> dict[str, Any]:
    return {
        "has_drift": profile.has_drift,
        "drift_threshold": profile.threshold,
        **_dates(profile),
        "base_dataset_id": profile.baseline_dataset_id,
        "target_dataset_id": profile.target_dataset_id,
    }


def _metrics(profile: DataDriftProfile) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        **_dates(profile),
        "baseline_dataset_id": profile.baseline_dataset_id,
        "target_dataset_id": profile.target_dataset_id,
        "dataset_metrics": [{"name": "datadrift_coefficient", "value": profile.coefficient}],
        "column_metrics": [{each.feature: _column(each)} for each in profile.features],
    }


def _column(feature: FeatureDrift) -> list[dict[str, Any]]:
    return _named(
        datadrift_contribution=feature.contribution,
        wasserstein_distance=feature.wasserstein_distance,
        energy_distance=feature.energy_distance,
    )


def _named(**values: float | None) -> list[dict[str, Any]]:
    """Return name and value of what has one: a category has no Wasserstein distance."""
    return [{"name": name, "value": value} for name, value in values.items() if value is not None]


def _dates(profile: DataDriftProfile) -> dict[str, str]:
    return {"start_date": f"{profile.start:%Y-%m-%d}", "end_date": f"{profile.end:%Y-%m-%d}"}
