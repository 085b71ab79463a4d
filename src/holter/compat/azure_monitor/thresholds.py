"""Azure's metrics by their exact names, and what watches the same here."""

from dataclasses import dataclass
from typing import Final

from holter.types import Kind


@dataclass(frozen=True)
class Watched:
    """The metric that answers the same question, on which side it is bad, and for which kind of column it is.

    ``calibrated``: Azure compares a p-value with a threshold, which alarms on anything once there are enough rows; the
    calibrated verdict takes its place. ``remark`` says what differs.
    """

    metric: str
    worse: str = "above"
    kind: Kind | None = None
    calibrated: bool = False
    remark: str = ""


_P_VALUE: Final = (
    "a threshold on a p-value alarms on any change once there are enough rows: the calibrated verdict watches instead"
)
_DRIFT: Final = {
    "jensen_shannon_distance": ("jensen_shannon", None),
    "normalized_wasserstein_distance": ("normalized_wasserstein", Kind.NUMERIC),
    "population_stability_index": ("psi", None),
}
_TESTS: Final = (
    "two_sample_kolmogorov_smirnov_test",
    "two_sample_kolmogorov_test",
    "pearsons_chi_squared_test",
    "chi_squared_test",
)
_ERRORS: Final = {"mean_absolute_error": "mae", "mean_squared_error": "mse", "root_mean_squared_error": "rmse"}
_RATES: Final = {
    "null_value_rate": "null_rate",
    "data_type_error_rate": "type_error",
    "out_of_bounds_rate": "out_of_range_rate",
}


def _drift(signal: str) -> dict[str, Watched]:
    exact = {name: Watched(f"{signal}.{metric}", kind=kind) for name, (metric, kind) in _DRIFT.items()}
    test = Watched(f"{signal}.jensen_shannon", calibrated=True, remark=_P_VALUE)
    return exact | dict.fromkeys(_TESTS, test)


TYPES: Final[dict[str, dict[str, Watched]]] = {
    "data_drift": _drift("data_drift"),
    "prediction_drift": _drift("prediction_drift"),
    "data_quality": {name: Watched(f"data_quality.{metric}") for name, metric in _RATES.items()},
    "feature_attribution_drift": {
        "normalized_discounted_cumulative_gain": Watched("attribution_drift.ndcg", "below"),
    },
    "model_performance": {
        **{name: Watched(f"performance.{name}", "below") for name in ("accuracy", "precision", "recall")},
        **{name: Watched(f"performance.{metric}") for name, metric in _ERRORS.items()},
        **{metric: Watched(f"performance.{metric}") for metric in _ERRORS.values()},
        "f1_score": Watched("performance.f1", "below"),
    },
}
"""By type of signal, then by metric."""
