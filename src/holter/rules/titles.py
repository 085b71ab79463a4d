"""What a metric is called on a page, in a chart and in a mail, and how its numbers are written."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from holter.rules.estimated import like_performance


class Unit(StrEnum):
    """How a number is written."""

    PLAIN = "plain"
    SHARE = "share"
    COUNT = "count"
    MILLISECONDS = "ms"


@dataclass(frozen=True)
class Title:
    """The words for a metric and the unit of its numbers."""

    text: str
    unit: Unit = Unit.PLAIN


_DRIFTS: Final = {"data_drift": "Drift", "prediction_drift": "Prediction drift"}
_MORE: Final = {
    "kolmogorov_smirnov": "Kolmogorov-Smirnov distance",
    "wasserstein": "Wasserstein distance",
    "energy": "energy distance",
    "hellinger": "Hellinger distance",
    "total_variation": "total variation distance",
    "l_infinity": "largest change of a share",
    "chi_squared": "chi-squared statistic",
    "g": "G statistic",
    "cramers_v": "Cramér's V",
}
"""Distances that are measured where somebody asks for them."""
_OWN: Final = {
    "data_drift.jensen_shannon": Title("Drift (Jensen-Shannon distance)"),
    "data_drift.psi": Title("Drift (population stability index)"),
    "data_drift.normalized_wasserstein": Title("Drift (Wasserstein distance, in standard deviations)"),
    **{
        f"{signal}.{name}": Title(f"{words} ({text})")
        for signal, words in _DRIFTS.items()
        for name, text in _MORE.items()
    },
    "prediction_drift.class_rate": Title("Share of answers with this class", Unit.SHARE),
    "prediction_drift.jensen_shannon": Title("Prediction drift (Jensen-Shannon distance)"),
    "prediction_drift.psi": Title("Prediction drift (population stability index)"),
    "prediction_drift.normalized_wasserstein": Title("Prediction drift (Wasserstein distance, in standard deviations)"),
    "prediction_drift.mean": Title("Mean prediction"),
    "data_quality.null_rate": Title("Share of nulls", Unit.SHARE),
    "data_quality.empty_rate": Title("Share of empty texts", Unit.SHARE),
    "data_quality.not_finite_rate": Title("Share of infinite or NaN values", Unit.SHARE),
    "data_quality.unseen_rate": Title("Share of unseen categories", Unit.SHARE),
    "data_quality.out_of_range_rate": Title("Share of values out of range", Unit.SHARE),
    "data_quality.missing_column": Title("Missing column", Unit.COUNT),
    "data_quality.extra_column": Title("Extra column", Unit.COUNT),
    "data_quality.type_error": Title("Share of values of another type", Unit.SHARE),
    "data_quality.commonest_rate": Title("Share of the most frequent value", Unit.SHARE),
    "data_quality.constant": Title("Constant column", Unit.COUNT),
    "data_quality.unit_change": Title("Change of unit", Unit.COUNT),
    "data_quality.rows": Title("Rows", Unit.COUNT),
    "duplicates.duplicate_rate": Title("Share of rows that are copies", Unit.SHARE),
    "duplicates.key_rate": Title("Share of rows whose key was there before", Unit.SHARE),
    "constraints.broken": Title("Broken constraints", Unit.COUNT),
    "performance.roc_auc": Title("ROC AUC"),
    "performance.average_precision": Title("Average precision"),
    "performance.macro_roc_auc": Title("ROC AUC, mean over classes"),
    "performance.log_loss": Title("Log loss"),
    "performance.log_loss_skill": Title("Log loss skill (1 is perfect, 0 a constant)"),
    "performance.brier": Title("Brier score"),
    "performance.calibration_error": Title("Calibration error"),
    "performance.calibration_bias": Title("Calibration bias (predicted minus observed rate)"),
    "performance.calibration_curve": Title("Share of positive labels in a bin of the score", Unit.SHARE),
    "performance.calibration_score": Title("Mean score of a bin"),
    "performance.lift": Title("Lift of the highest scores"),
    "performance.balanced_accuracy": Title("Balanced accuracy", Unit.SHARE),
    "performance.specificity": Title("Specificity", Unit.SHARE),
    "performance.accuracy": Title("Accuracy", Unit.SHARE),
    "performance.precision": Title("Precision", Unit.SHARE),
    "performance.recall": Title("Recall", Unit.SHARE),
    "performance.f1": Title("F1"),
    "performance.f_beta": Title("F-beta"),
    "performance.macro_precision": Title("Macro precision"),
    "performance.macro_recall": Title("Macro recall"),
    "performance.macro_f1": Title("Macro F1"),
    "performance.weighted_precision": Title("Weighted precision"),
    "performance.weighted_f1": Title("Weighted F1"),
    "performance.mcc": Title("Matthews correlation"),
    "performance.kappa": Title("Cohen's kappa"),
    "performance.confusion": Title("Share of records with this label and this prediction", Unit.SHARE),
    "performance.business_value": Title("Business value of a record"),
    "performance.positive_rate": Title("Share of positive labels", Unit.SHARE),
    "performance.label_coverage": Title("Share of records with a label", Unit.SHARE),
    "performance.mae": Title("Mean absolute error"),
    "performance.rmse": Title("Root mean squared error"),
    "performance.mse": Title("Mean squared error"),
    "performance.rmsle": Title("Root mean squared logarithmic error"),
    "performance.mape": Title("Mean absolute error, as a share of the label", Unit.SHARE),
    "performance.smape": Title("Symmetric mean absolute percentage error", Unit.SHARE),
    "performance.median_absolute_error": Title("Median absolute error"),
    "performance.pinball": Title("Pinball loss"),
    "performance.interval_coverage": Title("Share of labels inside the predicted interval", Unit.SHARE),
    "performance.interval_width": Title("Mean width of the predicted interval"),
    "performance.bias": Title("Mean error (predicted minus observed)"),
    "performance.r2": Title("R²"),
    "ranking.ndcg": Title("NDCG of the first places"),
    "ranking.map": Title("Mean average precision of the first places"),
    "ranking.mrr": Title("Mean reciprocal rank"),
    "ranking.hit_rate": Title("Share of rankings with a hit in the first places", Unit.SHARE),
    "labels.coverage": Title("Share of records with a label", Unit.SHARE),
    "labels.maturity": Title("Share of the expected labels that have arrived", Unit.SHARE),
    "labels.delay_p50_hours": Title("Median delay of labels, in hours"),
    "labels.delay_p90_hours": Title("Delay of labels, 90th percentile, in hours"),
    "labels.selection": Title("Distance between labelled and unlabelled records"),
    "segments.loss": Title("Loss of the segment that lost most"),
    "segments.share": Title("Share of the segment that grew most", Unit.SHARE),
    "causes.loss": Title("Mean loss"),
    "causes.mix": Title("Change of the mean loss because other rows came"),
    "causes.within": Title("Change of the mean loss among rows alike"),
    "attribution.ndcg": Title("Agreement of the order of feature importance (NDCG)"),
    "attribution.importance": Title("Share of the feature in what moves the answer", Unit.SHARE),
    "attribution.harm": Title("Expected harm (importance times drift)"),
    "fairness.demographic_parity": Title("Difference of selection rates between groups"),
    "fairness.disparate_impact": Title("Smallest selection rate of a group by the largest"),
    "fairness.equal_opportunity": Title("Difference of true positive rates between groups"),
    "fairness.equalised_odds": Title("Difference of error rates between groups"),
    "fairness.selection_rate": Title("Selection rate of the group", Unit.SHARE),
    "fairness.true_positive_rate": Title("True positive rate of the group", Unit.SHARE),
    "fairness.false_positive_rate": Title("False positive rate of the group", Unit.SHARE),
    "telemetry.count": Title("Custom metric, number of values", Unit.COUNT),
    "telemetry.total": Title("Custom metric, total"),
    "telemetry.mean": Title("Custom metric, mean"),
    "telemetry.minimum": Title("Custom metric, minimum"),
    "telemetry.maximum": Title("Custom metric, maximum"),
    "correlation_drift.correlation_change": Title("Largest change of a correlation"),
    "reconstruction.reconstruction_error": Title("Reconstruction error (principal components of the baseline)"),
    "mmd.mmd": Title("Maximum mean discrepancy"),
    "domain_classifier.roc_auc": Title("ROC AUC of telling the window from the baseline"),
    "domain_classifier.coefficient": Title("Drift coefficient (Matthews correlation of telling them apart)"),
    "domain_classifier.contribution": Title("Share of telling the window from the baseline", Unit.SHARE),
    "traffic.requests": Title("Requests", Unit.COUNT),
    "traffic.error_rate": Title("Share of failed requests", Unit.SHARE),
    "traffic.failures": Title("Failed requests and replies with an error inside", Unit.COUNT),
    "traffic.failed": Title("Failed requests", Unit.COUNT),
    "traffic.soft_failed": Title("Replies with an error inside", Unit.COUNT),
    "traffic.timed_out": Title("Requests that timed out", Unit.COUNT),
    "traffic.latency_mean_ms": Title("Mean latency", Unit.MILLISECONDS),
    "traffic.latency_p50_ms": Title("Median latency", Unit.MILLISECONDS),
    "traffic.latency_p95_ms": Title("Latency, 95th percentile", Unit.MILLISECONDS),
    "traffic.gaps": Title("Requests served but not recorded", Unit.COUNT),
    "challenger.agreement": Title("Share of answers equal to the champion's", Unit.SHARE),
    "challenger.score_difference": Title("Mean difference of scores from the champion's"),
    "challenger.score_distance": Title("Mean distance of scores from the champion's"),
    "challenger.error_rate_difference": Title("Failed requests, difference from the champion's", Unit.SHARE),
    "challenger.latency_difference_ms": Title("Latency, difference from the champion's", Unit.MILLISECONDS),
    "challenger.loss_difference": Title("Loss, difference from the champion's"),
    "challenger.better": Title("Chance that it is better than the champion", Unit.SHARE),
    "challenger.roc_auc_difference": Title("ROC AUC, difference from the champion's"),
    "rhythm.requests": Title("Requests, beside earlier weeks", Unit.COUNT),
    "rhythm.error_rate": Title("Share of failed requests, beside earlier weeks", Unit.SHARE),
    "rhythm.latency_mean_ms": Title("Mean latency, beside earlier weeks", Unit.MILLISECONDS),
    "rhythm.latency_p95_ms": Title("Latency, 95th percentile, beside earlier weeks", Unit.MILLISECONDS),
    "rhythm.count": Title("Values of a custom metric, beside earlier weeks", Unit.COUNT),
    "rhythm.mean": Title("Mean of a custom metric, beside earlier weeks"),
    "service.journal_lag_s": Title("Longest wait of a request for its table, seconds"),
    "service.journal_mb": Title("Most that the journal held, MiB"),
    "service.journal_filled": Title("Share of what the journal may hold", Unit.SHARE),
    "service.workers_missing": Title("Workers that should have answered and did not", Unit.COUNT),
    "service.workers_replaced": Title("Workers lost and replaced", Unit.COUNT),
    "service.busy": Title("Share of time in which workers were busy", Unit.SHARE),
    "service.waiting": Title("Requests in line for a worker", Unit.COUNT),
    "service.gaps": Title("Requests served but not recorded, as workers say", Unit.COUNT),
}


_NAMES: Final = ("Brier", "Cohen", "Matthews", "ROC", "F1", "R²")


def _within(around: str, own: Title) -> Title:
    """Return a title with others around it: "Estimated accuracy", but "Estimated ROC AUC"."""
    keeps = own.text.startswith(_NAMES) or around.startswith("{")
    return Title(around.format(own.text if keeps else own.text[0].lower() + own.text[1:]), own.unit)


TITLES: Final = {**_OWN, **{name: _within(around, own) for name, (around, own) in like_performance(_OWN).items()}}
"""Every metric of the catalogue, by ``signal.metric``."""


def title(metric: str) -> str:
    """Return what a person calls a metric.

    Parameters
    ----------
    metric
        ``signal.metric`` (``performance.roc_auc``), or the metric alone. A metric without a title (a user's own) is its
        name with the underscores taken out.

    Examples
    --------
    >>> title("performance.roc_auc"), title("roc_auc"), title("custom.cost_per_order")
    ('ROC AUC', 'ROC AUC', 'Cost per order')
    """
    return _find(metric).text


def number(metric: str, value: float | None) -> str:
    """Return a value of a metric the way a person reads it: shares in per cent, counts whole, a dash for None.

    Examples
    --------
    >>> number("performance.roc_auc", 0.61234), number("data_quality.null_rate", 0.1234), number("requests", 1200)
    ('0.612', '12.3 %', '1,200')
    """
    if value is None:
        return "–"  # noqa: RUF001  (the dash of an empty cell)
    match _find(metric).unit:
        case Unit.SHARE:
            return f"{100 * value:.3g} %"
        case Unit.COUNT:
            return f"{value:,.0f}"
        case Unit.MILLISECONDS:
            return f"{value:.3g} ms" if value < 1000 else f"{value:,.0f} ms"
        case _:
            return f"{value:.3f}" if 0.01 <= abs(value) < 10 else f"{value:.3g}"


def _find(metric: str) -> Title:
    found = TITLES.get(metric)
    if found is None and "." not in metric:
        found = next((each for name, each in TITLES.items() if name.endswith(f".{metric}")), None)
    return found or Title(metric.rpartition(".")[2].replace("_", " ").strip().capitalize())
