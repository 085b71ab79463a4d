"""Wasserstein distance of order 1 (earth mover's distance) of weighted values."""

import math

import numpy as np

from holter.stats.steps import Steps


def wasserstein(both: Steps) -> float | None:
    r"""Tell how far a row must move, on average, to turn one distribution into the other, in the units of the values.

    .. math:: W_1 = \int |F_a(x) - F_b(x)| \, dx

    Parameters
    ----------
    both
        Both samples on one axis (:func:`holter.stats.steps`).

    Returns
    -------
    float or None
        Not negative; None where the distance is beyond a double.

    Notes
    -----
    Source: Vallender, Calculation of the Wasserstein distance between probability distributions on the line, Theory
    Probab. Appl. 18 (1974), 784. It is a metric: where values come from a summary, it is wrong by at most the sum of
    the distances of both summaries from their rows. Ranks do not bound it: one far value moves it by its distance times
    its share.

    Examples
    --------
    >>> from holter.stats import steps
    >>> wasserstein(steps([0, 1], [1, 1], [2, 3], [1, 1]))
    2.0
    """
    with np.errstate(over="ignore", invalid="ignore"):
        distance = float(np.dot(np.abs(both.apart)[:-1], np.diff(both.values)))
    return distance if math.isfinite(distance) else None
