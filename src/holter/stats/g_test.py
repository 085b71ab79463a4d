"""Two-sample G-test (likelihood ratio) of homogeneity."""

import numpy as np
import numpy.typing as npt

from holter.stats.arrays import Floats
from holter.stats.contingency import homogeneity, pooled
from holter.stats.entropy import relative_entropy


def g_test(counts_a: npt.ArrayLike, counts_b: npt.ArrayLike, *, error: float = 0.0) -> tuple[float, float, int] | None:
    r"""Tell how much likelier the counts are from two distributions than from one.

    .. math:: G = 2 \sum_{s \in \{a, b\}} \sum_i c_{si} \ln \frac{c_{si}}{e_{si}}, \qquad
              e_{si} = \frac{n_s (c_{ai} + c_{bi})}{n_a + n_b}

    Parameters
    ----------
    counts_a, counts_b
        Rows of the same categories in the same order.
    error
        By how much the statistic may be too large because counts are not exact; see :func:`holter.stats.chi_squared`.

    Returns
    -------
    tuple or None
        Statistic, p-value (upper tail of chi-squared) and degrees of freedom; None when either has no rows, or when
        fewer than two cells are left after pooling.

    Notes
    -----
    Source: Wilks, The likelihood test of independence in contingency tables, Ann. Math. Stat. 6 (1935), 190; Agresti,
    Categorical Data Analysis, 3rd ed., equation 3.11. Rare categories are pooled as for
    :func:`holter.stats.chi_squared`. With samples of equal size it is the Jensen-Shannon divergence in nats, times four
    times the rows of one sample.

    Examples
    --------
    >>> statistic, p, freedom = g_test([50, 50, 1], [60, 40, 0])
    >>> round(statistic, 2), round(p, 3), freedom
    (2.24, 0.135, 1)
    """
    table = pooled(counts_a, counts_b)
    return None if table is None else homogeneity(table, g_test_terms, error=error)


def g_test_terms(p: Floats, q: Floats, n: float, m: float) -> Floats:
    """Return what each cell adds to the statistic of n and m rows; both samples taken together."""
    together = (n * p + m * q) / (n + m)
    terms: Floats = 2 * (n * relative_entropy(p, together) + m * relative_entropy(q, together))
    return np.maximum(terms, 0.0)
