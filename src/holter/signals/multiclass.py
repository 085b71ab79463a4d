"""How good a model of several classes is, from predictions and labels."""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from holter.signals.binary import LEAST, enough, influenced
from holter.signals.estimate import Estimate
from holter.signals.labelled import Labelled
from holter.types import Verdict


def _refused(rows: Labelled) -> Estimate | None:
    answered = len(rows.answered[0])
    if rows.n >= LEAST and not answered:
        return Estimate.refused(Verdict.UNDEFINED, "the labelled rows have no predictions", rows.n)
    return enough(answered)


def _accuracy(rows: Labelled) -> Estimate:
    prediction, label = rows.answered
    return _refused(rows) or Estimate.rate(int((prediction == label).sum()), len(label), "")


def _macro_f1(rows: Labelled) -> Estimate:
    """Mean over all classes, labelled or predicted, of 2 TP / (2 TP + FP + FN); its error by the delta method."""
    refusal = _refused(rows)
    if refusal:
        return refusal
    prediction, label = (side.astype(str) for side in rows.answered)
    value, influence = 0.0, np.zeros(len(label))
    classes = np.union1d(prediction, label)
    for each in classes:
        predicted, actual = prediction == each, label == each
        above, below = 2.0 * (predicted & actual), predicted.astype(np.float64) + actual
        f1 = float(above.sum() / below.sum())
        value += f1 / len(classes)
        influence += (above - f1 * below) / below.mean() / len(classes)
    return influenced(value, influence, floor=0.0, ceiling=1.0)


MULTICLASS: Final[Mapping[str, Callable[[Labelled], Estimate]]] = {"accuracy": _accuracy, "macro_f1": _macro_f1}
"""By metric."""
