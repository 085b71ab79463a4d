"""What a few labels and a guess for every row say together."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from holter.stats.arrays import Floats

PRIOR: Final = 10.0
"""Rows with the scatter that was expected, added to the labelled ones: thirty right answers are no error of 0."""
POWER: Final = 0.8416212335729143
"""The 0.8 quantile of the normal law: a change that is there is found four times in five."""
LEVEL: Final = 1.959963984540054
"""The 0.975 quantile of the normal law."""
CONTRADICTION: Final = 3.0
"""Standard errors between labels and estimate from which the estimate is not believed."""


@dataclass(frozen=True)
class Powered:
    """How far a guess counts beside labels (``share``, 0 to 1), and the variance per row that it leaves."""

    share: float
    variance: float


def prediction_powered(realised: Floats, guessed: Floats, noise: float) -> Powered:
    r"""Tell how far a guess of every row helps a mean that is known for some rows.

    The mean over all rows is :math:`\bar y_L + \lambda (\bar f - \bar f_L)`, L the labelled rows. The best share is
    :math:`\lambda = \mathrm{Cov}(y, f) / \mathrm{Var}(f)`, kept within 0 and 1; it leaves
    :math:`\mathrm{Var}(y - \lambda f)` per labelled row. A guess that has nothing to do with the labels gets
    :math:`\lambda = 0`: then it is as if there were none.

    Parameters
    ----------
    realised, guessed
        y and f of the labelled rows, at least one.
    noise
        The variance of y about f that was expected; it counts as :data:`PRIOR` rows.

    Notes
    -----
    Source: Angelopoulos, Duchi, Zrnic, PPI++: efficient prediction-powered inference (2023), arXiv 2311.01453,
    section 6. Differs: what is asked for is the mean of these very rows, not of those behind them, so that
    the factor 1 + n/N of their equation for the share is 1 (the regression estimator of survey sampling: Cochran,
    Sampling techniques, 1977, equation 7.10).

    Examples
    --------
    >>> prediction_powered(np.array([0.0, 1.0, 0.0, 1.0]), np.array([0.1, 0.9, 0.1, 0.9]), 0.09).share
    1.0
    """
    spread = float(np.var(guessed))
    shared = float(np.mean((realised - realised.mean()) * (guessed - guessed.mean())))
    share = min(1.0, max(0.0, shared / spread)) if spread > 0 else 0.0
    left = realised - share * guessed
    squares = float(((left - left.mean()) ** 2).sum())
    return Powered(share, (squares + PRIOR * noise) / (len(realised) + PRIOR))


@dataclass(frozen=True)
class Together:
    """Two estimates of one number as one: its value and variance; whether they contradict each other."""

    value: float
    variance: float
    contradicted: bool


def together(guess: float, guess_variance: float, found: float, found_variance: float) -> Together:
    r"""Tell what an estimate and a measured value say together, each weighted by the inverse of its variance.

    When they are more than :data:`CONTRADICTION` standard errors apart, the variance of the guess is no longer believed
    and what was found stands alone: so a guess can never outvote labels.

    Examples
    --------
    >>> together(0.80, 0.0001, 0.82, 0.0001).value.__round__(2), together(0.80, 0.0001, 0.60, 0.0001).value
    (0.81, 0.6)
    """
    both = guess_variance + found_variance
    if abs(guess - found) > CONTRADICTION * both**0.5:
        return Together(found, found_variance, contradicted=True)
    if both == 0:
        return Together(found, 0.0, contradicted=False)
    weight = guess_variance / both
    value = weight * found + (1 - weight) * guess
    return Together(value, guess_variance * found_variance / both, contradicted=False)


def labels_needed(variance: float, change: float) -> int | None:
    r"""Tell how many labels, of rows drawn at random, would show a change: :math:`(z_{.975} + z_{.8})^2 v / \Delta^2`.

    Parameters
    ----------
    variance
        Per row, of what the labels add to the guess.
    change
        To be found four times in five, at the level of 5 %, two-sided. None for a change of 0.

    Notes
    -----
    Source: Cochran, Sampling techniques (1977), section 4.7, with the power added as in Fleiss, Statistical methods for
    rates and proportions (1981), section 3.2.

    Examples
    --------
    >>> labels_needed(0.2, 0.05)
    628
    """
    if change == 0:
        return None
    return int(np.ceil((LEVEL + POWER) ** 2 * variance / change**2))
