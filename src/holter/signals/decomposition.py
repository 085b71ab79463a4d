"""How much of a change of the loss is who came, and how much is how they were treated."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from holter.signals.row_cells import Celled, Codes, Floats


@dataclass(frozen=True)
class Decomposition:
    """A change of the mean loss in two parts that add up to it exactly, with their standard errors.

    Parameters
    ----------
    feature
        The column whose cells the rows were sorted into.
    mix
        What comes of other rows coming: more of those that the model always found hard.
    within
        What comes of the loss having changed among rows of the same cell.
    mix_error, within_error
        Standard errors.
    """

    feature: str
    mix: float
    within: float
    mix_error: float
    within_error: float


def decomposition(both: Celled, feature: str) -> Decomposition:
    r"""Split the change of the mean loss from baseline to window over the cells of one column.

    With shares :math:`w_k, v_k` and mean losses :math:`L_k, M_k` of cell k in window and baseline,

    .. math:: \bar L - \bar M = \sum_k (w_k - v_k) \tfrac{L_k + M_k}{2} + \sum_k \tfrac{w_k + v_k}{2} (L_k - M_k),

    the first sum being ``mix``, the second ``within``. A cell that one side lacks has no loss there: it takes that of
    the other, so that all it does is mix. The sum stays exact.

    References
    ----------
    Kitagawa, Components of a difference between two rates (1955), JASA 50:1168-1194, equation 5.
    Oaxaca (1973) and Blinder (1973) do the same with regressions in place of cells.

    Parameters
    ----------
    both
        With the loss of each row as its value, none missing, and rows on both sides.
    feature
        One of its features.

    Examples
    --------
    >>> from holter.signals.row_cells import Side
    >>> cells, losses = np.array([0, 0, 1]), np.array([0.0, 0.0, 0.9])
    >>> now, before = Side({"c": cells[1:]}, losses[1:]), Side({"c": cells}, losses)
    >>> found = decomposition(Celled(now, before, {"c": ["easy", "hard"]}), "c")
    >>> round(found.mix, 3), found.within
    (0.15, 0.0)
    """
    cells = len(both.labels[feature])
    sides = [
        _cells(np.bincount(side.codes[feature], minlength=cells).astype(np.float64), side.codes[feature], side.values)
        for side in (both.now, both.before)
    ]
    (w, loss, spread), (v, was, spread_before) = sides
    loss, was = np.where(w > 0, loss, was), np.where(v > 0, was, loss)
    middle, weight = (loss + was) / 2, (w + v) / 2
    there = (w > 0) | (v > 0)
    mix, within = float(((w - v) * middle)[there].sum()), float((weight * (loss - was))[there].sum())
    common = (w > 0) & (v > 0)
    within_variance = float((weight**2 * (spread + spread_before))[common].sum())
    mix_variance = _share_variance(w, middle, there, both.now.n) + _share_variance(v, middle, there, both.before.n)
    return Decomposition(feature, mix, within, math.sqrt(mix_variance), math.sqrt(within_variance))


def _cells(counts: Floats, codes: Codes, values: Floats) -> tuple[Floats, Floats, Floats]:
    """Return share, mean and variance of the mean of each cell; 0 where it has no rows."""
    n = np.maximum(counts, 1)
    mean = np.bincount(codes, values, len(counts)) / n
    variance = np.maximum(np.bincount(codes, values * values, len(counts)) / n - mean * mean, 0.0)
    return counts / counts.sum(), mean, variance / n


def _share_variance(shares: Floats, middle: Floats, there: npt.NDArray[np.bool_], n: int) -> float:
    mean = float((shares * middle)[there].sum())
    return max(0.0, float((shares * middle**2)[there].sum()) - mean * mean) / n
