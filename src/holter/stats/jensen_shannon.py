"""Jensen-Shannon distance."""

import numpy as np
import numpy.typing as npt

from holter.stats.arrays import Floats, shares
from holter.stats.entropy import relative_entropy


def jensen_shannon(p: npt.ArrayLike, q: npt.ArrayLike) -> float | None:
    r"""Tell how far apart two distributions over the same categories are, from 0 (equal) to 1 (nothing in common).

    .. math::

        \sqrt{\tfrac12 \sum_i \left( p_i \log_2 \frac{2 p_i}{p_i + q_i} + q_i \log_2 \frac{2 q_i}{p_i + q_i} \right)}

    Parameters
    ----------
    p, q
        Counts or shares of the same categories in the same order; each is divided by its sum.

    Returns
    -------
    float or None
        The distance (the square root of the divergence) to base 2; None when either has no rows.

    Notes
    -----
    Source: Endres and Schindelin, A new metric for probability distributions, IEEE Trans. Inf. Theory 49 (2003), 1858.
    Differs: base 2, so that the largest distance is 1; ``scipy.spatial.distance.jensenshannon`` defaults to base e.

    Examples
    --------
    >>> jensen_shannon([10, 0], [0, 10])
    1.0
    >>> round(jensen_shannon([50, 50], [60, 40]), 4)
    0.0854
    """
    a, b = shares(p), shares(q)
    if a is None or b is None:
        return None
    return float(np.sqrt(jensen_shannon_terms(a, b).sum()))


def jensen_shannon_terms(p: Floats, q: Floats) -> Floats:
    """Return what each cell adds to the divergence, in shares of the whole."""
    middle = (p + q) / 2
    terms: Floats = (relative_entropy(p, middle) + relative_entropy(q, middle)) / (2 * np.log(2))
    # each is 0 or more; rounding may leave a tiny negative number where the shares are equal
    return np.maximum(terms, 0.0)
