"""How good a model of two classes is, from the sums of its scores, predictions and labels."""

import math
from collections.abc import Callable, Mapping
from typing import Final

from holter.profile.outcomes import CoMoments, Confusion, Outcomes, ScoreCells
from holter.signals import curves
from holter.signals.asked import Answer, Asked
from holter.signals.confusions import (
    F1,
    accuracy,
    balanced_accuracy,
    business_value,
    chance_corrected,
    correlation,
    of_one,
    pairs,
    refused,
)
from holter.signals.enough import enough, insufficient, undefined
from holter.signals.estimate import Estimate
from holter.stats.class_ratios import Ratio, f_beta

Metric = Callable[[Outcomes, Asked], Answer]


def _losses(outcomes: Outcomes, *, classes: bool = False) -> CoMoments | Estimate:
    """Return the sums of rows with a score, or why there are not enough."""
    found = curves.scored(outcomes, classes=classes)
    return found if isinstance(found, Estimate) else outcomes.moments["chances"]


def mean(name: str, floor: float = -math.inf, ceiling: float = math.inf) -> Metric:
    """Return a metric that is the mean of what single rows with a score say."""

    def measured(outcomes: Outcomes, _: Asked) -> Estimate:
        found = _losses(outcomes)
        if isinstance(found, Estimate):
            return found
        return Estimate(found.mean(name), found.n, found.spread({name: 1.0}), floor=floor, ceiling=ceiling)

    return measured


def log_loss_skill(outcomes: Outcomes, _: Asked) -> Estimate:
    """1 - L / H, L the log loss and H that of the window's own base rate; its error by the delta method on both."""
    found = _losses(outcomes, classes=True)
    if isinstance(found, Estimate):
        return found
    loss, base = found.mean("log_loss"), found.mean("label")
    entropy = -base * math.log(base) - (1 - base) * math.log1p(-base)
    slopes = {"log_loss": -1 / entropy, "label": loss / entropy**2 * math.log((1 - base) / base)}
    return Estimate(1 - loss / entropy, found.n, found.spread(slopes), ceiling=1.0)


def _curve(of: Callable[[ScoreCells], Answer], *, classes: bool) -> Metric:
    """Return a metric of the counts by score."""

    def measured(outcomes: Outcomes, _: Asked) -> Answer:
        found = curves.scored(outcomes, classes=classes)
        return found if isinstance(found, Estimate) else of(found)

    return measured


def _by_bin(of: Callable[[ScoreCells], Mapping[str, Estimate]]) -> Metric:
    def measured(outcomes: Outcomes, _: Asked) -> Answer:
        found = curves.scored(outcomes)
        return {"": found} if isinstance(found, Estimate) else of(found)

    return measured


def _lift(outcomes: Outcomes, asked: Asked) -> Estimate:
    found = curves.scored(outcomes, classes=True)
    return found if isinstance(found, Estimate) else curves.richness(found, asked.top)


def _share(hits: Callable[[Confusion], float], among: Callable[[Confusion], float], otherwise: str) -> Metric:
    """Return a metric that is the share of some rows that are right."""

    def measured(outcomes: Outcomes, _: Asked) -> Estimate:
        matrix = outcomes.confusion
        return refused(outcomes) or Estimate.rate(round(hits(matrix)), round(among(matrix)), otherwise)

    return measured


def _said(matrix: Confusion) -> float:
    return matrix.count("0", "1") + matrix.count("1", "1")


def _labelled(label: str) -> Callable[[Confusion], float]:
    return lambda matrix: matrix.count(label, "0") + matrix.count(label, "1")


def _f(outcomes: Outcomes, of: Ratio) -> Estimate:
    matrix = outcomes.confusion
    refusal = refused(outcomes)
    if refusal is None and "1" not in matrix.classes:
        return undefined("no row is positive or predicted so", matrix.n)
    return refusal or of_one(matrix, of, matrix.classes.index("1"))


def _positive_rate(outcomes: Outcomes, _: Asked) -> Estimate:
    found = outcomes.moments.get("labels")
    if found is None:
        return insufficient(0)
    return enough(found.n) or Estimate.rate(round(found.mean("label") * found.n), found.n, "")


BINARY: Final[Mapping[str, Metric]] = {
    "roc_auc": _curve(curves.area, classes=True),
    "average_precision": _curve(curves.mean_precision, classes=True),
    "log_loss": mean("log_loss", floor=0.0),
    "log_loss_skill": log_loss_skill,
    "brier": mean("brier", floor=0.0, ceiling=1.0),
    "calibration_error": _curve(curves.miscalibration, classes=False),
    "calibration_bias": mean("gap", floor=-1.0, ceiling=1.0),
    "calibration_curve": _by_bin(curves.rates_by_bin),
    "calibration_score": _by_bin(curves.scores_by_bin),
    "lift": _lift,
    "accuracy": accuracy,
    "balanced_accuracy": balanced_accuracy,
    "precision": _share(lambda m: m.count("1", "1"), _said, "no row is predicted positive"),
    "recall": _share(lambda m: m.count("1", "1"), _labelled("1"), "no label is positive"),
    "specificity": _share(lambda m: m.count("0", "0"), _labelled("0"), "no label is negative"),
    "f1": lambda outcomes, _: _f(outcomes, F1),
    "f_beta": lambda outcomes, asked: _f(outcomes, f_beta(asked.beta)),
    "mcc": correlation,
    "kappa": chance_corrected,
    "confusion": pairs,
    "positive_rate": _positive_rate,
    "business_value": business_value,
}
"""By metric."""
