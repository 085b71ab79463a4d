"""Two weighted samples as two step functions on one axis."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from holter.stats.arrays import Floats


@dataclass(frozen=True, eq=False)
class Steps:
    """Both distribution functions at every distinct value of either sample.

    ``share_a[i]`` is the share of sample a that is ``<= values[i]``; ``n_a`` and ``n_b`` are the sums of weights.
    """

    values: Floats
    share_a: Floats
    share_b: Floats
    n_a: float
    n_b: float

    @property
    def apart(self) -> Floats:
        """How far the second is below the first, at each value."""
        return self.share_a - self.share_b


def steps(
    values_a: npt.ArrayLike, weights_a: npt.ArrayLike, values_b: npt.ArrayLike, weights_b: npt.ArrayLike
) -> Steps | None:
    r"""Put two weighted samples on one axis, once for all distances of numbers; None when either has no weight.

    .. math:: F(x) = \frac1n \sum_{x_i \le x} w_i

    Parameters
    ----------
    values_a, values_b
        Finite values in any order; whole numbers beyond 2**53 are told apart as long as both are whole.
    weights_a, weights_b
        Rows each value stands for; their sums are n and m.

    Notes
    -----
    Source: van der Vaart, Asymptotic Statistics, section 19.1 (the empirical distribution function).

    Examples
    --------
    >>> both = steps([1, 2], [1, 1], [2], [3])
    >>> both.values.tolist(), both.share_a.tolist(), both.share_b.tolist()
    ([1.0, 2.0], [0.5, 1.0], [0.0, 1.0])
    """
    xa, xb = np.asarray(values_a), np.asarray(values_b)
    wa, wb = np.asarray(weights_a, np.float64), np.asarray(weights_b, np.float64)
    n_a, n_b = float(wa.sum()), float(wb.sum())
    if not n_a or not n_b:
        return None
    values = np.concatenate((xa, xb))
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    last = np.flatnonzero(np.concatenate((ordered[1:] != ordered[:-1], [True])))
    through_a = np.cumsum(np.concatenate((wa, np.zeros(len(wb))))[order])[last] / n_a
    through_b = np.cumsum(np.concatenate((np.zeros(len(wa)), wb))[order])[last] / n_b
    return Steps(ordered[last].astype(np.float64), through_a, through_b, n_a, n_b)
