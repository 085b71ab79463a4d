"""Orthogonal polynomials of ranks: what location, scale, skew and tails of a column are measured by."""

import numpy as np
import numpy.typing as npt
from numpy.polynomial import legendre

from holter.stats.arrays import Floats

DEGREE = 4
"""Location, scale, skew and tails: the components that Neyman's smooth test needs for changes people name."""
_LEAST = 1e-6
"""A polynomial of which less is left after the lower ones are taken out says nothing new."""


def rank_scores(counts: npt.ArrayLike, degree: int = DEGREE) -> Floats:
    r"""Score cells so that means of scores say how a distribution differs from that of the counts.

    The scores are Legendre polynomials of the mid-ranks :math:`u_c = \sum_{b < c} p_b + p_c / 2`, made orthonormal
    under the shares p of the counts (Gram-Schmidt): each column has mean 0 and variance 1 where nothing changed, and
    columns are uncorrelated. The mean of the first is a rank-sum statistic (efficiency .95 for a shift of a normal
    law), that of the second one of scale.

    Parameters
    ----------
    counts
        Rows in each cell, in the order of the cells; each above 0.
    degree
        Highest polynomial. Fewer columns come back where there are too few cells for it.

    References
    ----------
    Neyman, "Smooth" test for goodness of fit (1937), Skandinavisk Aktuarietidskrift 20:149-199. Rayner and Best,
    Smooth Tests of Goodness of Fit (1989), chapter 5, for cells.

    Examples
    --------
    >>> rank_scores([1, 1, 1, 1], 1).round(3).ravel().tolist()
    [-1.342, -0.447, 0.447, 1.342]
    """
    sizes = np.asarray(counts, np.float64)
    if len(sizes) < 2:
        return np.empty((len(sizes), 0))
    share = sizes / sizes.sum()
    middle = np.cumsum(share) - share / 2
    basis = legendre.legvander(2 * middle - 1, min(degree, len(sizes) - 1))
    root = np.sqrt(share)[:, None]
    q, r = np.linalg.qr(root * basis)
    size = np.diag(r)
    kept = np.flatnonzero(np.abs(size[1:]) > _LEAST) + 1
    scores: Floats = q[:, kept] * np.sign(size[kept]) / root
    return scores
