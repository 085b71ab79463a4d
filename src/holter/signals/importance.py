"""How much each feature counts in what the model says."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from holter.signals.row_cells import Floats, Side

FOLDS: Final = 10
"""Parts of the rows that are left out in turn, to see how far chance moves the answer."""
_SHRUNK: Final = 5.0
"""Rows that say nothing, added to each cell: what few rows say is believed less (ridge)."""


@dataclass(frozen=True, eq=False)
class Importance:
    """The share of each feature, which add up to 1, and the same with each tenth of the rows left out.

    ``explained`` is the share of the variance of the answers that a sum over features accounts for; None where SHAP
    values were logged.
    """

    shares: Floats
    without: Floats
    explained: float | None = None

    @property
    def error(self) -> Floats:
        r"""Return the standard errors of the shares.

        The grouped jackknife: :math:`\frac{K-1}{K} \sum_k (s_{(k)} - \bar s)^2`. Source: Efron, The Jackknife, the
        Bootstrap and Other Resampling Plans (1982), chapter 3.
        """
        apart = self.without - self.without.mean(axis=0)
        return np.asarray(np.sqrt((FOLDS - 1) / FOLDS * (apart**2).sum(axis=0)), np.float64)


def logged_importance(values: Floats, folds: npt.NDArray[np.int64]) -> Importance | None:
    """Return the importance of features from SHAP values: the mean of their sizes; None where all are 0.

    Parameters
    ----------
    values
        One row a record, one column a feature; no NaN.
    folds
        The part of each row.
    """
    sums = np.array([np.abs(values[folds == fold]).sum(axis=0) for fold in range(FOLDS)])
    total = sums.sum(axis=0)
    return _shared(total, total - sums, None)


def surrogate_importance(
    side: Side, answers: Floats, cells: Sequence[tuple[str, int]], folds: npt.NDArray[np.int64]
) -> Importance | None:
    r"""Return the importance of features in a sum over features that says what the model says, as nearly as a sum can.

    A number :math:`g_j(c)` is fitted to each cell c of each feature j by ridge regression of the answers. The Shapley
    value of feature j in such a sum is exactly :math:`\phi_j(x) = g_j(x_j) - \overline{g_j}`, its importance the mean
    of :math:`|\phi_j|`.

    Differs: others fit trees and explain them; a sum misses what only features together do, and in return its Shapley
    values are exact, it needs no random numbers, and leaving rows out costs nothing, which gives the standard errors.

    Parameters
    ----------
    side
        The cell of each row for each feature.
    answers
        One row a record, one column for each number the model gives (several for several classes).
    cells
        The features and how many cells each has.
    folds
        The part of each row.

    Notes
    -----
    Source: Lundberg and Lee, A unified approach to interpreting model predictions (2017), corollary 1 (linear SHAP).
    """
    hot = _one_hot(side, cells)
    centred = answers - answers.mean(axis=0)
    grams = np.array([hot[folds == fold].T @ hot[folds == fold] for fold in range(FOLDS)])
    moments = np.array([hot[folds == fold].T @ centred[folds == fold] for fold in range(FOLDS)])
    gram, moment = grams.sum(axis=0), moments.sum(axis=0)
    whole = _sizes(gram, moment, cells)
    parts = [_sizes(gram - grams[fold], moment - moments[fold], cells) for fold in range(FOLDS)]
    spread = float((centred**2).sum())
    left = float(((centred - hot @ _fitted(gram, moment)) ** 2).sum())
    return _shared(whole, np.array(parts), 1 - left / spread if spread else 0.0)


def _one_hot(side: Side, cells: Sequence[tuple[str, int]]) -> Floats:
    hot = np.zeros((side.n, sum(count for _, count in cells)))
    rows, begin = np.arange(side.n), 0
    for name, count in cells:
        hot[rows, begin + side.codes[name]] = 1.0
        begin += count
    return hot


def _fitted(gram: Floats, moment: Floats) -> Floats:
    return np.asarray(np.linalg.solve(gram + _SHRUNK * np.eye(len(gram)), moment), np.float64)


def _sizes(gram: Floats, moment: Floats, cells: Sequence[tuple[str, int]]) -> Floats:
    """Return the mean size of the Shapley values of each feature, over all answers."""
    fitted, counts, begin, sizes = _fitted(gram, moment), np.diag(gram), 0, []
    for _, count in cells:
        part, weight = fitted[begin : begin + count], counts[begin : begin + count]
        share = weight / max(weight.sum(), 1.0)
        sizes.append(float((share[:, None] * np.abs(part - share @ part)).sum()))
        begin += count
    return np.array(sizes)


def _shared(whole: Floats, parts: Floats, explained: float | None) -> Importance | None:
    totals = parts.sum(axis=1, keepdims=True)
    if not whole.sum() > 0 or not (totals > 0).all():
        return None
    return Importance(whole / whole.sum(), parts / totals, explained)
