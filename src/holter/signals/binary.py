"""How good a model of two classes is, from scores, predictions and labels."""

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from holter.signals.estimate import Estimate
from holter.signals.labelled import Floats, Labelled
from holter.stats import brier_losses, calibration_error, log_losses, roc_auc
from holter.stats.calibration_error import BINS
from holter.types import Verdict

LEAST: Final = 30
"""Labels below which a normal interval means nothing."""
LEAST_OF_CLASS: Final = 10
"""Labels of the rarer class below which DeLong's error means nothing (Obuchowski and Lieber, 1998, AJR 170:1579)."""


def enough(n: int, what: str = "labels") -> Estimate | None:
    """Return the refusal of a metric with too few rows, or None."""
    if n >= LEAST:
        return None
    return Estimate.refused(Verdict.INSUFFICIENT, f"{n} {what}; {LEAST} are needed", n)


def influenced(value: float, influence: Floats, *, floor: float = -math.inf, ceiling: float = math.inf) -> Estimate:
    r"""Return an estimate whose standard error is that of the mean of its influence function.

    :math:`se = sd(\psi) / \sqrt n` (Hampel, The influence curve and its role in robust estimation, 1974).
    """
    n = len(influence)
    return Estimate(value, n, float(np.std(influence, ddof=1)) / math.sqrt(n), floor=floor, ceiling=ceiling)


def _scored(rows: Labelled, *, classes: bool = False) -> tuple[Floats, Floats] | Estimate:
    """Return scores and labels, or why there are not enough."""
    score, label = rows.scored
    if rows.n >= LEAST and not len(score):
        return Estimate.refused(Verdict.UNDEFINED, "the labelled rows have no scores", rows.n)
    refusal = enough(len(score))
    if refusal is None and classes and len(np.unique(label)) < 2:
        only = "positive" if label[0] else "negative"
        refusal = Estimate.refused(
            Verdict.UNDEFINED, f"all {len(label)} labels are {only}; both classes are needed", len(label)
        )
    return refusal or (score, label)


def _roc_auc(rows: Labelled) -> Estimate:
    found = _scored(rows, classes=True)
    if isinstance(found, Estimate):
        return found
    score, label = found
    rarer = int(min(label.sum(), len(label) - label.sum()))
    if rarer < LEAST_OF_CLASS:
        why = f"{rarer} labels of the rarer class; {LEAST_OF_CLASS} are needed"
        return Estimate.refused(Verdict.INSUFFICIENT, why, len(label))
    area = roc_auc(score, label)
    assert area is not None  # noqa: S101  (both classes are there)
    # Perfect separation has a DeLong error of 0, which says nothing: one misplaced row of the rarer class is the floor.
    return Estimate(area[0], len(label), max(area[1], 0.5 / rarer / math.sqrt(rarer)), floor=0.0, ceiling=1.0)


def _log_loss(rows: Labelled) -> Estimate:
    found = _scored(rows)
    return found if isinstance(found, Estimate) else _mean(log_losses(*found), floor=0.0)


def _brier(rows: Labelled) -> Estimate:
    found = _scored(rows)
    return found if isinstance(found, Estimate) else _mean(brier_losses(*found), floor=0.0, ceiling=1.0)


def _mean(losses: Floats, floor: float, ceiling: float = math.inf) -> Estimate:
    return influenced(float(losses.mean()), losses, floor=floor, ceiling=ceiling)


def _log_loss_skill(rows: Labelled) -> Estimate:
    """1 - L / H, L the log loss and H that of the window's own base rate; its error by the delta method on both."""
    found = _scored(rows, classes=True)
    if isinstance(found, Estimate):
        return found
    losses, label = log_losses(*found), found[1]
    loss, base = float(losses.mean()), float(label.mean())
    entropy = -base * math.log(base) - (1 - base) * math.log1p(-base)
    slope = math.log((1 - base) / base)
    influence = -(losses - loss) / entropy + loss / entropy**2 * slope * (label - base)
    return influenced(1 - loss / entropy, influence, ceiling=1.0)


def _calibration_error(rows: Labelled) -> Estimate:
    """Mean gap between score and label rate over bins; chance alone adds ``noise`` (see the function's own page)."""
    found = _scored(rows)
    if isinstance(found, Estimate):
        return found
    score, label = found
    value = calibration_error(score, label)
    spread = float(np.mean(np.clip(score * (1 - score), 0, 0.25))) / len(score)
    noise = min(value or 0.0, math.sqrt(2 * BINS * spread / math.pi))
    return Estimate(value, len(score), math.sqrt(spread), noise=noise, floor=0.0, ceiling=1.0)


def _calibration_bias(rows: Labelled) -> Estimate:
    found = _scored(rows)
    return found if isinstance(found, Estimate) else _mean(found[0] - found[1], floor=-1.0, ceiling=1.0)


def _decided(rows: Labelled) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return prediction and label as truth values; where no prediction is logged, a score of one half decides."""
    prediction, label = rows.answered
    if not len(prediction):
        score, label = rows.scored
        prediction = (score >= 0.5).astype(np.float64)
    return prediction > 0.5, np.asarray(label, np.float64) > 0.5


def _counted(hits: Callable[[Any, Any], tuple[Any, Any]], otherwise: str) -> Callable[[Labelled], Estimate]:
    """Return a metric that is the share of some rows (second of ``hits``) that are right (first of ``hits``)."""

    def measured(rows: Labelled) -> Estimate:
        predicted, actual = _decided(rows)
        if rows.n >= LEAST and not len(predicted):
            return Estimate.refused(Verdict.UNDEFINED, "the labelled rows have no predictions", rows.n)
        right, among = hits(predicted, actual)
        return enough(len(predicted)) or Estimate.rate(int(right.sum()), int(among.sum()), otherwise)

    return measured


def _f1(rows: Labelled) -> Estimate:
    """2 TP / (2 TP + FP + FN), a ratio of means; its error by the delta method."""
    predicted, actual = _decided(rows)
    refusal = enough(len(predicted))
    if refusal:
        return refusal
    above, below = 2.0 * (predicted & actual), predicted.astype(np.float64) + actual
    if not below.any():
        return Estimate.refused(Verdict.UNDEFINED, "no row is positive or predicted so", len(below))
    value = float(above.sum() / below.sum())
    return influenced(value, (above - value * below) / below.mean(), floor=0.0, ceiling=1.0)


def _positive_rate(rows: Labelled) -> Estimate:
    return enough(rows.n) or Estimate.rate(int((rows.label > 0.5).sum()), rows.n, "")


BINARY: Final[Mapping[str, Callable[[Labelled], Estimate]]] = {
    "roc_auc": _roc_auc,
    "log_loss": _log_loss,
    "log_loss_skill": _log_loss_skill,
    "brier": _brier,
    "calibration_error": _calibration_error,
    "calibration_bias": _calibration_bias,
    "accuracy": _counted(lambda p, y: (p == y, np.ones(len(y), bool)), "no row has a prediction"),
    "precision": _counted(lambda p, y: (p & y, p), "no row is predicted positive"),
    "recall": _counted(lambda p, y: (p & y, y), "no label is positive"),
    "f1": _f1,
    "positive_rate": _positive_rate,
}
"""By metric."""
