"""How large a change must be to matter to a person.

These are defaults of taste, not of statistics: chance is dealt with by the p-value. Where the field has a convention it
is followed and named.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from holter.rules.estimated import like_performance


class Worse(StrEnum):
    """Which way is bad."""

    HIGHER = "higher"
    LOWER = "lower"
    EITHER = "either"


@dataclass(frozen=True)
class Material:
    """The smallest change from the baseline that matters, and which way is worse.

    With ``relative`` the effect is a share of the baseline's value (an error in the units of the target has no other
    natural scale). ``distance`` marks metrics that already are a difference: their value itself is compared.
    """

    effect: float
    worse: Worse
    relative: bool = False
    distance: bool = False

    def threshold(self, baseline: float | None, *, rising: bool) -> float | None:
        """Return the value from which a change is material; None where the baseline's value is not known.

        ``rising`` picks the side when either is worse.
        """
        if self.distance:
            return self.effect
        if baseline is None:
            return None
        step = self.effect * abs(baseline) if self.relative else self.effect
        upward = rising if self.worse is Worse.EITHER else self.worse is Worse.HIGHER
        return baseline + step if upward else baseline - step


_DISTANCES: Final = {
    # 0.1 is Azure ML's and NannyML's usual warning line for this distance.
    "jensen_shannon": Material(0.1, Worse.HIGHER, distance=True),
    # Siddiqi, Credit Risk Scorecards (2006): 0.1 to 0.25 some change, above 0.25 a major one; 0.2 is common practice.
    "psi": Material(0.2, Worse.HIGHER, distance=True),
    # A tenth of the baseline's standard deviation: Azure ML's normalised Wasserstein line.
    "normalized_wasserstein": Material(0.1, Worse.HIGHER, distance=True),
    # One row in ten lies elsewhere; Hellinger has the same scale from 0 to 1.
    **dict.fromkeys(
        ("kolmogorov_smirnov", "total_variation", "l_infinity", "hellinger"),
        Material(0.1, Worse.HIGHER, distance=True),
    ),
    # Cohen, Statistical power analysis (1988), 7.2: a small effect.
    "cramers_v": Material(0.1, Worse.HIGHER, distance=True),
}
_OWN: Final = {
    **{f"data_drift.{name}": each for name, each in _DISTANCES.items()},
    **{f"prediction_drift.{name}": each for name, each in _DISTANCES.items()},
    "prediction_drift.class_rate": Material(0.05, Worse.EITHER),
    # From no relation to one that explains a twenty-fifth of the variance.
    "correlation_drift.correlation_change": Material(0.2, Worse.HIGHER, distance=True),
    "reconstruction.reconstruction_error": Material(0.1, Worse.EITHER, relative=True),
    # About what a quarter of a standard deviation in one of five features makes.
    "mmd.mmd": Material(0.05, Worse.HIGHER, distance=True),
    # An area of 0.55: about a tenth of a standard deviation in one feature that is normal.
    "domain_classifier.roc_auc": Material(0.05, Worse.HIGHER),
    "data_quality.null_rate": Material(0.02, Worse.HIGHER),
    "data_quality.empty_rate": Material(0.02, Worse.HIGHER),
    "data_quality.not_finite_rate": Material(0.001, Worse.HIGHER),
    "data_quality.unseen_rate": Material(0.01, Worse.HIGHER),
    "data_quality.out_of_range_rate": Material(0.01, Worse.HIGHER),
    "data_quality.type_error": Material(0.01, Worse.HIGHER),
    # Three rows in ten more that all say the same: no drift that a person would call by another name.
    "data_quality.commonest_rate": Material(0.3, Worse.HIGHER),
    "data_quality.constant": Material(1.0, Worse.HIGHER),
    "duplicates.duplicate_rate": Material(0.02, Worse.HIGHER),
    "duplicates.key_rate": Material(0.001, Worse.HIGHER),
    "performance.roc_auc": Material(0.02, Worse.LOWER),
    "performance.macro_roc_auc": Material(0.02, Worse.LOWER),
    "performance.average_precision": Material(0.03, Worse.LOWER),
    "performance.log_loss": Material(0.05, Worse.HIGHER, relative=True),
    "performance.log_loss_skill": Material(0.03, Worse.LOWER),
    "performance.brier": Material(0.01, Worse.HIGHER),
    "performance.calibration_error": Material(0.03, Worse.HIGHER),
    "performance.calibration_bias": Material(0.03, Worse.EITHER),
    "performance.accuracy": Material(0.02, Worse.LOWER),
    "performance.balanced_accuracy": Material(0.03, Worse.LOWER),
    "performance.precision": Material(0.05, Worse.LOWER),
    "performance.specificity": Material(0.05, Worse.LOWER),
    "performance.recall": Material(0.05, Worse.LOWER),
    "performance.f1": Material(0.05, Worse.LOWER),
    "performance.f_beta": Material(0.05, Worse.LOWER),
    "performance.macro_precision": Material(0.03, Worse.LOWER),
    "performance.macro_recall": Material(0.03, Worse.LOWER),
    "performance.macro_f1": Material(0.03, Worse.LOWER),
    "performance.weighted_precision": Material(0.03, Worse.LOWER),
    "performance.weighted_f1": Material(0.03, Worse.LOWER),
    "performance.mcc": Material(0.05, Worse.LOWER),
    "performance.kappa": Material(0.05, Worse.LOWER),
    "performance.lift": Material(0.1, Worse.LOWER, relative=True),
    "performance.business_value": Material(0.1, Worse.LOWER, relative=True),
    "performance.positive_rate": Material(0.05, Worse.EITHER),
    "performance.mae": Material(0.1, Worse.HIGHER, relative=True),
    "performance.rmse": Material(0.1, Worse.HIGHER, relative=True),
    "performance.mse": Material(0.2, Worse.HIGHER, relative=True),
    "performance.rmsle": Material(0.1, Worse.HIGHER, relative=True),
    "performance.mape": Material(0.1, Worse.HIGHER, relative=True),
    "performance.smape": Material(0.1, Worse.HIGHER, relative=True),
    "performance.median_absolute_error": Material(0.1, Worse.HIGHER, relative=True),
    "performance.pinball": Material(0.1, Worse.HIGHER, relative=True),
    "performance.interval_coverage": Material(0.03, Worse.LOWER),
    "performance.interval_width": Material(0.2, Worse.HIGHER, relative=True),
    "performance.r2": Material(0.05, Worse.LOWER),
    "ranking.ndcg": Material(0.02, Worse.LOWER),
    "ranking.map": Material(0.02, Worse.LOWER),
    "ranking.mrr": Material(0.03, Worse.LOWER),
    "ranking.hit_rate": Material(0.03, Worse.LOWER),
    "labels.coverage": Material(0.1, Worse.LOWER),
    "labels.selection": Material(0.1, Worse.HIGHER, distance=True),
    # A fifth more loss than the other rows' change explains: what a person would look into.
    "segments.loss": Material(0.2, Worse.HIGHER, relative=True),
    # Below 0.9 is Amazon SageMaker's alert for the drift of feature attribution.
    "attribution.ndcg": Material(0.1, Worse.LOWER),
    # A twentieth of a group treated otherwise than before; for the ratio, half the way to the rule of four fifths.
    "fairness.demographic_parity": Material(0.05, Worse.HIGHER),
    "fairness.disparate_impact": Material(0.1, Worse.LOWER),
    "fairness.equal_opportunity": Material(0.05, Worse.HIGHER),
    "fairness.equalised_odds": Material(0.05, Worse.HIGHER),
    "traffic.error_rate": Material(0.01, Worse.HIGHER),
    # What more of failed requests a user would notice: as for traffic.
    "challenger.error_rate_difference": Material(0.01, Worse.HIGHER, distance=True),
    # Half more or half less than this hour usually brings is worth a look; a quarter is what promotions do.
    "rhythm.requests": Material(0.5, Worse.EITHER, relative=True),
    "rhythm.error_rate": Material(0.01, Worse.HIGHER),
    "rhythm.latency_mean_ms": Material(0.5, Worse.HIGHER, relative=True),
    "rhythm.latency_p95_ms": Material(0.5, Worse.HIGHER, relative=True),
    "rhythm.count": Material(0.5, Worse.EITHER, relative=True),
    "rhythm.mean": Material(0.25, Worse.EITHER, relative=True),
}
MATERIAL: Final = {**_OWN, **{name: each for name, (_, each) in like_performance(_OWN).items()}}
"""By ``signal.metric``. A metric that is not here is measured and shown, and not judged."""
