"""Energy distance of weighted values."""

import math

import numpy as np

from holter.stats.steps import Steps


def energy_distance(both: Steps) -> float | None:
    r"""Tell how far apart two distributions are, where a move of half the rows counts more than a far move of a few.

    .. math:: D = \sqrt{2 \int (F_a(x) - F_b(x))^2 \, dx}
              = \sqrt{2\,\mathrm{E}|X - Y| - \mathrm{E}|X - X'| - \mathrm{E}|Y - Y'|}

    Parameters
    ----------
    both
        Both samples on one axis (:func:`holter.stats.steps`).

    Returns
    -------
    float or None
        Not negative, in the square root of the unit of the values; None where it is beyond a double.

    Notes
    -----
    Source: Szekely and Rizzo, Energy statistics: a class of statistics based on distances, J. Stat. Plan. Inference 143
    (2013), 1249, equation 2.5 and proposition 1. It is Cramer's distance times the square root of 2, and a metric.

    Examples
    --------
    >>> from holter.stats import steps
    >>> energy_distance(steps([0, 1], [1, 1], [2, 3], [1, 1]))
    1.7320508075688772
    """
    with np.errstate(over="ignore", invalid="ignore"):
        squared = 2 * float(np.dot(np.square(both.apart)[:-1], np.diff(both.values)))
    return math.sqrt(squared) if math.isfinite(squared) else None
