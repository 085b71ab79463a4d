"""The rows whose label is known."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from holter.types import LABEL, PREDICTION, SCORE, Task

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Labelled:
    """Label, prediction and score of the rows whose label is known, in the order of the rows.

    Parameters
    ----------
    rows
        Rows in all, labelled or not.
    label, prediction
        float64 with NaN for missing; for multiclass, text with None for missing.
    score
        float64; NaN where there is none.
    """

    rows: int
    label: npt.NDArray[Any]
    prediction: npt.NDArray[Any]
    score: Floats

    @classmethod
    def of(cls, rows: pa.Table, task: Task) -> "Labelled":
        """Read them from records. A missing column is a column of nulls; a label that is NaN or infinite is none.

        Raises
        ------
        pyarrow.ArrowException
            If a column that should hold numbers holds something else.
        """
        text = task is Task.MULTICLASS
        label, prediction = (_texts(rows, name) if text else _numbers(rows, name) for name in (LABEL, PREDICTION))
        score = _numbers(rows, SCORE)
        known = np.array([value is not None for value in label], bool) if text else np.isfinite(label)
        if not text:
            prediction = np.where(np.isfinite(prediction), prediction, np.nan)
        score = np.where(np.isfinite(score), score, np.nan)
        return cls(rows.num_rows, label[known], prediction[known], score[known])

    @property
    def n(self) -> int:
        """How many rows have a label."""
        return len(self.label)

    @property
    def scored(self) -> tuple[Floats, Floats]:
        """Score and label of the rows that have both."""
        there = np.isfinite(self.score)
        return self.score[there], self.label[there].astype(np.float64)

    @property
    def answered(self) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """Prediction and label of the rows that have both."""
        if self.prediction.dtype == object:
            there = np.array([value is not None for value in self.prediction], bool)
        else:
            there = np.isfinite(self.prediction)
        return self.prediction[there], self.label[there]


def read_labelled(rows: pa.Table | None, task: Task) -> Labelled | str:
    """Return the labelled rows, or why they cannot be read."""
    if rows is None:
        return "there are no rows"
    try:
        known = Labelled.of(rows, task)
    except (pa.ArrowException, ValueError) as error:
        return f"labels, predictions or scores cannot be read: {error}"
    if task is Task.BINARY and not np.isin(known.label, (0.0, 1.0)).all():
        odd = float(known.label[~np.isin(known.label, (0.0, 1.0))][0])
        return f"{LABEL} holds {odd:g}; a model of two classes has labels 0 and 1"
    return known


def outputs(rows: pa.Table | None) -> tuple[Floats, Floats] | str:
    """Return score and decision (0 or 1) of every scored row, labelled or not, or why they cannot be read.

    The decision is the logged prediction; where there is none, whether the score is one half or more.
    """
    if rows is None:
        return "the window has no rows"
    try:
        score, prediction = _numbers(rows, SCORE), _numbers(rows, PREDICTION)
    except (pa.ArrowException, ValueError) as error:
        return f"predictions or scores cannot be read: {error}"
    scored = np.isfinite(score)
    if not scored.any():
        return "the window has no scores"
    decided = np.where(np.isfinite(prediction), prediction > 0.5, score >= 0.5)
    return score[scored], decided[scored].astype(np.float64)


def _numbers(rows: pa.Table, name: str) -> Floats:
    if name not in rows.column_names:
        return np.full(rows.num_rows, np.nan)
    column = pc.cast(rows.column(name), pa.float64(), safe=False)
    return np.asarray(column.to_numpy(), np.float64)


def _texts(rows: pa.Table, name: str) -> npt.NDArray[Any]:
    found = np.full(rows.num_rows, None, object)
    if name in rows.column_names:
        found[:] = pc.cast(rows.column(name), pa.string()).to_pylist()
    return found
