"""Two-sample chi-squared test of homogeneity."""

import numpy as np
import numpy.typing as npt

from holter.stats.arrays import Floats
from holter.stats.contingency import homogeneity, pooled


def chi_squared(
    counts_a: npt.ArrayLike, counts_b: npt.ArrayLike, *, error: float = 0.0
) -> tuple[float, float, int] | None:
    r"""Tell whether two finite samples draw from the same categories in the same shares.

    .. math:: X^2 = \sum_{s \in \{a, b\}} \sum_i \frac{(c_{si} - e_{si})^2}{e_{si}}, \qquad
              e_{si} = \frac{n_s (c_{ai} + c_{bi})}{n_a + n_b}

    Parameters
    ----------
    counts_a, counts_b
        Rows of the same categories in the same order.
    error
        By how much the statistic may be too large because counts are not exact. The p-value is taken at what is left,
        so a summary never makes a difference look surer than it is.

    Returns
    -------
    tuple or None
        Statistic, p-value (upper tail of chi-squared) and degrees of freedom; None when either has no rows, or when
        fewer than two cells are left after pooling.

    Notes
    -----
    Source: Pearson, On the probability that two distributions of frequency are really samples of the same population,
    Biometrika 8 (1911), 250. The rarest categories are pooled into one until every cell expects 5 rows in the smaller
    sample (:data:`holter.stats.contingency.EXPECTED`): without that, a long tail of rare categories makes the p-value
    meaningless.
    Differs: no sample is treated as exact, and there is no continuity correction.

    Examples
    --------
    >>> statistic, p, freedom = chi_squared([50, 50, 1], [60, 40, 0])
    >>> round(statistic, 2), round(p, 3), freedom
    (2.23, 0.135, 1)
    """
    table = pooled(counts_a, counts_b)
    return None if table is None else homogeneity(table, chi_squared_terms, error=error)


def chi_squared_terms(p: Floats, q: Floats, n: float, m: float) -> Floats:
    """Return what each cell adds to the statistic of n and m rows; both samples taken together."""
    whole = n * p + m * q
    terms: Floats = np.divide(n * m * np.square(p - q), whole, out=np.zeros_like(whole), where=whole > 0)
    return terms
