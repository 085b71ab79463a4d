"""How well predictions agree with labels beyond chance: Cohen's kappa and Matthews correlation, for any classes."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from holter.stats.arrays import Floats


@dataclass(frozen=True, eq=False)
class Agreement:
    """A value, and its slopes in the shares of rows that are right, of each label, of each prediction."""

    value: float
    right: float
    label: Floats
    prediction: Floats


def kappa(right: npt.ArrayLike, label: npt.ArrayLike, prediction: npt.ArrayLike) -> Agreement | None:
    r"""Tell how much more often label and prediction agree than by chance, as a share of what there is to gain.

    .. math:: \kappa = \frac{p_o - p_e}{1 - p_e}, \qquad p_o = \sum_i d_i, \quad p_e = \sum_i r_i c_i

    Parameters
    ----------
    right, label, prediction
        Rows of each class that were taken for it; all rows of it; all rows taken for it.

    Returns
    -------
    Agreement or None
        From -1 to 1, 0 being chance; None where every row is of one class and taken for it.

    Notes
    -----
    Source: Cohen, A coefficient of agreement for nominal scales, Educ. Psychol. Meas. 20 (1960), 37.

    Examples
    --------
    >>> round(kappa([20, 15], [30, 20], [25, 25]).value, 9)
    0.4
    """
    observed, labels, said = _shares(right, label, prediction)
    expected = float((labels * said).sum())
    if expected >= 1:
        return None
    value = (observed - expected) / (1 - expected)
    slope = (observed - 1) / (1 - expected) ** 2
    return Agreement(value, 1 / (1 - expected), slope * said, slope * labels)


def matthews_correlation(right: npt.ArrayLike, label: npt.ArrayLike, prediction: npt.ArrayLike) -> Agreement | None:
    r"""Tell how well predictions go with labels, from -1 over 0 (chance) to 1.

    .. math:: \frac{p_o - p_e}{\sqrt{(1 - \sum_i r_i^2)(1 - \sum_i c_i^2)}}

    with p_o and p_e as in :func:`kappa`. For two classes it is :func:`holter.stats.matthews`.

    Parameters
    ----------
    right, label, prediction
        As for :func:`kappa`.

    Returns
    -------
    Agreement or None
        None where all labels, or all predictions, are of one class.

    Notes
    -----
    Source: Gorodkin, Comparing two K-category assignments by a K-category correlation coefficient, Computational
    Biology and Chemistry 28 (2004), 367, equation 8.

    Examples
    --------
    >>> round(matthews_correlation([20, 15], [30, 20], [25, 25]).value, 4)
    0.4082
    """
    observed, labels, said = _shares(right, label, prediction)
    spread, said_spread = 1 - float((labels**2).sum()), 1 - float((said**2).sum())
    if min(spread, said_spread) <= 1e-15:
        return None
    scale = math.sqrt(spread * said_spread)
    value = (observed - float((labels * said).sum())) / scale
    return Agreement(
        value, 1 / scale, -said / scale + value * labels / spread, -labels / scale + value * said / said_spread
    )


def _shares(right: npt.ArrayLike, label: npt.ArrayLike, prediction: npt.ArrayLike) -> tuple[float, Floats, Floats]:
    labels, said = np.asarray(label, np.float64), np.asarray(prediction, np.float64)
    rows = labels.sum()
    return float(np.asarray(right, np.float64).sum() / rows), labels / rows, said / rows
