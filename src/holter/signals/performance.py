"""Is the model still right?"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import ClassVar, Final

from holter.errors import BadSetting
from holter.profile import Window
from holter.profile.outcomes import Outcomes, outcomes_of
from holter.signals.asked import Answer, Asked
from holter.signals.binary import BINARY
from holter.signals.contained import contained
from holter.signals.estimate import Estimate
from holter.signals.multiclass import MULTICLASS
from holter.signals.own_function import function_name, load_function, own_estimate
from holter.signals.regression import REGRESSION
from holter.signals.signal import Need
from holter.types import Measurement, Task, Verdict

_Metrics = Mapping[str, Callable[[Outcomes, Asked], Answer]]

BY_TASK: Final[Mapping[Task, _Metrics]] = {
    Task.BINARY: BINARY,
    Task.MULTICLASS: MULTICLASS,
    Task.REGRESSION: REGRESSION,
}
"""The metrics of each task."""
COVERAGE: Final = "label_coverage"
WORTH: Final = "business_value"
SHOWN: Final = frozenset({"calibration_curve", "calibration_score", "confusion"})
"""Parts of a picture: there is nothing in one of them that another metric does not test."""


@dataclass(frozen=True)
class Performance:
    r"""Is the model still right, judged by the labels that have arrived?

    Two classes: ROC AUC (DeLong's error), average precision, log loss, ``log_loss_skill`` :math:`1 - L / H(\bar y)` (H
    the entropy of the window's own label rate, so that an easy month does not look like a better model), Brier score,
    calibration error with its curve (``calibration_curve`` and ``calibration_score``: rate and mean score of each
    bin), ``calibration_bias`` :math:`\bar s - \bar y`, lift, accuracy, balanced accuracy, precision, recall,
    specificity, F1, F-beta, Matthews correlation, kappa, the confusion matrix as shares and the rate of positives.
    Several classes: accuracy, macro and weighted averages, each class by its name, and with probabilities
    (``_scores``) log loss, Brier score and ROC AUC of each class against the others. A number: mean absolute, mean
    squared and its root, of logarithms too, relative errors, median absolute error, pinball loss, bias, R², and with
    ``_lower`` and ``_upper`` coverage and width of the intervals. For all: ``label_coverage``, the share of records
    whose label is known, measured also when it is 0.

    Each has a 95 % interval: Wilson's for rates, else normal with the standard error of its influence function. The
    evidence is a two-sample test against the same metric of the baseline with the errors of both. All of it is read
    from sums (:class:`holter.profile.outcomes.Outcomes`), so that the answer for a quarter needs only the sums of its
    hours; what summing up may have changed widens the interval.

    Parameters
    ----------
    only
        Names of the metrics that are wanted; empty: all that the task has.
    beta
        How much more recall counts than precision in ``f_beta``; above 0.
    top
        Share of the rows, those with the highest scores, of which ``lift`` tells; above 0 and below 1.
    quantile
        Which quantile the prediction is meant to be, for ``pinball``; above 0 and below 1.
    value
        What a row is worth, by label and by prediction (``{"1": {"1": 50, "0": -200}}``): adds ``business_value``,
        the mean over rows, in your unit. Pairs that are left out are worth 0.
    function
        ``package.module:function`` of your own: adds a metric with the name of the function, see
        :func:`holter.signals.own_function.own_estimate`. It needs the rows.

    References
    ----------
    DeLong, DeLong and Clarke-Pearson, Comparing areas under correlated ROC curves (1988), Biometrics 44.
    Brier, Verification of forecasts expressed in terms of probability (1950), Monthly Weather Review 78.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from holter.types import Schema
    >>> rows = pa.table({"_score": [0.2, 0.4, 0.3, 0.9] * 10, "_label": [0.0, 1.0, 0.0, 1.0] * 10})
    >>> window = Window(None, Schema((), Task.BINARY), rows=rows)
    >>> {each.metric: each.value for each in Performance().measure(window, window)}["calibration_bias"].__round__(3)
    -0.05
    """

    name: ClassVar[str] = "performance"
    only: tuple[str, ...] = ()
    beta: float = 2.0
    top: float = 0.1
    quantile: float = 0.5
    value: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    function: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "only", tuple(self.only))  # a list, where it comes from a file
        for name, most in (("beta", math.inf), ("top", 1.0), ("quantile", 1.0)):
            if not 0 < getattr(self, name) < most:
                raise BadSetting(name, f"{getattr(self, name)} is not above 0 and below {most:g}.")
        for label, row in self.value.items():
            if not isinstance(row, Mapping) or not all(isinstance(each, int | float) for each in row.values()):
                raise BadSetting("value", f"{label!r} needs a number for each prediction.")
        known = self.metrics
        unknown = [name for name in self.only if name not in known]
        if unknown:
            raise BadSetting("only", f"there is no metric {unknown[0]!r}; there are {', '.join(known)}.")

    @property
    def needs(self) -> Need:
        """Sums of labelled rows; a function of the user's needs the rows."""
        return Need.ROWS | Need.LABELS if self.function else Need.LABELS

    @property
    def metrics(self) -> tuple[str, ...]:
        """What it can give with its options."""
        names = dict.fromkeys((COVERAGE, *(metric for metrics in BY_TASK.values() for metric in metrics)))
        own = (function_name(self.function),) if self.function else ()
        return tuple(name for name in names if name != WORTH or self.value) + own

    def measure(self, target: Window, baseline: Window) -> Sequence[Measurement]:
        """Answer with the metrics of the task."""
        task = target.schema.task
        if task is None:
            return [self._undefined(COVERAGE, "the schema has no task: is it two classes, several or a number?")]
        known = _sums(target, task)
        names = [name for name in BY_TASK[task] if name in self.metrics and (not self.only or name in self.only)]
        if isinstance(known, str):
            return [self._undefined(metric, known) for metric in (COVERAGE, *names)]
        before = _sums(baseline, task)
        asked = Asked(self.beta, self.top, self.quantile, self.value)
        found = [_coverage(known)] if not self.only or COVERAGE in self.only else []
        for name in names:
            answer = partial(_compared, name, BY_TASK[task][name], asked, known, before)
            found += contained(self.name, name, answer)
        return found + (self._own(target, baseline) if self.function else [])

    def _own(self, target: Window, baseline: Window) -> list[Measurement]:
        name = function_name(self.function)

        def answer() -> list[Measurement]:
            function = load_function(self.function)
            before = None if baseline.rows is None else own_estimate(baseline.rows, function)
            return [own_estimate(target.rows, function).against(self.name, name, before)]

        return contained(self.name, name, answer)

    def _undefined(self, metric: str, why: str) -> Measurement:
        return Measurement.unanswered(self.name, metric, Verdict.UNDEFINED, why)


def _sums(window: Window, task: Task) -> Outcomes | str:
    """Return the sums of a window, stored or of its rows, or why there are none."""
    if window.outcomes is not None and window.outcomes.task is task:
        found = window.outcomes
    elif window.rows is None:
        return "the window has no rows"
    else:
        found = outcomes_of(window.rows, task)
    return found.why or found


def _coverage(known: Outcomes) -> Measurement:
    share = Estimate.rate(known.labelled, known.rows, "the window has no rows")
    return share.against(Performance.name, COVERAGE, None)


def _compared(
    metric: str, of: Callable[[Outcomes, Asked], Answer], asked: Asked, known: Outcomes, before: Outcomes | str
) -> list[Measurement]:
    """Return the measurements of one metric: one, or one for each bin, class or pair of classes."""
    now, then = of(known, asked), None if isinstance(before, str) else of(before, asked)
    if isinstance(now, Estimate):
        return [now.against(Performance.name, metric, then if isinstance(then, Estimate) else None)]
    baseline = then if isinstance(then, Mapping) else {}
    found = [
        replace(each.against(Performance.name, metric, baseline.get(name)), feature=name or None)
        for name, each in now.items()
    ]
    return [_untested(each) for each in found] if metric in SHOWN else found


def _untested(measurement: Measurement) -> Measurement:
    evidence = measurement.evidence
    return replace(measurement, evidence=evidence and replace(evidence, p_value=None, test=None))
