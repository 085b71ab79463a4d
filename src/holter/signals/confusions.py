"""What a confusion matrix says, of two classes or of many: numbers with errors."""

import math
from collections.abc import Callable
from typing import Final

import numpy as np

from holter.profile.outcomes import Confusion, Outcomes
from holter.profile.outcomes.reading import Floats
from holter.signals.asked import Asked
from holter.signals.enough import answered, undefined
from holter.signals.estimate import Estimate
from holter.stats import class_ratios, kappa, matthews_correlation
from holter.stats.agreement import Agreement
from holter.stats.class_ratios import Ratio, Ratios, f_beta, recall

_Agreeing = Callable[[Floats, Floats, Floats], Agreement | None]

BY_CHANCE: Final = 2.0
"""Rows thought to have been answered by chance when an error is worked out: a model without a mistake has one too.
Agresti and Coull, Approximate is better than exact, The American Statistician 52 (1998), 119: two of each outcome."""
MOST_PAIRS: Final = 12
"""Pairs of classes whose share is shown, the largest ones, where there are more than two classes."""


def refused(outcomes: Outcomes) -> Estimate | None:
    """Return why there is no confusion matrix to speak of, or None."""
    return answered(outcomes.labelled, outcomes.confusion.n, "predictions")


def smooth(
    matrix: Confusion, value: float, right: Floats | float, label: Floats, prediction: Floats, floor: float = 0.0
) -> Estimate:
    r"""Return a function of a confusion matrix with its error by the delta method, at most 1.

    .. math:: se^2 = \frac1n \Big( \sum_{ij} p_{ij} g_{ij}^2 + \frac{2}{n} \sum_{ij} r_i c_j g_{ij}^2 \Big),
              \qquad g_{ij} = b_i + c'_j + [i = j] a_i - \bar g

    Parameters
    ----------
    matrix
        The counts.
    value
        The function of them.
    right, label, prediction
        Its slopes in the shares of each class that are right, of each label, of each prediction.
    floor
        The least it can be.

    Notes
    -----
    The second sum are the rows of :data:`BY_CHANCE`. Source: Agresti, Categorical Data Analysis (2002), 14.1.2.
    """
    same = matrix.labels == matrix.predictions
    hit = np.broadcast_to(np.asarray(right, np.float64), label.shape)
    slopes = label[matrix.labels] + prediction[matrix.predictions] + np.where(same, hit[matrix.labels], 0.0)
    n = float(matrix.counts.sum())
    middle = float((matrix.counts * slopes).sum()) / n
    spread = float((matrix.counts * (slopes - middle) ** 2).sum()) / n
    chance = _by_chance(matrix, hit, label - middle, prediction)
    return Estimate(value, matrix.n, math.sqrt((spread + BY_CHANCE / n * chance) / n), floor=floor, ceiling=1.0)


def _by_chance(matrix: Confusion, right: Floats, label: Floats, prediction: Floats) -> float:
    """Return the mean square of the slopes, were label and prediction of a row unrelated."""
    labels, said = (side / side.sum() for side in (matrix.of_label, matrix.of_prediction))
    one, other = float((labels * label).sum()), float((said * prediction).sum())
    apart = float((labels * label**2).sum() + (said * prediction**2).sum()) + 2 * one * other
    diagonal = float((labels * said * (right**2 + 2 * right * (label + prediction))).sum())
    return max(0.0, apart + diagonal)


def ratios(matrix: Confusion, of: Ratio) -> Ratios:
    """Return a ratio of each class of the matrix."""
    return class_ratios(matrix.right, matrix.of_label, matrix.of_prediction, of)


def of_one(matrix: Confusion, of: Ratio, place: int) -> Estimate:
    """Return the ratio of one class."""
    found, only = ratios(matrix, of), np.arange(len(matrix.classes)) == place
    return smooth(matrix, float(found.value[place]), found.right * only, found.label * only, found.prediction * only)


def macro(matrix: Confusion, of: Ratio, *, defined_only: bool = False) -> Estimate:
    """Return the mean of a ratio over classes, a class without a denominator counting as 0, or not at all."""
    found = ratios(matrix, of)
    weights = found.defined / found.defined.sum() if defined_only else np.full(len(found.value), 1 / len(found.value))
    value = float((weights * found.value).sum())
    return smooth(matrix, value, weights * found.right, weights * found.label, weights * found.prediction)


def weighted(matrix: Confusion, of: Ratio) -> Estimate:
    """Return the mean of a ratio over the rows, each counting for the class of its label."""
    found, share = ratios(matrix, of), matrix.of_label / matrix.of_label.sum()
    value = float((share * found.value).sum())
    by_label = share * found.label + found.value
    return smooth(matrix, value, share * found.right, by_label, share * found.prediction)


def accuracy(outcomes: Outcomes, _: Asked) -> Estimate:
    """Return the share of rows that are right."""
    matrix = outcomes.confusion
    return refused(outcomes) or Estimate.rate(round(matrix.right.sum()), matrix.n, "")


def balanced_accuracy(outcomes: Outcomes, _: Asked) -> Estimate:
    """Return the mean of recall over the classes that have labels."""
    refusal, matrix = refused(outcomes), outcomes.confusion
    if refusal is None and np.count_nonzero(matrix.of_label) < 2:
        return undefined(f"all {matrix.n} labels are of one class; two are needed", matrix.n)
    return refusal or macro(matrix, recall, defined_only=True)


def chance_corrected(outcomes: Outcomes, _: Asked) -> Estimate:
    """Return Cohen's kappa."""
    return refused(outcomes) or _agreeing(outcomes.confusion, kappa, "every row is of one class and taken for it")


def correlation(outcomes: Outcomes, _: Asked) -> Estimate:
    """Return Matthews correlation."""
    why = "all labels, or all predictions, are of one class"
    return refused(outcomes) or _agreeing(outcomes.confusion, matthews_correlation, why)


def _agreeing(matrix: Confusion, of: _Agreeing, otherwise: str) -> Estimate:
    found: Agreement | None = of(matrix.right, matrix.of_label, matrix.of_prediction)
    if found is None:
        return undefined(otherwise, matrix.n)
    return smooth(matrix, found.value, found.right, found.label, found.prediction, floor=-1.0)


def pairs(outcomes: Outcomes, _: Asked) -> dict[str, Estimate]:
    """Return the share of rows of each pair of label and prediction; of many classes those most often mistaken."""
    refusal, matrix = refused(outcomes), outcomes.confusion
    if refusal is not None:
        return {"": refusal}
    if set(matrix.classes) <= {"0", "1"}:
        named = [(label, said) for label in "01" for said in "01"]
    else:
        wrong = np.flatnonzero(matrix.labels != matrix.predictions)
        most = wrong[np.argsort(-matrix.counts[wrong], kind="stable")][:MOST_PAIRS]
        named = [(matrix.classes[matrix.labels[at]], matrix.classes[matrix.predictions[at]]) for at in most]
    return {
        f"label {label}, said {said}": Estimate.rate(round(matrix.count(label, said)), matrix.n, "")
        for label, said in named
    }


def business_value(outcomes: Outcomes, asked: Asked) -> Estimate:
    """Return what a row is worth on average, in the unit of the user's matrix; a pair that it leaves out is worth 0."""
    refusal, matrix = refused(outcomes), outcomes.confusion
    if refusal is not None:
        return refusal
    cells = zip(matrix.labels, matrix.predictions, strict=True)
    worth = np.array([asked.value.get(matrix.classes[i], {}).get(matrix.classes[j], 0.0) for i, j in cells])
    n = float(matrix.counts.sum())
    value = float((matrix.counts * worth).sum()) / n
    spread = float((matrix.counts * (worth - value) ** 2).sum())
    return Estimate(value, matrix.n, math.sqrt(spread / max(n - 1, 1.0) / n))


F1: Final = f_beta(1.0)
"""The ratio that weighs precision and recall alike."""
