"""What a row comes to, from its features and the answer of the model together."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from holter.signals.boosting import fitted, predicted
from holter.signals.labelled import Floats
from holter.signals.mapped_outcomes import MappedOutcomes
from holter.signals.seen import Seen
from holter.types import Task

MOST: Final = 15_000
"""Labelled rows that each of the two models is fitted on, at most, evenly spaced in time."""
_CLASSES: Final[Mapping[str, Any]] = {
    "max_iter": 80,
    "learning_rate": 0.1,
    "max_leaf_nodes": 16,
    "min_samples_leaf": 40,
    "l2_regularization": 5.0,
}
"""Small and slow: it has to be right on average over windows, not sharp on single rows."""
_LOSSES: Final[Mapping[str, Any]] = {"max_iter": 80, "learning_rate": 0.1, "max_leaf_nodes": 31, "min_samples_leaf": 20}
"""Losses have more to learn than chances: the answer of the model tells less of them."""


@dataclass(frozen=True, eq=False)
class BoostedOutcomes:
    """Chances, or losses, from gradient boosting on features and scores.

    Where P(y | score) changes with the features, a window of other features has other chances at the same score; this
    sees that (pure covariate shift), and the map of the scores alone cannot. Two models are fitted, each on every
    other row: rows are expected by both, and the labelled rows themselves by the one that has not seen them.

    References
    ----------
    Ke et al., LightGBM: a highly efficient gradient boosting decision tree (2017), NeurIPS, whose histogram algorithm
    scikit-learn's ``HistGradientBoosting`` follows. Chernozhukov et al., Double/debiased machine learning (2018), The
    Econometrics Journal 21, for cross-fitting.
    """

    halves: tuple[tuple[Any, ...], tuple[Any, ...]]
    plain: MappedOutcomes
    own: Floats
    """What the labelled rows come to, each by the model that has not seen it."""

    @classmethod
    def fit(cls, rows: Seen, categorical: list[bool]) -> "BoostedOutcomes":
        """Learn from labelled rows with features; ``categorical`` says which features are codes of categories."""
        matrix = rows.everything()
        places = np.arange(len(matrix))
        own = np.empty_like(rows.outcomes)
        halves = []
        for odd in (0, 1):
            half = places[places % 2 == odd]
            few = half[np.linspace(0, len(half), min(MOST, len(half)), endpoint=False).astype(int)]
            models = _models(rows.task, matrix[few], rows.outcomes[few], categorical)
            own[places % 2 != odd] = _expected(models, matrix[places % 2 != odd], rows)
            halves.append(models)
        return cls((halves[0], halves[1]), MappedOutcomes.fit(rows), own)

    def expect(self, rows: Seen) -> Floats:
        """Return chances, or expected losses."""
        matrix = rows.everything()
        return np.asarray(sum(_expected(models, matrix, rows) for models in self.halves) / 2, np.float64)

    def error(self, rows: Seen, weights: Floats) -> float:
        """Return the error of the plain map: it uses the same labels, and the back-test adds what it lacks."""
        return self.plain.error(rows, weights)


def _models(task: Task, matrix: Floats, outcomes: Floats, categorical: list[bool]) -> tuple[Any, ...]:
    if task is not Task.REGRESSION:
        return (fitted(matrix, outcomes.argmax(axis=1), categorical, classes=True, **_CLASSES),)
    models = []
    for loss in outcomes.T:
        there = np.isfinite(loss)
        enough = there.sum() > 1
        models.append(fitted(matrix[there], loss[there], categorical, classes=False, **_LOSSES) if enough else None)
    return tuple(models)


def _expected(models: tuple[Any, ...], matrix: Floats, rows: Seen) -> Floats:
    if rows.task is Task.REGRESSION:
        nothing = np.zeros(len(matrix))
        columns = [nothing if each is None else predicted(each, matrix, classes=False) for each in models]
        return np.column_stack(columns)
    found = np.zeros((len(matrix), rows.outcomes.shape[1]))
    found[:, models[0].classes_] = predicted(models[0], matrix, classes=True)
    return found
