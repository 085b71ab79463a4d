"""What a row comes to, from the answer of the model alone."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from holter.signals.calibration_map import CalibrationMap
from holter.signals.labelled import Floats
from holter.signals.loss_map import LossMap
from holter.signals.seen import Seen
from holter.types import Task


class Estimator(Protocol):
    """Something that was learned from labelled rows and tells what rows come to."""

    def expect(self, rows: Seen) -> Floats:
        """Return the chance of each class, or the expected value of each loss, of every row."""

    def error(self, rows: Seen, weights: Floats) -> float:
        r"""Return the variance of :math:`\sum_{ic} w_{ic} e_{ic}` that comes from the rows it was learned from."""


@dataclass(frozen=True, eq=False)
class MappedOutcomes:
    """Chances from scores that are recalibrated (CBPE); losses from predictions.

    Two classes: a rising map of the score. Several: one of each class's probability, then divided by their sum; without
    probabilities the labels that each predicted class had. A number: a map of the prediction for each loss.
    """

    maps: tuple[CalibrationMap | LossMap, ...]
    seen: Floats
    """Labelled rows by predicted class and label."""

    @classmethod
    def fit(cls, rows: Seen, weight: Floats | None = None) -> "MappedOutcomes":
        """Learn from labelled rows; ``weight`` says how much each counts."""
        weight = rows.weight if weight is None else weight
        seen = np.zeros((rows.outcomes.shape[1],) * 2)
        if rows.task is Task.BINARY:
            return cls((CalibrationMap.fit(rows.scores[:, 0], rows.outcomes[:, 1], weight),), seen)
        if rows.task is Task.REGRESSION:
            prediction = rows.scores[:, 0]
            return cls(tuple(LossMap.fit(prediction, loss, weight) for loss in rows.outcomes.T), seen)
        np.add.at(seen, rows.decided, weight[:, None] * rows.outcomes)
        if not rows.scores.shape[1]:
            return cls((), seen)
        columns = zip(rows.scores.T, rows.outcomes.T, strict=True)
        return cls(tuple(CalibrationMap.fit(score, outcome, weight) for score, outcome in columns), seen)

    def expect(self, rows: Seen) -> Floats:
        """Return chances, or expected losses."""
        if rows.task is Task.BINARY:
            chance = self.maps[0](rows.scores[:, 0])
            return np.column_stack([1 - chance, chance])
        if rows.task is Task.REGRESSION:
            return np.column_stack([each(rows.scores[:, 0]) for each in self.maps])
        if not self.maps:
            return np.asarray(self._shares()[rows.decided], np.float64)
        raw = np.column_stack([each(score) for each, score in zip(self.maps, rows.scores.T, strict=True)])
        total = raw.sum(axis=1, keepdims=True)
        return np.where(total > 0, raw / np.where(total > 0, total, 1), 1 / raw.shape[1])

    def error(self, rows: Seen, weights: Floats) -> float:
        """Return what the maps' own errors come to."""
        if rows.task is Task.BINARY:
            return self.maps[0].error(weights[:, 1] - weights[:, 0], rows.scores[:, 0])
        if rows.task is Task.REGRESSION:
            # losses of one row go together: the worst case is that their errors do, too
            column = rows.scores[:, 0]
            errors = [np.sqrt(each.error(weights[:, at], column)) for at, each in enumerate(self.maps)]
            return float(np.sum(errors) ** 2)
        if not self.maps:
            return self._table_error(rows, weights)
        each = zip(self.maps, weights.T - weights.mean(axis=1), rows.scores.T, strict=True)
        return sum(learned.error(weight, score) for learned, weight, score in each)

    def _shares(self) -> Floats:
        # a class that was never predicted in the baseline is taken to be right as often as the others are
        known = self.seen.sum(axis=1, keepdims=True)
        right = np.trace(self.seen) / max(self.seen.sum(), 1)
        wide = self.seen.shape[0]
        if wide == 1:
            return np.ones((1, 1))
        guess = np.where(np.eye(wide) > 0, right, (1 - right) / (wide - 1))
        return np.where(known > 0, self.seen / np.where(known > 0, known, 1), guess)

    def _table_error(self, rows: Seen, weights: Floats) -> float:
        total = np.zeros_like(self.seen)
        np.add.at(total, rows.decided, weights)
        share, known = self._shares(), self.seen.sum(axis=1)
        spread = (share * total**2).sum(axis=1) - (share * total).sum(axis=1) ** 2
        return float((spread / np.maximum(known, 1)).sum())
