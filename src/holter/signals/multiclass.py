"""How good a model of several classes is, from the sums of its predictions, probabilities and labels."""

import math
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from holter.profile.outcomes import Confusion, Outcomes, ScoreCells
from holter.profile.outcomes.reading import Floats
from holter.signals import curves
from holter.signals.asked import Answer, Asked
from holter.signals.confusions import (
    F1,
    accuracy,
    balanced_accuracy,
    business_value,
    chance_corrected,
    correlation,
    macro,
    of_one,
    pairs,
    refused,
    weighted,
)
from holter.signals.enough import LEAST_OF_CLASS, answered, insufficient, undefined
from holter.signals.estimate import Estimate
from holter.stats.class_ratios import Ratio, precision, recall

MOST_CLASSES: Final = 20
"""Classes of which each has numbers of its own, those with the most labels; all are in what is averaged."""
Metric = Callable[[Outcomes, Asked], Answer]


def _averaged(of: Callable[[Confusion], Estimate]) -> Metric:
    return lambda outcomes, _: refused(outcomes) or of(outcomes.confusion)


def _shown(matrix: Confusion) -> list[int]:
    """Return the places of the classes that have numbers of their own, by how many labels they have."""
    return [int(place) for place in np.argsort(-matrix.of_label, kind="stable")[:MOST_CLASSES]]


def _by_class(of: Callable[[Confusion, int], Estimate]) -> Metric:
    def measured(outcomes: Outcomes, _: Asked) -> Answer:
        refusal, matrix = refused(outcomes), outcomes.confusion
        if refusal is not None:
            return {"": refusal}
        return {matrix.classes[place]: of(matrix, place) for place in _shown(matrix)}

    return measured


def _rate(among: Callable[[Confusion], Floats], otherwise: str) -> Metric:
    """Return the share of the rows of each class, or of those taken for it, that are right."""
    return _by_class(
        lambda matrix, place: Estimate.rate(round(matrix.right[place]), round(among(matrix)[place]), otherwise)
    )


def _loss(name: str, ceiling: float = math.inf) -> Metric:
    def measured(outcomes: Outcomes, _: Asked) -> Estimate:
        found = outcomes.moments.get("chances")
        refusal = answered(outcomes.labelled, 0 if found is None else found.n, "probabilities (_scores)")
        if refusal is not None or found is None:
            return refusal or insufficient(0)
        return Estimate(found.mean(name), found.n, found.spread({name: 1.0}), floor=0.0, ceiling=ceiling)

    return measured


def _ranked(outcomes: Outcomes) -> dict[str, Estimate] | Estimate:
    """Return the area under the ROC curve of each class against the others, or why there is none."""
    found = outcomes.moments.get("chances")
    refusal = answered(outcomes.labelled, 0 if found is None else found.n, "probabilities (_scores)")
    if refusal is not None:
        return refusal
    usable = {name: cells for name, cells in outcomes.scores.items() if _both(cells)}
    if not usable:
        return undefined(f"no class has {LEAST_OF_CLASS} labels and as many of others", outcomes.labelled)
    return {name: curves.area(cells) for name, cells in usable.items()}


def _both(cells: ScoreCells) -> bool:
    return min(float(cells.positives.sum()), float(cells.negatives.sum())) >= LEAST_OF_CLASS


def _class_area(outcomes: Outcomes, _: Asked) -> Answer:
    found = _ranked(outcomes)
    if isinstance(found, Estimate):
        return {"": found}
    most = sorted(found, key=lambda name: (-float(outcomes.scores[name].positives.sum()), name))[:MOST_CLASSES]
    return {name: found[name] for name in most}


def _macro_area(outcomes: Outcomes, _: Asked) -> Estimate:
    """Return the mean area; its error is at most the mean of theirs, however classes go together."""
    found = _ranked(outcomes)
    if isinstance(found, Estimate):
        return found
    value, se, error = (
        float(np.mean([getattr(each, name) for each in found.values()])) for name in ("value", "se", "error")
    )
    return Estimate(value, max(each.n for each in found.values()), se, error=error, floor=0.0, ceiling=1.0)


def _macro(of: Ratio) -> Metric:
    return _averaged(lambda matrix: macro(matrix, of))


def _weighted(of: Ratio) -> Metric:
    return _averaged(lambda matrix: weighted(matrix, of))


MULTICLASS: Final[Mapping[str, Metric]] = {
    "accuracy": accuracy,
    "balanced_accuracy": balanced_accuracy,
    "macro_precision": _macro(precision),
    "macro_recall": _macro(recall),
    "macro_f1": _macro(F1),
    "weighted_precision": _weighted(precision),
    "weighted_f1": _weighted(F1),
    "precision": _rate(lambda matrix: matrix.of_prediction, "no row is predicted so"),
    "recall": _rate(lambda matrix: matrix.of_label, "no label is of this class"),
    "f1": _by_class(lambda matrix, place: of_one(matrix, F1, place)),
    "mcc": correlation,
    "kappa": chance_corrected,
    "macro_roc_auc": _macro_area,
    "roc_auc": _class_area,
    "log_loss": _loss("log_loss"),
    "brier": _loss("brier", ceiling=2.0),
    "confusion": pairs,
    "business_value": business_value,
}
"""By metric; ``precision``, ``recall``, ``f1`` and ``roc_auc`` are given for each class."""
