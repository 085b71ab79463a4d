"""Wasserstein distance of order 1 (earth mover's distance) of weighted values."""

import math

import numpy as np
import numpy.typing as npt

from holter.stats.steps import steps


def wasserstein(
    values_a: npt.ArrayLike, weights_a: npt.ArrayLike, values_b: npt.ArrayLike, weights_b: npt.ArrayLike
) -> float | None:
    r"""Tell how far a row must move, on average, to turn one distribution into the other, in the units of the values.

    .. math:: W_1 = \int |F_a(x) - F_b(x)| \, dx

    Parameters
    ----------
    values_a, values_b
        Finite values in any order.
    weights_a, weights_b
        Rows each value stands for.

    Returns
    -------
    float or None
        Not negative; None when either has no rows, or where the distance is beyond a double.

    Notes
    -----
    Source: Vallender, Calculation of the Wasserstein distance between probability distributions on the line, Theory
    Probab. Appl. 18 (1974), 784. Values from a compressed summary are exact in rank, not in distance: one far value
    moves the distance by its distance times its share, whatever its rank.

    Examples
    --------
    >>> wasserstein([0, 1], [1, 1], [2, 3], [1, 1])
    2.0
    """
    both = steps(values_a, weights_a, values_b, weights_b)
    if both is None:
        return None
    apart = np.abs(both.share_a - both.share_b)[:-1]
    with np.errstate(over="ignore", invalid="ignore"):
        distance = float(np.dot(apart, np.diff(both.values)))
    return distance if math.isfinite(distance) else None
