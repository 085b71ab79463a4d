"""Largest change of a share."""

import numpy as np
import numpy.typing as npt

from holter.stats.arrays import shares


def l_infinity(p: npt.ArrayLike, q: npt.ArrayLike) -> float | None:
    r"""Tell by how much the share of that category changed which changed most.

    .. math:: \max_i |p_i - q_i|

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
    Source: the Chebyshev (supremum) norm of the difference; Caveness et al., TensorFlow Data Validation, SIGMOD 2020,
    section 3.2, use it for drift of categories.

    Examples
    --------
    >>> round(l_infinity([50, 50], [60, 40]), 12)
    0.1
    """
    a, b = shares(p), shares(q)
    if a is None or b is None:
        return None
    return float(np.abs(a - b).max())
