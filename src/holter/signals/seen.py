"""Rows as an estimator without labels sees them."""

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from holter.signals.labelled import Floats
from holter.stats.log_loss import CLIP
from holter.types import Task

Codes = npt.NDArray[np.intp]

LOSSES: Final = ("error", "absolute", "squared", "squared_log", "percentage", "symmetric")
"""What is expected of a row of a model of a number, column by column."""


@dataclass(frozen=True, eq=False)
class Seen:
    """What is known of rows: the answers of the model, the features if they are looked at, the outcomes if known.

    Parameters
    ----------
    task
        What the model answers.
    scores
        One column for two classes (the score) and for a number (the prediction); one a class for several classes, none
        where no probabilities are logged. NaN only in those.
    decided
        The class that was predicted, as a number; 0 throughout for a number.
    outcomes
        One column a class, 1 for the label; for a number one column a loss (:data:`LOSSES`). NaN where not known.
    inputs
        The features as numbers, NaN where missing; None where nobody looks at them.
    weights
        How many rows each row stands for: cells of a histogram stand for many.
    places
        Where they stand in the table they were read from.

    Examples
    --------
    >>> rows = Seen.of_binary(np.array([0.2, 0.9, 0.9]), np.array([0, 1, 1]), np.array([0.0, 1.0, np.nan]))
    >>> rows.known.tolist(), rows.labelled().outcomes.tolist()
    ([True, True, False], [[1.0, 0.0], [0.0, 1.0]])
    """

    task: Task
    scores: Floats
    decided: Codes
    outcomes: Floats
    inputs: Floats | None = None
    weights: Floats | None = None
    places: Codes | None = None

    @classmethod
    def of_binary(cls, score: Floats, decided: npt.NDArray[Any], label: Floats, inputs: Floats | None = None) -> "Seen":
        """Return rows of a model of two classes, from scores, decisions (0 or 1) and labels (0, 1 or NaN)."""
        return cls(Task.BINARY, score[:, None], decided.astype(np.intp), np.column_stack([1 - label, label]), inputs)

    @classmethod
    def of_classes(cls, scores: Floats, decided: Codes, label: Codes, classes: int) -> "Seen":
        """Return rows of a model of several classes; a label of -1 is not known."""
        outcomes = np.full((len(label), classes), np.nan)
        known = label >= 0
        outcomes[known] = np.eye(classes)[label[known]]
        return cls(Task.MULTICLASS, scores, decided, outcomes)

    @classmethod
    def of_numbers(cls, prediction: Floats, label: Floats, inputs: Floats | None = None) -> "Seen":
        """Return rows of a model of a number."""
        decided = np.zeros(len(prediction), np.intp)
        return cls(Task.REGRESSION, prediction[:, None], decided, losses(prediction, label), inputs)

    @property
    def n(self) -> int:
        """How many rows."""
        return len(self.decided) if self.weights is None else int(self.weights.sum())

    @property
    def weight(self) -> Floats:
        """How many rows each stands for."""
        return np.ones(len(self.decided)) if self.weights is None else self.weights

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """Whose outcome is known."""
        return np.isfinite(self.outcomes[:, 0])

    def labelled(self) -> "Seen":
        """Return the rows whose outcome is known."""
        return self.take(np.flatnonzero(self.known))

    def take(self, places: npt.NDArray[Any] | slice) -> "Seen":
        """Return some rows."""
        return replace(
            self,
            scores=self.scores[places],
            decided=self.decided[places],
            outcomes=self.outcomes[places],
            inputs=None if self.inputs is None else self.inputs[places],
            weights=None if self.weights is None else self.weights[places],
            places=None if self.places is None else self.places[places],
        )

    def everything(self) -> Floats:
        """Return features, scores and decision side by side, for models that look at all of them."""
        assert self.inputs is not None  # noqa: S101  (asked for by those who have read them)
        return np.column_stack([self.inputs, _spread(self.scores, self.task), self.decided])


def _spread(scores: Floats, task: Task) -> Floats:
    if task is Task.REGRESSION or not scores.size:
        return scores
    inside = np.clip(scores, CLIP, 1 - CLIP)
    return np.asarray(np.log(inside / (1 - inside)), np.float64)


def losses(prediction: Floats, label: Floats) -> Floats:
    """Return the losses of each row, in the order of :data:`LOSSES`; NaN where they are not defined.

    Squared logarithmic loss needs numbers above -1, the percentage a label that is not 0; the symmetric one is 0 where
    both are 0.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        error = prediction - label
        logs = np.log1p(np.maximum(prediction, -1.0)) - np.log1p(np.maximum(label, -1.0))
        between = np.abs(prediction) + np.abs(label)
        columns = (
            error,
            np.abs(error),
            error**2,
            np.where((prediction > -1) & (label > -1), logs**2, np.nan),
            np.where(label != 0, np.abs(error / label), np.nan),
            np.where(between > 0, 2 * np.abs(error) / between, np.where(np.isfinite(error), 0.0, np.nan)),
        )
    return np.column_stack(columns)
