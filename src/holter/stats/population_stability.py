"""Population stability index."""

from typing import Final

import numpy as np
import numpy.typing as npt

from holter.stats.arrays import Floats, shares

FLOOR: Final = 1e-4
"""Share given to an empty category, since the logarithm of 0 is not a number; the value most tools use."""


def population_stability_index(p: npt.ArrayLike, q: npt.ArrayLike) -> float | None:
    r"""Tell how much a population has shifted, on the scale credit scoring uses (0.1 some, 0.25 much).

    .. math:: \sum_i (p_i - q_i) \ln \frac{p_i}{q_i}

    Parameters
    ----------
    p, q
        Counts or shares of the same categories in the same order; each is divided by its sum.

    Returns
    -------
    float or None
        The index, symmetric in p and q, not bounded above; None when either has no rows.

    Notes
    -----
    Source: Siddiqi, Credit Risk Scorecards, Wiley 2006, "System stability report"; it is the symmetric divergence of
    Kullback and Leibler, On information and sufficiency, Ann. Math. Stat. 22 (1951), equation 2.6.
    Differs: a share below :data:`FLOOR` counts as :data:`FLOOR`, so an empty category adds a finite amount. Under no
    change its mean is about (categories - 1)(1/n + 1/m): a fixed threshold means something else in small windows.

    Examples
    --------
    >>> round(population_stability_index([50, 50], [60, 40]), 4)
    0.0405
    """
    a, b = shares(p), shares(q)
    if a is None or b is None:
        return None
    return float(population_stability_terms(a, b).sum())


def population_stability_terms(p: Floats, q: Floats) -> Floats:
    """Return what each cell adds, in shares of the whole."""
    a, b = np.maximum(p, FLOOR), np.maximum(q, FLOOR)
    terms: Floats = (a - b) * np.log(a / b)
    return terms
