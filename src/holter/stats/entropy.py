"""Relative entropy, cell by cell."""

import numpy as np

from holter.stats.arrays import Floats


def relative_entropy(p: Floats, q: Floats) -> Floats:
    r"""Return what each cell adds to the relative entropy of p to q: :math:`p_i \ln (p_i / q_i)`, and 0 where p is 0.

    ``q`` must not be 0 where ``p`` is not. Source: Kullback and Leibler, On information and sufficiency, Ann. Math.
    Stat. 22 (1951), 79, equation 2.4. (``scipy.special.rel_entr`` is the same, and slow to import.)

    Examples
    --------
    >>> relative_entropy(np.array([0.0, 0.5]), np.array([0.5, 0.25])).round(4).tolist()
    [0.0, 0.3466]
    """
    ratio = np.divide(p, q, out=np.ones_like(p), where=p > 0)
    terms: Floats = p * np.log(ratio)
    return terms
