"""How wrong each row was."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from holter.types import LABEL, PREDICTION, SCORE, Task

Floats = npt.NDArray[np.float64]

BRIER: Final = "squared error of the probability"
ERROR: Final = "error rate"
ABSOLUTE: Final = "absolute error"


@dataclass(frozen=True, eq=False)
class Losses:
    """The loss of each row, NaN where label or answer is missing, and what kind of loss it is."""

    values: Floats
    kind: str

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """Which rows have one."""
        return np.isfinite(self.values)


def row_losses(rows: pa.Table | None, task: Task | None) -> Losses | str:
    """Return the loss of each row, or why there is none.

    Two classes: :math:`(s - y)^2` where there are scores (Brier), else 1 for a wrong answer. Several classes: 1 for a
    wrong answer. Regression: the absolute error. All are means over rows, so that what they say of parts adds up to
    what they say of the whole; an area under a curve does not.

    Examples
    --------
    >>> rows = pa.table({"_score": [0.2, 0.9, None], "_label": [0.0, 0.0, 1.0]})
    >>> row_losses(rows, Task.BINARY).values.round(2).tolist()
    [0.04, 0.81, nan]
    """
    if rows is None:
        return "the window has no rows"
    if task is None:
        return "the schema has no task: is it two classes, several or a number?"
    try:
        found = _multiclass(rows) if task is Task.MULTICLASS else _numeric(rows, task)
    except (pa.ArrowException, ValueError) as error:
        return f"labels, predictions or scores cannot be read: {error}"
    return found if found.known.any() else "no row has both an answer and a label"


def _numeric(rows: pa.Table, task: Task) -> Losses:
    label, prediction, score = (_numbers(rows, name) for name in (LABEL, PREDICTION, SCORE))
    if task is Task.REGRESSION:
        with np.errstate(over="ignore", invalid="ignore"):
            return Losses(_finite(np.abs(prediction - label)), ABSOLUTE)
    label = np.where(np.isin(label, (0.0, 1.0)), label, np.nan)
    if np.isfinite(score).any():
        return Losses(_finite((score - label) ** 2), BRIER)
    wrong = np.where(np.isfinite(prediction + label), (prediction != label) * 1.0, np.nan)
    return Losses(wrong, ERROR)


def _multiclass(rows: pa.Table) -> Losses:
    if LABEL not in rows.column_names or PREDICTION not in rows.column_names:
        return Losses(np.full(rows.num_rows, np.nan), ERROR)
    label, said = (pc.cast(rows[name], pa.large_string()) for name in (LABEL, PREDICTION))
    wrong = pc.cast(pc.not_equal(label, said), pa.float64())
    return Losses(np.asarray(pc.fill_null(wrong, np.nan).to_numpy(), np.float64), ERROR)


def _numbers(rows: pa.Table, name: str) -> Floats:
    if name not in rows.column_names:
        return np.full(rows.num_rows, np.nan)
    return np.asarray(pc.cast(rows[name], pa.float64(), safe=False).to_numpy(), np.float64)


def _finite(values: Floats) -> Floats:
    return np.where(np.isfinite(values), values, np.nan)
