"""Does the model answer like it did?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Final

from holter.profile import CategoricalColumn, Column, NumericColumn, Profile, Window
from holter.signals.comparable import Laid
from holter.signals.contained import contained
from holter.signals.distances import DISTANCES, LEAST
from holter.signals.estimate import Estimate
from holter.signals.every_distance import chosen, wanted_distances
from holter.signals.rates import rate
from holter.signals.signal import Need
from holter.types import PREDICTION, SCORE, Measurement, Verdict

MOST_CLASSES: Final = 50
"""Classes that are told one by one; of more, the distances tell."""


@dataclass(frozen=True)
class PredictionDrift:
    """Does the model answer like it did?

    The distances of :class:`holter.signals.data_drift.DataDrift` for what the model says: the score where there is one,
    else the prediction, be it a class or a number. ``class_rate`` is the share of answers that name a class, one for
    each (its name stands for the feature), held against its share in the baseline. ``mean`` is the mean score or
    predicted number with its normal interval, beside that of the baseline: a person reads "29 % against 18 %" where a
    distance is only a distance. It needs no labels; that the answers moved does not say that they are wrong.

    Parameters
    ----------
    distances
        Which ones, as for data_drift.

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

    distances: Sequence[str] = DISTANCES

    name: ClassVar[str] = "prediction_drift"
    needs: ClassVar[Need] = Need.PROFILE

    def __post_init__(self) -> None:
        """Put them in their order. Raises BadSetting for an unknown one."""
        object.__setattr__(self, "distances", chosen(self.distances))

    @property
    def metrics(self) -> tuple[str, ...]:
        """The distances asked for, and what a person reads beside them."""
        return (*self.distances, "mean", "class_rate")

    def measure(self, target: Window, baseline: Window) -> Sequence[Measurement]:
        """Answer for the score or the prediction, whichever both windows have."""
        now, before = target.profile, baseline.profile
        if now is None or before is None:
            return self._undefined(f"the {'target' if now is None else 'baseline'} has no profile")
        column = next((name for name in (SCORE, PREDICTION) if _has(now, name) and _has(before, name)), None)
        if column is None:
            return self._undefined("the target or the baseline has no predictions")
        a, b = now.columns[column], before.columns[column]
        measured = partial(wanted_distances, self.name, Laid(a, b), self.distances)
        found = contained(self.name, self.metrics[0], measured)
        if isinstance(a, NumericColumn):
            found += contained(self.name, "mean", lambda: [_mean(a).against(self.name, "mean", _mean(b))])
        return [*found, *self._classes(now.columns.get(PREDICTION), before.columns.get(PREDICTION))]

    def _classes(self, now: Column | None, before: Column | None) -> list[Measurement]:
        """Measure the share of each class that either side has; nothing for numbers, and for too many classes."""
        if not isinstance(now, CategoricalColumn) or not isinstance(before, CategoricalColumn):
            return []
        names = sorted(now.counts.keys() | before.counts.keys())
        if len(names) > MOST_CLASSES or not now.present:
            return []
        old = (before.counts, before.present)
        return [
            rate(
                self.name,
                "class_rate",
                now.counts.get(name, 0),
                now.present,
                (old[0].get(name, 0), old[1]),
                feature=name,
            )
            for name in names
        ]

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
