"""Does the model answer like it did?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from holter.profile import Column, NumericColumn, Profile, Window
from holter.signals.comparable import Laid
from holter.signals.contained import contained
from holter.signals.distances import DISTANCES, LEAST, distances
from holter.signals.estimate import Estimate
from holter.signals.signal import Need
from holter.types import PREDICTION, SCORE, Measurement, Verdict


@dataclass(frozen=True)
class PredictionDrift:
    """Does the model answer like it did?

    The distances of :class:`holter.signals.data_drift.DataDrift` for what the model says: the score where there is one,
    else the prediction. ``mean`` is the mean score or predicted number with its normal interval, beside that of the
    baseline: a person reads "29 % against 18 %" where a distance is only a distance. It needs no labels; that the
    answers moved does not say that they are wrong.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from holter.types import Schema, Task
    >>> schema = Schema((), Task.BINARY)
    >>> calm, alert = (
    ...     Window(None, schema, Profile.of(pa.table({"_score": [low, 0.5] * 50}))) for low in (0.1, 0.4)
    ... )
    >>> [f"{each.metric} {each.value:.2f}" for each in PredictionDrift().measure(alert, calm)]
    ['jensen_shannon 0.71', 'psi 8.52', 'normalized_wasserstein 0.75', 'mean 0.45']
    """

    name: ClassVar[str] = "prediction_drift"
    needs: ClassVar[Need] = Need.PROFILE
    metrics: ClassVar[tuple[str, ...]] = (*DISTANCES, "mean")

    def measure(self, target: Window, baseline: Window) -> Sequence[Measurement]:
        """Answer for the score or the prediction, whichever both windows have."""
        now, before = target.profile, baseline.profile
        if now is None or before is None:
            return self._undefined(f"the {'target' if now is None else 'baseline'} has no profile")
        column = next((name for name in (SCORE, PREDICTION) if _has(now, name) and _has(before, name)), None)
        if column is None:
            return self._undefined("the target or the baseline has no predictions")
        a, b = now.columns[column], before.columns[column]
        found = contained(self.name, self.metrics[0], lambda: distances(self.name, Laid(a, b)))
        if isinstance(a, NumericColumn):
            found += contained(self.name, "mean", lambda: [_mean(a).against(self.name, "mean", _mean(b))])
        return found

    def _undefined(self, why: str) -> list[Measurement]:
        return [Measurement.unanswered(self.name, metric, Verdict.UNDEFINED, why) for metric in self.metrics]


def _has(profile: Profile, name: str) -> bool:
    column = profile.columns.get(name)
    return column is not None and column.n > column.nulls


def _mean(column: Column) -> Estimate:
    if not isinstance(column, NumericColumn):
        return Estimate.refused(Verdict.UNDEFINED, f"a column of type {column.dtype} has no mean")
    if column.finite < LEAST or column.std is None:
        return Estimate.refused(Verdict.INSUFFICIENT, f"{column.finite} predictions; {LEAST} are needed", column.finite)
    return Estimate(column.mean, column.finite, column.std / math.sqrt(column.finite))
