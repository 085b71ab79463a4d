"""Metrics of two classes as functions of what is to be expected."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from holter.signals.expected_table import ExpectedTable, Slope, smooth
from holter.signals.labelled import Floats
from holter.stats.calibration_error import BINS
from holter.stats.log_loss import CLIP

_Metric = Callable[[ExpectedTable], Slope | None]


def _counts(table: ExpectedTable) -> tuple[Floats, Floats]:
    """Return shares of negatives and positives by level of the score."""
    by_level = table.shares.reshape(-1, 2, 2).sum(axis=1)
    return by_level[:, 0], by_level[:, 1]


def _spread(negative: Floats, positive: Floats) -> Floats:
    """Return a gradient by level as one by cell."""
    return np.repeat(np.column_stack([negative, positive]), 2, axis=0)


def _roc_auc(table: ExpectedTable) -> Slope | None:
    """Sum over pairs of levels of positives times negatives below, ties by half; a row makes no pair with itself."""
    negative, positive = _counts(table)
    own = table.products.reshape(-1, 2, 2, 2).sum(axis=1)[:, 0, 1] / table.n**2
    pairs = float(positive.sum() * negative.sum() - own.sum())
    if pairs <= 0:
        return None
    below = np.cumsum(negative) - negative / 2
    above = positive.sum() - np.cumsum(positive) + positive / 2
    value = float(positive @ below - own.sum() / 2) / pairs
    return Slope(value, _spread((above - value * positive.sum()) / pairs, (below - value * negative.sum()) / pairs))


def _average_precision(table: ExpectedTable) -> Slope | None:
    """Sum over levels, from the top, of the step in recall times the precision there (Zhu, Recall, precision and
    average precision, 2004, section 2)."""  # noqa: D205, D209
    negative, positive = (side[::-1] for side in _counts(table))
    total = positive.sum()
    if total <= 0:
        return None
    hits, said = np.cumsum(positive), np.cumsum(positive + negative)
    precision = hits / said
    value = float(positive @ precision) / total
    later = np.cumsum((positive / said)[::-1])[::-1]
    spoiled = np.cumsum((positive * hits / said**2)[::-1])[::-1]
    gradient = (precision - value + later - spoiled) / total
    return Slope(value, _spread((-spoiled / total)[::-1], gradient[::-1]))


def _mean(negative: Callable[[Floats], Floats], positive: Callable[[Floats], Floats]) -> _Metric:
    """Return a metric that is a mean over rows of something that depends on score and label."""

    def measured(table: ExpectedTable) -> Slope | None:
        gradient = _spread(negative(table.levels), positive(table.levels))
        return Slope(float((table.shares * gradient).sum()), gradient)

    return measured


def _surprise(score: Floats) -> Floats:
    return np.asarray(-np.log(np.clip(score, CLIP, 1 - CLIP)), np.float64)


_log_loss = _mean(lambda score: _surprise(1 - score), _surprise)
_positive_rate = _mean(np.zeros_like, np.ones_like)


def _log_loss_skill(table: ExpectedTable) -> Slope | None:
    loss, base = _log_loss(table), _positive_rate(table)
    assert loss is not None and base is not None  # noqa: S101, PT018  (means always have a value)
    found = smooth(_skill, np.array([loss.value, base.value]))
    if found is None:
        return None
    return Slope(found.value, found.gradient[0] * loss.gradient + found.gradient[1] * base.gradient)


def _skill(both: Floats) -> Any:
    loss, base = both
    return 1 - loss / -(base * np.log(base) + (1 - base) * np.log(1 - base))


def _calibration_error(table: ExpectedTable) -> Slope | None:
    r"""Gap between mean score and label rate over bins, with the chance of labels added as labels would show it.

    The gap of a bin is normal with mean :math:`\mu` and the variance :math:`\sigma^2` of its labels, so its size is
    :math:`\sigma \sqrt{2/\pi} e^{-\mu^2/2\sigma^2} + \mu\,\mathrm{erf}(\mu / \sigma\sqrt2)` on average (the folded
    normal law: Leone, Nelson, Nottingham, 1961, Technometrics 3:543). The slope takes :math:`\sigma` as fixed.
    """
    from scipy.special import erf

    negative, positive = _counts(table)
    share = negative + positive
    through = np.cumsum(share)
    place = np.minimum(((through - share / 2) / through[-1] * BINS).astype(int), BINS - 1)
    gap = np.bincount(place, (table.levels * share - positive), BINS)
    own = table.products.reshape(-1, 2, 2, 2).sum(axis=1)[:, 0, 1] / table.n**2
    noise = np.sqrt(np.maximum(np.bincount(place, own, BINS), 1e-300))
    ratio = gap / noise
    tilt = np.asarray(erf(ratio / np.sqrt(2)), np.float64)
    value = float((noise * np.sqrt(2 / np.pi) * np.exp(-(ratio**2) / 2) + gap * tilt).sum())
    return Slope(value, _spread(tilt[place] * table.levels, tilt[place] * (table.levels - 1)))


def _confusion(function: Callable[[Any, Any, Any, Any], Any]) -> _Metric:
    """Return a metric of true negatives, false negatives, false positives and true positives."""

    def measured(table: ExpectedTable) -> Slope | None:
        found = smooth(lambda shares: function(*shares.ravel()), table.confusion)
        return found and Slope(found.value, np.tile(found.gradient, (len(table.levels), 1)))

    return measured


def _mcc(tn: Any, fn: Any, fp: Any, tp: Any) -> Any:
    return (tp * tn - fp * fn) / np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))


def _kappa(tn: Any, fn: Any, fp: Any, tp: Any) -> Any:
    chance = (tp + fp) * (tp + fn) + (tn + fp) * (tn + fn)
    return (tp + tn - chance) / (1 - chance)


EXPECTED_BINARY: Final[Mapping[str, _Metric]] = {
    "roc_auc": _roc_auc,
    "average_precision": _average_precision,
    "log_loss": _log_loss,
    "log_loss_skill": _log_loss_skill,
    "brier": _mean(np.square, lambda score: (1 - score) ** 2),
    "calibration_error": _calibration_error,
    "calibration_bias": _mean(lambda score: score, lambda score: score - 1),
    "accuracy": _confusion(lambda tn, fn, fp, tp: (tn + tp) / (tn + fn + fp + tp)),
    "balanced_accuracy": _confusion(lambda tn, fn, fp, tp: (tp / (tp + fn) + tn / (tn + fp)) / 2),
    "precision": _confusion(lambda tn, fn, fp, tp: tp / (tp + fp)),  # noqa: ARG005
    "recall": _confusion(lambda tn, fn, fp, tp: tp / (tp + fn)),  # noqa: ARG005
    "specificity": _confusion(lambda tn, fn, fp, tp: tn / (tn + fp)),  # noqa: ARG005
    "f1": _confusion(lambda tn, fn, fp, tp: 2 * tp / (2 * tp + fp + fn)),  # noqa: ARG005
    "mcc": _confusion(_mcc),
    "kappa": _confusion(_kappa),
    "positive_rate": _positive_rate,
}
"""By metric; the same names and values as those of :data:`holter.signals.binary.BINARY`."""
CONFUSION: Final[Mapping[str, _Metric]] = {
    f"label {label}, said {said}": _confusion(lambda *cells, at=place: cells[at])
    for place, (said, label) in enumerate(((0, 0), (0, 1), (1, 0), (1, 1)))
}
"""Share of rows with this label and this answer."""
