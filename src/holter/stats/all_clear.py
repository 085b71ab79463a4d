"""Whether a change that was alarmed is over."""

import math

import numpy as np

from holter.stats.arrays import Floats

_SURE = math.log(100.0)
"""The evidence for "none" at which an alarm ends: a hundred to one."""


def all_clear(apart: Floats, effect: Floats, variance: Floats, before: Floats) -> tuple[Floats, bool]:
    r"""Add one window to the evidence that an effect is gone.

    The log likelihood ratio of "none" against "effect as alarmed" of each mean,
    :math:`(\delta^2 / 2 - \delta x) / V`, is added up and starts again at 0 when it falls below (Page's CUSUM): a
    change that lasts keeps it at 0, a burst that is over lifts it. All means must be clear.

    Parameters
    ----------
    apart
        How far each alarmed mean is from what was expected; NaN where the window has no rows of it.
    effect
        How far it was when the alarm began.
    variance
        Of ``apart`` where nothing has changed.
    before
        The evidence so far.

    Returns
    -------
    tuple
        The evidence now, and whether all is clear.

    References
    ----------
    Page, Continuous inspection schemes (1954), Biometrika 41:100-115.

    Examples
    --------
    >>> all_clear(np.array([0.0]), np.array([4.0]), np.array([1.0]), np.array([0.0]))
    (array([8.]), True)
    """
    ratio = (effect**2 / 2 - effect * np.where(np.isfinite(apart), apart, effect / 2)) / variance
    now = np.maximum(before + ratio, 0.0)
    return now, bool((now >= _SURE).all())
