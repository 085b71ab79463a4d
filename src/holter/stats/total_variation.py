"""Total variation distance."""

import numpy as np
import numpy.typing as npt

from holter.stats.arrays import Floats, shares


def total_variation(p: npt.ArrayLike, q: npt.ArrayLike) -> float | None:
    r"""Tell what share of the rows would have to change category to turn one distribution into the other.

    .. math:: \tfrac12 \sum_i |p_i - q_i|

    Parameters
    ----------
    p, q
        Counts or shares of the same categories in the same order; each is divided by its sum.

    Returns
    -------
    float or None
        From 0 to 1; None when either has no rows.

    Notes
    -----
    Source: Levin, Peres, Wilmer, Markov Chains and Mixing Times, 2nd ed., proposition 4.2.

    Examples
    --------
    >>> round(total_variation([50, 50], [60, 40]), 12)
    0.1
    """
    a, b = shares(p), shares(q)
    if a is None or b is None:
        return None
    return float(total_variation_terms(a, b).sum())


def total_variation_terms(p: Floats, q: Floats) -> Floats:
    """Return what each cell adds, in shares of the whole (see :func:`holter.stats.reach`)."""
    return np.abs(p - q) / 2
