"""Is the model still right?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Final

from holter.profile import Window
from holter.signals.binary import BINARY
from holter.signals.contained import contained
from holter.signals.estimate import Estimate
from holter.signals.labelled import Labelled, read_labelled
from holter.signals.multiclass import MULTICLASS
from holter.signals.regression import REGRESSION
from holter.signals.signal import Need
from holter.types import Measurement, Task, Verdict

_Metrics = Mapping[str, Callable[[Labelled], Estimate]]

BY_TASK: Final[Mapping[Task, _Metrics]] = {
    Task.BINARY: BINARY,
    Task.MULTICLASS: MULTICLASS,
    Task.REGRESSION: REGRESSION,
}
"""The metrics of each task."""


@dataclass(frozen=True)
class Performance:
    r"""Is the model still right, judged by the labels that have arrived?

    Binary: ROC AUC (DeLong's error), log loss, ``log_loss_skill`` :math:`1 - L / H(\bar y)` (H the entropy of the
    window's own label rate, so that an easy month does not look like a better model), Brier score, calibration error,
    ``calibration_bias`` :math:`\bar s - \bar y`, accuracy, precision, recall, F1 and the rate of positives. Multiclass:
    accuracy, macro F1. Regression: mean absolute and root mean squared error, bias, R². For all: ``label_coverage``,
    the share of records whose label is known, measured also when it is 0.

    Each has a 95 % interval: Wilson's for rates, else normal with the standard error of its influence function. The
    evidence is a two-sample test against the same metric of the baseline with the errors of both.

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
    needs: ClassVar[Need] = Need.ROWS | Need.LABELS
    metrics: ClassVar[tuple[str, ...]] = tuple(
        dict.fromkeys(("label_coverage", *(metric for metrics in BY_TASK.values() for metric in metrics)))
    )

    def measure(self, target: Window, baseline: Window) -> Sequence[Measurement]:
        """Answer with the metrics of the task."""
        task = target.schema.task
        if task is None:
            return [
                self._undefined("label_coverage", "the schema has no task: is it two classes, several or a number?")
            ]
        if target.rows is None:
            return [self._undefined(metric, "the window has no rows") for metric in ("label_coverage", *BY_TASK[task])]
        known = read_labelled(target.rows, task)
        if isinstance(known, str):
            return [self._undefined(metric, known) for metric in ("label_coverage", *BY_TASK[task])]
        before = read_labelled(baseline.rows, task)
        found = [_coverage(known)]
        for metric, estimate in BY_TASK[task].items():
            found += contained(self.name, metric, partial(_compared, metric, estimate, known, before))
        return found

    def _undefined(self, metric: str, why: str) -> Measurement:
        return Measurement.unanswered(self.name, metric, Verdict.UNDEFINED, why)


def _coverage(known: Labelled) -> Measurement:
    return Estimate.rate(known.n, known.rows, "the window has no rows").against("performance", "label_coverage", None)


def _compared(
    metric: str, estimate: Callable[[Labelled], Estimate], known: Labelled, before: Labelled | str
) -> list[Measurement]:
    baseline = None if isinstance(before, str) else estimate(before)
    return [estimate(known).against("performance", metric, baseline)]
