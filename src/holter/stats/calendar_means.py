"""What a weekday, or an hour, adds to a mean: no more than the days support."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from holter.stats.arrays import Floats

_ENOUGH = 2.0
"""F ratio from which phases are believed to differ: below it chance alone gives it one time in twelve."""


@dataclass(frozen=True, eq=False)
class PhaseMeans:
    """What each phase of a cycle adds, and the variance of that.

    ``offset`` and ``variance`` have one row a phase and one column a mean; ``used`` says for each mean how many degrees
    of freedom the phases took.
    """

    offset: Floats
    variance: Floats
    used: Floats


def phase_means(residuals: Floats, rows: Floats, phase: npt.NDArray[np.int64], phases: int) -> PhaseMeans:
    r"""Return the mean of each phase, shrunk towards none by what the F ratio says.

    With F the mean square between phases over that within, the share :math:`B = \max(0, 1 - c / F)` of each phase's
    deviation is believed, and its variance is B times that of a mean over its days (the posterior of a normal law with
    a normal prior whose variance is estimated; James and Stein's rule for c near 1). Ours is c = 2.

    Parameters
    ----------
    residuals
        One row a block, one column a mean.
    rows
        Rows behind each; 0 leaves it out.
    phase
        The phase of each block.
    phases
        How many phases there are.

    Examples
    --------
    >>> week = np.tile([0.0, 0, 0, 0, 0, 7, 7], 8)[:, None] + np.tile([0.1, -0.1], 28)[:, None]
    >>> found = phase_means(week, np.full((56, 1), 100.0), np.arange(56) % 7, 7)
    >>> found.offset[:, 0].round(1).tolist()
    [-2.0, -2.0, -2.0, -2.0, -2.0, 5.0, 5.0]
    """
    of = np.eye(phases)[phase]
    weight = of.T @ rows
    total = np.maximum(rows.sum(0), 1e-300)
    centre = (rows * residuals).sum(0) / total
    mean = np.where(weight > 0, of.T @ (rows * residuals) / np.maximum(weight, 1e-300), centre)
    between = (weight * (mean - centre) ** 2).sum(0)
    within = (rows * (residuals - mean[phase]) ** 2).sum(0)
    groups = (weight > 0).sum(0)
    left = np.maximum((rows > 0).sum(0) - groups, 1)
    noise = within / left
    ratio = between / np.maximum(groups - 1, 1) / np.maximum(noise, 1e-300)
    believed = np.where(groups > 1, np.maximum(0.0, 1 - _ENOUGH / np.maximum(ratio, 1e-300)), 0.0)
    variance = believed * noise / np.maximum(weight, 1e-300)
    return PhaseMeans(
        believed * (mean - centre), np.where(weight > 0, variance, noise / total), believed * (groups - 1)
    )
