"""All that is learned from a baseline to estimate performance without labels; once, and kept."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
import pyarrow as pa

from holter.profile import Window
from holter.signals.answers_reader import AnswersReader, in_order
from holter.signals.boosted_outcomes import BoostedOutcomes
from holter.signals.enough import LEAST, LEAST_OF_CLASS
from holter.signals.estimate import Estimate
from holter.signals.estimator_choice import LEAST_ALTERNATIVE, Choice, Kind, Metrics, cells, chosen, scatter
from holter.signals.expected_binary import CONFUSION, EXPECTED_BINARY
from holter.signals.expected_classes import EXPECTED_CLASSES, EXPECTED_NUMBERS
from holter.signals.expected_table import ExpectedTable, Slope
from holter.signals.labelled import Floats, read_labelled
from holter.signals.mapped_outcomes import Estimator, MappedOutcomes
from holter.signals.reweighted_outcomes import ReweightedOutcomes
from holter.signals.score_histogram import ScoreGrid
from holter.signals.seen import LOSSES, Seen
from holter.types import Measurement, Task, Verdict

LEAST_BASELINE: Final = 100
"""Labelled rows of the baseline below which scores cannot be recalibrated."""
TRIED: Final = 40_000
"""Labelled rows of the trial, and of models on features, at most: evenly spaced in time."""
LOOKED: Final = 30_000
"""Rows of a window whose features are looked at, at most; what they change is added to the estimate of all rows."""
EXPECTED: Final[Mapping[Task, Metrics]] = {
    Task.BINARY: {**EXPECTED_BINARY, **CONFUSION},
    Task.MULTICLASS: EXPECTED_CLASSES,
    Task.REGRESSION: EXPECTED_NUMBERS,
}
"""What can be estimated, by task: metrics, and the parts of the confusion matrix (:data:`CONFUSION`)."""
_LEARNED: "Final[WeakKeyDictionary[Window, FittedEstimate | Estimate]]" = WeakKeyDictionary()
"""What was learned from each baseline that is still held by somebody. It depends on the baseline alone, so that asking
twice and remembering once cannot be told apart but by the time they take; it goes when the baseline goes."""


NAMES: Final = (
    *dict.fromkeys(name for metrics in EXPECTED.values() for name in metrics if name not in CONFUSION),
    "confusion",
)
"""The metrics of the measurements."""


def called(measurement: Measurement) -> Measurement:
    """Return a part of the confusion matrix under the name it has among the metrics of performance."""
    if measurement.metric not in CONFUSION:
        return measurement
    return replace(measurement, metric="confusion", feature=measurement.metric)


@dataclass(frozen=True, eq=False)
class Estimated:
    """A metric of a window without its labels, and the variances of its error."""

    value: float
    n: int
    of_labels: float
    of_fit: float
    of_rows: float
    before: float | None
    of_baseline: float
    choice: Choice
    lacks: str = ""

    @property
    def change(self) -> float:
        """Return how far it is from the baseline's value; 0 where that has none."""
        return 0.0 if self.before is None else self.value - self.before

    @property
    def of_estimator(self) -> float:
        """Return the variance of the estimator's own error: of its fit, and what the trial showed beyond it."""
        return self.of_fit + self.choice.drift + self.choice.follows * self.change**2

    @property
    def error(self) -> float:
        """Return the standard error of what labels of these very rows would show."""
        return math.sqrt(self.of_labels + self.of_estimator)

    @property
    def error_of_change(self) -> float:
        """Return the standard error of the value when nothing has changed: other rows, and the estimator's error."""
        return math.sqrt(self.of_rows + self.of_fit + self.choice.drift)


@dataclass(frozen=True, eq=False)
class Looked:
    """Rows of a window with what one estimator expects of them."""

    rows: Seen
    expected: Floats
    table: ExpectedTable
    learned: Estimator

    def slope(self, metrics: Metrics, metric: str) -> Slope | None:
        """Return the value of a metric, and how it moves."""
        return metrics[metric](self.table)

    def of_fit(self, slope: Slope) -> float:
        """Return the variance that the fit of the estimator brings."""
        weights = self.rows.weight[:, None] * slope.gradient[cells(self.rows, self.table)] / self.table.n
        return self.learned.error(self.rows, weights[:, : self.rows.outcomes.shape[1]])


@dataclass(frozen=True, eq=False)
class Looks:
    """The answered rows of a window, what each estimator in use expects of them, and what that lacks, in words."""

    seen: Seen
    by: Mapping[Kind, Looked]
    lacks: str = ""


@dataclass(frozen=True, eq=False)
class FittedEstimate:
    """How rows are read, the estimators that are used, why, and the metrics of the labelled baseline itself."""

    reader: AnswersReader
    metrics: Metrics
    grid: ScoreGrid | None
    learned: Mapping[Kind, Estimator]
    scatters: Mapping[Kind, Floats | None]
    choices: Mapping[str, Choice]
    before: Mapping[str, float | None]
    of_baseline: Mapping[str, float]
    """Variance of each metric of the baseline, its rows being drawn from more such rows."""

    @classmethod
    def of(cls, baseline: Window) -> "FittedEstimate | Estimate":
        """Return what is learned from a baseline, or why nothing is. The second time it costs nothing.

        Examples
        --------
        >>> from holter.types import Schema
        >>> FittedEstimate.of(Window(None, Schema((), Task.BINARY))).reason
        'in the baseline, there are no rows'
        """
        found = _LEARNED.get(baseline)
        if found is None:
            found = _LEARNED[baseline] = _fitted(baseline)
        return found

    def looks(self, rows: pa.Table | None) -> Looks | Estimate:
        """Return what is expected of the rows of a window, or why nothing is."""
        seen = self.reader.read(rows)
        if isinstance(seen, str):
            return Estimate.refused(Verdict.UNDEFINED, seen)
        if seen.n < LEAST:
            what = "scores" if self.reader.task is Task.BINARY else "predictions"
            return Estimate.refused(Verdict.INSUFFICIENT, f"{seen.n} {what}; {LEAST} are needed", seen.n)
        assert rows is not None  # noqa: S101  (they were read)
        missing = self.reader.encoder.missing(rows) if len(self.learned) > 1 else []
        plain = seen if self.grid is None else self.grid.cells(seen)
        found = {Kind.CBPE: self._look(Kind.CBPE, plain)}
        if missing:
            return Looks(seen, found, f"as {', '.join(missing)} cannot be read")
        if len(self.learned) > 1:
            few = self.reader.with_features(_some(seen), rows)
            found |= {kind: self._look(kind, few) for kind in self.learned if kind is not Kind.CBPE}
        return Looks(seen, found)

    def _look(self, kind: Kind, rows: Seen) -> Looked:
        learned = self.learned[kind]
        if isinstance(learned, ReweightedOutcomes):
            learned = learned.learned(rows)
        expected = learned.expect(rows)
        spread = self.scatters[kind]
        if spread is not None:
            # losses that are expected to be larger scatter more, in proportion (both are of the order of the square)
            squares = float(np.mean(expected[:, LOSSES.index("squared")]))
            spread = spread * max(squares, 0.0) / max(self._squares(), 1e-300)
        return Looked(rows, expected, ExpectedTable.of(rows, expected, spread), learned)

    def _squares(self) -> float:
        return (self.before.get("mse") or 0.0) if self.reader.task is Task.REGRESSION else 0.0

    def used(self, metric: str, looks: Looks) -> tuple[Choice, Looked]:
        """Return the estimator of a metric and what it expects: CBPE where the chosen one cannot look at the rows."""
        choice = self.choices[metric]
        if choice.kind not in looks.by:
            choice = replace(choice, kind=Kind.CBPE, error=choice.plain)
        return choice, looks.by[choice.kind]

    def estimated(self, metric: str, looks: Looks) -> Estimated | None:
        """Return a metric of a window; None where it has no value."""
        choice, look = self.used(metric, looks)
        slope, seen = look.slope(self.metrics, metric), looks.seen
        if slope is None:
            return None
        value = slope.value
        if look.rows.n < seen.n:
            some = self._look(Kind.CBPE, look.rows).slope(self.metrics, metric)
            every = looks.by[Kind.CBPE].slope(self.metrics, metric)
            value += 0.0 if some is None or every is None else every.value - some.value
        part = look.rows.n / seen.n
        return Estimated(
            value,
            seen.n,
            look.table.of_labels(slope.gradient) * part,
            look.of_fit(slope),
            look.table.of_rows(slope.gradient) * part,
            self.before[metric],
            self.of_baseline[metric],
            choice,
            looks.lacks if choice.kind is not self.choices[metric].kind else "",
        )


def _some(seen: Seen) -> Seen:
    """Return at most :data:`LOOKED` rows, spread evenly over the scores."""
    if len(seen.decided) <= LOOKED:
        return seen
    order = np.lexsort((seen.decided, *seen.scores.T))
    return _spaced(seen.take(order), LOOKED)


def _fitted(baseline: Window) -> FittedEstimate | Estimate:
    task, rows = baseline.schema.task, baseline.rows
    if task is None:
        return Estimate.refused(Verdict.UNDEFINED, "the schema has no task: is it two classes, several or a number?")
    readable = read_labelled(rows, task)
    if isinstance(readable, str):
        return Estimate.refused(Verdict.UNDEFINED, f"in the baseline, {readable}")
    assert rows is not None  # noqa: S101  (they were read)
    reader = AnswersReader.of(rows, task, baseline.schema.features)
    found = reader if isinstance(reader, str) else reader.read(rows)
    if isinstance(reader, str) or isinstance(found, str):
        why = str(found).replace("the window has", "there are")
        return Estimate.refused(Verdict.UNDEFINED, f"in the baseline, {why}")
    known = found.labelled()
    return _too_small(known) or _learned(reader, known, rows)


def _too_small(known: Seen) -> Estimate | None:
    n, what = len(known.decided), "scores" if known.task is Task.BINARY else "predictions"
    rarer = int(known.outcomes.sum(axis=0).min()) if known.task is Task.BINARY and n else LEAST_OF_CLASS
    if n >= LEAST_BASELINE and rarer >= LEAST_OF_CLASS:
        return None
    why, needed = f"the baseline has {n} labelled {what}", f"{LEAST_BASELINE}"
    if known.task is Task.BINARY:
        why, needed = f"{why}, {rarer if n else 0} of the rarer class", f"{needed} and {LEAST_OF_CLASS}"
    return Estimate.refused(Verdict.INSUFFICIENT, f"{why}; {needed} are needed")


def _spaced(rows: Seen, most: int) -> Seen:
    n = len(rows.decided)
    return rows.take(np.linspace(0, n, min(most, n), endpoint=False).astype(int))


def _learned(reader: AnswersReader, known: Seen, rows: pa.Table) -> FittedEstimate:
    metrics = EXPECTED[reader.task]
    some = _spaced(known, TRIED)
    if len(some.decided) >= LEAST_ALTERNATIVE and reader.encoder.features:
        some = reader.with_features(some, rows)
    ordered, timed = in_order(some, rows)
    categorical = reader.encoder.categorical
    choices = chosen(ordered, categorical, metrics, timed=timed)
    plain = MappedOutcomes.fit(known)
    learned: dict[Kind, Estimator] = {Kind.CBPE: plain}
    scatters = {Kind.CBPE: scatter(known, plain.expect(known))}
    kinds = {choice.kind for choice in choices.values()}
    if Kind.BOOSTED in kinds:
        boosted = learned[Kind.BOOSTED] = BoostedOutcomes.fit(ordered, categorical)
        scatters[Kind.BOOSTED] = scatter(ordered, boosted.own)
    if Kind.REWEIGHTED in kinds:
        learned[Kind.REWEIGHTED] = ReweightedOutcomes.fit(ordered, categorical)
        scatters[Kind.REWEIGHTED] = scatters[Kind.CBPE]
    table = ExpectedTable.of(known, known.outcomes)
    values = {metric: function(table) for metric, function in metrics.items()}
    before = {metric: None if slope is None else slope.value for metric, slope in values.items()}
    noise = {metric: 0.0 if slope is None else table.of_rows(slope.gradient) for metric, slope in values.items()}
    grid = ScoreGrid.of(known.scores[:, 0]) if reader.task is Task.BINARY else None
    return FittedEstimate(reader, metrics, grid, learned, scatters, choices, before, noise)
