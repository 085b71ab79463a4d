"""Precision, recall and their relatives, of every class of a confusion matrix, with what moves them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from holter.stats.arrays import Floats

STEP: Final = 1e-30
"""Imaginary step of a derivative; there is no difference to be taken, so it can be as small as we like."""
Complexes = npt.NDArray[np.complex128]
Ratio = Callable[[Complexes, Complexes, Complexes], tuple[Complexes, Complexes]]


@dataclass(frozen=True, eq=False)
class Ratios:
    """A ratio of each class, and its slopes in the shares of rows that are right, of the label, of the prediction.

    ``defined`` is where the ratio has a denominator; elsewhere value and slopes are 0.
    """

    value: Floats
    right: Floats
    label: Floats
    prediction: Floats
    defined: npt.NDArray[np.bool_]


def precision(right: Complexes, label: Complexes, prediction: Complexes) -> tuple[Complexes, Complexes]:
    """Tell what share of the rows taken for a class belong to it, as numerator and denominator."""
    del label
    return right, prediction


def recall(right: Complexes, label: Complexes, prediction: Complexes) -> tuple[Complexes, Complexes]:
    """Tell what share of the rows of a class is found, as numerator and denominator."""
    del prediction
    return right, label


def f_beta(beta: float) -> Ratio:
    r"""Tell how good precision and recall are together, recall counting beta times as much.

    .. math:: F_\beta = \frac{(1 + \beta^2) d}{\beta^2 r + c}

    with d the share of right rows of a class, r of its labels and c of its predictions.

    Notes
    -----
    Source: van Rijsbergen, Information Retrieval (1979), chapter 7.
    """

    def ratio(right: Complexes, label: Complexes, prediction: Complexes) -> tuple[Complexes, Complexes]:
        return (1 + beta**2) * right, beta**2 * label + prediction

    return ratio


def class_ratios(right: npt.ArrayLike, label: npt.ArrayLike, prediction: npt.ArrayLike, of: Ratio) -> Ratios:
    r"""Tell a ratio of each class, and how it moves with the confusion matrix.

    .. math:: \frac{a(d, r, c)}{b(d, r, c)}, \qquad f'(x) = \Im f(x + ih) / h

    Parameters
    ----------
    right, label, prediction
        Rows of each class that were taken for it; all rows of it; all rows taken for it. At least one row in all.
    of
        :func:`precision`, :func:`recall` or what :func:`f_beta` returns.

    Notes
    -----
    The slopes are exact, for the small h of :data:`STEP`. Source: Squire and Trapp, Using complex variables to estimate
    derivatives of real functions, SIAM Review 40 (1998), 110.

    Examples
    --------
    >>> class_ratios([8, 1], [9, 1], [8, 2], precision).value.tolist()
    [1.0, 0.5]
    """
    sides = [np.asarray(side, np.float64) for side in (right, label, prediction)]
    rows = sides[1].sum()
    shares = [(side / rows).astype(np.complex128) for side in sides]
    defined = of(*shares)[1].real > 0
    right_slope, label_slope, prediction_slope = (
        _divided(of(*(share + 1j * STEP * (at == moved) for at, share in enumerate(shares))), defined).imag / STEP
        for moved in range(3)
    )
    return Ratios(_divided(of(*shares), defined).real, right_slope, label_slope, prediction_slope, defined)


def _divided(ratio: tuple[Complexes, Complexes], defined: npt.NDArray[np.bool_]) -> Complexes:
    above, below = ratio
    return np.where(defined, above / np.where(defined, below, 1.0), 0.0)
