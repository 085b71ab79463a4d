"""How far a distance may be from the truth, because the shares of its cells are not exact."""

from collections.abc import Callable

import numpy as np

from holter.stats.arrays import Floats

Range = tuple[Floats, Floats]
"""Lowest and highest share of each cell."""
Terms = Callable[[Floats, Floats], Floats]
"""What each cell adds to a divergence."""


def reach(terms: Terms, p: Range, q: Range, *, pooled: bool = False) -> tuple[float, float]:
    r"""Tell between which values a divergence lies, when each share is known to a bound.

    .. math:: \sum_i \min_{u, v} f(u, v) \;\le\; \sum_i f(p_i, q_i) \;\le\; \sum_i \max_{u, v} f(u, v), \qquad
              \underline p_i \le u \le \overline p_i, \; \underline q_i \le v \le \overline q_i

    Parameters
    ----------
    terms
        The f of a divergence: 0 where both shares are equal, growing as they part. Its largest value in a box is at the
        corner where the shares are farthest apart, its smallest where they are closest: 0 if they may be equal.
    p, q
        Lowest and highest shares of the same cells.
    pooled
        Whether the last cell holds several categories that could not be told apart. What it adds may then be as much
        as if they had nothing in common.

    Returns
    -------
    tuple of float
        Lowest and highest value; both are the sum itself where nothing is in doubt.

    Notes
    -----
    Source: Moore, Kearfott, Cloud, Introduction to Interval Analysis, SIAM 2009, chapter 5; for the pooled cell, the
    data processing inequality (Csiszar and Shields, Information Theory and Statistics: A Tutorial, 2004, lemma 4.1).
    Differs: that the errors of one sample add up to 0 is not used, so the bounds are somewhat wide.

    Examples
    --------
    >>> from holter.stats.total_variation import total_variation_terms
    >>> p, q = np.array([0.5, 0.5]), np.array([0.6, 0.4])
    >>> [round(end, 3) for end in reach(total_variation_terms, (p - 0.01, p + 0.01), (q - 0.01, q + 0.01))]
    [0.08, 0.12]
    """
    (low_p, high_p), (low_q, high_q) = p, q
    up, down = terms(high_p, low_q), terms(low_p, high_q)
    most = np.maximum(up, down)
    # where the ranges do not meet, the closest corner is the other one
    least = np.where(low_p > high_q, down, np.where(low_q > high_p, up, 0.0))
    if pooled:
        none = np.zeros(1)
        apart = terms(high_p[-1:], none) + terms(none, high_q[-1:])
        most = np.append(most[:-1], np.maximum(most[-1:], apart))
    return float(least.sum()), float(most.sum())
