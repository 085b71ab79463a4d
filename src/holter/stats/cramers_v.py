"""Cramer's V between the sample a row is from and its category."""

import numpy as np
import numpy.typing as npt

from holter.stats.chi_squared import chi_squared_terms


def cramers_v(counts_a: npt.ArrayLike, counts_b: npt.ArrayLike) -> float | None:
    r"""Tell how well the category of a row says which of two samples it is from, from 0 (not at all) to 1.

    .. math:: V = \sqrt{\frac{X^2 / N}{\min(\text{samples}, \text{categories}) - 1}} = \sqrt{\frac{X^2}{n_a + n_b}}

    Parameters
    ----------
    counts_a, counts_b
        Rows of the same categories in the same order.

    Returns
    -------
    float or None
        From 0 to 1; 0 with a single category, None when either has no rows.

    Notes
    -----
    Source: Cramer, Mathematical Methods of Statistics, 1946, section 21.9. With two samples the divisor is 1. It takes
    all categories as they are (:func:`holter.stats.chi_squared` pools rare ones for its p-value), and depends on the
    sizes: with samples of very unequal size it is small whatever the difference.

    Examples
    --------
    >>> round(cramers_v([50, 50], [60, 40]), 4), cramers_v([9, 0], [0, 9])
    (0.1005, 1.0)
    """
    a, b = np.asarray(counts_a, np.float64), np.asarray(counts_b, np.float64)
    n, m = float(a.sum()), float(b.sum())
    if not n or not m:
        return None
    return float(np.sqrt(chi_squared_terms(a / n, b / m, n, m).sum() / (n + m)))
