"""How good is the model, by the labels that have come and the estimate for the rest?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from holter.profile import Window
from holter.signals.enough import LEAST
from holter.signals.estimate import Estimate
from holter.signals.estimated_performance import answers, ends
from holter.signals.estimator_choice import cells
from holter.signals.expected_table import ExpectedTable, with_label
from holter.signals.fitted_estimate import NAMES, Estimated, FittedEstimate, Looked, Looks
from holter.signals.labelled import Floats
from holter.signals.signal import Need
from holter.stats.prediction_powered import Powered, Together, prediction_powered, together
from holter.types import Measurement, Task, Verdict


@dataclass(frozen=True)
class CombinedPerformance:
    r"""How good is the model, by the labels that have come and the estimate for the rows that wait for theirs?

    With F the metric, L the labelled rows and E what is expected of rows (see :mod:`estimated_performance`), the labels
    say :math:`F(L) + \lambda (F(E) - F(E_L))`: the estimate says how the labelled rows differ from all, and
    :math:`\lambda` how far that is to be believed (0 where labels and expectation have nothing to do with each other,
    so that it cannot hurt). That, and the estimate alone, are weighted by the inverse of their variances; the
    estimate's is what its trial on the baseline showed. Where the two contradict each other by more than three standard
    errors, the estimate is not believed and the labels stand alone: then the same inputs have come to mean something
    else, and ``reason`` says so.

    It takes labels of rows as they come. If only some kinds of rows get labels, beyond what the score tells, it is
    wrong as the labels are: the signal ``labels`` tells whether labelled rows look like the rest.

    References
    ----------
    Angelopoulos, Bates, Fannjiang, Jordan, Zrnic, Prediction-powered inference (2023), Science 382:669. Angelopoulos,
    Duchi, Zrnic, PPI++: efficient prediction-powered inference (2023), arXiv 2311.01453, section 6.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from holter.types import Schema
    >>> score = [(i % 100) / 100 for i in range(1000)]
    >>> label = [float((i * 37) % 101 < 100 * s) for i, s in enumerate(score)]
    >>> schema = Schema((), Task.BINARY)
    >>> baseline = Window(None, schema, rows=pa.table({"_score": score, "_label": label}))
    >>> some = [one if i % 3 == 0 else None for i, one in enumerate(label)]
    >>> target = Window(None, schema, rows=pa.table({"_score": score, "_label": some}))
    >>> found = {each.metric: each for each in CombinedPerformance().measure(target, baseline)}["accuracy"]
    >>> round(found.value, 2), found.reason[:44]
    (0.74, 'Labels of 334 of 1,000 rows, and the estimat')
    """

    name: ClassVar[str] = "combined_performance"
    needs: ClassVar[Need] = Need.ROWS | Need.LABELS
    metrics: ClassVar[tuple[str, ...]] = NAMES

    def measure(self, target: Window, baseline: Window) -> Sequence[Measurement]:
        """Answer with the metrics of the task that can be estimated, given a labelled baseline."""
        return answers(self.name, target, baseline, _measured)


def _measured(metric: str, fitted: FittedEstimate, looks: Looks) -> list[Measurement]:
    estimated = fitted.estimated(metric, looks)
    known = looks.seen.labelled()
    labelled, n = len(known.decided), looks.seen.n
    name = CombinedPerformance.name
    if estimated is None:
        why = "neither labels nor scores leave a value"
        return [Measurement.unanswered(name, metric, Verdict.UNDEFINED, why, n=n)]
    found = _together(metric, fitted, looks, estimated) if labelled >= LEAST else None
    if found is None:
        few = f"{labelled} labels; {LEAST} are needed" if labelled < LEAST else "the labels alone leave no value"
        both = Together(estimated.value, estimated.error**2, contradicted=False)
        reason = f"The estimate alone: {few}."
        spread, of_baseline = estimated.error_of_change, 0.0
    else:
        both, powered, alone = found
        reason = _reason(both, powered, alone, labelled, n)
        spread = math.sqrt(estimated.of_rows + estimated.of_labels * labelled / n + both.variance)
        of_baseline = estimated.of_baseline
    low, high = ends(metric)
    shown = Estimate(min(max(both.value, low), high), n, math.sqrt(both.variance), floor=low, ceiling=high)
    tested = Estimate(shown.value, n, spread)
    before = None if estimated.before is None else Estimate(estimated.before, n, math.sqrt(of_baseline))
    evidence = tested.against(name, metric, before).evidence
    return [replace(shown.against(name, metric, None), evidence=evidence, reason=reason)]


def _reason(both: Together, powered: Powered, alone: float, labelled: int, n: int) -> str:
    said = f"Labels of {labelled:,} of {n:,} rows, and the estimate for the rest"
    if both.contradicted:
        return (
            f"{said}: they contradict each other (the estimate is {alone:.3g}), so the labels stand alone. "
            "The same inputs have come to mean something else, or only some kinds of rows have labels."
        )
    return f"{said} (which counts {100 * powered.share:.0f} % row by row; alone it is {alone:.3g})."


def _together(
    metric: str, fitted: FittedEstimate, looks: Looks, estimated: Estimated
) -> tuple[Together, Powered, float] | None:
    """Return labels and estimate as one; None where the labelled rows alone have no value."""
    look = _of_labelled(metric, fitted, looks)
    known = look.rows
    function = fitted.metrics[metric]
    table = ExpectedTable.of(known, known.outcomes)
    realised, expected = function(table), function(look.table)
    if realised is None or expected is None:
        return None
    gradient = realised.gradient[cells(known, table)]
    outcomes, chances = known.outcomes, look.expected
    if known.task is Task.REGRESSION:
        outcomes, chances = with_label(known, outcomes), with_label(known, chances)
    truth, guess = _rowwise(gradient, outcomes), _rowwise(gradient, chances)
    powered = prediction_powered(truth, guess, look.table.of_labels(expected.gradient) * known.n)
    waiting = 1 - known.n / looks.seen.n
    value = realised.value + powered.share * (estimated.value - expected.value)
    if not waiting:
        value = realised.value
    both = together(
        estimated.value,
        estimated.of_estimator + waiting * estimated.of_labels,
        value,
        waiting * powered.variance / known.n,
    )
    return both, powered, estimated.value


def _of_labelled(metric: str, fitted: FittedEstimate, looks: Looks) -> Looked:
    """Return what the metric's estimator expects of the labelled rows, one by one."""
    _, used = fitted.used(metric, looks)
    rows = looks.seen if used.rows.weights is not None else used.rows
    known = rows.labelled()
    expected = used.learned.expect(known)
    return Looked(known, expected, ExpectedTable.of(known, expected, used.table.scatter), used.learned)


def _rowwise(gradient: Floats, outcomes: Floats) -> Floats:
    return np.asarray((gradient * outcomes).sum(axis=1), np.float64)
