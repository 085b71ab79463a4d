"""How good is the model, as far as one can tell without labels?"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar, Final

import numpy as np

from holter.profile import Window
from holter.profile.outcomes import Outcomes, outcomes_of
from holter.signals.asked import Asked
from holter.signals.binary import BINARY
from holter.signals.calibration_map import CalibrationMap
from holter.signals.contained import contained
from holter.signals.enough import LEAST, LEAST_OF_CLASS
from holter.signals.estimate import Estimate
from holter.signals.labelled import Floats, outputs, read_labelled
from holter.signals.signal import Need
from holter.types import Measurement, Task, Verdict

LEAST_BASELINE: Final = 100
"""Labelled rows of the baseline below which scores cannot be recalibrated."""


@dataclass(frozen=True)
class EstimatedPerformance:
    r"""How good is the model, as far as one can tell without labels?

    Confidence-based estimation (CBPE): if p is the chance that a row is positive, the expected confusion matrix follows
    from p alone. Scores s are recalibrated on the labelled baseline, p = m(s). Then
    accuracy :math:`= \frac1n \sum_i d_i p_i + (1 - d_i)(1 - p_i)` with d the prediction, and
    ROC AUC :math:`= \sum_{ij} p_i (1 - p_j) k_{ij} / (\sum p \sum (1 - p))`, k = 1 where s_i > s_j, one half at ties.

    It sees a harder or easier mix of rows. It cannot see that inputs and labels relate in a new way (concept drift):
    that needs labels. The interval covers what labels of this window would show: their own binomial noise, and the
    error of m from the finite baseline. The evidence is a z test against the baseline's realised value, with the errors
    that the sampling of rows and m bring.

    References
    ----------
    NannyML, Confidence-based performance estimation (documentation, 2022). Guillory et al., Predicting with confidence
    on unseen distributions (2021), ICCV, for the idea.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from holter.types import Schema
    >>> score = [(i % 100) / 100 for i in range(1000)]
    >>> label = [float((i * 37) % 101 < 100 * s) for i, s in enumerate(score)]
    >>> schema = Schema((), Task.BINARY)
    >>> baseline = Window(None, schema, rows=pa.table({"_score": score, "_label": label}))
    >>> target = Window(None, schema, rows=pa.table({"_score": score}))
    >>> [f"{each.metric} {each.value:.2f}" for each in EstimatedPerformance().measure(target, baseline)]
    ['roc_auc 0.82', 'accuracy 0.74']
    """

    name: ClassVar[str] = "estimated_performance"
    needs: ClassVar[Need] = Need.ROWS
    metrics: ClassVar[tuple[str, ...]] = ("roc_auc", "accuracy")

    def measure(self, target: Window, baseline: Window) -> Sequence[Measurement]:
        """Answer for a model of two classes with scores, given a labelled baseline."""
        found = _prepare(target, baseline)
        if isinstance(found, Estimate):
            return [found.against(self.name, metric, None) for metric in self.metrics]
        return [
            measurement
            for metric, estimate in (("roc_auc", _roc_auc), ("accuracy", _accuracy))
            for measurement in contained(self.name, metric, partial(_compared, metric, estimate, found))
        ]


@dataclass(frozen=True, eq=False)
class _Known:
    """Scores, predictions and chances of the target's rows; the map that gave them; the sums of the baseline."""

    score: Floats
    predicted: Floats
    chance: Floats
    learned: CalibrationMap
    baseline: Outcomes


@dataclass(frozen=True)
class _Estimated:
    """A value with the variances that labels, the map and the choice of rows bring."""

    value: float
    of_labels: float
    of_map: float
    of_rows: float


def _prepare(target: Window, baseline: Window) -> _Known | Estimate:
    """Return what both metrics need, or why there is no estimate."""
    if target.schema.task is not Task.BINARY:
        return Estimate.refused(Verdict.UNDEFINED, "only models of two classes can be estimated without labels")
    before = read_labelled(baseline.rows, Task.BINARY)
    if isinstance(before, str):
        return Estimate.refused(Verdict.UNDEFINED, f"in the baseline, {before}")
    score, label = before.scored
    refusal = _too_small(label)
    if refusal is not None:
        return refusal
    found = outputs(target.rows)
    if isinstance(found, str):
        return Estimate.refused(Verdict.UNDEFINED, found)
    if len(found[0]) < LEAST:
        why = f"{len(found[0])} scores; {LEAST} are needed"
        return Estimate.refused(Verdict.INSUFFICIENT, why, len(found[0]))
    learned = CalibrationMap.fit(score, label)
    return _Known(*found, learned(found[0]), learned, outcomes_of(baseline.rows, Task.BINARY))


def _too_small(label: Floats) -> Estimate | None:
    rarer = int(min(label.sum(), len(label) - label.sum()))
    if len(label) >= LEAST_BASELINE and rarer >= LEAST_OF_CLASS:
        return None
    why = f"the baseline has {len(label)} labelled scores, {rarer} of the rarer class"
    return Estimate.refused(Verdict.INSUFFICIENT, f"{why}; {LEAST_BASELINE} and {LEAST_OF_CLASS} are needed")


def _compared(metric: str, estimate: Callable[[_Known], _Estimated | None], known: _Known) -> list[Measurement]:
    n, found = len(known.score), estimate(known)
    if found is None:
        why = "the scores leave only one class possible"
        return [Measurement.unanswered("estimated_performance", metric, Verdict.UNDEFINED, why, n=n)]
    errors = math.sqrt(found.of_labels + found.of_map), math.sqrt(found.of_rows + found.of_map)
    shown, tested = (Estimate(found.value, n, error, floor=0.0, ceiling=1.0) for error in errors)
    before = BINARY[metric](known.baseline, Asked())
    assert isinstance(before, Estimate)  # noqa: S101  (neither of the two is given by bin)
    if before.value is not None:
        before = Estimate(before.value, before.n, 0.0)  # its labels made the map: their error is in of_map already
    evidence = tested.against("estimated_performance", metric, before).evidence
    return [replace(shown.against("estimated_performance", metric, None), evidence=evidence)]


def _accuracy(known: _Known) -> _Estimated:
    p, n = known.chance, len(known.chance)
    sign = 2 * known.predicted - 1
    right = known.predicted * p + (1 - known.predicted) * (1 - p)
    return _Estimated(
        float(right.mean()),
        float((p * (1 - p)).sum()) / n**2,
        known.learned.error(sign / n, known.score),
        float(right.var(ddof=1)) / n,
    )


def _roc_auc(known: _Known) -> _Estimated | None:
    """See the class; the gradient in p gives the first two variances, the influence of a row the third."""
    p, q = known.chance, 1 - known.chance
    pairs = float(p.sum() * q.sum() - (p * q).sum())
    if pairs <= 0:
        return None
    below, above = _masses(known.score, p, q)
    value = float((p * below).sum()) / pairs
    gradient = (below - above - value * ((q.sum() - q) - (p.sum() - p))) / pairs
    influence = (p * below + q * above - value * (p * (q.sum() - q) + q * (p.sum() - p))) / pairs
    return _Estimated(
        value,
        float((gradient**2 * p * q).sum()),
        known.learned.error(gradient, known.score),
        float((influence**2).sum()),
    )


def _masses(score: Floats, p: Floats, q: Floats) -> tuple[Floats, Floats]:
    """Return for each row the negative mass below its score and the positive mass above; ties by half, itself out."""
    _, group = np.unique(score, return_inverse=True)
    positive, negative = np.bincount(group, weights=p), np.bincount(group, weights=q)
    below = (np.cumsum(negative) - negative / 2)[group] - q / 2
    above = (positive.sum() - np.cumsum(positive) + positive / 2)[group] - p / 2
    return below, above
