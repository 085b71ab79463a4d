"""Signals that tell of performance before all labels are known: what holds for performance holds for them."""

from collections.abc import Mapping
from typing import Final, TypeVar

SIGNALS: Final = {"estimated_performance": "Estimated {}", "combined_performance": "{} (labels and estimate)"}
"""By name; what the titles of their metrics say, beside that of the metric."""
METRICS: Final = (
    *("roc_auc", "average_precision", "log_loss", "log_loss_skill", "brier", "calibration_error", "calibration_bias"),
    *("accuracy", "balanced_accuracy", "precision", "recall", "specificity", "f1", "macro_f1", "mcc", "kappa"),
    *("positive_rate", "mae", "mse", "rmse", "rmsle", "mape", "smape", "bias", "r2", "confusion"),
)
"""The metrics of ``performance`` that they give, too."""

_T = TypeVar("_T")


def like_performance(of: Mapping[str, _T]) -> dict[str, tuple[str, _T]]:
    """Return what is said of a metric of performance for the same metric of these signals, with the title around it.

    Examples
    --------
    >>> like_performance({"performance.mae": 1, "other.mae": 2})["estimated_performance.mae"]
    ('Estimated {}', 1)
    """
    return {
        f"{signal}.{metric}": (around, of[f"performance.{metric}"])
        for signal, around in SIGNALS.items()
        for metric in METRICS
        if f"performance.{metric}" in of
    }
