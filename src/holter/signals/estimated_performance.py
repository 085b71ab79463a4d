"""How good is the model, as far as one can tell without labels?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar, Final

import numpy as np

from holter.profile import Window
from holter.signals.contained import contained
from holter.signals.enough import LEAST
from holter.signals.estimate import Estimate
from holter.signals.estimator_choice import Kind
from holter.signals.fitted_estimate import EXPECTED, NAMES, Estimated, FittedEstimate, Looks, called
from holter.signals.signal import Need
from holter.stats.prediction_powered import LEVEL, labels_needed
from holter.types import Measurement, Task, Verdict

_ENDS: Final = {
    **dict.fromkeys(("mcc", "kappa", "calibration_bias"), (-1.0, 1.0)),
    **dict.fromkeys(("log_loss", "mae", "mse", "rmse", "rmsle", "mape"), (0.0, np.inf)),
    **dict.fromkeys(("log_loss_skill", "r2"), (-np.inf, 1.0)),
    "smape": (0.0, 2.0),
    "bias": (-np.inf, np.inf),
}
"""Ends of the scale of a metric; those that are not here go from 0 to 1."""
_OF_CLASSES: Final = {
    Kind.CBPE: "Recalibrated scores (CBPE)",
    Kind.BOOSTED: "Chances by features and score",
    Kind.REWEIGHTED: "Scores recalibrated on rows that look like these",
}
_OF_NUMBERS: Final = {
    Kind.CBPE: "The usual loss near each prediction",
    Kind.BOOSTED: "Losses by features and prediction",
    Kind.REWEIGHTED: "The loss near each prediction, of rows that look like these",
}
CONCEPT: Final = "Without labels nobody can see that the same inputs have come to mean something else."


@dataclass(frozen=True)
class EstimatedPerformance:
    r"""How good is the model, as far as one can tell without labels?

    From what each row is expected to come to, the expected confusion matrix follows, and with it every metric. Three
    estimators tell what that is. ``cbpe`` (confidence-based estimation): the score s, recalibrated on the labelled
    baseline, :math:`p = m(s)`; for several classes each one's probability, where those are logged, else the labels that
    each answer had; for a number the mean loss near each prediction. ``boosted``: gradient boosting on features and
    score. ``reweighted``: the map m learned anew on baseline rows that are weighted to look like the window. Which of
    them answers is decided for each metric by a trial on the baseline's own later part, and no metric gets one that was
    farther from the truth there than CBPE; ``reason`` says which, how near it was, and how many labels of random rows
    would settle what it says. It is learned once from each baseline.

    It sees a harder or easier mix of rows. It cannot see that inputs and labels relate in a new way (concept drift):
    that needs labels. The interval covers what labels of this window would show: their own noise, the error of the fit,
    and what the trial showed beyond these. The evidence is a z test against the value of the labelled baseline, with
    the errors that the sampling of rows and the estimator bring.

    References
    ----------
    NannyML, Confidence-based performance estimation, and Direct loss estimation (documentation, 2022). Guillory et al.,
    Predicting with confidence on unseen distributions (2021), ICCV, for the idea. Białek et al., Estimating model
    performance under covariate shift without labels (2024), arXiv 2401.08348, for the weights.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from holter.types import Schema
    >>> score = [(i % 100) / 100 for i in range(1000)]
    >>> label = [float((i * 37) % 101 < 100 * s) for i, s in enumerate(score)]
    >>> schema = Schema((), Task.BINARY)
    >>> baseline = Window(None, schema, rows=pa.table({"_score": score, "_label": label}))
    >>> target = Window(None, schema, rows=pa.table({"_score": score}))
    >>> found = EstimatedPerformance().measure(target, baseline)
    >>> [f"{each.metric} {each.value:.2f}" for each in found if each.metric in ("roc_auc", "accuracy")]
    ['roc_auc 0.82', 'accuracy 0.74']
    """

    name: ClassVar[str] = "estimated_performance"
    needs: ClassVar[Need] = Need.ROWS
    metrics: ClassVar[tuple[str, ...]] = NAMES

    def measure(self, target: Window, baseline: Window) -> Sequence[Measurement]:
        """Answer with the metrics of the task that can be estimated, given a labelled baseline."""
        return answers(self.name, target, baseline, _measured)


def _measured(metric: str, fitted: FittedEstimate, found: Looks) -> list[Measurement]:
    estimated, task = fitted.estimated(metric, found), fitted.reader.task
    if estimated is None:
        only = "scores leave only one class possible" if task is Task.BINARY else "answers leave no value"
        return [
            Measurement.unanswered(EstimatedPerformance.name, metric, Verdict.UNDEFINED, f"the {only}", n=found.seen.n)
        ]
    low, high = ends(metric)
    value = min(max(estimated.value, low), high)
    tested = Estimate(value, estimated.n, estimated.error_of_change)
    # the baseline's labels made the map: their error is in that of the fit already
    before = None if estimated.before is None else Estimate(estimated.before, estimated.n, 0.0)
    evidence = tested.against(EstimatedPerformance.name, metric, before).evidence
    shown = Estimate(value, estimated.n, estimated.error, floor=low, ceiling=high)
    reason = in_words(estimated, task) + (f" {CONCEPT}" if metric == next(iter(EXPECTED[task])) else "")
    return [replace(shown.against(EstimatedPerformance.name, metric, None), evidence=evidence, reason=reason)]


def answers(
    signal: str,
    target: Window,
    baseline: Window,
    measured: Callable[[str, FittedEstimate, Looks], list[Measurement]],
) -> list[Measurement]:
    """Return what ``measured`` makes of each metric that can be estimated; or why none can, for each metric."""
    found = _looked_at(signal, target, baseline)
    if isinstance(found, list):
        return found
    fitted, looks = found
    return [
        called(measurement)
        for metric in fitted.metrics
        for measurement in contained(signal, metric, partial(measured, metric, fitted, looks))
    ]


def _looked_at(signal: str, target: Window, baseline: Window) -> tuple[FittedEstimate, Looks] | list[Measurement]:
    """Return what was learned from the baseline and what it expects of the window; or why not, for each metric."""
    task, known = target.schema.task, baseline.schema.task
    if task is None or task is not known:
        why = "the schema has no task" if task is None else f"the baseline is of {known or 'no'} answers, not of {task}"
        refused = Estimate.refused(Verdict.UNDEFINED, why)
        return [called(refused.against(signal, metric, None)) for metric in EXPECTED[known or Task.BINARY]]
    fitted = FittedEstimate.of(baseline)
    looks = fitted if isinstance(fitted, Estimate) else fitted.looks(target.rows)
    if isinstance(fitted, Estimate) or isinstance(looks, Estimate):
        assert isinstance(looks, Estimate)  # noqa: S101  (either way)
        return [called(looks.against(signal, metric, None)) for metric in EXPECTED[task]]
    return fitted, looks


def ends(metric: str) -> tuple[float, float]:
    """Return the least and the greatest value a metric can have."""
    return _ENDS.get(metric, (0.0, 1.0))


def in_words(estimated: Estimated, task: Task) -> str:
    """Return which estimator answered, how near it was in the trial, and how many labels would settle the rest."""
    choice = estimated.choice
    words = _OF_NUMBERS if task is Task.REGRESSION else _OF_CLASSES
    said = words[choice.kind] + (f", {estimated.lacks}" if estimated.lacks else "") + f": {choice.why}"
    if choice.error is not None and choice.plain is not None:
        beside = "" if choice.kind is Kind.CBPE else f" (CBPE: {choice.plain:.2g})"
        said += f"; off by {choice.error:.2g}{beside} on average over {choice.windows} windows of the trial"
    needed = labels_to_settle(estimated)
    if needed is None:
        return f"{said}."
    change = max(abs(estimated.change), LEVEL * estimated.error)
    rows = f"more than the {estimated.n:,} rows there are" if needed > estimated.n else f"about {needed:,} of its rows"
    return f"{said}. To settle a change of {change:.2g} takes the labels of {rows}, drawn at random."


def labels_to_settle(estimated: Estimated) -> int | None:
    """Return how many random labels would show the estimated change, or one as large as the estimate's own error.

    The estimate serves as a guess of each row (:func:`holter.stats.prediction_powered.prediction_powered`), so that
    only the noise of labels about it counts.
    """
    change = max(abs(estimated.change), LEVEL * estimated.error)
    needed = labels_needed(estimated.of_labels * estimated.n, change)
    return needed and max(needed, LEAST)
