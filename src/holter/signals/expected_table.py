"""Who would be right and wrong, if every row came out as is to be expected."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from holter.signals.labelled import Floats
from holter.signals.seen import LOSSES, Seen
from holter.types import Task

STEP: Final = 1e-20
"""Step of a derivative along the imaginary axis: exact to the last digit (Squire and Trapp, Using complex variables to
estimate derivatives of real functions, 1998, SIAM Review 40:110)."""


@dataclass(frozen=True, eq=False)
class Slope:
    """The value of a metric, and how it moves with the share of rows in each cell that come out each way."""

    value: float
    gradient: Floats


@dataclass(frozen=True, eq=False)
class ExpectedTable:
    r"""How many rows of each cell are expected to come out in each way. A mergeable sum.

    A cell is what is known without labels (score and decision; the class that was predicted), ``masses[u, c]``
    :math:`= \sum_i p_{ic}` over its rows, ``products[u, c, d]`` :math:`= \sum_i p_{ic} p_{id}`. With labels for
    chances it is the table that was realised. For a model of a number there is one cell, and the columns are expected
    losses, then the label and its square, which follow from them.

    Every metric is a function F of the shares; to first order it is the mean over rows of
    :math:`f_i = \sum_c p_{ic} G_{uc}`, G the gradient. So labels that are drawn by those chances move it by
    :math:`\sum_i (\sum_c p_{ic} G_{uc}^2 - f_i^2) / n^2`, and the choice of rows by :math:`\mathrm{Var}(f) / n`.

    Examples
    --------
    >>> rows = Seen.of_binary(np.array([0.2, 0.2, 0.9]), np.array([0, 0, 1]), np.array([0.0, 1.0, 1.0]))
    >>> table = ExpectedTable.of(rows, rows.outcomes)
    >>> table.masses.tolist(), table.levels.tolist()
    ([[1.0, 1.0], [0.0, 0.0], [0.0, 0.0], [0.0, 1.0]], [0.2, 0.9])
    """

    task: Task
    n: float
    masses: Floats
    products: Floats
    levels: Floats
    """Score of each cell, rising; the cells of a level are those of decision 0 and 1 (two classes only)."""
    scatter: Floats | None = None
    """How losses of a row scatter about what was expected, and together (a number only)."""

    @classmethod
    def of(cls, rows: Seen, chances: Floats, scatter: Floats | None = None) -> "ExpectedTable":
        """Add up chances (or outcomes) of rows; a loss that is not defined for a row counts as the mean of the rest."""
        levels = np.empty(0)
        if rows.task is Task.BINARY:
            levels, place = np.unique(rows.scores[:, 0], return_inverse=True)
            cell, cells = 2 * place.ravel() + rows.decided, 2 * len(levels)
        else:
            cell, cells = rows.decided, 1 if rows.task is Task.REGRESSION else chances.shape[1]
        if rows.task is Task.REGRESSION:
            chances = with_label(rows, chances)
        weight = rows.weight
        width = chances.shape[1]
        masses, products = np.empty((cells, width)), np.empty((cells, width, width))
        for one in range(width):
            masses[:, one] = np.bincount(cell, weight * chances[:, one], minlength=cells)
            for other in range(one, width):
                both = np.bincount(cell, weight * chances[:, one] * chances[:, other], minlength=cells)
                products[:, one, other] = products[:, other, one] = both
        return cls(rows.task, float(weight.sum()), masses, products, levels, scatter)

    @property
    def shares(self) -> Floats:
        """Return the share of rows in each cell that comes out each way."""
        return np.asarray(self.masses / self.n, np.float64)

    @property
    def confusion(self) -> Floats:
        """Return shares by decision (rows) and outcome (columns)."""
        return self.shares.reshape(-1, 2, 2).sum(axis=0) if self.task is Task.BINARY else self.shares

    def of_labels(self, gradient: Floats) -> float:
        """Return the variance of a metric that labels drawn by these chances bring."""
        if self.scatter is not None:
            return float(gradient[0] @ self.scatter @ gradient[0]) / self.n
        noise = float((self.masses * gradient**2).sum()) - self._squares(gradient)
        return max(0.0, noise) / self.n**2

    def of_rows(self, gradient: Floats) -> float:
        """Return the variance of a metric that the choice of rows brings."""
        mean = float((self.shares * gradient).sum())
        return max(0.0, self._squares(gradient) / self.n - mean**2) / self.n

    def _squares(self, gradient: Floats) -> float:
        return float(np.einsum("uc,ucd,ud->", gradient, self.products, gradient))


def with_label(rows: Seen, losses: Floats) -> Floats:
    """Return losses, the label and its square; one that is not defined counts as the mean of the others, or 0."""
    prediction, error, squared = rows.scores[:, 0], losses[:, 0], losses[:, LOSSES.index("squared")]
    label = np.column_stack([prediction - error, prediction**2 - 2 * prediction * error + squared])
    known = np.isfinite(losses)
    if not known.all():
        means = np.where(known, losses, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
        losses = np.where(known, losses, means)
    return np.column_stack([losses, label])


def smooth(function: Callable[[Floats], complex], shares: Floats) -> Slope | None:
    """Return a metric that is a smooth function of shares, with its slope; None where it has no value.

    Examples
    --------
    >>> smooth(lambda x: x[0] / (x[0] + x[1]), np.array([1.0, 1.0])).gradient.round(3).tolist()
    [0.25, -0.25]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        value = complex(function(shares.astype(complex)))
        if not np.isfinite(value.real):
            return None
        gradient = np.empty(shares.shape)
        for place in np.ndindex(*shares.shape):
            moved = shares.astype(complex)
            moved[place] += 1j * STEP
            gradient[place] = complex(function(moved)).imag / STEP
    return Slope(value.real, gradient) if np.isfinite(gradient).all() else None
