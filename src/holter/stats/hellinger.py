"""Hellinger distance."""

import numpy as np
import numpy.typing as npt

from holter.stats.arrays import Floats, shares


def hellinger(p: npt.ArrayLike, q: npt.ArrayLike) -> float | None:
    r"""Tell how far apart two distributions are, where a rare category that doubles counts more than a common one.

    .. math:: \sqrt{\tfrac12 \sum_i (\sqrt{p_i} - \sqrt{q_i})^2}

    Parameters
    ----------
    p, q
        Counts or shares of the same categories in the same order; each is divided by its sum.

    Returns
    -------
    float or None
        From 0 (equal) to 1 (no category in common); None when either has no rows.

    Notes
    -----
    Source: Tsybakov, Introduction to Nonparametric Estimation, definition 2.3, divided by the square root of 2 so that
    the largest distance is 1.

    Examples
    --------
    >>> round(hellinger([50, 50], [60, 40]), 4)
    0.0712
    """
    a, b = shares(p), shares(q)
    if a is None or b is None:
        return None
    return float(np.sqrt(hellinger_terms(a, b).sum()))


def hellinger_terms(p: Floats, q: Floats) -> Floats:
    """Return what each cell adds to the square of the distance, in shares of the whole."""
    terms: Floats = np.square(np.sqrt(p) - np.sqrt(q)) / 2
    return terms
