"""How good a model of a number is, from predictions and labels."""

import math
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from holter.signals.binary import LEAST, enough, influenced
from holter.signals.estimate import Estimate
from holter.signals.labelled import Floats, Labelled
from holter.types import Verdict


def _errors(rows: Labelled) -> tuple[Floats, Floats] | Estimate:
    """Return prediction less label, and labels, or why there are not enough."""
    prediction, label = rows.answered
    if rows.n >= LEAST and not len(prediction):
        return Estimate.refused(Verdict.UNDEFINED, "the labelled rows have no predictions", rows.n)
    return enough(len(label)) or (prediction - label, label)


def _mae(rows: Labelled) -> Estimate:
    found = _errors(rows)
    if isinstance(found, Estimate):
        return found
    return influenced(float(np.abs(found[0]).mean()), np.abs(found[0]), floor=0.0)


def _rmse(rows: Labelled) -> Estimate:
    """Root of the mean squared error; the error of a root is that of the mean over twice the root."""
    found = _errors(rows)
    if isinstance(found, Estimate):
        return found
    root = math.sqrt(float(np.mean(found[0] ** 2)))
    return influenced(root, found[0] ** 2 / (2 * root) if root else np.zeros(len(found[0])), floor=0.0)


def _bias(rows: Labelled) -> Estimate:
    found = _errors(rows)
    return found if isinstance(found, Estimate) else influenced(float(found[0].mean()), found[0])


def _r2(rows: Labelled) -> Estimate:
    """1 - mean squared error / variance of the labels; its error by the delta method on both."""
    found = _errors(rows)
    if isinstance(found, Estimate):
        return found
    error, label = found
    apart = (label - label.mean()) ** 2
    variance, loss = float(apart.mean()), float(np.mean(error**2))
    if not variance:
        return Estimate.refused(Verdict.UNDEFINED, "all labels are equal", len(label))
    influence = -(error**2 - loss) / variance + loss / variance**2 * (apart - variance)
    return influenced(1 - loss / variance, influence, ceiling=1.0)


REGRESSION: Final[Mapping[str, Callable[[Labelled], Estimate]]] = {
    "mae": _mae,
    "rmse": _rmse,
    "bias": _bias,
    "r2": _r2,
}
"""By metric."""
