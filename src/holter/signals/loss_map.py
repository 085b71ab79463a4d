"""What a prediction usually costs, learned from labels."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from holter.signals.labelled import Floats

CELLS: Final = 40
"""At most this many pieces."""
LEAST_IN_CELL: Final = 50
"""Labels a piece rests on; losses scatter more than shares."""


@dataclass(frozen=True, eq=False)
class LossMap:
    """The mean of a loss near each prediction: linear between the middles of cells of equal mass, flat beyond.

    ``means[i]`` is the mean near ``predictions[i]``, from ``sizes[i]`` labels with variance ``variances[i]``.

    Examples
    --------
    >>> prediction = np.linspace(0, 1, 200)
    >>> learned = LossMap.fit(prediction, np.where(prediction > 0.5, 3.0, 1.0), np.ones(200))
    >>> learned(np.array([0.1, 0.9])).tolist()
    [1.0, 3.0]
    """

    predictions: Floats
    means: Floats
    sizes: Floats
    variances: Floats

    @classmethod
    def fit(cls, prediction: Floats, loss: Floats, weight: Floats) -> "LossMap":
        """Learn it; rows where the loss is not defined are left out, and 0 is expected where it never is."""
        there = np.isfinite(loss)
        if not there.any():
            return cls(np.zeros(1), np.zeros(1), np.ones(1), np.zeros(1))
        prediction, loss, weight = prediction[there], loss[there], weight[there]
        order = np.lexsort((loss, prediction))
        cells = max(1, min(CELLS, len(loss) // LEAST_IN_CELL))
        starts = np.linspace(0, len(loss), cells, endpoint=False).astype(int)
        columns = np.column_stack([np.ones(len(loss)), prediction, loss, loss**2])[order] * weight[order, None]
        sums = np.add.reduceat(columns, starts)
        means = sums[:, 1:] / sums[:, :1]
        sizes = sums[:, 0] ** 2 / np.add.reduceat(weight[order] ** 2, starts)
        return cls(means[:, 0], means[:, 1], sizes, np.maximum(means[:, 2] - means[:, 1] ** 2, 0.0))

    def __call__(self, prediction: Floats) -> Floats:
        """Return the mean of the loss near each prediction."""
        return np.asarray(np.interp(prediction, self.predictions, self.means), np.float64)

    def error(self, weights: Floats, prediction: Floats) -> float:
        r"""Return the variance of :math:`\sum_i w_i m(\hat y_i)` that comes from the labels it was learned from."""
        middles = (self.predictions[1:] + self.predictions[:-1]) / 2
        cell = np.searchsorted(middles, prediction)
        total = np.bincount(cell, weights=weights, minlength=len(self.means))
        return float((total**2 * self.variances / np.maximum(self.sizes - 1, 1)).sum())
