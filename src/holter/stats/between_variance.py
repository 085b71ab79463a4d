"""How much the means of days differ beyond what their rows explain: a likelihood over a grid."""

import numpy as np
import numpy.typing as npt

from holter.stats.arrays import Floats

LARGEST = 50_000.0
"""Beyond it rows of a day are one row: what varies from day to day and not within one, such as the weather."""
RHO: Floats = np.concatenate(([0, 0.02, 0.05, 0.1, 0.17, 0.28, 0.45, 0.7, 1.1], np.geomspace(1.8, LARGEST, 21)))
"""Between-day variance, in units of the sampling variance of a day's mean. Steps of at most a sixth of 1 + rho up to 1,
beyond it of two thirds: finer than what fifty days can tell."""


def restricted_likelihood(residuals: Floats, rows: Floats, spread: Floats, reference: Floats) -> Floats:
    r"""Return the log likelihood of each between-day variance of :data:`RHO`, for many means at once.

    .. math:: x_d \sim N(\mu, s^2 (1/n_d + \rho / n_{ref})), \quad
              \ell(\rho) = -\tfrac12 \Big[\sum_d \ln v_d + \ln \sum_d v_d^{-1} + \sum_d (x_d - \hat\mu)^2 / v_d\Big]

    the restricted likelihood, so that estimating the mean costs its degree of freedom. Days of any size count as what
    they can tell.

    Parameters
    ----------
    residuals
        One row a day, one column a mean: how far the day's mean is from what was expected.
    rows
        Rows behind each; 0 leaves the day out.
    spread
        Variance of a row, one for each mean; above 0.
    reference
        Rows of a usual day, one for each mean.

    Returns
    -------
    ndarray
        One row a mean, one column a value of :data:`RHO`.

    References
    ----------
    Patterson and Thompson, Recovery of inter-block information when block sizes are unequal (1971), Biometrika 58.

    Examples
    --------
    >>> days = np.array([[-1.0], [1.0], [-1.0], [1.0]])  # as far apart as a hundred rows with variance 100 would be
    >>> found = restricted_likelihood(days, np.full((4, 1), 100.0), np.array([100.0]), np.array([100.0]))
    >>> float(RHO[found[0].argmax()])
    0.28
    """
    there = rows > 0
    sampled = 1 / np.where(there, rows, 1.0)
    found = np.empty((residuals.shape[1], len(RHO)))
    for place, rho in enumerate(RHO):
        variance = spread * (sampled + rho / reference)
        weight = np.where(there, 1 / variance, 0.0)
        whole = np.maximum(weight.sum(0), 1e-300)
        mean = (weight * residuals).sum(0) / whole
        misfit = (weight * (residuals - mean) ** 2).sum(0)
        sizes = np.where(there, np.log(variance), 0.0).sum(0)
        found[:, place] = -0.5 * (sizes + np.log(whole) + misfit)
    return found


def mean_square_likelihood(ratio: npt.ArrayLike, freedom: npt.ArrayLike) -> Floats:
    r"""Return the log likelihood of each :data:`RHO` given a mean square as a multiple of its sampling variance.

    .. math:: \ell(\rho) = -\tfrac{\nu}{2} \Big[\ln(1 + \rho) + \frac{R}{1 + \rho}\Big],
              \qquad R \sim (1 + \rho) \chi^2_\nu / \nu

    Examples
    --------
    >>> float(RHO[mean_square_likelihood([2.0], [55.0])[0].argmax()])
    1.1
    """
    share, nu = np.asarray(ratio, np.float64)[:, None], np.asarray(freedom, np.float64)[:, None]
    found: Floats = -0.5 * nu * (np.log1p(RHO) + share / (1 + RHO))
    return found
